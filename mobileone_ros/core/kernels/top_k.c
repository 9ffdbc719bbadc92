#include "top_k.h"

#include <math.h>
#include <string.h>

static double logit_at(const char *logits, ptrdiff_t stride, size_t index)
{
  float logit;
  memcpy(&logit, logits + (ptrdiff_t)index * stride, sizeof(logit));
  return logit;
}

/* Put a score in its place among `held` sorted ones, of which the worst drops out at `k`. */
static size_t insert(Score score, Score *best, size_t held, size_t k)
{
  size_t place = held < k ? held++ : k - 1;
  for (; place && best[place - 1].probability < score.probability; --place) {
    best[place] = best[place - 1];
  }
  best[place] = score;
  return held;
}

int top_k(const char *logits, ptrdiff_t stride, size_t count, size_t k, Score *best)
{
  double peak = -INFINITY;
  for (size_t i = 0; i < count; ++i) {
    const double logit = logit_at(logits, stride, i);
    if (!isfinite(logit)) {
      return -1;
    }
    if (logit > peak) {
      peak = logit;
    }
  }
  double sum = 0.0;
  size_t held = 0;
  for (size_t i = 0; i < count; ++i) {
    /* Less the peak, so that no exponential overflows. */
    const Score score = {i, exp(logit_at(logits, stride, i) - peak)};
    sum += score.probability;
    if (held < k || score.probability > best[k - 1].probability) {
      held = insert(score, best, held, k);
    }
  }
  for (size_t i = 0; i < held; ++i) {
    best[i].probability /= sum;
  }
  return 0;
}
