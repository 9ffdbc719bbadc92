#include "resample.h"

#include <stdlib.h>
#include <string.h>

#include "eights.h"
#include "row.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

enum {
  CACHE_LINE = 64,
  /* Columns between one look ahead and the next: all at once would fill the queue of fetches. */
  STRIP = 32,
  /* How many rows of the planes the look goes ahead. */
  AHEAD = 4
};

/* Between which two neighbours a sample lies, and how near to the second. */
typedef struct {
  size_t first;
  double weight;
} Position;

static Position position_of(size_t index, size_t from, size_t to)
{
  const double at = ((double)index + 0.5) * (double)from / (double)to - 0.5;
  if (at <= 0.0) {
    return (Position) {0, 0.0};
  }
  if (at >= (double)(from - 1)) {
    return (Position) {from - 1, 0.0};
  }
  const size_t first = (size_t)at;
  return (Position) {first, at - (double)first};
}

static Column column_of(size_t x, size_t from, size_t to)
{
  const Position position = position_of(x, from, to);
  const int16_t right = (int16_t)(position.weight * COLUMN_ONE + 0.5);
  const int16_t left = (int16_t)(COLUMN_ONE - right);
  return (Column) {CHANNELS * position.first, {left, right, left, right, left, right, left, right}};
}

static Rows rows_of(const Picture *picture, size_t y, size_t to)
{
  const Position position = position_of(y, picture->height, to);
  const uint8_t *upper = picture->pixels + (ptrdiff_t)position.first * picture->row_bytes;
  const int lower_weight = (int)(position.weight * ROW_ONE + 0.5);
  if (lower_weight % ROW_ONE) {
    return (Rows) {
      upper, upper + picture->row_bytes, (uint8_t)(ROW_ONE - lower_weight), (uint8_t)lower_weight};
  }
  /* One row alone is two halves of itself: its whole weight would not fit a byte. */
  const uint8_t *row = lower_weight ? upper + picture->row_bytes : upper;
  return (Rows) {row, row, ROW_ONE / 2, ROW_ONE / 2};
}

/* Have a part of two rows fetched while others are worked on. */
static void look_ahead(const Rows *rows, size_t start, size_t end)
{
#ifdef __GNUC__
  for (size_t i = start; i < end; i += CACHE_LINE) {
    /* Not into the innermost cache, which the rows in work fill. */
    __builtin_prefetch(rows->upper + i, 0, 2);
    __builtin_prefetch(rows->lower + i, 0, 2);
  }
#else
  (void)rows;
  (void)start;
  (void)end;
#endif
}

/* Blend four pixels, two by two, to whole levels of all channels at once. */
static inline void blend(const Rows *rows, const Column *column, int32_t *restrict levels)
{
  const uint8_t *upper = rows->upper + column->byte, *lower = rows->lower + column->byte;
#if defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128();
  const __m128i above = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)upper), zero);
  const __m128i below = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)lower), zero);
  const __m128i sum = _mm_add_epi16(
    _mm_mullo_epi16(above, _mm_set1_epi16(rows->upper_weight)),
    _mm_mullo_epi16(below, _mm_set1_epi16(rows->lower_weight)));
  const __m128i left = _mm_xor_si128(sum, _mm_set1_epi16((int16_t)(MIDDLE << ROW_BITS)));
  const __m128i right = _mm_srli_si128(left, CHANNELS * sizeof(int16_t));
  const __m128i weights = _mm_loadu_si128((const __m128i *)column->weights);
  const __m128i blended = _mm_madd_epi16(_mm_unpacklo_epi16(left, right), weights);
  const __m128i rounded = _mm_add_epi32(blended, _mm_set1_epi32(MIDDLE_AND_HALF));
  _mm_storeu_si128((__m128i *)levels, _mm_srai_epi32(rounded, FRACTION_BITS));
#elif defined(__ARM_NEON)
  const uint16x8_t above = vmulq_n_u16(vmovl_u8(vld1_u8(upper)), rows->upper_weight);
  const uint16x8_t both = vmlaq_n_u16(above, vmovl_u8(vld1_u8(lower)), rows->lower_weight);
  const uint16x4_t right = vget_low_u16(vextq_u16(both, both, CHANNELS));
  const uint32x4_t left = vmull_n_u16(vget_low_u16(both), (uint16_t)column->weights[0]);
  const uint32x4_t blended = vmlal_n_u16(left, right, (uint16_t)column->weights[1]);
  vst1q_s32(levels, vreinterpretq_s32_u32(vrshrq_n_u32(blended, FRACTION_BITS)));
