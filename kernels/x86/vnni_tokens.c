/* SPDX-License-Identifier: MIT
 *
 * AVX-512 VNNI and VBMI: the integer products with several tokens. The sums of 32 rows x up to 8
 * tokens stay in registers. So few tokens cost little more than one: reading the weights takes
 * longest. For more, weights are decoded into a panel that stays in the first-level cache.
 */
#include "x86/avx512.h"
#include "x86/vnni_blocks.h"

enum {
    GROUPS = 2,       /* row groups side by side: two streams from memory are faster than one */
    TOKENS = 8,       /* and tokens whose sums stay in registers; so few need no panel */
    PANEL_COLS = 512, /* columns decoded at once, */
    WIDE_COLS = 256,  /* of qins8 */
    BATCH = 128,      /* tokens that a panel serves */
};

struct panel {
    union {
        uint8_t weight[PANEL_COLS * ROW_GROUP]; /* lines of 16 rows x 4 columns, unsigned */
        int16_t word[WIDE_COLS * ROW_GROUP];    /* qins8: lines of 16 rows x 2 columns */
    };
    float scale[PANEL_COLS / 16][ROW_GROUP]; /* of a block, without the row's base; qins4 */
};

/* ---- decoding ------------------------------------------------------------------------- */

/* A line of codes as 16-bit weights: columns 0 and 1 of each row, and columns 2 and 3. */
static inline void words_qins8(const uint8_t *line, __m512i words[2])
{
    const __m512i table0 = _mm512_loadu_si512(qins8_magnitude);
    const __m512i table1 = _mm512_loadu_si512(qins8_magnitude + 64);
    const __m512i zero = _mm512_setzero_si512(), rows = _mm512_set4_epi32(12, 8, 4, 0);
    prefetch_line(line, AHEAD);
    const __m512i v = _mm512_loadu_si512(line);
    const __m512i magnitude = _mm512_permutex2var_epi8(table0, v, table1);
    for (int i = 0; i < 2; i++) { /* bytes 2 i and 2 i + 1 of each row; -128: zero */
        const __m512i at = _mm512_mullo_epi32(rows, _mm512_set1_epi32(0x00010001));
        const __m512i low = _mm512_add_epi32(at, _mm512_set1_epi32(i ? 0x00030002 : 0x00010000));
        const __m512i to_low = _mm512_or_si512(low, _mm512_set1_epi16((short)0x8000));
        const __m512i to_high =
            _mm512_or_si512(_mm512_slli_epi16(low, 8), _mm512_set1_epi16(0x0080));
        const __mmask32 negative = _mm512_movepi16_mask(_mm512_shuffle_epi8(v, to_high));
        const __m512i w = _mm512_shuffle_epi8(magnitude, to_low);
        words[i] = _mm512_mask_sub_epi16(w, negative, zero, w);
    }
}

