#ifndef MOBILEONE_ROS__CORE__KERNELS__ROW_H_
#define MOBILEONE_ROS__CORE__KERNELS__ROW_H_

#include <stddef.h>
#include <stdint.h>

enum {
  /* Vector registers hold powers of two: a fourth lane for three channels, which is ignored. */
  LANES = 4,
  /* The bytes of two pixels, and two more that come along. */
  LOADED = 8,
  /* Weights are fractions of these: samples of two rows, weighed, just fit 16 bits. */
  ROW_BITS = 8,
  ROW_ONE = 1 << ROW_BITS,
  COLUMN_BITS = 14,
  COLUMN_ONE = 1 << COLUMN_BITS,
  FRACTION_BITS = ROW_BITS + COLUMN_BITS,
  HALF = 1 << (FRACTION_BITS - 1),
  /* Where only signed numbers are multiplied, levels are taken as their distance from this one. */
  MIDDLE = 1 << 7,
  MIDDLE_AND_HALF = (MIDDLE << FRACTION_BITS) + HALF
};

/* The two rows of the picture that a row of the planes lies between; both weights fit a byte. */
typedef struct {
  const uint8_t *upper, *lower;
  uint8_t upper_weight, lower_weight;
} Rows;

/* The two pixels of a row that a sample lies between. */
typedef struct {
  size_t byte;
  /* Of the left one and of the right one, for each lane. */
  int16_t weights[2 * LANES];
} Column;

#endif  // MOBILEONE_ROS__CORE__KERNELS__ROW_H_
