#ifndef MOBILEONE_ROS__CORE__KERNELS__TOP_K_H_
#define MOBILEONE_ROS__CORE__KERNELS__TOP_K_H_

#include <stddef.h>

/* A class and its softmax, or before the sum is known its share of it. */
typedef struct {
  size_t index;
  double probability;
} Score;

/*
 * Write the softmax of the best `k` of `count` logits, best first; of equals the lower index.
 *
 * `stride` is in bytes. `best` holds `k`, which is at most `count`.
 * Return 0, or -1 where a logit is NaN or infinite.
 */
int top_k(const char *logits, ptrdiff_t stride, size_t count, size_t k, Score *best);

#endif  // MOBILEONE_ROS__CORE__KERNELS__TOP_K_H_