/* Whole tiles into a panel. */
static inline void decode_qins8(struct panel *p, const uint8_t *tile, uint32_t n_cols)
{
    for (uint32_t k = 0; k < n_cols; k += 4) {
        __m512i w[2];
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
    float *scale = p->scale[0];
    for (uint32_t k = 0; k < n_cols; k += 32, tile += unit_bytes(bits)) {
        for (uint32_t b = 0; b < BLOCK_COLS && k % BLOCK_COLS == 0; b += block) {
            _mm512_storeu_ps(scale, scales_vnni(tile));
            scale += ROW_GROUP;
            tile += ROW_GROUP;
        }
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            prefetch_codes(tile, i, bits, AHEAD);
            _mm512_storeu_si512(p->weight + (k + (uint32_t)i * 4) * ROW_GROUP,
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

/* Where the weights come from: panels, or, for few tokens, the tiles themselves. */
struct source {
    const struct panel *panel;   /* [GROUPS] */
    const uint8_t *tile[GROUPS]; /* one tile each */
};

typedef float sums[GROUPS][ROW_GROUP]; /* of a token */

/* Adds columns [col0, col0 + n_cols) to the sums of n_tok tokens. A block's sum begins at
 * -128 sum(q), for the biased levels. `near`: the tiles are decoded here; qins4 only. */
static inline __attribute__((always_inline)) void
multiply(const struct source *from, uint32_t n_cols, const struct activation *x, uint32_t col0,
         const int n_tok, sums *to, const uint32_t block, const bool near)
{
    const uint32_t step = block, n_scales = BLOCK_COLS / block * ROW_GROUP;
    const struct panel *p = from->panel;
    const __m512i levels = biased_levels(4);
    __m512 acc[TOKENS][GROUPS];
    for (int t = 0; t < n_tok; t++)
        for (int i = 0; i < GROUPS; i++)
            acc[t][i] = _mm512_loadu_ps(to[t][i]);
    for (uint32_t k = 0; k < n_cols; k += step) {
        __m512i sum[TOKENS][GROUPS];
#pragma GCC unroll 8
        for (int t = 0; t < n_tok; t++) {
            const int32_t *q = x[t].sum + (col0 + k) / 16;
            sum[t][0] = sum[t][1] = _mm512_set1_epi32(-128 * (block == 32 ? q[0] + q[1] : q[0]));
        }
#pragma GCC unroll 4
        for (uint32_t g = 0; g < step; g += 8) {
            __m512i w[GROUPS][2];
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++) {
                const uint8_t *line = from->tile[i] + n_scales + (k + g) * 8;
                if (near)
                    prefetch_line(line, AHEAD);
                for (int j = 0; j < 2; j++)
                    w[i][j] = near ? weights_vnni(levels, line, j, 4)
                                   : _mm512_loadu_si512(p[i].weight + (k + g) * ROW_GROUP + j * 64);
            }
#pragma GCC unroll 2
            for (int j = 0; j < 2; j++)
#pragma GCC unroll 8
                for (int t = 0; t < n_tok; t++) {
                    const __m512i q = four_vnni(x[t].q + col0 + k + g + j * 4);
#pragma GCC unroll 2
                    for (int i = 0; i < GROUPS; i++)
                        sum[t][i] = _mm512_dpbusd_epi32(sum[t][i], w[i][j], q);
                }
        }
        __m512 scale[GROUPS];
        for (int i = 0; i < GROUPS; i++)
            scale[i] = near ? scales_vnni(from->tile[i] + k / step * ROW_GROUP)
                            : _mm512_loadu_ps(p[i].scale[k / step]);
#pragma GCC unroll 8
        for (int t = 0; t < n_tok; t++) {
            const __m512 d = _mm512_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                acc[t][i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[t][i]),
                                            _mm512_mul_ps(scale[i], d), acc[t][i]);
        }
    }
    for (int t = 0; t < n_tok; t++)
        for (int i = 0; i < GROUPS; i++)
            _mm512_storeu_ps(to[t][i], acc[t][i]);
}

/* The same of qins8, in 16-bit numbers. */
static inline __attribute__((always_inline)) void
multiply_words(const struct source *from, uint32_t n_cols, const struct activation *x,
               uint32_t col0, const int n_tok, sums *to, const bool near)
{
    __m512 acc[TOKENS][GROUPS];
    for (int t = 0; t < n_tok; t++)
        for (int i = 0; i < GROUPS; i++)
            acc[t][i] = _mm512_loadu_ps(to[t][i]);
    for (uint32_t k = 0; k < n_cols; k += ACT_BLOCK) {
        __m512i sum[TOKENS][GROUPS];
        for (int t = 0; t < n_tok; t++)
            sum[t][0] = sum[t][1] = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (uint32_t g = k; g < k + ACT_BLOCK; g += 4) {
            __m512i w[GROUPS][2];
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++) {
                const int16_t *word = from->panel[i].word + g * ROW_GROUP;
                if (near)
                    words_qins8(from->tile[i] + g * ROW_GROUP, w[i]);
                for (int j = 0; j < 2 && !near; j++)
                    w[i][j] = _mm512_loadu_si512(word + j * 32);
            }
#pragma GCC unroll 2
            for (int j = 0; j < 2; j++)
#pragma GCC unroll 8
                for (int t = 0; t < n_tok; t++) {
                    const __m512i two = two_words(x[t].wide + col0 + g + j * 2);
#pragma GCC unroll 2
                    for (int i = 0; i < GROUPS; i++)
                        sum[t][i] = _mm512_dpwssd_epi32(sum[t][i], w[i][j], two);
                }
        }
#pragma GCC unroll 8
        for (int t = 0; t < n_tok; t++) {
            const __m512 d = _mm512_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++)
                acc[t][i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[t][i]), d, acc[t][i]);
        }
    }
    for (int t = 0; t < n_tok; t++)
        for (int i = 0; i < GROUPS; i++)
            _mm512_storeu_ps(to[t][i], acc[t][i]);
}

static inline __attribute__((always_inline)) void
multiply_some(const struct source *from, uint32_t n_cols, const struct activation *x, uint32_t col0,
              const int n_tok, sums *to, const uint32_t block, const bool near)
{
    if (block)
        multiply(from, n_cols, x, col0, n_tok, to, block, near);
    else
        multiply_words(from, n_cols, x, col0, n_tok, to, near);
}

