/* SPDX-License-Identifier: MIT
 *
 * int8_tokens: the integer products with several tokens, in 256-bit registers. Weights are decoded
 * into a panel that stays in the first-level cache. Compiled once with AVX2 alone and once with
 * AVX-VNNI (avx2_int8.c, avxvnni.c).
 *
 * Formats with blocks: bytes, signs apart from magnitudes, as the 16-bit sums of AVX2 want them;
 * with AVX-VNNI levels + 128, and a sum of products begins at -128 sum(q). QINS8: 16-bit numbers.
 */
#include <stdalign.h>

#include "x86/avx2.h"
#include "x86/dot.h"
#include "x86/prefetch.h"

#ifdef __AVXVNNI__
enum { HAS_DOT = 1, TOKENS = 3 /* whose sums lie in registers together */ };
#else
enum { HAS_DOT = 0, TOKENS = 4 };
#endif
enum {
    WIDE_TOKENS = 3,  /* the same of qins8 as 16-bit numbers */
    FEW = 8,          /* tokens for which the reads from memory should not pause long */
    NEAR_COLS = 128,  /* columns decoded at once for them, */
    PANEL_COLS = 512, /* and for more */
    BATCH = 128,      /* tokens that a panel serves */
    SLICE = 8,        /* row groups that go over the same columns of these tokens in turn */
};

struct panel {
    union {
        struct { /* lines of 16 rows x 4 columns; `sign` unused if levels have 128 added */
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
    const __m256i level = levels_avx2(bits);
    const __m256i magnitude =
        HAS_DOT ? _mm256_add_epi8(level, _mm256_set1_epi8(-128)) : _mm256_abs_epi8(level);
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
                    if (!HAS_DOT)
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
    for (uint32_t at = 0; at < n_cols * ROW_GROUP; at += 32) {
        __m256i w[2], v = load(line + at);
        if (at % 64 == 0)
            prefetch_line(line + at, AHEAD);
        weights_qins8(&f, v, w);
        int16_t *to = p->word + at / 64 * 64 + at % 64 / 2;
        __m256 a = _mm256_castsi256_ps(w[0]), b = _mm256_castsi256_ps(w[1]);
        store(to, _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)));
        store(to + 32, _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd)));
    }
}

/* ---- products ------------------------------------------------------------------------- */

/* Columns of a token for the first-level cache. */
static inline __attribute__((always_inline)) void
prefetch_token(const struct activation *x, uint32_t col0, const uint32_t block)
{
    for (uint32_t k = 0; k < PANEL_COLS && block; k += 64)
        _mm_prefetch((const char *)x->q + col0 + k, _MM_HINT_T0);
    for (uint32_t k = 0; k < PANEL_COLS && !block; k += 32)
        _mm_prefetch((const char *)(x->wide + col0 + k), _MM_HINT_T0);
    for (uint32_t i = 0; i < PANEL_COLS / 16 && HAS_DOT && block; i += 16)
        _mm_prefetch((const char *)(x->sum + col0 / 16 + i), _MM_HINT_T0);
    _mm_prefetch((const char *)(x->scale + col0 / ACT_BLOCK), _MM_HINT_T0);
}

/* Each adds columns [col0, col0 + n_cols) to the sums of n_tok tokens. */

