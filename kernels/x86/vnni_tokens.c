/* SPDX-License-Identifier: MIT
 *
 * AVX-512 VNNI and VBMI: the integer products with several tokens. The sums of 32 rows x up to 8
 * tokens stay in registers, so that few tokens cost little more than one: reading the weights takes
 * longest. For more, weights are decoded into panels (vnni_panel.h).
 */
#include "x86/vnni_panel.h"

enum {
    TOKENS = 8,  /* whose sums stay in registers; so few need no panel */
    BATCH = 128, /* tokens that a panel serves */
    PAIRS = 16,  /* times GROUPS, that go over the same columns of these tokens in turn */
};

/* ---- products of few tokens ----------------------------------------------------------- */

/* Where sums go: row groups of all tokens. */
struct output {
    const struct matrix *w;
    uint32_t group, n_groups; /* GROUPS, or the last one alone */
    float *y;                 /* [n_tok][ld_y] */
    size_t ld_y;
};

/* Tokens [t, end) of n_tok. They may lie a multiple of 4 KiB apart, in the same few sets of a
 * cache: their lines are asked for shortly before, not all at once. */
static inline __attribute__((always_inline)) void store_sums(const struct output *o, uint32_t t,
                                                             uint32_t end, uint32_t n_tok,
                                                             const sums *acc, const uint32_t block)
{
    enum { SOON_TOKENS = 8 };
    __mmask16 rows[GROUPS];
    __m512 base[GROUPS];
    for (uint32_t i = 0; i < o->n_groups; i++) {
        rows[i] = first_lanes(group_rows(o->w, o->group + i));
        base[i] = _mm512_loadu_ps(o->w->row + (o->group + i) * ROW_GROUP);
        if (!block)
            base[i] = _mm512_div_ps(base[i], _mm512_set1_ps(QINS8_UNITS));
    }
    float *y = o->y + t * o->ld_y + o->group * ROW_GROUP;
    for (; t < end; t++, y += o->ld_y)
        for (uint32_t i = 0; i < o->n_groups; i++) {
            if (t + SOON_TOKENS < n_tok)
                __builtin_prefetch(y + SOON_TOKENS * o->ld_y + i * ROW_GROUP, 1);
            _mm512_mask_storeu_ps(y + i * ROW_GROUP, rows[i],
                                  _mm512_mul_ps(_mm512_load_ps(acc[t][i]), base[i]));
        }
}

/* qins4: adds the columns of a tile of each group to the sums of n_tok tokens, decoding them on the
 * way. A block's sum begins at -128 sum(q), for the biased levels. */
