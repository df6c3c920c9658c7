/* SPDX-License-Identifier: MIT
 *
 * avx2: inline pieces that the AVX2 files share.
 */
#ifndef QINS_AVX2_H
#define QINS_AVX2_H

#include <immintrin.h>

#include "kernels_internal.h"

enum { STREAMS = 4 }; /* rows or row groups read from memory side by side, at most */

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

/* soft_cap_f32 of n numbers. */
static inline void soft_cap_avx2(float *x, float cap, uint32_t n)
{
    const __m256 one = _mm256_set1_ps(1), in = _mm256_set1_ps(2.0f / cap);
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 e = exp_avx2(_mm256_mul_ps(_mm256_loadu_ps(x + i), in));
        __m256 part = _mm256_div_ps(one, _mm256_add_ps(one, e));
        _mm256_storeu_ps(x + i,
                         _mm256_fmadd_ps(_mm256_set1_ps(-2.0f * cap), part, _mm256_set1_ps(cap)));
    }
    for (; i < n; i++)
        x[i] = soft_cap_f32(x[i], cap);
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

/* 16 numbers of 16 bits, for lookups by 4 bits: their low and their high bytes. */
struct words_table {
    __m256i low, high;
};

static inline struct words_table words_table(const int16_t words[16])
{
    const __m128i byte = _mm_set1_epi16(255);
    __m128i a = _mm_loadu_si128((const void *)words),
            b = _mm_loadu_si128((const void *)(words + 8));
    __m128i low = _mm_packus_epi16(_mm_and_si128(a, byte), _mm_and_si128(b, byte));
    __m128i high = _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
    return (struct words_table){_mm256_broadcastsi128_si256(low),
                                _mm256_broadcastsi128_si256(high)};
}

/* Words of the bytes 0..7 and 8..15 of each 128 bits. Bit 7 of an index must be clear. -> the
 * high bytes alone. */
static inline __m256i look_up_words(const struct words_table *t, __m256i index, __m256i words[2])
{
    __m256i low = _mm256_shuffle_epi8(t->low, index), high = _mm256_shuffle_epi8(t->high, index);
    words[0] = _mm256_unpacklo_epi8(low, high);
    words[1] = _mm256_unpackhi_epi8(low, high);
    return high;
}

struct qins4_scales {
    struct words_table low, high; /* halves of a fraction's float */
    struct words_table octaves;   /* by polarity and octaves: what the upper half loses */
};

static inline struct qins4_scales tables_qins4_scales(void)
{
    int16_t low[16], high[16], octaves[16];
    for (int i = 0; i < 16; i++) {
        low[i] = (int16_t)float_bits(qins4_fraction[i]);
        high[i] = (int16_t)(float_bits(qins4_fraction[i]) >> 16);
        octaves[i] = (int16_t)((i & 7) << 7 | (i & 8) << 12);
    }
    return (struct qins4_scales){words_table(low), words_table(high), words_table(octaves)};
}

/* qins4_scale of two blocks of 16 rows, eight floats a register: half h of block b in s[2b + h].
 * Fractions are looked up byte by byte; octaves and sign are subtracted from a float's upper half.
 */
static inline void scales_qins4(const struct qins4_scales *t, const uint8_t *codes, __m256 s[4])
{
    const __m256i nibble = _mm256_set1_epi8(15);
    /* what the two unpackings below scatter comes from these places */
    __m256i c = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const void *)codes),
                                            _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
    __m256i low[2], high[2], octaves[2];
    look_up_words(&t->low, _mm256_and_si256(c, nibble), low);
    look_up_words(&t->high, _mm256_and_si256(c, nibble), high);
    look_up_words(&t->octaves, _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble), octaves);
    for (int b = 0; b < 2; b++) {
        high[b] = _mm256_sub_epi16(high[b], octaves[b]);
        s[2 * b] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(low[b], high[b]));
        s[2 * b + 1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(low[b], high[b]));
    }
}

/* Levels by code, in each 128 bits. */
static inline __attribute__((always_inline)) __m256i levels_avx2(const uint32_t bits)
{
    int8_t levels[16];
    const int8_t *one = bits == 4 ? qins4_level : bits == 3 ? qins3_level : qins2_level;
    for (uint32_t i = 0; i < 16; i++)
        levels[i] = one[i % (1u << bits)];
    return table_avx2(levels);
}

/* Codes of columns 4 i .. 4 i + 3 of a unit of 32 columns; `unit`: its first line, from the first
 * of 8 rows on. */
static inline __attribute__((always_inline)) __m256i codes_avx2(const uint8_t *unit, const int i,
                                                                const uint32_t bits)
{
    const __m256i mask = _mm256_set1_epi8((char)((1 << bits) - 1));
    const int per_line = bits == 2 ? 4 : 2;
    int shift = i % per_line * (int)bits;
    __m256i v;
    if (bits == 3 && i >= 6) {
        __m256i a = _mm256_srli_epi16(_mm256_loadu_si256((const void *)unit), 6);
        __m256i b = _mm256_srli_epi16(_mm256_loadu_si256((const void *)(unit + 64)), 4);
        v = _mm256_srli_epi16(_mm256_loadu_si256((const void *)(unit + 128)), 2);
        v = _mm256_and_si256(v, _mm256_set1_epi8(0x30));
        v = _mm256_or_si256(v, _mm256_and_si256(a, _mm256_set1_epi8(3)));
        v = _mm256_or_si256(v, _mm256_and_si256(b, _mm256_set1_epi8(12)));
        shift = i == 6 ? 0 : 3;
    } else {
        v = _mm256_loadu_si256((const void *)(unit + i / per_line * 64));
    }
    return _mm256_and_si256(shift ? _mm256_srli_epi16(v, shift) : v, mask);
}

struct qins8_factors {
    __m256i fine; /* low bytes: the high ones are 1 */
    struct words_table coarse;
};

static inline struct qins8_factors factors_qins8(void)
{
    uint8_t fine[16];
    for (int i = 0; i < 16; i++)
        fine[i] = (uint8_t)qins8_fine[i];
    return (struct qins8_factors){table_avx2(fine), words_table(qins8_coarse)};
}

/* Signed magnitudes of 32 codes, ordered as words are looked up. Two factors instead of 128 bytes
 * in eight tables: half of the instructions. */
static inline void weights_qins8(const struct qins8_factors *f, __m256i v, __m256i w[2])
{
    const __m256i offset = _mm256_set1_epi16(QINS8_OFFSET);
    const __m256i nibble = _mm256_set1_epi8(15), one = _mm256_set1_epi8(1);
    __m256i fine = _mm256_shuffle_epi8(f->fine, _mm256_and_si256(v, nibble));
    look_up_words(&f->coarse, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble), w);
    w[0] = _mm256_mulhrs_epi16(_mm256_unpacklo_epi8(fine, one), w[0]);
    w[1] = _mm256_mulhrs_epi16(_mm256_unpackhi_epi8(fine, one), w[1]);
    for (int i = 0; i < 2; i++)
        w[i] = _mm256_sub_epi16(w[i], _mm256_sign_epi16(offset, w[i]));
}

#endif
