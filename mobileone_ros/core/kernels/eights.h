#ifndef MOBILEONE_ROS__CORE__KERNELS__EIGHTS_H_
#define MOBILEONE_ROS__CORE__KERNELS__EIGHTS_H_

#include <stddef.h>

#include "resample.h"
#include "row.h"

/*
 * Resample and normalise the first samples of a row eight at a time, where the processor has AVX2.
 *
 * From where each of the `count` columns begins, LOADED bytes of both rows are read.
 * Return how many samples were written: all but fewer than eight, or none.
 */
size_t resample_eights(
  const Rows *rows, const Column *columns, size_t count, const Normalization *normalization,
  float *const *planes);

#endif  // MOBILEONE_ROS__CORE__KERNELS__EIGHTS_H_
