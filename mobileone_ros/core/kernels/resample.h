#ifndef MOBILEONE_ROS__CORE__KERNELS__RESAMPLE_H_
#define MOBILEONE_ROS__CORE__KERNELS__RESAMPLE_H_

#include <stddef.h>
#include <stdint.h>

enum { CHANNELS = 3 };

/* Rows of pixels, each the bytes of three channels; rows may be apart. */
typedef struct {
  const uint8_t *pixels;
  ptrdiff_t row_bytes;
  size_t width, height;
} Picture;

/* A rectangle in each of a tensor's planes, in the order of the picture's channels. */
typedef struct {
  float *planes[CHANNELS];
  ptrdiff_t row_floats;
  size_t width, height;
} Planes;

/* What becomes of a sample: sample * scale + offset. */
typedef struct {
  float scale[CHANNELS], offset[CHANNELS];
} Normalization;

/*
 * Resample a picture bilinearly and normalise it, in one walk over its rows.
 *
 * Pixels are squares, as in OpenCV's INTER_LINEAR: centres fall on half numbers, and what lies
 * outside repeats the edge. Samples are rounded to whole levels, as bytes would be.
 * No side may be 0. Return 0, or -1 where there is no memory.
 */
int resample(const Picture *from, const Planes *to, const Normalization *normalization);

#endif  // MOBILEONE_ROS__CORE__KERNELS__RESAMPLE_H_
