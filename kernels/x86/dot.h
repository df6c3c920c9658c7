/* SPDX-License-Identifier: MIT
 *
 * dot: integer dot products in 256-bit registers, by AVX2 or, where the compiler may use it, by one
 * instruction of AVX-VNNI.
 */
#ifndef QINS_DOT_H
#define QINS_DOT_H

#include <immintrin.h>

/* GCC would keep all products of an unrolled loop and add them at its end, out of registers. */
static inline __m256i add_now(__m256i sum, __m256i products)
{
    sum = _mm256_add_epi32(sum, products);
    __asm__("" : "+x"(sum));
    return sum;
}

/* In each 32-bit lane: sum + 4 products of an unsigned and a signed byte. Callers keep the sum of
 * two neighbouring products within 16 bits, where AVX2 saturates. */
static inline __m256i dot_bytes(__m256i sum, __m256i u8, __m256i s8)
{
#ifdef __AVXVNNI__
    return _mm256_dpbusd_avx_epi32(sum, u8, s8);
#else
    __m256i pairs = _mm256_maddubs_epi16(u8, s8);
    return add_now(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

/* In each 32-bit lane: sum + 2 products of signed 16-bit numbers. */
static inline __m256i dot_words(__m256i sum, __m256i a, __m256i b)
{
#ifdef __AVXVNNI__
    return _mm256_dpwssd_avx_epi32(sum, a, b);
#else
    return add_now(sum, _mm256_madd_epi16(a, b));
#endif
}

#endif
