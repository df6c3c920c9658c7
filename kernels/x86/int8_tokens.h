/* SPDX-License-Identifier: MIT
 *
 * int8_tokens: the integer products with several tokens, in 256-bit registers. Weights are decoded
 * into a panel that stays in the first-level cache. Compiled once with AVX2 alone and once with
 * AVX-VNNI (avx2_int8.c, avxvnni.c).
 *
 * Formats with blocks: bytes, signs apart from magnitudes, as dot_bytes wants them. QINS8: 16-bit
 * numbers.
 */
#include "x86/avx2.h"
#include "x86/dot.h"
#include "x86/prefetch.h"

enum {
    TOKENS = 2,       /* whose sums lie in registers together: qins4, */
    WIDE_TOKENS = 3,  /* qins8 */
    FEW = 8,          /* tokens for which the reads from memory should not pause long */
    NEAR_COLS = 128,  /* columns decoded at once for them, */
    PANEL_COLS = 512, /* and for more */
    BATCH = 128,      /* tokens that a panel serves */
};

struct panel {
    union {
        struct { /* qins4: lines of 16 rows x 4 columns */
            uint8_t sign[PANEL_COLS * ROW_GROUP], magnitude[PANEL_COLS * ROW_GROUP];
        };
        int16_t word[PANEL_COLS * ROW_GROUP]; /* qins8: lines of 16 rows x 2 columns */
    };
    float scale[PANEL_COLS / 16][ROW_GROUP]; /* of a block, without the row's base; qins4 */
};

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void store(void *p, __m256i v)
{
    _mm256_storeu_si256(p, v);
}

/* ---- decoding ------------------------------------------------------------------------- */

/* Whole tiles. */
static inline __attribute__((always_inline)) void
decode_blocks(struct panel *p, const uint8_t *tile, uint32_t n_cols, const uint32_t block,
              const uint32_t bits)
{
    const __m256i level = levels_avx2(bits), magnitude = _mm256_abs_epi8(level);
    const struct qins4_scales tables = tables_qins4_scales();
    uint32_t to = 0, n_scales = 0;
    for (uint32_t k = 0; k < n_cols; k += BLOCK_COLS) {
        prefetch_line(tile, AHEAD);
        for (uint32_t b = 0; b < BLOCK_COLS; b += 2 * block, n_scales += 2, tile += 2 * ROW_GROUP) {
            __m256 s[4];
            scales_qins4(&tables, tile, s);
            for (int i = 0; i < 4; i++)
                _mm256_storeu_ps(p->scale[n_scales] + i * 8, s[i]);
        }
        for (uint32_t u = 0; u < BLOCK_COLS / 32; u++, tile += unit_bytes(bits))
#pragma GCC unroll 8
            for (int i = 0; i < 8; i++, to += 64) {
                prefetch_codes(tile, i, bits, AHEAD);
                for (uint32_t h = 0; h < 64; h += 32) {
                    __m256i code = codes_avx2(tile + h, i, bits);
                    store(p->sign + to + h, _mm256_shuffle_epi8(level, code));
                    store(p->magnitude + to + h, _mm256_shuffle_epi8(magnitude, code));
                }
            }
    }
}

/* The four words of a row, which come from one register, go to two lines. */
static inline void decode_qins8(struct panel *p, const uint8_t *line, uint32_t n_cols)
{
    const struct qins8_factors f = factors_qins8();
    int16_t *to = p->word;
    for (uint32_t k = 0; k < n_cols; k += 4, line += 64, to += 64) {
        prefetch_line(line, AHEAD);
        for (int h = 0; h < 2; h++) {
            __m256i w[2];
            weights_qins8(&f, load(line + h * 32), w);
            __m256 a = _mm256_castsi256_ps(w[0]), b = _mm256_castsi256_ps(w[1]);
            store(to + h * 16, _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)));
            store(to + 32 + h * 16, _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd)));
        }
    }
}

/* ---- products ------------------------------------------------------------------------- */

/* Each adds columns [col0, col0 + n_cols) to the sums of n_tok tokens. */

static inline __attribute__((always_inline)) void
multiply_blocks(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
                const int n_tok, float to[][ROW_GROUP], const uint32_t block)
{
    __m256 acc[TOKENS][2];
    for (int t = 0; t < n_tok; t++)
        for (int h = 0; h < 2; h++)
            acc[t][h] = _mm256_loadu_ps(to[t] + h * 8);
    for (uint32_t k = 0; k < n_cols; k += block) {
        __m256i sum[TOKENS][2];
        for (int t = 0; t < n_tok; t++)
            sum[t][0] = sum[t][1] = _mm256_setzero_si256();
#pragma GCC unroll 8
        for (uint32_t g = 0; g < block; g += 4)
#pragma GCC unroll 2
            for (uint32_t h = 0; h < 2; h++) {
                const uint32_t at = (k + g) * ROW_GROUP + h * 32;
                const __m256i sign = load(p->sign + at), magnitude = load(p->magnitude + at);
#pragma GCC unroll 2
                for (int t = 0; t < n_tok; t++) {
                    __m256i q = _mm256_sign_epi8(four_avx2(x[t].q + col0 + k + g), sign);
                    sum[t][h] = dot_bytes(sum[t][h], magnitude, q);
                }
            }
        for (int t = 0; t < n_tok; t++) {
            const __m256 d = _mm256_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
            for (int h = 0; h < 2; h++) {
                __m256 s = _mm256_mul_ps(_mm256_loadu_ps(p->scale[k / block] + h * 8), d);
                acc[t][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[t][h]), s, acc[t][h]);
            }
        }
    }
    for (int t = 0; t < n_tok; t++)
        for (int h = 0; h < 2; h++)
            _mm256_storeu_ps(to[t] + h * 8, acc[t][h]);
}

