#include "eights.h"

/* One build serves all processors, so this one part is compiled for AVX2 and asks for it. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(WITHOUT_AVX2)
#include <immintrin.h>

#define FOR_AVX2 __attribute__((target("avx2")))

enum {EIGHT = 8};

/* What becomes of a level of one channel. */
typedef struct {
  __m256 scale, offset;
} Factors;

FOR_AVX2 static inline Factors factors_of(const Normalization *normalization, int channel)
{
  return (Factors) {
    _mm256_set1_ps(normalization->scale[channel]), _mm256_set1_ps(normalization->offset[channel])};
}

/* Load what two rows hold of a sample, one behind the other. */
FOR_AVX2 static inline __m128i load(const Rows *rows, const Column *column)
{
  return _mm_unpacklo_epi64(
    _mm_loadl_epi64((const __m128i *)(rows->upper + column->byte)),
    _mm_loadl_epi64((const __m128i *)(rows->lower + column->byte)));
}

/* Blend the pixels of two samples as `blend` does, short of rounding. */
FOR_AVX2 static inline __m256i blend_two(
  const Rows *rows, const Column *first, const Column *second, __m256i row_weights)
{
  /* Of each channel, the two rows of the left pixel beside those of the right one. */
  const __m256i side_by_side = _mm256_broadcastsi128_si256(
    _mm_setr_epi8(0, 8, 3, 11, 1, 9, 4, 12, 2, 10, 5, 13, -1, -1, -1, -1));
  const __m256i samples = _mm256_set_m128i(load(rows, second), load(rows, first));
  const __m256i around_zero = _mm256_xor_si256(samples, _mm256_set1_epi8((char)MIDDLE));
  const __m256i weights = _mm256_set_m128i(
    _mm_loadu_si128((const __m128i *)second->weights),
    _mm_loadu_si128((const __m128i *)first->weights));
  return _mm256_madd_epi16(
    _mm256_maddubs_epi16(row_weights, _mm256_shuffle_epi8(around_zero, side_by_side)), weights);
}

FOR_AVX2 static inline __m256 normalize(__m256i blended, Factors factors)
{
  const __m256i levels =
    _mm256_srai_epi32(_mm256_add_epi32(blended, _mm256_set1_epi32(MIDDLE_AND_HALF)), FRACTION_BITS);
  return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(levels), factors.scale), factors.offset);
}

FOR_AVX2 static size_t resample_with_avx2(
  const Rows *rows, const Column *columns, size_t count, const Normalization *normalization,
  float *const *planes)
{
  const Factors first = factors_of(normalization, 0), second = factors_of(normalization, 1),
    third = factors_of(normalization, 2);
  const __m256i row_weights =
    _mm256_set1_epi16((int16_t)(rows->lower_weight << 8 | rows->upper_weight));
  size_t x = 0;
  for (; x + EIGHT <= count; x += EIGHT) {
    const Column *column = columns + x;
    /* Four apart, as the two halves of a register are transposed each on its own. */
    const __m256i a = blend_two(rows, column, column + 4, row_weights);
    const __m256i b = blend_two(rows, column + 1, column + 5, row_weights);
    const __m256i c = blend_two(rows, column + 2, column + 6, row_weights);
    const __m256i d = blend_two(rows, column + 3, column + 7, row_weights);
    const __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
    const __m256i ab_third = _mm256_unpackhi_epi32(a, b), cd_third = _mm256_unpackhi_epi32(c, d);
    _mm256_storeu_ps(planes[0] + x, normalize(_mm256_unpacklo_epi64(ab, cd), first));
    _mm256_storeu_ps(planes[1] + x, normalize(_mm256_unpackhi_epi64(ab, cd), second));
    _mm256_storeu_ps(planes[2] + x, normalize(_mm256_unpacklo_epi64(ab_third, cd_third), third));
  }
  return x;
}

size_t resample_eights(
  const Rows *rows, const Column *columns, size_t count, const Normalization *normalization,
  float *const *planes)
{
  if (!__builtin_cpu_supports("avx2")) {
    return 0;
  }
  return resample_with_avx2(rows, columns, count, normalization, planes);
}

#else

size_t resample_eights(
  const Rows *rows, const Column *columns, size_t count, const Normalization *normalization,
  float *const *planes)
{
  (void)rows;
  (void)columns;
  (void)count;
  (void)normalization;
  (void)planes;
  return 0;
}

#endif
