#include "eights.h"

/* One build serves all processors, so this one part is compiled for AVX2 and asks for it. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(WITHOUT_AVX2)
#include <immintrin.h>

#define FOR_AVX2 __attribute__((target("avx2")))

enum {EIGHT = 8};

/* What a row's samples are multiplied with and what is added to them, for two pixels at once. */
typedef struct {
  __m256i upper_weight, lower_weight;
  __m256 scale, offset;
} Factors;

FOR_AVX2 static __m256 for_two_pixels(const float *values)
{
  const __m128 pixel = _mm_setr_ps(values[0], values[1], values[2], 0.0F);
  return _mm256_set_m128(pixel, pixel);
}

FOR_AVX2 static inline __m256i load_two(const uint8_t *row, size_t first, size_t second)
{
  const __m128i one = _mm_loadl_epi64((const __m128i *)(row + first));
  const __m128i other = _mm_loadl_epi64((const __m128i *)(row + second));
  return _mm256_cvtepu8_epi16(_mm_unpacklo_epi64(one, other));
}

/* Blend two samples' pixels as `blend` does, to the same bits, and normalise them. */
FOR_AVX2 static inline __m256 blend_two(
  const Rows *rows, const Column *first, const Column *second, const Factors *factors)
{
  /* Each channel of the left pixel beside the same of the right one. */
  const __m256i side_by_side = _mm256_broadcastsi128_si256(
    _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1));
  const __m256i above = load_two(rows->upper, first->byte, second->byte);
  const __m256i below = load_two(rows->lower, first->byte, second->byte);
  const __m256i sum = _mm256_add_epi16(
    _mm256_mullo_epi16(above, factors->upper_weight),
    _mm256_mullo_epi16(below, factors->lower_weight));
  const __m256i weights = _mm256_set_m128i(
    _mm_loadu_si128((const __m128i *)second->weights),
    _mm_loadu_si128((const __m128i *)first->weights));
  const __m256i blended = _mm256_madd_epi16(
    _mm256_shuffle_epi8(_mm256_srli_epi16(sum, 1), side_by_side), weights);
  const __m256i levels =
    _mm256_srai_epi32(_mm256_add_epi32(blended, _mm256_set1_epi32(HALF)), FRACTION_BITS);
  return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(levels), factors->scale), factors->offset);
}

FOR_AVX2 static size_t resample_with_avx2(
  const Rows *rows, const Column *columns, size_t count, const Normalization *normalization,
  float *const *planes)
{
  const Factors factors = {
    _mm256_set1_epi16((int16_t)rows->upper_weight), _mm256_set1_epi16((int16_t)rows->lower_weight),
    for_two_pixels(normalization->scale), for_two_pixels(normalization->offset)};
  size_t x = 0;
  for (; x + EIGHT <= count; x += EIGHT) {
    const Column *column = columns + x;
    /* Four apart, as the two halves of a register are transposed each on its own. */
    const __m256 a = blend_two(rows, column, column + 4, &factors);
    const __m256 b = blend_two(rows, column + 1, column + 5, &factors);
    const __m256 c = blend_two(rows, column + 2, column + 6, &factors);
    const __m256 d = blend_two(rows, column + 3, column + 7, &factors);
    const __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d);
    const __m256 ab_third = _mm256_unpackhi_ps(a, b), cd_third = _mm256_unpackhi_ps(c, d);
    _mm256_storeu_ps(planes[0] + x, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm256_storeu_ps(planes[1] + x, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
    _mm256_storeu_ps(planes[2] + x, _mm256_shuffle_ps(ab_third, cd_third, _MM_SHUFFLE(1, 0, 1, 0)));
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