#else
  for (int i = 0; i < CHANNELS; ++i) {
    const int j = i + CHANNELS;
    const int32_t left = upper[i] * rows->upper_weight + lower[i] * rows->lower_weight;
    const int32_t right = upper[j] * rows->upper_weight + lower[j] * rows->lower_weight;
    const int32_t blended = left * column->weights[0] + right * column->weights[1];
    levels[i] = (blended + HALF) >> FRACTION_BITS;
  }
#endif
}

/* The same where less than is loaded remains of the rows, from copies of their ends. */
static void blend_at_end(
  const Rows *rows, size_t bytes, const Column *column, int32_t *restrict levels)
{
  uint8_t upper[LOADED] = {0}, lower[LOADED] = {0};
  memcpy(upper, rows->upper + column->byte, bytes - column->byte);
  memcpy(lower, rows->lower + column->byte, bytes - column->byte);
  const Rows ends = {upper, lower, rows->upper_weight, rows->lower_weight};
  Column start = *column;
  start.byte = 0;
  blend(&ends, &start, levels);
}

/* Take levels apart into their planes, normalised. */
static void write_samples(
  const int32_t *restrict levels, size_t count, const Normalization *normalization,
  float *restrict first, float *restrict second, float *restrict third)
{
  const float *restrict scale = normalization->scale;
  const float *restrict offset = normalization->offset;
  for (size_t x = 0; x < count; ++x) {
    first[x] = (float)levels[LANES * x] * scale[0] + offset[0];
    second[x] = (float)levels[LANES * x + 1] * scale[1] + offset[1];
    third[x] = (float)levels[LANES * x + 2] * scale[2] + offset[2];
  }
}

/* Write the samples of a few columns of a row; `planes` are where the first ones go. */
static void resample_strip(
  const Rows *rows, size_t bytes, const Column *columns, size_t count,
  const Normalization *normalization, float *const *planes)
{
  int32_t levels[LANES * STRIP];
  size_t inside = count;
  while (inside && columns[inside - 1].byte + LOADED > bytes) {
    --inside;
  }
  const size_t done = resample_eights(rows, columns, inside, normalization, planes);
  for (size_t x = done; x < inside; ++x) {
    blend(rows, &columns[x], levels + LANES * x);
  }
  for (size_t x = inside; x < count; ++x) {
    blend_at_end(rows, bytes, &columns[x], levels + LANES * x);
  }
  write_samples(
    levels + LANES * done, count - done, normalization, planes[0] + done, planes[1] + done,
    planes[2] + done);
}

static void resample_row(
  const Picture *from, const Planes *to, size_t y, const Column *columns,
  const Normalization *normalization)
{
  const size_t bytes = CHANNELS * from->width;
  const Rows rows = rows_of(from, y, to->height);
  const Rows later = rows_of(from, y + AHEAD < to->height ? y + AHEAD : y, to->height);
  for (size_t x = 0; x < to->width; x += STRIP) {
    const size_t end = x + STRIP < to->width ? x + STRIP : to->width;
    look_ahead(&later, columns[x].byte, end < to->width ? columns[end].byte : bytes);
    const ptrdiff_t start = (ptrdiff_t)y * to->row_floats + (ptrdiff_t)x;
    float *const planes[] = {to->planes[0] + start, to->planes[1] + start, to->planes[2] + start};
    resample_strip(&rows, bytes, columns + x, end - x, normalization, planes);
  }
}

int resample(const Picture *from, const Planes *to, const Normalization *normalization)
{
  Column *columns = malloc(to->width * sizeof(*columns));
  if (!columns) {
    return -1;
  }
  for (size_t x = 0; x < to->width; ++x) {
    columns[x] = column_of(x, from->width, to->width);
  }
  for (size_t y = 0; y < to->height; ++y) {
    resample_row(from, to, y, columns, normalization);
  }
  free(columns);
  return 0;
}