static inline __attribute__((always_inline)) void
multiply_qins8(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
               const int n_tok, float to[][ROW_GROUP])
{
    for (uint32_t k = 0; k < n_cols; k += ACT_BLOCK) {
        __m256i sum[WIDE_TOKENS][2];
        for (int t = 0; t < n_tok; t++)
            sum[t][0] = sum[t][1] = _mm256_setzero_si256();
#pragma GCC unroll 16
        for (uint32_t g = k; g < k + ACT_BLOCK; g += 2) {
            const __m256i w0 = load(p->word + g * ROW_GROUP);
            const __m256i w1 = load(p->word + g * ROW_GROUP + 16);
#pragma GCC unroll 3
            for (int t = 0; t < n_tok; t++) {
                int32_t bits;
                memcpy(&bits, x[t].wide + col0 + g, sizeof bits);
                const __m256i two = _mm256_set1_epi32(bits);
                sum[t][0] = dot_words(sum[t][0], w0, two);
                sum[t][1] = dot_words(sum[t][1], w1, two);
            }
        }
#pragma GCC unroll 3
        for (int t = 0; t < n_tok; t++) {
            const __m256 d = _mm256_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
            for (int h = 0; h < 2; h++) {
                __m256 acc = _mm256_loadu_ps(to[t] + h * 8);
                acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[t][h]), d, acc);
                _mm256_storeu_ps(to[t] + h * 8, acc);
            }
        }
    }
}

/* One row group, up to BATCH tokens. */
static inline __attribute__((always_inline)) void
run_group(const struct matrix *w, uint32_t group, const struct activation *x, uint32_t n_tok,
          float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    const uint32_t step = n_tok <= FEW ? NEAR_COLS : PANEL_COLS;
    const uint8_t *tile = group_tiles(w, group);
    struct panel panel;
    float acc[BATCH][ROW_GROUP];
    memset(acc, 0, n_tok * sizeof *acc);
    for (uint32_t k = 0; k < w->cols_pad; k += step) {
        uint32_t n_cols = w->cols_pad - k < step ? w->cols_pad - k : step, t = 0;
        if (block) {
            decode_blocks(&panel, tile, n_cols, block, bits);
            tile += n_cols / BLOCK_COLS * (BLOCK_COLS / block * ROW_GROUP + BLOCK_COLS * bits * 2);
        } else {
            decode_qins8(&panel, tile, n_cols);
            tile += n_cols * ROW_GROUP;
        }
        if (block) {
            for (; t + TOKENS <= n_tok; t += TOKENS)
                multiply_blocks(&panel, n_cols, x + t, k, TOKENS, acc + t, block);
            for (; t < n_tok; t++)
                multiply_blocks(&panel, n_cols, x + t, k, 1, acc + t, block);
        } else {
            for (; t + WIDE_TOKENS <= n_tok; t += WIDE_TOKENS)
                multiply_qins8(&panel, n_cols, x + t, k, WIDE_TOKENS, acc + t);
            if (n_tok - t == 2)
                multiply_qins8(&panel, n_cols, x + t, k, 2, acc + t);
            else if (n_tok - t == 1)
                multiply_qins8(&panel, n_cols, x + t, k, 1, acc + t);
        }
    }
    const float *row = w->row + (size_t)group * ROW_GROUP;
    __m256 base[2] = {_mm256_loadu_ps(row), _mm256_loadu_ps(row + 8)};
    for (int h = 0; h < 2 && !block; h++)
        base[h] = _mm256_div_ps(base[h], _mm256_set1_ps(QINS8_UNITS));
    for (uint32_t t = 0; t < n_tok; t++)
        store_group_avx2(w, group, y + t * ld_y, _mm256_mul_ps(_mm256_loadu_ps(acc[t]), base[0]),
                         _mm256_mul_ps(_mm256_loadu_ps(acc[t] + 8), base[1]));
}

static inline __attribute__((always_inline)) void
matvec_batch(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
             uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    for (uint32_t t = 0; t < n_tok; t += BATCH) {
        uint32_t n = n_tok - t < BATCH ? n_tok - t : BATCH;
        for (uint32_t group = group0; group < group1; group++)
            run_group(w, group, x + t, n, y + t * ld_y, ld_y, block, bits);
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

static void int8_tokens(struct kernels *k)
{
    k->fast_int8 = true;
    k->matvec_batch[FORMAT_QINS8] = matvec_batch_qins8;
    k->matvec_batch[FORMAT_QINS4] = matvec_batch_qins4;
    k->matvec_batch[FORMAT_QINS4_16] = matvec_batch_qins4_16;
    k->matvec_batch[FORMAT_QINS3] = matvec_batch_qins3;
    k->matvec_batch[FORMAT_QINS2] = matvec_batch_qins2;
}
