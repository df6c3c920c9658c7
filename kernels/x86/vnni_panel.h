/* SPDX-License-Identifier: MIT
 *
 * vnni_panel: columns of two row groups, decoded for many tokens, and the products with them. A
 * panel stays in the first-level cache; the sums of a block, twice, and those of all blocks, for
 * 32 rows x 4 tokens, fit the registers together.
 *
 * What limits them are the two units that multiply: 8 dot products and a fused multiply-add for 16
 * rows, a token and a block of 32. So scales are multiplied elsewhere (units_vnni), and each block
 * has two sums, since a dot product waits four cycles for the one before it.
 */
#ifndef QINS_VNNI_PANEL_H
#define QINS_VNNI_PANEL_H

#include <stdalign.h>

#include "x86/avx512.h"
#include "x86/vnni_blocks.h"

enum {
    GROUPS = 2,       /* row groups side by side */
    TILE = 4,         /* tokens that go over a panel at once */
    PANEL_COLS = 512, /* columns decoded at once, */
    WIDE_COLS = 256,  /* of qins8 */
};

typedef float sums[GROUPS][ROW_GROUP]; /* of a token */

struct panel {
    union {
        uint8_t weight[PANEL_COLS * ROW_GROUP]; /* lines of 16 rows x 4 columns, unsigned */
        int16_t word[WIDE_COLS * ROW_GROUP];    /* qins8: lines of 16 rows x 2 columns */
    };
    int32_t scale[PANEL_COLS / 16][ROW_GROUP]; /* of a block, as scale_word has it */
};

/* ---- decoding ------------------------------------------------------------------------- */

/* A line of codes as 16-bit weights: columns 0 and 1 of each row, and columns 2 and 3. */
static inline void words_qins8(const uint8_t *line, __m512i words[2])
{
    const __m512i table0 = _mm512_loadu_si512(qins8_magnitude);
    const __m512i table1 = _mm512_loadu_si512(qins8_magnitude + 64);
    const __m512i rows = _mm512_set4_epi32(12, 8, 4, 0);
    const __m512i v = _mm512_loadu_si512(line);
    const __m512i magnitude = _mm512_permutex2var_epi8(table0, v, table1);
    for (int i = 0; i < 2; i++) { /* bytes 2 i and 2 i + 1 of each row; -128: zero */
        const __m512i at = _mm512_mullo_epi32(rows, _mm512_set1_epi32(0x00010001));
        const __m512i low = _mm512_add_epi32(at, _mm512_set1_epi32(i ? 0x00030002 : 0x00010000));
        const __m512i to_low = _mm512_or_si512(low, _mm512_set1_epi16((short)0x8000));
        const __m512i to_high =
            _mm512_or_si512(_mm512_slli_epi16(low, 8), _mm512_set1_epi16(0x0080));
        const __m512i negative = _mm512_srai_epi16(_mm512_shuffle_epi8(v, to_high), 15);
        const __m512i w = _mm512_shuffle_epi8(magnitude, to_low);
        words[i] = _mm512_sub_epi16(_mm512_xor_si512(w, negative), negative);
    }
}

/* Whole tiles into a panel. */
static inline void decode_qins8(struct panel *p, const uint8_t *tile, uint32_t n_cols)
{
    for (uint32_t k = 0; k < n_cols; k += 4) {
        __m512i w[2];
        prefetch_line(tile + k * ROW_GROUP, AHEAD);
        words_qins8(tile + k * ROW_GROUP, w);
        for (uint32_t i = 0; i < 2; i++)
            _mm512_storeu_si512(p->word + (k + i * 2) * ROW_GROUP, w[i]);
    }
}

static inline __attribute__((always_inline)) void
decode_blocks(struct panel *p, const uint8_t *tile, uint32_t n_cols, const uint32_t block,
              const uint32_t bits)
{
    const __m512i levels = biased_levels(bits);
    int32_t *scale = p->scale[0];
    for (uint32_t k = 0; k < n_cols; k += 32, tile += unit_bytes(bits)) {
        for (uint32_t b = 0; b < BLOCK_COLS && k % BLOCK_COLS == 0; b += block) {
            _mm512_store_si512(scale, scale_words(tile));
            scale += ROW_GROUP;
            tile += ROW_GROUP;
        }
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            prefetch_codes(tile, i, bits, AHEAD);
            _mm512_store_si512(p->weight + (k + (uint32_t)i * 4) * ROW_GROUP,
                               weights_vnni(levels, tile, i, bits));
        }
    }
}

