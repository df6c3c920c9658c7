/* SPDX-License-Identifier: MIT
 *
 * tokens: the integer products with several tokens, but for the sums of a block, which each level
 * brings. Weights are decoded into a panel that stays in the first-level cache. A weight of QINS8
 * has 9 bits with its sign: it is split into twice a high part plus a low one.
 */
#ifndef QINS_TOKENS_H
#define QINS_TOKENS_H

#include "arm/neon.h"

enum {
    TOKENS = 4,       /* whose sums stay in registers */
    PANEL_COLS = 256, /* columns decoded at once */
    BATCH = 64,       /* tokens that a panel serves */
};

struct panel {
    int8_t high[PANEL_COLS * ROW_GROUP];     /* lines of 16 rows x 4 columns: level, or w >> 1 */
    int8_t low[PANEL_COLS * ROW_GROUP];      /* qins8: w & 1 */
    float scale[PANEL_COLS / 16][ROW_GROUP]; /* of a block, without the row's base; qins4 */
};

/* sum[t][i] = products of lines w (rows 4 i ..) and n_cols columns of q[t], for n <= TOKENS. */
typedef void sums_fn(int32x4_t sum[TOKENS][4], const int8_t *w, const int8_t *const q[TOKENS],
                     uint32_t n_cols, const int n);

static inline __attribute__((always_inline)) void
decode_blocks(struct panel *p, const uint8_t *tile, uint32_t n_cols, const uint32_t block,
              const uint32_t bits)
{
    const int8x16_t levels = levels_neon(bits);
    uint32_t n_scales = 0;
    int8_t *to = p->high;
    for (uint32_t k = 0; k < n_cols; k += BLOCK_COLS) {
        for (uint32_t b = 0; b < BLOCK_COLS; b += block, n_scales++, tile += ROW_GROUP) {
            float32x4_t scale[4];
            scales_qins4_neon(scale, tile, 1);
            for (int i = 0; i < 4; i++)
                vst1q_f32(p->scale[n_scales] + i * 4, scale[i]);
        }
        for (uint32_t u = 0; u < BLOCK_COLS / 32; u++, tile += unit_bytes(bits))
#pragma GCC unroll 8
            for (int i = 0; i < 8; i++, to += 64)
                for (uint32_t r = 0; r < 64; r += 16)
                    vst1q_s8(to + r, weights_neon(levels, tile + r, i, bits));
    }
}

static inline void decode_qins8(struct panel *p, const uint8_t *line, uint32_t n_cols)
{
    const struct qins8_tables t = qins8_tables_neon();
    for (uint32_t at = 0; at < n_cols * ROW_GROUP; at += 16) {
        uint8x16_t v = vld1q_u8(line + at), m = magnitudes_qins8(&t, v);
        uint8x16_t negative = vcltzq_s8(vreinterpretq_s8_u8(v)), odd = vandq_u8(m, vdupq_n_u8(1));
        /* -m = 2 (-(m >> 1) - odd) + odd */
        uint8x16_t half = vshrq_n_u8(m, 1), minus = vsubq_u8(vdupq_n_u8(0), vaddq_u8(half, odd));
        vst1q_s8(p->high + at, vreinterpretq_s8_u8(vbslq_u8(negative, minus, half)));
        vst1q_s8(p->low + at, vreinterpretq_s8_u8(odd));
    }
}

/* to = 2^shift to + more */
static inline void join_sums(int32x4_t to[TOKENS][4], int32x4_t more[TOKENS][4], const int n,
                             const int shift)
{
    for (int t = 0; t < n; t++)
        for (int i = 0; i < 4; i++)
            to[t][i] = vaddq_s32(vshlq_s32(to[t][i], vdupq_n_s32(shift)), more[t][i]);
}

/* Columns k of a panel of qins8: both parts of the weights with both of the activations. */
static inline __attribute__((always_inline)) void
sums_qins8(int32x4_t sum[TOKENS][4], const struct panel *p, uint32_t k, const struct activation *x,
           uint32_t col0, const int n, sums_fn *sums)
{
    for (int part = 0; part < 2; part++) {
        int32x4_t of_part[TOKENS][4], odd[TOKENS][4];
        const int8_t *q[TOKENS];
        for (int t = 0; t < n; t++)
            q[t] = (part ? x[t].low : x[t].q) + col0 + k;
        sums(of_part, p->high + k * ROW_GROUP, q, ACT_BLOCK, n);
        sums(odd, p->low + k * ROW_GROUP, q, ACT_BLOCK, n);
        join_sums(of_part, odd, n, 1);
        if (part)
            join_sums(sum, of_part, n, 7);
        else
            memcpy(sum, of_part, sizeof of_part);
    }
}

