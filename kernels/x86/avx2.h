/* SPDX-License-Identifier: MIT
 *
 * avx2: inline pieces that the AVX2 files share.
 */
#ifndef QINS_AVX2_H
#define QINS_AVX2_H

#include <immintrin.h>

#include "internal.h"

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

/* Lookup among 128 bytes: table i holds the xor of pieces i and i - 1, so that the xor of tables
 * 0..(c / 16) is the piece that c means. An index below zero reads as 0. */
struct qins8_tables {
    __m256i step[8];
};

static inline struct qins8_tables qins8_tables_avx2(void)
{
    struct qins8_tables t;
    t.step[0] = table_avx2(qins8_magnitude);
    for (int i = 1; i < 8; i++)
        t.step[i] = _mm256_xor_si256(table_avx2(qins8_magnitude + i * 16),
                                     table_avx2(qins8_magnitude + i * 16 - 16));
    return t;
}

static inline __m256i magnitudes_qins8(const struct qins8_tables *t, __m256i v)
{
    __m256i c = _mm256_and_si256(v, _mm256_set1_epi8(127));
    __m256i m = _mm256_shuffle_epi8(t->step[0], c);
#pragma GCC unroll 7
    for (int i = 1; i < 8; i++) {
        c = _mm256_sub_epi8(c, _mm256_set1_epi8(16));
        m = _mm256_xor_si256(m, _mm256_shuffle_epi8(t->step[i], c));
    }
    return m;
}

#endif