/* ---- products ------------------------------------------------------------------------- */

/* Two 16-bit activations, the same for every row. */
static inline __m512i two_words(const int16_t *x)
{
    int32_t two;
    memcpy(&two, x, sizeof two);
    return _mm512_set1_epi32(two);
}

/* What a panel needs of a token beside its columns: units of each block of activations, and
 * -128 sum(q) of each block of weights, at which its sum begins. */
struct token {
    alignas(64) int32_t unit[PANEL_COLS / ACT_BLOCK][16];
    int32_t begin[PANEL_COLS / 16];
};

static inline __attribute__((always_inline)) void
begin_blocks(int32_t *begin, const int32_t *sum, uint32_t n_cols, const uint32_t block)
{
    static const uint32_t even[16] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    const uint32_t n = n_cols / 16;
    __m512i a = _mm512_castps_si512(_mm512_maskz_loadu_ps(first_lanes(n), sum));
    __m512i b =
        _mm512_castps_si512(_mm512_maskz_loadu_ps(first_lanes(n < 16 ? 0 : n - 16), sum + 16));
    if (block == 32) {
        const __m512i i = _mm512_loadu_si512(even);
        a = _mm512_add_epi32(
            _mm512_permutex2var_epi32(a, i, b),
            _mm512_permutex2var_epi32(a, _mm512_add_epi32(i, _mm512_set1_epi32(1)), b));
    }
    _mm512_storeu_si512(begin, _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), a), 7));
    if (block == 16)
        _mm512_storeu_si512(begin + 16,
                            _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), b), 7));
}

/* Columns [col0, col0 + n_cols). -> false if a block's scale is too small or too large for
 * units. */
static inline __attribute__((always_inline)) bool prepare_token(struct token *to,
                                                                const struct activation *x,
                                                                uint32_t col0, uint32_t n_cols,
                                                                const uint32_t block)
{
    const float *scale = x->scale + col0 / ACT_BLOCK;
    const __m512 fraction = _mm512_loadu_ps(qins4_fraction), least = _mm512_set1_ps(UNIT_MIN);
    const __mmask16 blocks = first_lanes(n_cols / ACT_BLOCK);
#pragma GCC unroll 4
    for (uint32_t b = 0; b < n_cols / ACT_BLOCK; b++) {
        /* at least: if a scale is 0, all columns are, and any unit will do */
        const __m512 product = _mm512_mul_ps(fraction, _mm512_set1_ps(scale[b]));
        _mm512_store_si512(to->unit[b], units_vnni(_mm512_max_ps(product, least)));
    }
    begin_blocks(to->begin, x->sum + col0 / 16, n_cols, block);
    const __m512 d = _mm512_maskz_loadu_ps(blocks, scale);
    const __mmask16 zero = _mm512_cmp_ps_mask(d, _mm512_setzero_ps(), _CMP_EQ_OQ);
    const __mmask16 small = _mm512_cmp_ps_mask(d, _mm512_set1_ps(UNIT_MIN), _CMP_NGE_UQ);
    const __mmask16 large = _mm512_cmp_ps_mask(d, _mm512_set1_ps(UNIT_MAX), _CMP_GT_OQ);
    return ((small & ~zero) | large) == 0;
}

/* Adds columns [col0, col0 + n_cols) to the sums of n_tok tokens, which begin with column 0. Two
 * sums of each block, since a dot product waits for the one before it. */