static inline __attribute__((always_inline)) void
multiply_bytes(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
               const int n_tok, float to[][ROW_GROUP], const uint32_t block)
{
    const bool biased = HAS_DOT;
    int32_t begin[TOKENS][PANEL_COLS / 16];
    const int8_t *q[TOKENS];
    __m256 acc[TOKENS][2];
    for (int t = 0; t < n_tok; t++) {
        const int32_t *sums = x[t].sum + col0 / 16;
        for (uint32_t b = 0; b < n_cols / block && biased; b++)
            begin[t][b] = -128 * (block == 32 ? sums[2 * b] + sums[2 * b + 1] : sums[b]);
        q[t] = x[t].q + col0;
        for (int h = 0; h < 2; h++)
            acc[t][h] = _mm256_load_ps(to[t] + h * 8);
    }
    for (size_t k = 0; k < n_cols; k += block) {
        __m256i sum[TOKENS][2];
        for (int t = 0; t < n_tok; t++)
            sum[t][0] = sum[t][1] =
                biased ? _mm256_set1_epi32(begin[t][k / block]) : _mm256_setzero_si256();
#pragma GCC unroll 8
        for (size_t g = k; g < k + block; g += 4)
#pragma GCC unroll 4
            for (int t = 0; t < n_tok; t++) {
                const __m256i four = four_avx2(q[t] + g);
#pragma GCC unroll 2
                for (uint32_t h = 0; h < 2; h++) {
                    const size_t at = g * ROW_GROUP + h * 32;
                    const __m256i a = biased ? four : _mm256_sign_epi8(four, load(p->sign + at));
                    sum[t][h] = dot_bytes(sum[t][h], load(p->magnitude + at), a);
                }
            }
#pragma GCC unroll 4
        for (int t = 0; t < n_tok; t++) {
            const __m256 d = _mm256_set1_ps(x[t].scale[(col0 + k) / ACT_BLOCK]);
            for (int h = 0; h < 2; h++) {
                __m256 s = _mm256_mul_ps(_mm256_load_ps(p->scale[k / block] + h * 8), d);
                acc[t][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[t][h]), s, acc[t][h]);
            }
        }
    }
    for (int t = 0; t < n_tok; t++)
        for (int h = 0; h < 2; h++)
            _mm256_store_ps(to[t] + h * 8, acc[t][h]);
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

/* ---- slices --------------------------------------------------------------------------- */

/* What is decoded next, in memory. */
struct next {
    const uint8_t *tile;
    uint32_t bytes;
};

/* A panel, and any number of tokens. What comes next is asked for on the way: the columns of the
 * next tokens, and for the second-level cache the weights that are decoded next. */
static inline __attribute__((always_inline)) void
multiply(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
         uint32_t n_tok, float to[][ROW_GROUP], const uint32_t block, const struct next *next)
{
    const uint32_t tile = block ? TOKENS : WIDE_TOKENS;
    uint32_t at = 0, t = 0;
    for (; t + tile <= n_tok; t += tile) {
        for (uint32_t end = next->bytes * (t + tile) / n_tok; at < end; at += 64)
            _mm_prefetch((const char *)next->tile + at, _MM_HINT_T1);
        for (uint32_t i = t + tile; i < t + 2 * tile && i < n_tok; i++)
            prefetch_token(&x[i], col0, block);
        if (block)
            multiply_bytes(p, n_cols, x + t, col0, TOKENS, to + t, block);
        else
            multiply_qins8(p, n_cols, x + t, col0, WIDE_TOKENS, to + t);
    }
#define REST(n)                                                                                    \
    case n:                                                                                        \
        if (block)                                                                                 \
            multiply_bytes(p, n_cols, x + t, col0, n, to + t, block);                              \
        else                                                                                       \
            multiply_qins8(p, n_cols, x + t, col0, n, to + t);                                     \
        break
    switch (n_tok - t) {
        REST(3);
        REST(2);
        REST(1);
    }
#undef REST
}

static inline void store_sums(const struct matrix *w, uint32_t group, float acc[][ROW_GROUP],
                              uint32_t n_tok, float *y, size_t ld_y, const uint32_t block)
{
    enum { SOON_TOKENS = 8 }; /* not all at once: they may share the sets of a cache */
    const float *row = w->row + (size_t)group * ROW_GROUP;
    __m256 base[2] = {_mm256_loadu_ps(row), _mm256_loadu_ps(row + 8)};
    for (int h = 0; h < 2 && !block; h++)
        base[h] = _mm256_div_ps(base[h], _mm256_set1_ps(QINS8_UNITS));
    for (uint32_t t = 0; t < n_tok; t++, y += ld_y) {
        if (t + SOON_TOKENS < n_tok)
            __builtin_prefetch(y + SOON_TOKENS * ld_y + group * ROW_GROUP, 1);
        store_group_avx2(w, group, y, _mm256_mul_ps(_mm256_load_ps(acc[t]), base[0]),
                         _mm256_mul_ps(_mm256_load_ps(acc[t] + 8), base[1]));
    }
}

