/* SPDX-License-Identifier: MIT
 *
 * avx512: inline pieces that the files for 512-bit registers share.
 */
#ifndef QINS_AVX512_H
#define QINS_AVX512_H

#include <immintrin.h>

#include "kernels_internal.h"

static inline __mmask16 first_lanes(uint32_t n)
{
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

/* exp_f32, 16 at a time. min and max return their second operand when one is NaN. */
static inline __m512 exp_avx512(__m512 x)
{
    x = _mm512_min_ps(_mm512_set1_ps(EXP_MAX), x);
    x = _mm512_max_ps(_mm512_set1_ps(EXP_MIN), x);
    const __m512 round = _mm512_set1_ps(EXP_ROUND), one = _mm512_set1_ps(1);
    __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(EXP_LOG2E), round);
    __m512 n = _mm512_sub_ps(shifted, round);
    __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(-EXP_LN2_HI), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(-EXP_LN2_LO), r);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(EXP_C6), r, _mm512_set1_ps(EXP_C5));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP_C4));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP_C3));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(EXP_C2));
    p = _mm512_fmadd_ps(p, r, one);
    p = _mm512_fmadd_ps(p, r, one);
    __m512i power = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    power = _mm512_add_epi32(power, _mm512_castps_si512(one));
    return _mm512_mul_ps(p, _mm512_castsi512_ps(power));
}

/* soft_cap_f32, 16 at a time. */
static inline __m512 soft_cap_avx512(__m512 x, float cap)
{
    const __m512 one = _mm512_set1_ps(1);
    __m512 e = exp_avx512(_mm512_mul_ps(x, _mm512_set1_ps(2.0f / cap)));
    __m512 part = _mm512_div_ps(one, _mm512_add_ps(one, e));
    return _mm512_fmadd_ps(_mm512_set1_ps(-2.0f * cap), part, _mm512_set1_ps(cap));
}

static inline float sum_lanes_avx512(__m512 v)
{
    __m256 t8 = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 t4 = _mm_add_ps(_mm256_castps256_ps128(t8), _mm256_extractf128_ps(t8, 1));
    __m128 t2 = _mm_add_ps(t4, _mm_movehl_ps(t4, t4));
    return _mm_cvtss_f32(_mm_add_ss(t2, _mm_shuffle_ps(t2, t2, 1)));
}

/* sum_lanes of 16 vectors at once: lane 4 j + i has that of v[4 i + j]. */
static inline __m512 sum_lanes_of_16(const __m512 v[16])
{
    __m512 a[8], b[4], c[2];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) /* halves */
        a[i] = _mm512_add_ps(_mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0x44),
                             _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0xee));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) /* quarters */
        b[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0x88),
                             _mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0xdd));
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) /* t0 + t2, t1 + t3 */
        c[i] = _mm512_add_ps(_mm512_shuffle_ps(b[2 * i], b[2 * i + 1], 0x44),
                             _mm512_shuffle_ps(b[2 * i], b[2 * i + 1], 0xee));
    return _mm512_add_ps(_mm512_shuffle_ps(c[0], c[1], 0x88), _mm512_shuffle_ps(c[0], c[1], 0xdd));
}

/* scores[p] becomes exp(score - greatest score); -> 1 / their sum. */
static inline float softmax_avx512(float *scores, uint32_t n_pos)
{
    __m512 max = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
    for (uint32_t p = 0; p < n_pos; p += 16) /* max takes its second operand when one is NaN */
        max = _mm512_mask_max_ps(max, first_lanes(n_pos - p),
                                 _mm512_maskz_loadu_ps(first_lanes(n_pos - p), scores + p), max);
    const __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(max));
    for (uint32_t p = 0; p < n_pos; p += 16) {
        const __mmask16 m = first_lanes(n_pos - p);
        __m512 e = exp_avx512(_mm512_sub_ps(_mm512_maskz_loadu_ps(m, scores + p), top));
        _mm512_mask_storeu_ps(scores + p, m, e);
        sum = _mm512_mask_add_ps(sum, m, sum, e);
    }
    return 1.0f / sum_lanes_avx512(sum);
}

#endif
