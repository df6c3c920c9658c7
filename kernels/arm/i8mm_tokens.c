/* SPDX-License-Identifier: MIT
 *
 * ARM I8MM: integer products with several tokens. SMMLA multiplies two rows by two tokens, eight
 * columns each: the lines of four columns are zipped.
 */
#include "arm/tokens.h"

/* Tokens t and `other` (t again when it is alone). pair[i]: rows 2 i, 2 i + 1. */
static inline __attribute__((always_inline)) void sums_pair(int32x4_t sum[4], int32x4_t sum2[4],
                                                            const int8_t *w, const int8_t *q,
                                                            const int8_t *q2, uint32_t n_cols)
{
    int32x4_t pair[8];
    for (int i = 0; i < 8; i++)
        pair[i] = vdupq_n_s32(0);
    for (uint32_t g = 0; g < n_cols; g += 8, w += 128) {
        const int8x16_t a = vcombine_s8(vld1_s8(q + g), vld1_s8(q2 + g));
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            int32x4_t near = vreinterpretq_s32_s8(vld1q_s8(w + i * 16));
            int32x4_t far = vreinterpretq_s32_s8(vld1q_s8(w + 64 + i * 16));
            int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(near, far));
            int8x16_t high = vreinterpretq_s8_s32(vzip2q_s32(near, far));
            pair[i * 2] = vmmlaq_s32(pair[i * 2], low, a);
            pair[i * 2 + 1] = vmmlaq_s32(pair[i * 2 + 1], high, a);
        }
    }
    for (int i = 0; i < 4; i++) { /* row, row of the other token, next row, ... */
        sum[i] = vuzp1q_s32(pair[i * 2], pair[i * 2 + 1]);
        sum2[i] = vuzp2q_s32(pair[i * 2], pair[i * 2 + 1]);
    }
}

static inline __attribute__((always_inline)) void sums_i8mm(int32x4_t sum[TOKENS][4],
                                                            const int8_t *w,
                                                            const int8_t *const q[TOKENS],
                                                            uint32_t n_cols, const int n)
{
    int32x4_t none[4];
    for (int t = 0; t < n; t += 2)
        if (t + 1 < n)
            sums_pair(sum[t], sum[t + 1], w, q[t], q[t + 1], n_cols);
        else
            sums_pair(sum[t], none, w, q[t], q[t], n_cols);
}

static void matvec_batch_i8mm(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    run_format(w, group0, group1, x, n_tok, y, ld_y, sums_i8mm);
}

void kernels_i8mm_tokens(struct kernels *k)
{
    set_tokens(k, matvec_batch_i8mm);
}