/* Up to SLICE row groups, up to BATCH tokens. All groups go over the same columns of the tokens
 * before the next ones: these columns stay in the second-level cache. */
static inline __attribute__((always_inline)) void
run_slice(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
          uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    const uint32_t step = n_tok <= FEW ? NEAR_COLS : PANEL_COLS;
    const uint32_t column_bytes = /* of 32 columns */
        block ? 32 / block * ROW_GROUP + unit_bytes(bits) : 512;
    alignas(64) struct panel panel;
    alignas(64) float acc[SLICE][BATCH][ROW_GROUP];
    for (uint32_t k = 0; k < w->cols_pad; k += step) {
        const uint32_t n_cols = w->cols_pad - k < step ? w->cols_pad - k : step;
        for (uint32_t group = group0; group < group1; group++) {
            const bool last = group + 1 == group1;
            const uint8_t *tile = group_tiles(w, group) + (size_t)(k / 32) * column_bytes;
            struct next next = {.bytes = n_cols / 32 * column_bytes};
            next.tile = last ? group_tiles(w, group0) + (size_t)((k + n_cols) / 32) * column_bytes
                             : group_tiles(w, group + 1) + (size_t)(k / 32) * column_bytes;
            if (block)
                decode_blocks(&panel, tile, n_cols, block, bits);
            else
                decode_qins8(&panel, tile, n_cols);
            if (k == 0)
                memset(acc[group - group0], 0, n_tok * sizeof **acc);
            multiply(&panel, n_cols, x, k, n_tok, acc[group - group0], block, &next);
        }
    }
    for (uint32_t group = group0; group < group1; group++)
        store_sums(w, group, acc[group - group0], n_tok, y, ld_y, block);
}

/* Few tokens read one group after another from memory. */
static inline __attribute__((always_inline)) void
matvec_batch(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
             uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    const uint32_t slice = n_tok <= FEW ? 1 : SLICE;
    for (uint32_t t = 0; t < n_tok; t += BATCH)
        for (uint32_t group = group0; group < group1; group += slice)
            run_slice(w, group, group + slice < group1 ? group + slice : group1, x + t,
                      n_tok - t < BATCH ? n_tok - t : (uint32_t)BATCH, y + t * ld_y, ld_y, block,
                      bits);
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

static uint64_t dot_peak(uint32_t n, int32_t *sum)
{
    enum { CHAINS = 10 };
    __m256i total[CHAINS], a = _mm256_set1_epi8(1);
    for (int i = 0; i < CHAINS; i++)
        total[i] = _mm256_setzero_si256();
    for (uint32_t round = 0; round < n; round++)
#pragma GCC unroll 10
        for (int i = 0; i < CHAINS; i++) {
            __asm__("" : "+x"(a)); /* or GCC multiplies only once */
            total[i] = dot_bytes(total[i], a, a);
        }
    for (int i = 1; i < CHAINS; i++)
        total[0] = _mm256_add_epi32(total[0], total[i]);
    store(sum, total[0]);
    return (uint64_t)n * CHAINS * 32;
}

static void int8_tokens(struct kernels *k)
{
    k->fast_int8 = true;
    k->dot_peak = dot_peak;
    k->matvec_batch[FORMAT_QINS8] = matvec_batch_qins8;
    k->matvec_batch[FORMAT_QINS4] = matvec_batch_qins4;
    k->matvec_batch[FORMAT_QINS4_16] = matvec_batch_qins4_16;
    k->matvec_batch[FORMAT_QINS3] = matvec_batch_qins3;
    k->matvec_batch[FORMAT_QINS2] = matvec_batch_qins2;
}
