/*
 * A classifier of colours: a class's logit falls with the squared distance of the picture's mean
 * Y, U and V from the class's colour, so that a swapped plane or channel changes the winner.
 */
#include <math.h>
#include <string.h>

#include "standin.h"

#define NO_COLOUR_LOGIT -20.0
#define SPREAD 200.0

static void mean_colour(
    const uint8_t *luma, const uint8_t *chroma, size_t luma_size, double yuv[3]) {
  uint64_t y = 0, u = 0, v = 0;
  for (size_t i = 0; i < luma_size; ++i) {
    y += luma[i];
  }
  for (size_t i = 0; i < luma_size / 2; i += 2) {
    u += chroma[i];
    v += chroma[i + 1];
  }
  yuv[0] = (double)y / (double)luma_size;
  yuv[1] = (double)u / (double)(luma_size / 4);
  yuv[2] = (double)v / (double)(luma_size / 4);
}

static double logit_of(const Colour *colour, const double yuv[3]) {
  double squared = 0;
  for (int i = 0; i < 3; ++i) {
    squared += (yuv[i] - colour->yuv[i]) * (yuv[i] - colour->yuv[i]);
  }
  return 10.0 - squared / SPREAD;
}

static size_t element_size(int32_t type) {
  switch (type) {
    case HB_DNN_TENSOR_TYPE_S8:
    case HB_DNN_TENSOR_TYPE_U8: return 1;
    case HB_DNN_TENSOR_TYPE_F16:
    case HB_DNN_TENSOR_TYPE_S16:
    case HB_DNN_TENSOR_TYPE_U16: return 2;
    default: return 4;
  }
}

static double clip(double value, double lowest, double highest) {
  return fmin(fmax(value, lowest), highest);
}

/* Encode a number of IEEE 754's half precision, rounding to even; large ones become infinite. */
static uint16_t half_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t sign = bits >> 16 & 0x8000;
  int32_t exponent = (int32_t)(bits >> 23 & 0xFF) - 127 + 15;
  uint32_t mantissa = bits & 0x7FFFFF;
  if (exponent <= 0) {
    return (uint16_t)sign;
  }
  if (exponent >= 31) {
    return (uint16_t)(sign | 0x7C00);
  }
  uint32_t half = (uint32_t)exponent << 10 | mantissa >> 13;
  uint32_t rest = mantissa & 0x1FFF;
  half += rest > 0x1000 || (rest == 0x1000 && (half & 1));
  return (uint16_t)(sign | half);
}

static double quantised(const hbDNNTensorProperties *tensor, int32_t index, double logit) {
  if (tensor->quantiType == HB_DNN_QUANTI_SHIFT) {
    int32_t at = tensor->shift.shiftLen > 1 ? index : 0;
    return round(ldexp(logit, tensor->shift.shiftData[at]));
  }
  if (tensor->quantiType == HB_DNN_QUANTI_SCALE) {
    int32_t scale_at = tensor->scale.scaleLen > 1 ? index : 0;
    int32_t zero_at = tensor->scale.zeroPointLen > 1 ? index : 0;
    double zero = tensor->scale.zeroPointLen > 0 ? tensor->scale.zeroPointData[zero_at] : 0;
    return round(logit / tensor->scale.scaleData[scale_at]) + zero;
  }
  return logit;
}

static void store(const hbDNNTensorProperties *tensor, uint8_t *at, int32_t index, double logit) {
  double value = quantised(tensor, index, logit);
  switch (tensor->tensorType) {
    case HB_DNN_TENSOR_TYPE_S8: *(int8_t *)at = (int8_t)clip(value, -128, 127); break;
    case HB_DNN_TENSOR_TYPE_U8: *at = (uint8_t)clip(value, 0, 255); break;
    case HB_DNN_TENSOR_TYPE_S16: *(int16_t *)at = (int16_t)clip(value, -32768, 32767); break;
    case HB_DNN_TENSOR_TYPE_U16: *(uint16_t *)at = (uint16_t)clip(value, 0, 65535); break;
    case HB_DNN_TENSOR_TYPE_S32: *(int32_t *)at = (int32_t)value; break;
    case HB_DNN_TENSOR_TYPE_U32: *(uint32_t *)at = (uint32_t)fmax(value, 0); break;
    case HB_DNN_TENSOR_TYPE_F16: *(uint16_t *)at = half_bits((float)value); break;
    default: *(float *)at = (float)value; break;
  }
}

/* The class axis is the one that is longer than 1; the elements of its aligned neighbours. */
static int32_t class_axis(const hbDNNTensorProperties *tensor, size_t *stride) {
  int32_t axis = 0;
  for (int32_t i = 0; i < tensor->validShape.numDimensions; ++i) {
    axis = tensor->validShape.dimensionSize[i] > 1 ? i : axis;
  }
  *stride = 1;
  for (int32_t i = axis + 1; i < tensor->alignedShape.numDimensions; ++i) {
    *stride *= (size_t)tensor->alignedShape.dimensionSize[i];
  }
  return axis;
}

size_t standin_luma_size(const Description *description) {
  bool nhwc = description->input.tensorLayout == HB_DNN_LAYOUT_NHWC;
  const int32_t *extents = description->input.validShape.dimensionSize;
  return (size_t)extents[nhwc ? 1 : 2] * (size_t)extents[nhwc ? 2 : 3];
}

void standin_classify(
    const Description *description, const uint8_t *luma, const uint8_t *chroma, uint8_t *output) {
  const hbDNNTensorProperties *tensor = &description->output;
  double yuv[3];
  mean_colour(luma, chroma, standin_luma_size(description), yuv);
  size_t stride;
  int32_t count = tensor->validShape.dimensionSize[class_axis(tensor, &stride)];
  size_t step = stride * element_size(tensor->tensorType);
  /* What lies between and after the logits is large, so that reading it as logits shows. */
  memset(output, 0x7B, (size_t)tensor->alignedByteSize);
  for (int32_t index = 0; index < count; ++index) {
    store(tensor, output + (size_t)index * step, index, NO_COLOUR_LOGIT);
  }
  for (int32_t i = 0; i < description->colour_count; ++i) {
    const Colour *colour = &description->colours[i];
    if (colour->index < count) {
      double logit = logit_of(colour, yuv);
      store(tensor, output + (size_t)colour->index * step, colour->index, logit);
    }
  }
}