/* Few tokens; their number becomes a constant. */
static inline __attribute__((always_inline)) void
multiply_few(const struct source *from, uint32_t n_cols, const struct activation *x, uint32_t col0,
             uint32_t n_tok, sums *to, const uint32_t block, const bool near)
{
#define CASE(n)                                                                                    \
    case n: multiply_some(from, n_cols, x, col0, n, to, block, near); break
    switch (n_tok) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
    }
#undef CASE
}

/* Row groups `group` and the next (group1 at most; the last may be alone): TOKENS tokens at most,
 * or a multiple of them up to BATCH. `block`: 32, 16, or 0 for qins8. */
static inline __attribute__((always_inline)) void
run_groups(const struct matrix *w, uint32_t group, uint32_t group1, const struct activation *x,
           uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    const uint32_t tile_cols = block ? BLOCK_COLS : ACT_BLOCK;
    const uint32_t tile_bytes =
        block ? BLOCK_COLS / block * ROW_GROUP + BLOCK_COLS * bits * 2 : 512;
    const bool few = n_tok <= TOKENS, near = few && bits >= 4;
    const uint32_t step = few ? tile_cols : block ? PANEL_COLS : WIDE_COLS;
    const uint32_t groups[GROUPS] = {group, group + 1 < group1 ? group + 1 : group};
    struct panel panel[GROUPS];
    struct source from = {.panel = panel};
    sums acc[BATCH];
    memset(acc, 0, n_tok * sizeof *acc);
    for (uint32_t k = 0; k < w->cols_pad; k += step) {
        uint32_t n_cols = w->cols_pad - k < step ? w->cols_pad - k : step;
        for (int i = 0; i < GROUPS; i++)
            from.tile[i] = group_tiles(w, groups[i]) + (size_t)(k / tile_cols) * tile_bytes;
        for (int i = 0; i < GROUPS && block; i++)
            prefetch_line(from.tile[i], AHEAD);
        for (int i = 0; i < GROUPS && !near; i++)
            if (block)
                decode_blocks(&panel[i], from.tile[i], n_cols, block, bits);
            else
                decode_qins8(&panel[i], from.tile[i], n_cols);
        if (few)
            multiply_few(&from, n_cols, x, k, n_tok, acc, block, bits >= 4);
        else
            for (uint32_t t = 0; t < n_tok; t += TOKENS)
                multiply_some(&from, n_cols, x + t, k, TOKENS, acc + t, block, false);
    }
    for (int i = 0; i < GROUPS && group + (uint32_t)i < group1; i++) {
        uint32_t row = groups[i] * ROW_GROUP;
        __mmask16 rows = first_lanes(group_rows(w, groups[i]));
        __m512 base = _mm512_loadu_ps(w->row + row);
        if (!block)
            base = _mm512_div_ps(base, _mm512_set1_ps(QINS8_UNITS));
        for (uint32_t t = 0; t < n_tok; t++)
            _mm512_mask_storeu_ps(y + t * ld_y + row, rows,
                                  _mm512_mul_ps(_mm512_loadu_ps(acc[t][i]), base));
    }
}

static inline __attribute__((always_inline)) void
matvec_batch(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
             uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    while (n_tok > 0) {
        uint32_t n = n_tok > BATCH ? BATCH : n_tok > TOKENS ? n_tok / TOKENS * TOKENS : n_tok;
        for (uint32_t group = group0; group < group1; group += GROUPS)
            run_groups(w, group, group1, x, n, y, ld_y, block, bits);
        x += n;
        y += n * ld_y;
        n_tok -= n;
    }
}

#define MATVEC_BATCH(name, block, bits)                                                            \
    static void matvec_batch_##name(const struct matrix *w, uint32_t group0, uint32_t group1,      \
                                    const struct activation *x, uint32_t n_tok, float *y,          \
                                    size_t ld_y)                                                   \
    {                                                                                              \
        matvec_batch(w, group0, group1, x, n_tok, y, ld_y, block, bits);                           \
    }

MATVEC_BATCH(qins8, 0, 8)
BLOCK_FORMATS(MATVEC_BATCH)

void kernels_vnni_tokens(struct kernels *k)
{
    k->matvec_batch[FORMAT_QINS8] = matvec_batch_qins8;
    k->matvec_batch[FORMAT_QINS4] = matvec_batch_qins4;
    k->matvec_batch[FORMAT_QINS4_16] = matvec_batch_qins4_16;
    k->matvec_batch[FORMAT_QINS3] = matvec_batch_qins3;
    k->matvec_batch[FORMAT_QINS2] = matvec_batch_qins2;
}
