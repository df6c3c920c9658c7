/* SPDX-License-Identifier: MIT
 *
 * avx2: inline pieces that the AVX2 files share.
 */
#ifndef QINS_AVX2_H
#define QINS_AVX2_H

#include <immintrin.h>

#include "internal.h"

enum { STREAMS = 4 }; /* rows or row groups read from memory side by side: faster than one by one */

/* The 16 lanes of a sum are two registers: lanes 0..7 and 8..15. */
static inline float sum_lanes_avx2(__m256 low, __m256 high)
{
    __m256 t8 = _mm256_add_ps(low, high);
    __m128 t4 = _mm_add_ps(_mm256_castps256_ps128(t8), _mm256_extractf128_ps(t8, 1));
    __m128 t2 = _mm_add_ps(t4, _mm_movehl_ps(t4, t4));
    return _mm_cvtss_f32(_mm_add_ss(t2, _mm_shuffle_ps(t2, t2, 1)));
}

/* exp_f32, eight at a time. min and max return their second operand when one is NaN. */
static inline __m256 exp_avx2(__m256 x)
{
    x = _mm256_min_ps(_mm256_set1_ps(EXP_MAX), x);
    x = _mm256_max_ps(_mm256_set1_ps(EXP_MIN), x);
    const __m256 round = _mm256_set1_ps(EXP_ROUND), one = _mm256_set1_ps(1);
    __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(EXP_LOG2E), round);
    __m256 n = _mm256_sub_ps(shifted, round);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-EXP_LN2_HI), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(-EXP_LN2_LO), r);
    __m256 p = _mm256_fmadd_ps(_mm256_set1_ps(EXP_C6), r, _mm256_set1_ps(EXP_C5));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP_C4));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP_C3));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(EXP_C2));
    p = _mm256_fmadd_ps(p, r, one);
    p = _mm256_fmadd_ps(p, r, one);
    __m256i power = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    power = _mm256_add_epi32(power, _mm256_castps_si256(one));
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

/* Eight elements as floats. */
static inline __attribute__((always_inline)) __m256 load_avx2(const void *p, size_t i,
                                                              enum element e)
{
    if (e == ELEMENT_F32)
        return _mm256_loadu_ps((const float *)p + i);
    if (e == ELEMENT_INT8)
        return _mm256_cvtepi32_ps(
            _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)((const int8_t *)p + i))));
    __m128i half = _mm_loadu_si128((const void *)((const uint16_t *)p + i));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

static inline __attribute__((always_inline)) float dot_avx2(const float *a, const void *b,
                                                            size_t b0, uint32_t n, enum element e)
{
    __m256 low = _mm256_setzero_ps(), high = low;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        low = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), load_avx2(b, b0 + i, e), low);
        high = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), load_avx2(b, b0 + i + 8, e), high);
    }
    if (i == n)
        return sum_lanes_avx2(low, high);
    float lane[LANES];
    _mm256_storeu_ps(lane, low);
    _mm256_storeu_ps(lane + 8, high);
    for (; i < n; i++)
        lane[i % LANES] = fmaf(a[i], load_one(b, b0 + i, e), lane[i % LANES]);
    return sum_lanes(lane);
}

/* Rows of a group beyond the matrix are computed and dropped here. */
static inline void store_group_avx2(const struct matrix *w, uint32_t group, float *y, __m256 low,
                                    __m256 high)
{
    uint32_t n = group_rows(w, group);
    float *out = y + (size_t)group * ROW_GROUP, all[ROW_GROUP];
    float *to = n == ROW_GROUP ? out : all;
    _mm256_storeu_ps(to, low);
    _mm256_storeu_ps(to + 8, high);
    if (to == all)
        memcpy(out, all, n * sizeof *out);
}

static inline __m256i table_avx2(const void *bytes)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes));
}

/* Four activations, the same for every row. */
static inline __m256i four_avx2(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return _mm256_set1_epi32(four);
}

/* qins4_scale of 8 rows. */
static inline __m256 scales_qins4_avx2(const uint8_t *codes)
{
    __m256i c = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)codes));
    __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(qins4_fraction), c);
    __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(qins4_fraction + 8), c);
    __m256 bit3 = _mm256_castsi256_ps(_mm256_slli_epi32(c, 28));
    __m256i f = _mm256_castps_si256(_mm256_blendv_ps(low, high, bit3));
    __m256i exponent = _mm256_and_si256(_mm256_slli_epi32(c, 19), _mm256_set1_epi32(7 << 23));
    __m256i sign = _mm256_slli_epi32(_mm256_srli_epi32(c, 7), 31);
    return _mm256_castsi256_ps(_mm256_or_si256(_mm256_sub_epi32(f, exponent), sign));
}

/* 16 numbers of 16 bits, for lookups by 4 bits: their low and their high bytes. */
struct words_table {
    __m256i low, high;
};

static inline struct words_table words_table(const int16_t words[16])
{
    uint8_t low[16], high[16];
    for (int i = 0; i < 16; i++) {
        low[i] = (uint8_t)words[i];
        high[i] = (uint8_t)(words[i] >> 8);
    }
    return (struct words_table){table_avx2(low), table_avx2(high)};
}

/* Words of the bytes 0..7 and 8..15 of each 128 bits. Bit 7 of an index must be clear. */
static inline void look_up_words(const struct words_table *t, __m256i index, __m256i words[2])
{
    __m256i low = _mm256_shuffle_epi8(t->low, index), high = _mm256_shuffle_epi8(t->high, index);
    words[0] = _mm256_unpacklo_epi8(low, high);
    words[1] = _mm256_unpackhi_epi8(low, high);
}

struct qins8_factors {
    struct words_table fine, coarse;
};

static inline struct qins8_factors factors_qins8(void)
{
    return (struct qins8_factors){words_table(qins8_fine), words_table(qins8_coarse)};
}

/* Signed magnitudes of 32 codes, ordered as words are looked up. Two factors instead of 128 bytes
 * in eight tables: half of the instructions. */
static inline void weights_qins8(const struct qins8_factors *f, __m256i v, __m256i w[2])
{
    const __m256i nibble = _mm256_set1_epi8(15), offset = _mm256_set1_epi16(QINS8_OFFSET);
    __m256i fine[2], coarse[2];
    look_up_words(&f->fine, _mm256_and_si256(v, nibble), fine);
    look_up_words(&f->coarse, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble), coarse);
    for (int i = 0; i < 2; i++)
        w[i] = _mm256_sub_epi16(_mm256_mulhrs_epi16(fine[i], coarse[i]),
                                _mm256_sign_epi16(offset, coarse[i]));
}

/* A block of activations as 16-bit numbers. */
static inline void widen_block(const int8_t q[ACT_BLOCK], int16_t out[ACT_BLOCK])
{
    for (int i = 0; i < ACT_BLOCK; i += 16)
        _mm256_storeu_si256((void *)(out + i),
                            _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(q + i))));
}

#endif
