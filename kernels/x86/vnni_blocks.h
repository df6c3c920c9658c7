/* SPDX-License-Identifier: MIT
 *
 * vnni_blocks: decoding of the formats with blocks for AVX-512 VNNI and VBMI: 16 rows x 4 columns
 * at a time, as the unsigned bytes that dpbusd wants.
 */
#ifndef QINS_VNNI_BLOCKS_H
#define QINS_VNNI_BLOCKS_H

#include "x86/prefetch.h"

/* Four activations, the same for every row. */
static inline __m512i four_vnni(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return _mm512_set1_epi32(four);
}

/* qins4_scale of 16 rows; permutexvar takes the low 4 bits. */
static inline __m512 scales_vnni(const uint8_t *codes)
{
    __m512i c = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)codes));
    __m512 f = _mm512_permutexvar_ps(c, _mm512_loadu_ps(qins4_fraction));
    __m512i exponent = _mm512_and_si512(_mm512_slli_epi32(c, 19), _mm512_set1_epi32(7 << 23));
    __m512i scale = _mm512_sub_epi32(_mm512_castps_si512(f), exponent);
    __m512i sign = _mm512_set1_epi32(INT32_MIN);
    /* scale | (c << 24 & sign) */
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(scale, _mm512_slli_epi32(c, 24), sign, 0xf8));
}

/* The scale of a block of weights times that of a block of activations, for 16 rows, as two
 * instructions beside the units that multiply. A row's scale is +-fraction[c mod 16] / 2^(c / 16),
 * so the product is fraction x activation scale, of which there are 16, times a power of two: a
 * change of exponent and sign, which an addition of integers makes. A scale's word is that addend +
 * its index, and a unit the product's bits - its index. No product may leave the normal floats. */
#define UNIT_MIN 0x1p-110f
#define UNIT_MAX 0x1p120f

/* Words of 16 rows. */
static inline __m512i scale_words(const uint8_t *codes)
{
    __m512i c = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)codes));
    __m512i exponent = _mm512_and_si512(_mm512_slli_epi32(c, 19), _mm512_set1_epi32(7 << 23));
    __m512i sign = _mm512_and_si512(_mm512_slli_epi32(c, 24), _mm512_set1_epi32(INT32_MIN));
    __m512i index = _mm512_and_si512(c, _mm512_set1_epi32(15));
    return _mm512_add_epi32(_mm512_sub_epi32(sign, exponent), index);
}

/* product: qins4_fraction x a block's scale */
static inline __m512i units_vnni(__m512 product)
{
    const __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_sub_epi32(_mm512_castps_si512(product), index);
}

static inline __m512 times_unit(__m512i words, __m512i units)
{
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_permutexvar_epi32(words, units), words));
}

/* Levels + 128 by code; a sum of products begins at -128 sum(q) for that. Repeated over 64 bytes: a
 * lookup takes the low 6 bits of an index, and what lies above a code in them does not matter. */
static inline __attribute__((always_inline)) __m512i biased_levels(const uint32_t bits)
{
    int64_t eight;
    if (bits == 4)
        return _mm512_broadcast_i32x4(
            _mm_add_epi8(_mm_loadu_si128((const void *)qins4_level), _mm_set1_epi8(-128)));
    if (bits == 3) {
        memcpy(&eight, qins3_level, sizeof eight);
        return _mm512_add_epi8(_mm512_set1_epi64(eight), _mm512_set1_epi8(-128));
    }
    return _mm512_add_epi8(four_vnni(qins2_level), _mm512_set1_epi8(-128));
}

/* Columns 4 i .. 4 i + 3 of a unit of 32 columns, whose lines begin at `unit`. */
static inline __attribute__((always_inline)) __m512i
weights_vnni(__m512i levels, const uint8_t *unit, const int i, const uint32_t bits)
{
    if (bits == 3 && i >= 6) {
        const __m512i mask = _mm512_set1_epi8(0x0c), mask2 = _mm512_set1_epi8(0x30);
        __m512i a = _mm512_srli_epi16(_mm512_loadu_si512(unit), 6);
        __m512i b = _mm512_srli_epi16(_mm512_loadu_si512(unit + 64), 4);
        __m512i c = _mm512_srli_epi16(_mm512_loadu_si512(unit + 128), 2);
        a = _mm512_ternarylogic_epi32(mask, b, a, 0xca); /* mask ? b : a */
        a = _mm512_ternarylogic_epi32(mask2, c, a, 0xca);
        return _mm512_permutexvar_epi8(i == 6 ? a : _mm512_srli_epi16(a, 3), levels);
    }
    const int per_line = bits == 2 ? 4 : 2, shift = i % per_line * (int)bits;
    __m512i v = _mm512_loadu_si512(unit + i / per_line * 64);
    return _mm512_permutexvar_epi8(shift ? _mm512_srli_epi16(v, (unsigned)shift) : v, levels);
}

#endif
