/* SPDX-License-Identifier: MIT
 *
 * AVX2: the integer products with several tokens. Weights are decoded into a panel that stays in
 * the first-level cache, signs apart from magnitudes, as maddubs wants them; the sums of 16 rows x
 * 2 tokens stay in registers. (16-bit products: a sixth slower for QINS4.)
 */
#include "x86/avx2.h"
#include "x86/prefetch.h"

enum {
    TOKENS = 2,
    FEW = 8,          /* tokens for which the reads from memory should not pause long */
    NEAR_COLS = 128,  /* columns decoded at once for them, */
    PANEL_COLS = 512, /* and for more */
    BATCH = 128,      /* tokens that a panel serves */
};

struct panel {
    uint8_t sign[PANEL_COLS * ROW_GROUP];    /* lines of 16 rows x 4 columns: bytes of that sign */
    uint8_t even[PANEL_COLS * ROW_GROUP];    /* magnitudes of all columns; qins8: of even ones */
    uint8_t odd[PANEL_COLS * ROW_GROUP];     /* qins8: of odd ones */
    float scale[PANEL_COLS / 16][ROW_GROUP]; /* of a block, without the row's base; qins4 */
};

static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const void *)p);
}

static inline void store(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((void *)p, v);
}

/* ---- decoding -----------------------------------------------------------------------------------
 */

/* Whole tiles. */
static inline __attribute__((always_inline)) void
decode_qins4(struct panel *p, const uint8_t *tile, uint32_t n_cols, const uint32_t block)
{
    const __m256i level = table_avx2(qins4_level), magnitude = _mm256_abs_epi8(level);
    const __m256i nibble = _mm256_set1_epi8(15);
    uint32_t to = 0, n_scales = 0;
    for (uint32_t k = 0; k < n_cols; k += QINS4_COLS) {
        prefetch_line(tile, AHEAD);
        for (uint32_t b = 0; b < QINS4_COLS; b += block, n_scales++, tile += ROW_GROUP)
            for (uint32_t r = 0; r < ROW_GROUP; r += 8)
                _mm256_storeu_ps(p->scale[n_scales] + r, scales_qins4_avx2(tile + r));
        for (uint32_t g = 0; g < QINS4_COLS; g += 8, tile += 64, to += 128) {
            prefetch_line(tile, AHEAD);
            for (uint32_t h = 0; h < 64; h += 32) {
                __m256i v = load(tile + h), low = _mm256_and_si256(v, nibble);
                __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
                store(p->sign + to + h, _mm256_shuffle_epi8(level, low));
                store(p->even + to + h, _mm256_shuffle_epi8(magnitude, low));
                store(p->sign + to + 64 + h, _mm256_shuffle_epi8(level, high));
                store(p->even + to + 64 + h, _mm256_shuffle_epi8(magnitude, high));
            }
        }
    }
}

static inline void decode_qins8(struct panel *p, const uint8_t *line, uint32_t n_cols)
{
    const __m256i columns = _mm256_set1_epi16(255);
    const struct qins8_tables t = qins8_tables_avx2();
    for (uint32_t at = 0; at < n_cols * ROW_GROUP; at += 32) {
        __m256i v = load(line + at), m = magnitudes_qins8(&t, v);
        prefetch_line(line + at, AHEAD);
        store(p->sign + at, _mm256_or_si256(v, _mm256_set1_epi8(1)));
        store(p->even + at, _mm256_and_si256(m, columns));
        store(p->odd + at, _mm256_andnot_si256(columns, m));
    }
}

/* ---- products -----------------------------------------------------------------------------------
 */

/* 8 rows x 4 columns. Two products of at most 127 x 127 fit the 16 bits of maddubs; of 255 x 127
 * only one does. */
static inline __attribute__((always_inline)) __m256i
product(const struct panel *p, uint32_t at, __m256i sign, __m256i q, const uint32_t block)
{
    const __m256i one = _mm256_set1_epi16(1), a = _mm256_sign_epi8(q, sign);
    __m256i sum = _mm256_madd_epi16(_mm256_maddubs_epi16(load(p->even + at), a), one);
    if (block)
        return sum;
    __m256i odd = _mm256_madd_epi16(_mm256_maddubs_epi16(load(p->odd + at), a), one);
    return _mm256_add_epi32(sum, odd);
}