static inline __attribute__((always_inline)) void
multiply_near(const uint8_t *const tile[GROUPS], const struct activation *x, uint32_t col0,
              const int n_tok, sums *to, const uint32_t block, const size_t ahead, const bool twice)
{
    const uint32_t n_scales = BLOCK_COLS / block * ROW_GROUP;
    const __m512i levels = biased_levels(4);
    __m512 acc[TOKENS][GROUPS];
    for (int t = 0; t < n_tok; t++)
        for (int i = 0; i < GROUPS; i++)
            acc[t][i] = _mm512_loadu_ps(to[t][i]);
    for (uint32_t k = 0; k < BLOCK_COLS; k += block) {
        __m512i sum[TOKENS][GROUPS];
#pragma GCC unroll 8
        for (int t = 0; t < n_tok; t++) {
            const int32_t *q = x[t].sum + (col0 + k) / 16;
            sum[t][0] = sum[t][1] = _mm512_set1_epi32(-128 * (block == 32 ? q[0] + q[1] : q[0]));
        }
#pragma GCC unroll 4
        for (uint32_t g = 0; g < block; g += 8) {
            __m512i w[GROUPS][2];
#pragma GCC unroll 2
            for (int i = 0; i < GROUPS; i++) {
                const uint8_t *line = tile[i] + n_scales + (k + g) * 8;
                prefetch_planned(line, ahead, twice);
                for (int j = 0; j < 2; j++)
                    w[i][j] = weights_vnni(levels, line, j, 4);
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
            scale[i] = scales_vnni(tile[i] + k / block * ROW_GROUP);
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

/* qins8: adds a tile's columns of each group to the sums of n_tok tokens. */
static inline __attribute__((always_inline)) void
multiply_words(const uint8_t *const tile[GROUPS], const struct activation *x, uint32_t col0,
               const int n_tok, sums *to, const size_t ahead, const bool twice)
{
    __m512i sum[TOKENS][GROUPS];
    for (int t = 0; t < n_tok; t++)
        sum[t][0] = sum[t][1] = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (uint32_t g = 0; g < ACT_BLOCK; g += 4) {
        __m512i w[GROUPS][2];
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++) {
            prefetch_planned(tile[i] + g * ROW_GROUP, ahead, twice);
            words_qins8(tile[i] + g * ROW_GROUP, w[i]);
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
        const __m512 d = _mm512_set1_ps(x[t].scale[col0 / ACT_BLOCK]);
#pragma GCC unroll 2
        for (int i = 0; i < GROUPS; i++)
            _mm512_storeu_ps(to[t][i], _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[t][i]), d,
                                                       _mm512_loadu_ps(to[t][i])));
    }
}

/* Their number becomes a constant. */
static inline __attribute__((always_inline)) void
multiply_few(const uint8_t *const tile[GROUPS], const struct activation *x, uint32_t col0,
             uint32_t n_tok, sums *to, const uint32_t block, const size_t ahead, const bool twice)
{
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (block)                                                                                 \
            multiply_near(tile, x, col0, n, to, block, ahead, twice);                              \
        else                                                                                       \
            multiply_words(tile, x, col0, n, to, ahead, twice);                                    \
        break
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

/* What is decoded next, in memory. */
struct next {
    const uint8_t *tile[GROUPS];
    uint32_t bytes; /* of each */
};

/* Part t / n_tok of it, up to the next tile of tokens, into the second-level cache: the whole
 * arrives while the present panel is multiplied. */
static inline __attribute__((always_inline)) void prefetch_next(const struct next *next, uint32_t t,
                                                                uint32_t n_tok)
{
    uint32_t end = next->bytes * (t + TILE) / n_tok;
    for (uint32_t at = next->bytes * t / n_tok & ~63u; at < end; at += 64)
        for (int i = 0; i < GROUPS; i++)
            _mm_prefetch((const char *)next->tile[i] + at, _MM_HINT_T1);
}

/* Tokens of a batch, for a panel's columns. */
struct batch {
    const struct activation *x;
    uint32_t n_tok, col0;
    struct token token[BATCH]; /* formats with blocks */
    bool is_odd[BATCH / TILE]; /* some of these tokens have no units */
};

static inline __attribute__((always_inline)) void prepare_batch(struct batch *b, uint32_t n_cols,
                                                                const uint32_t block)
{
    for (uint32_t t = 0; t < b->n_tok; t++) {
        if (t % TILE == 0)
            b->is_odd[t / TILE] = false;
        b->is_odd[t / TILE] |= !prepare_token(&b->token[t], b->x + t, b->col0, n_cols, block);
    }
}

/* Tokens [t, t + n_tok), TILE at most. */
static inline __attribute__((always_inline)) void
multiply_tile(const struct panel *p, uint32_t n_cols, const struct batch *b, uint32_t t,
              const int n_tok, sums *to, const uint32_t block)
{
    if (!block)
        multiply_qins8(p, n_cols, b->x + t, b->col0, n_tok, to + t);
    else if (!b->is_odd[t / TILE])
        multiply(p, n_cols, b->x + t, b->token + t, b->col0, n_tok, to + t, block);
    else
        for (int i = 0; i < n_tok; i++, t++)
            multiply_any(p, n_cols, b->x + t, b->token + t, b->col0, to + t, block);
}

/* A panel, and all tokens; `last`: where their sums go if this is the last panel, else NULL. */
static inline __attribute__((always_inline)) void
multiply_many(const struct panel *p, uint32_t n_cols, const struct batch *b, sums *to,
              const uint32_t block, const struct next *next, const struct output *last)
{
    uint32_t t = 0;
    for (; t + TILE <= b->n_tok; t += TILE) {
        prefetch_next(next, t, b->n_tok);
        multiply_tile(p, n_cols, b, t, TILE, to, block);
        if (last)
            store_sums(last, t, t + TILE, b->n_tok, to, block);
    }
    if (b->n_tok - t == 3)
        multiply_tile(p, n_cols, b, t, 3, to, block);
    else if (b->n_tok - t == 2)
        multiply_tile(p, n_cols, b, t, 2, to, block);
    else if (b->n_tok - t == 1)
        multiply_tile(p, n_cols, b, t, 1, to, block);
    if (last)
        store_sums(last, t, b->n_tok, b->n_tok, to, block);
}

/* ---- slices --------------------------------------------------------------------------- */

/* Of a format: columns and bytes of a tile; `block`: 32, 16, or 0 for qins8. */
static inline __attribute__((always_inline)) uint32_t tile_cols(const uint32_t block)
{
    return block ? BLOCK_COLS : ACT_BLOCK;
}

static inline __attribute__((always_inline)) uint32_t tile_bytes(const uint32_t block,
                                                                 const uint32_t bits)
{
    return block ? BLOCK_COLS / block * ROW_GROUP + BLOCK_COLS * bits * 2 : 512;
}

/* Tiles from column k on of two groups from `group` on; group1 - 1 twice if it is alone. */
static inline __attribute__((always_inline)) void
find_tiles(const uint8_t *tile[GROUPS], const struct matrix *w, uint32_t group, uint32_t group1,
           uint32_t k, const uint32_t block, const uint32_t bits)
{
    for (uint32_t i = 0; i < GROUPS; i++)
        tile[i] = group_tiles(w, group + i < group1 ? group + i : group) +
                  (size_t)(k / tile_cols(block)) * tile_bytes(block, bits);
}

/* Up to TOKENS tokens with two groups; not with the formats that take long to decode. */
static inline __attribute__((always_inline)) void
run_near(const struct matrix *w, uint32_t group, uint32_t group1, const struct activation *x,
         uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits,
         const bool twice)
{
    const uint8_t *tile[GROUPS];
    alignas(64) sums acc[TOKENS];
    memset(acc, 0, sizeof acc);
    for (uint32_t k = 0; k < w->cols_pad; k += tile_cols(block)) {
        const size_t ahead =
            early_distance(w, k, tile_cols(block), tile_bytes(block, bits), GROUPS, 1);
        find_tiles(tile, w, group, group1, k, block, bits);
        for (int i = 0; i < GROUPS && block; i++)
            prefetch_planned(tile[i], ahead, twice);
        multiply_few(tile, x, k, n_tok, acc, block, ahead, twice);
    }
    const struct output out = {w, group, group + 1 < group1 ? GROUPS : 1, y, ld_y};
    store_sums(&out, 0, n_tok, n_tok, acc, block);
}

/* Up to BATCH tokens with up to PAIRS times two groups. All go over the same columns of the tokens
 * before the next ones: these columns stay in the second-level cache. */
static inline __attribute__((always_inline)) void
run_panels(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
           uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    const uint8_t *tile[GROUPS];
    alignas(64) struct panel panel[GROUPS];
    alignas(64) struct batch batch;
    alignas(64) sums acc[PAIRS][BATCH];
    const uint32_t step = block ? PANEL_COLS : WIDE_COLS;
    batch.x = x;
    batch.n_tok = n_tok;
    for (uint32_t k = 0; k < w->cols_pad; k += step) {
        const uint32_t n_cols = w->cols_pad - k < step ? w->cols_pad - k : step;
        batch.col0 = k;
        if (block)
            prepare_batch(&batch, n_cols, block);
        for (uint32_t group = group0; group < group1; group += GROUPS) {
            sums *to = acc[(group - group0) / GROUPS];
            struct next next = {.bytes = n_cols / tile_cols(block) * tile_bytes(block, bits)};
            const bool last = group + GROUPS >= group1;
            find_tiles(tile, w, group, group1, k, block, bits);
            find_tiles(next.tile, w, last ? group0 : group + GROUPS, group1,
                       last && k + n_cols < w->cols_pad ? k + n_cols : k, block, bits);
            for (int i = 0; i < GROUPS; i++)
                if (block)
                    decode_blocks(&panel[i], tile[i], n_cols, block, bits);
                else
                    decode_qins8(&panel[i], tile[i], n_cols);
            const struct output out = {w, group, group + 1 < group1 ? GROUPS : 1, y, ld_y};
            multiply_many(panel, n_cols, &batch, to, block, &next,
                          k + n_cols == w->cols_pad ? &out : NULL);
        }
    }
}

static inline __attribute__((always_inline)) void
matvec_batch(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
             uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits)
{
    if (n_tok <= TOKENS && bits >= 4) {
        for (; group0 < group1; group0 += GROUPS)
            if (w->read.twice)
                run_near(w, group0, group1, x, n_tok, y, ld_y, block, bits, true);
            else
                run_near(w, group0, group1, x, n_tok, y, ld_y, block, bits, false);
        return;
    }
    for (uint32_t t = 0; t < n_tok; t += BATCH)
        for (uint32_t group = group0; group < group1; group += PAIRS * GROUPS) {
            uint32_t end = group + PAIRS * GROUPS;
            run_panels(w, group, end < group1 ? end : group1, x + t,
                       n_tok - t < BATCH ? n_tok - t : (uint32_t)BATCH, y + t * ld_y, ld_y, block,
                       bits);
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

static uint64_t dot_peak(uint32_t n, int32_t *sum)
{
    enum { CHAINS = 12 };
    __m512i total[CHAINS], a = _mm512_loadu_si512(qins8_magnitude);
    for (int i = 0; i < CHAINS; i++)
        total[i] = _mm512_setzero_si512();
    for (uint32_t round = 0; round < n; round++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            total[i] = _mm512_dpbusd_epi32(total[i], a, a);
    for (int i = 1; i < CHAINS; i++)
        total[0] = _mm512_add_epi32(total[0], total[i]);
    _mm512_storeu_si512(sum, total[0]);
    return (uint64_t)n * CHAINS * 64;
}

void kernels_vnni_tokens(struct kernels *k)
{
    k->dot_peak = dot_peak;
    k->matvec_batch[FORMAT_QINS8] = matvec_batch_qins8;
    k->matvec_batch[FORMAT_QINS4] = matvec_batch_qins4;
    k->matvec_batch[FORMAT_QINS4_16] = matvec_batch_qins4_16;
    k->matvec_batch[FORMAT_QINS3] = matvec_batch_qins3;
    k->matvec_batch[FORMAT_QINS2] = matvec_batch_qins2;
}
