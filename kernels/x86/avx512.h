/* SPDX-License-Identifier: MIT
 *
 * avx512: inline pieces that the files for 512-bit registers share.
 */
#ifndef QINS_AVX512_H
#define QINS_AVX512_H

#include <immintrin.h>

#include "internal.h"

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

static inline float sum_lanes_avx512(__m512 v)
{
    __m256 t8 = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 t4 = _mm_add_ps(_mm256_castps256_ps128(t8), _mm256_extractf128_ps(t8, 1));
    __m128 t2 = _mm_add_ps(t4, _mm_movehl_ps(t4, t4));
    return _mm_cvtss_f32(_mm_add_ss(t2, _mm_shuffle_ps(t2, t2, 1)));
}

#endif
