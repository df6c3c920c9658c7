/* SPDX-License-Identifier: MIT
 *
 * NEON: the pieces of attention; its course stands in attend.h.
 */
#include "arm/neon.h"

enum { TOGETHER = 4, WIDTH = 4, SEVERAL = 24, ALONE = 96 };
#include "attend.h"

/* Lanes [first, first + 4) of the products of n queries with four rows of keys. */
PIECE void quarter_lanes(float32x4_t sum[QUERIES][TOGETHER], const struct queries *a, const int n,
                         const size_t row[TOGETHER], uint32_t first, enum element e)
{
    for (int t = 0; t < n; t++)
        for (int i = 0; i < TOGETHER; i++)
            sum[t][i] = vdupq_n_f32(0);
    for (uint32_t d = first; d < a->dim; d += LANES) {
        float32x4_t q[QUERIES];
        ask_for_rows(a->k, row, TOGETHER, d, e);
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            q[t] = vld1q_f32(a->q + (size_t)t * a->ld_q + d);
#pragma GCC unroll 4
        for (int i = 0; i < TOGETHER; i++) {
            const float32x4_t key = load_neon(a->k, row[i] + d, stored_as(e));
#pragma GCC unroll 4
            for (int t = 0; t < n; t++)
                sum[t][i] = vfmaq_f32(sum[t][i], q[t], key);
        }
    }
}

/* The end of sum_lanes for 4 vectors at once, lanes 0..15 already added to 0..3. */
static inline float32x4_t sum_lanes_of_4(const float32x4_t v[TOGETHER])
{
    float32x4_t pair[2]; /* t0 + t2, t1 + t3 of two vectors */
    for (int i = 0; i < 2; i++)
        pair[i] = vaddq_f32(vcombine_f32(vget_low_f32(v[2 * i]), vget_low_f32(v[2 * i + 1])),
                            vcombine_f32(vget_high_f32(v[2 * i]), vget_high_f32(v[2 * i + 1])));
    return vpaddq_f32(pair[0], pair[1]);
}

/* Products of n queries with the keys of 4 positions; those behind the last repeat it, unused. */
PIECE void products(float32x4_t dot[QUERIES], const struct queries *a, uint32_t pos, uint32_t end,
                    const int n, enum element e)
{
    size_t row[TOGETHER];
    float32x4_t all[4][QUERIES][TOGETHER];
    for (uint32_t i = 0; i < TOGETHER; i++)
        row[i] = (size_t)((pos + i < end ? pos + i : end - 1) - a->origin) * a->dim;
    for (uint32_t j = 0; j < 4; j++)
        quarter_lanes(all[j], a, n, row, j * 4, e);
    for (int t = 0; t < n; t++) {
        float32x4_t sum[TOGETHER];
        for (int i = 0; i < TOGETHER; i++)
            sum[i] = vaddq_f32(vaddq_f32(all[0][t][i], all[2][t][i]),
                               vaddq_f32(all[1][t][i], all[3][t][i]));
        dot[t] = sum_lanes_of_4(sum);
    }
}

/* The same for heads that do not fill all lanes. */
PIECE void odd_products(float32x4_t dot[QUERIES], const struct queries *a, uint32_t pos,
                        uint32_t end, const int n, enum element e)
{
    for (int t = 0; t < n; t++) {
        float all[TOGETHER];
        for (uint32_t i = 0; i < TOGETHER; i++) {
            const size_t row = (pos + i < end ? pos + i : end - 1) - a->origin;
            all[i] = dot_neon(a->q + (size_t)t * a->ld_q, a->k, row * a->dim, a->dim, stored_as(e));
        }
        dot[t] = vld1q_f32(all);
    }
}

PIECE void score(const struct queries *a, uint32_t pos, uint32_t end, const int n, enum element e)
{
    float32x4_t dot[QUERIES];
    if (a->dim % LANES)
        odd_products(dot, a, pos, end, n, e);
    else
        products(dot, a, pos, end, n, e);
    for (uint32_t t = 0; t < (uint32_t)n; t++) {
        const uint32_t seen = lesser(end, end_of(a, t)), left = seen > pos ? seen - pos : 0;
        float *scores = a->scores + t * a->ld_scores + (pos - a->base), all[TOGETHER];
        vst1q_f32(all, dot[t]);
        for (uint32_t i = 0; i < TOGETHER && i < left; i++)
            scores[i] = a->scale * (a->k_scale ? a->k_scale[pos + i] * all[i] : all[i]);
    }
}

static float softmax(float *scores, uint32_t n_pos)
{
    float32x4_t sum[4];
    float max = -INFINITY;
    for (uint32_t i = 0; i < n_pos; i++) /* NaN is never greater */
        max = scores[i] > max ? scores[i] : max;
    uint32_t p = 0;
    for (int j = 0; j < 4; j++)
        sum[j] = vdupq_n_f32(0);
    for (; p + LANES <= n_pos; p += LANES)
        for (uint32_t j = 0; j < 4; j++) {
            float *at = scores + p + j * 4;
            float32x4_t e = exp_neon(vsubq_f32(vld1q_f32(at), vdupq_n_f32(max)));
            vst1q_f32(at, e);
            sum[j] = vaddq_f32(sum[j], e);
        }
    float lane[LANES];
    for (int j = 0; j < 4; j++)
        vst1q_f32(lane + j * 4, sum[j]);
    for (; p < n_pos; p++) {
        scores[p] = exp_f32(scores[p] - max);
        lane[p % LANES] += scores[p];
    }
    return 1.0f / sum_lanes(lane);
}

static void soft_cap(float *scores, float cap, uint32_t n_pos)
{
    for (uint32_t p = 0; p < n_pos; p++)
        scores[p] = soft_cap_f32(scores[p], cap);
}

PIECE void mix(const struct queries *a, uint32_t t0, const int n, uint32_t d, const int n_cols,
               uint32_t pos, uint32_t end, enum element e)
{
    float *out = a->out + t0 * a->ld_out + d;
    const float *weight = a->scores + t0 * a->ld_scores;
    float32x4_t sum[QUERIES][24];
    for (int t = 0; t < n; t++)
        for (int i = 0; i < n_cols; i++)
            sum[t][i] = vld1q_f32(out + (size_t)t * a->ld_out + i * 4);
    for (uint32_t p = pos; p < end; p++) {
        const size_t row = (size_t)(p - a->origin) * a->dim + d;
        float32x4_t s[QUERIES];
#pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            s[t] = vld1q_dup_f32(weight + (size_t)t * a->ld_scores + (p - a->base));
#pragma GCC unroll 24
        for (int i = 0; i < n_cols; i++) {
            const float32x4_t value = load_neon(a->v, row + (size_t)i * 4, stored_as(e));
            ask_ahead(a->v, row + (size_t)i * 4, (size_t)i * 4, e);
#pragma GCC unroll 4
            for (int t = 0; t < n; t++)
                sum[t][i] = vfmaq_f32(sum[t][i], s[t], value);
        }
    }
    for (int t = 0; t < n; t++)
        for (int i = 0; i < n_cols; i++)
            vst1q_f32(out + (size_t)t * a->ld_out + i * 4, sum[t][i]);
}

PIECE void widen(float *to, const void *from, size_t i, size_t n, enum element e)
{
    size_t j = 0;
    for (; j + 4 <= n; j += 4) {
        ask_ahead(from, i + j, j, e);
        vst1q_f32(to + j, load_neon(from, i + j, e));
    }
    for (; j < n; j++)
        to[j] = load_one(from, i + j, e);
}

void kernels_neon_attend(struct kernels *k)
{
    set_attention(k);
}
