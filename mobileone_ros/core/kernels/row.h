#ifndef MOBILEONE_ROS__CORE__KERNELS__ROW_H_
#define MOBILEONE_ROS__CORE__KERNELS__ROW_H_

#include <stddef.h>
#include <stdint.h>

enum {
  /* Vector registers hold powers of two: a fourth lane for three channels, which is ignored. */
  LANES = 4,
  /* The bytes of two pixels, and two more that come along. */
  LOADED = 8,
  /* Weights are fractions of these: two bytes times a row's weight just fit 16 bits. */
  ROW_ONE = 1 << 8,
  COLUMN_ONE = 1 << 14,
  /* Of a row's 8 bits after the binary point 7 are kept, to fit signed numbers; 14 follow. */
  FRACTION_BITS = 7 + 14,
  HALF = 1 << (FRACTION_BITS - 1)
};

/* The two rows of the picture that a row of the planes lies between. */
typedef struct {
  const uint8_t *upper, *lower;
  uint16_t upper_weight, lower_weight;
} Rows;

/* The two pixels of a row that a sample lies between. */
typedef struct {
  size_t byte;
  /* Of the left one and of the right one, for each lane. */
  int16_t weights[2 * LANES];
} Column;

#endif  // MOBILEONE_ROS__CORE__KERNELS__ROW_H_