/* Adds columns [col0, col0 + n_cols) to the sums of n tokens. `block`: 32, 16, or 0 for qins8. */
static inline __attribute__((always_inline)) void
multiply(const struct panel *p, uint32_t n_cols, const struct activation *x, uint32_t col0,
         const int n, float to[][ROW_GROUP], const uint32_t block, sums_fn *sums)
{
    const uint32_t step = block ? block : ACT_BLOCK;
    for (uint32_t k = 0; k < n_cols; k += step) {
        int32x4_t sum[TOKENS][4];
        const int8_t *q[TOKENS];
        for (int t = 0; t < n; t++)
            q[t] = x[t].q + col0 + k;
        if (block)
            sums(sum, p->high + k * ROW_GROUP, q, step, n);
        else
            sums_qins8(sum, p, k, x, col0, n, sums);
        for (int t = 0; t < n; t++) {
            const float32x4_t d = vdupq_n_f32(x[t].scale[(col0 + k) / ACT_BLOCK]);
            for (int i = 0; i < 4; i++) {
                float *acc = to[t] + i * 4;
                float32x4_t s = block ? vmulq_f32(vld1q_f32(p->scale[k / step] + i * 4), d) : d;
                vst1q_f32(acc, vfmaq_f32(vld1q_f32(acc), vcvtq_f32_s32(sum[t][i]), s));
            }
        }
    }
}

/* One row group, up to BATCH tokens. */
static inline __attribute__((always_inline)) void
run_group(const struct matrix *w, uint32_t group, const struct activation *x, uint32_t n_tok,
          float *y, size_t ld_y, const uint32_t block, const uint32_t bits, sums_fn *sums)
{
    const uint8_t *tile = group_tiles(w, group);
    struct panel panel;
    float acc[BATCH][ROW_GROUP];
    memset(acc, 0, n_tok * sizeof *acc);
    for (uint32_t k = 0; k < w->cols_pad; k += PANEL_COLS) {
        uint32_t n_cols = w->cols_pad - k < PANEL_COLS ? w->cols_pad - k : PANEL_COLS, t = 0;
        if (block) {
            decode_blocks(&panel, tile, n_cols, block, bits);
            tile += n_cols / BLOCK_COLS * (BLOCK_COLS / block * ROW_GROUP + BLOCK_COLS * bits * 2);
        } else {
            decode_qins8(&panel, tile, n_cols);
            tile += n_cols * ROW_GROUP;
        }
        for (; t + TOKENS <= n_tok; t += TOKENS)
            multiply(&panel, n_cols, x + t, k, TOKENS, acc + t, block, sums);
        for (; t + 2 <= n_tok; t += 2)
            multiply(&panel, n_cols, x + t, k, 2, acc + t, block, sums);
        if (t < n_tok)
            multiply(&panel, n_cols, x + t, k, 1, acc + t, block, sums);
    }
    for (uint32_t t = 0; t < n_tok; t++) {
        float32x4_t v[4];
        for (int i = 0; i < 4; i++)
            v[i] = vld1q_f32(acc[t] + i * 4);
        scale_rows_neon(v, w->row + (size_t)group * ROW_GROUP, block ? 1 : QINS8_UNITS);
        store_group_neon(w, group, y + t * ld_y, v);
    }
}

static inline __attribute__((always_inline)) void
run_tokens(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
           uint32_t n_tok, float *y, size_t ld_y, const uint32_t block, const uint32_t bits,
           sums_fn *sums)
{
    for (uint32_t t = 0; t < n_tok; t += BATCH) {
        uint32_t n = n_tok - t < BATCH ? n_tok - t : BATCH;
        for (uint32_t group = group0; group < group1; group++)
            run_group(w, group, x + t, n, y + t * ld_y, ld_y, block, bits, sums);
    }
}

/* matvec_batch of a level whose sums of a block are `sums`. */
static inline __attribute__((always_inline)) void
run_format(const struct matrix *w, uint32_t group0, uint32_t group1, const struct activation *x,
           uint32_t n_tok, float *y, size_t ld_y, sums_fn *sums)
{
    switch (w->format) {
    case FORMAT_QINS4: run_tokens(w, group0, group1, x, n_tok, y, ld_y, 32, 4, sums); break;
    case FORMAT_QINS4_16: run_tokens(w, group0, group1, x, n_tok, y, ld_y, 16, 4, sums); break;
    case FORMAT_QINS3: run_tokens(w, group0, group1, x, n_tok, y, ld_y, 16, 3, sums); break;
    case FORMAT_QINS2: run_tokens(w, group0, group1, x, n_tok, y, ld_y, 16, 2, sums); break;
    default: run_tokens(w, group0, group1, x, n_tok, y, ld_y, 0, 8, sums);
    }
}

static inline void set_tokens(struct kernels *k, matvec_batch_fn *matvec_batch)
{
    for (int f = 0; f < N_FORMATS; f++)
        if (format_info((enum format)f)->is_int8)
            k->matvec_batch[f] = matvec_batch;
}

#endif