static inline __attribute__((always_inline)) void
multiply(const struct panel *p, uint32_t n_cols, const struct activation *x,
         const struct token *token, uint32_t col0, const int n_tok, sums *to, const uint32_t block)
{
    const __mmask16 before = first_lanes(col0 ? 16 : 0); /* what `to` holds before */
    const int8_t *q[TILE];
    __m512 acc[TILE][GROUPS];
#pragma GCC unroll 4
    for (int t = 0; t < n_tok; t++) {
        q[t] = x[t].q + col0;
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            acc[t][i] = _mm512_maskz_loadu_ps(before, to[t][i]);
    }
    for (size_t k = 0; k < n_cols; k += block) {
        __m512i sum[TILE][GROUPS][2];
#pragma GCC unroll 4
        for (int t = 0; t < n_tok; t++)
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++) {
                sum[t][i][0] = _mm512_set1_epi32(token[t].begin[k / block]);
                sum[t][i][1] = _mm512_setzero_si512();
            }
#pragma GCC unroll 8
        for (size_t g = 0; g < block; g += 4) {
            __m512i w[GROUPS];
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                w[i] = _mm512_load_si512(p[i].weight + (k + g) * ROW_GROUP);
#pragma GCC unroll 4
            for (int t = 0; t < n_tok; t++) {
                const __m512i four = four_vnni(q[t] + k + g);
#pragma GCC unroll 2
                for (int i = 0; i < GROUPS; i++)
                    sum[t][i][g / 4 % 2] = _mm512_dpbusd_epi32(sum[t][i][g / 4 % 2], w[i], four);
            }
        }
        __m512i scale[GROUPS];
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            scale[i] = _mm512_load_si512(p[i].scale[k / block]);
#pragma GCC unroll 4
        for (int t = 0; t < n_tok; t++) {
            const __m512i unit = _mm512_load_si512(token[t].unit[k / ACT_BLOCK]);
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                acc[t][i] = _mm512_fmadd_ps(
                    _mm512_cvtepi32_ps(_mm512_add_epi32(sum[t][i][0], sum[t][i][1])),
                    times_unit(scale[i], unit), acc[t][i]);
        }
    }
#pragma GCC unroll 4
    for (int t = 0; t < n_tok; t++)
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            _mm512_store_ps(to[t][i], acc[t][i]);
}

/* The same for one token with scales of any size. */
static inline __attribute__((always_inline)) void
multiply_any(const struct panel *p, uint32_t n_cols, const struct activation *x,
             const struct token *token, uint32_t col0, sums *to, const uint32_t block)
{
    if (col0 == 0)
        memset(to, 0, sizeof *to);
    const __m512i ones = units_vnni(_mm512_loadu_ps(qins4_fraction));
    for (uint32_t k = 0; k < n_cols; k += block)
        for (int i = 0; i < GROUPS; i++) {
            __m512i sum = _mm512_set1_epi32(token->begin[k / block]);
            for (uint32_t g = k; g < k + block; g += 4)
                sum = _mm512_dpbusd_epi32(sum, _mm512_load_si512(p[i].weight + g * ROW_GROUP),
                                          four_vnni(x->q + col0 + g));
            const __m512 d = _mm512_set1_ps(x->scale[(col0 + k) / ACT_BLOCK]);
            const __m512 s = times_unit(_mm512_load_si512(p[i].scale[k / block]), ones);
            _mm512_store_ps((*to)[i], _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(s, d),
                                                      _mm512_load_ps((*to)[i])));
        }
}

/* qins8: adds columns [col0, col0 + n_cols) to the sums of n_tok tokens. */
static inline __attribute__((always_inline)) void
multiply_qins8(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
               const int n_tok, sums *to)
{
    const __mmask16 before = first_lanes(col0 ? 16 : 0);
    __m512 acc[TILE][GROUPS];
#pragma GCC unroll 4
    for (int t = 0; t < n_tok; t++)
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            acc[t][i] = _mm512_maskz_loadu_ps(before, to[t][i]);
    for (size_t k = 0; k < n_cols; k += ACT_BLOCK) {
        __m512i sum[TILE][GROUPS][2];
#pragma GCC unroll 4
        for (int t = 0; t < n_tok; t++)
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                sum[t][i][0] = sum[t][i][1] = _mm512_setzero_si512();
#pragma GCC unroll 16
        for (size_t g = 0; g < ACT_BLOCK; g += 2) {
            __m512i w[GROUPS];
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                w[i] = _mm512_load_si512(p[i].word + (k + g) * ROW_GROUP);
#pragma GCC unroll 4
            for (int t = 0; t < n_tok; t++) {
                const __m512i two = two_words(x[t].wide + col0 + k + g);
#pragma GCC unroll 2
                for (int i = 0; i < GROUPS; i++)
                    sum[t][i][g / 2 % 2] = _mm512_dpwssd_epi32(sum[t][i][g / 2 % 2], w[i], two);
            }
        }
#pragma GCC unroll 4
        for (int t = 0; t < n_tok; t++) {
            const __m512 d = _mm512_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                acc[t][i] = _mm512_fmadd_ps(
                    _mm512_cvtepi32_ps(_mm512_add_epi32(sum[t][i][0], sum[t][i][1])), d, acc[t][i]);
        }
    }
#pragma GCC unroll 4
    for (int t = 0; t < n_tok; t++)
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            _mm512_store_ps(to[t][i], acc[t][i]);
}

#endif
