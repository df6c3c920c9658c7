/* SPDX-License-Identifier: MIT
 *
 * ARM dot products: integer products with several tokens, four columns of four rows at a time.
 */
#include "arm/tokens.h"

static inline __attribute__((always_inline)) void sums_dotprod(int32x4_t sum[TOKENS][4],
                                                               const int8_t *w,
                                                               const int8_t *const q[TOKENS],
                                                               uint32_t n_cols, const int n)
{
    for (int t = 0; t < n; t++)
        for (int i = 0; i < 4; i++)
            sum[t][i] = vdupq_n_s32(0);
    for (uint32_t g = 0; g < n_cols; g += 16, w += 256) {
        int8x16_t a[TOKENS];
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            a[t] = vld1q_s8(q[t] + g);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            int8x16_t w0 = vld1q_s8(w + i * 16), w1 = vld1q_s8(w + 64 + i * 16);
            int8x16_t w2 = vld1q_s8(w + 128 + i * 16), w3 = vld1q_s8(w + 192 + i * 16);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++) {
                sum[t][i] = vdotq_laneq_s32(sum[t][i], w0, a[t], 0);
                sum[t][i] = vdotq_laneq_s32(sum[t][i], w1, a[t], 1);
                sum[t][i] = vdotq_laneq_s32(sum[t][i], w2, a[t], 2);
                sum[t][i] = vdotq_laneq_s32(sum[t][i], w3, a[t], 3);
            }
        }
    }
}

static void matvec_batch_dotprod(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    run_format(w, group0, group1, x, n_tok, y, ld_y, sums_dotprod);
}

void kernels_dotprod_tokens(struct kernels *k)
{
    set_tokens(k, matvec_batch_dotprod);
}