/* Adds columns [col0, col0 + n_cols) to the sums of n_tok tokens. `block`: 32, 16, or 0: qins8. */
static inline __attribute__((always_inline)) void
multiply(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
         const int n_tok, float to[][ROW_GROUP], const uint32_t block)
{
    const uint32_t step = block ? block : ACT_BLOCK;
    __m256 acc[TOKENS][2];
    for (int t = 0; t < n_tok; t++)
        for (int h = 0; h < 2; h++)
            acc[t][h] = _mm256_loadu_ps(to[t] + h * 8);
    for (uint32_t k = 0; k < n_cols; k += step) {
        __m256i sum[TOKENS][2];
        for (int t = 0; t < n_tok; t++)
            sum[t][0] = sum[t][1] = _mm256_setzero_si256();
#pragma GCC unroll 8
        for (uint32_t g = 0; g < step; g += 4)
#pragma GCC unroll 2
            for (uint32_t h = 0; h < 2; h++) {
                const uint32_t at = (k + g) * ROW_GROUP + h * 32;
                const __m256i sign = load(p->sign + at);
#pragma GCC unroll 2
                for (int t = 0; t < n_tok; t++) {
                    const __m256i q = four_avx2(x[t].q + col0 + k + g);
                    sum[t][h] = _mm256_add_epi32(sum[t][h], product(p, at, sign, q, block));
                }
            }
        for (int t = 0; t < n_tok; t++) {
            const __m256 d = _mm256_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
            for (int h = 0; h < 2; h++) {
                __m256 s = d;
                if (block)
                    s = _mm256_mul_ps(_mm256_loadu_ps(p->scale[k / step] + h * 8), d);
                acc[t][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[t][h]), s, acc[t][h]);
            }
        }
    }
    for (int t = 0; t < n_tok; t++)
        for (int h = 0; h < 2; h++)
            _mm256_storeu_ps(to[t] + h * 8, acc[t][h]);
}

/* One row group, up to BATCH tokens. */
static inline __attribute__((always_inline)) void run_group(const struct matrix *w, uint32_t group,
                                                            const struct activation *x,
                                                            uint32_t n_tok, float *y, size_t ld_y,
                                                            const uint32_t block)
{
    const uint32_t step = n_tok <= FEW ? NEAR_COLS : PANEL_COLS;
    const uint8_t *tile = group_tiles(w, group);
    struct panel panel;
    float acc[BATCH][ROW_GROUP];
    memset(acc, 0, n_tok * sizeof *acc);
    for (uint32_t k = 0; k < w->cols_pad; k += step) {
        uint32_t n_cols = w->cols_pad - k < step ? w->cols_pad - k : step, t = 0;
        if (block) {
            decode_qins4(&panel, tile, n_cols, block);
            tile += n_cols / QINS4_COLS * (QINS4_COLS / block * ROW_GROUP + QINS4_COLS * 8);
        } else {
            decode_qins8(&panel, tile, n_cols);
            tile += n_cols * ROW_GROUP;
        }
        for (; t + TOKENS <= n_tok; t += TOKENS)
            multiply(&panel, n_cols, x + t, k, TOKENS, acc + t, block);
        for (; t < n_tok; t++)
            multiply(&panel, n_cols, x + t, k, 1, acc + t, block);
    }
    const float *row = w->row + (size_t)group * ROW_GROUP;
    __m256 base[2] = {_mm256_loadu_ps(row), _mm256_loadu_ps(row + 8)};
    for (int h = 0; h < 2 && !block; h++)
        base[h] = _mm256_div_ps(base[h], _mm256_set1_ps(255));
    for (uint32_t t = 0; t < n_tok; t++)
        store_group_avx2(w, group, y + t * ld_y, _mm256_mul_ps(_mm256_loadu_ps(acc[t]), base[0]),
                         _mm256_mul_ps(_mm256_loadu_ps(acc[t] + 8), base[1]));
}

static inline __attribute__((always_inline)) void
matvecs(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
        uint32_t n_tok, float *y, size_t ld_y, const uint32_t block)
{
    for (uint32_t t = 0; t < n_tok; t += BATCH) {
        uint32_t n = n_tok - t < BATCH ? n_tok - t : BATCH;
        for (uint32_t group = group0; group < group1; group++)
            run_group(w, group, x + t, n, y + t * ld_y, ld_y, block);
    }
}

static void matvecs_qins4(const struct matrix *w, uint32_t group0, uint32_t group1,
                          const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    matvecs(w, group0, group1, x, n_tok, y, ld_y, 32);
}

static void matvecs_qins4_16(const struct matrix *w, uint32_t group0, uint32_t group1,
                             const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    matvecs(w, group0, group1, x, n_tok, y, ld_y, 16);
}

static void matvecs_qins8(const struct matrix *w, uint32_t group0, uint32_t group1,
                          const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    matvecs(w, group0, group1, x, n_tok, y, ld_y, 0);
}

void kernels_avx2_tokens(struct kernels *k)
{
    k->fast_int8 = true;
    k->matvecs[FORMAT_QINS8] = matvecs_qins8;
    k->matvecs[FORMAT_QINS4] = matvecs_qins4;
    k->matvecs[FORMAT_QINS4_16] = matvecs_qins4_16;
}
