/* SPDX-License-Identifier: MIT
 *
 * NEON: layers that keep a state. Every operation in the scalar order: equal bit for bit.
 */
#include "arm/neon.h"

static void mul_neon(float *x, const float *y, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(x + i, vmulq_f32(vld1q_f32(x + i), vld1q_f32(y + i)));
    for (; i < n; i++)
        x[i] *= y[i];
}

static void sigmoid_mul_neon(float *x, const float *gate, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t e = exp_neon(vnegq_f32(vld1q_f32(gate + i)));
        vst1q_f32(x + i, vdivq_f32(vld1q_f32(x + i), vaddq_f32(vdupq_n_f32(1), e)));
    }
    for (; i < n; i++)
        x[i] = x[i] / (1.0f + exp_f32(-gate[i]));
}

static void short_conv_neon(float *out, const float *const *x, const float *w, size_t ld_w,
                            const float *bias, uint32_t taps, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t sum = bias ? vld1q_f32(bias + i) : vdupq_n_f32(0);
        for (uint32_t tap = 0; tap < taps; tap++)
            sum = vfmaq_f32(sum, vld1q_f32(w + tap * ld_w + i), vld1q_f32(x[tap] + i));
        vst1q_f32(out + i, sum);
    }
    for (; i < n; i++) {
        float sum = bias ? bias[i] : 0;
        for (uint32_t tap = 0; tap < taps; tap++)
            sum = fmaf(w[tap * ld_w + i], x[tap][i], sum);
        out[i] = sum;
    }
}

enum { QUARTERS = DELTA_COLS / 4 };

/* Four partial sums of 16 columns. */
struct sums {
    float32x4_t v[4][QUARTERS];
};

static inline __attribute__((always_inline)) struct sums no_sums(void)
{
    struct sums s;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < QUARTERS; j++)
            s.v[i][j] = vdupq_n_f32(0);
    return s;
}

static inline __attribute__((always_inline)) float32x4_t all_of(const struct sums *s, int j)
{
    return vaddq_f32(vaddq_f32(s->v[0][j], s->v[1][j]), vaddq_f32(s->v[2][j], s->v[3][j]));
}

static inline __attribute__((always_inline)) void read_row(struct sums *s, uint32_t part,
                                                           const float *row, float key)
{
#pragma GCC unroll 4
    for (int j = 0; j < QUARTERS; j++)
        s->v[part][j] = vfmaq_n_f32(s->v[part][j], vld1q_f32(row + 4 * j), key);
}

/* A row that decays, is added to, and answers the query. */
static inline __attribute__((always_inline)) void
step_row(struct sums *s, uint32_t part, float *row, const float *before, float decay,
         const float32x4_t delta[QUARTERS], float key, float query)
{
#pragma GCC unroll 4
    for (int j = 0; j < QUARTERS; j++) {
        float32x4_t x = vmulq_n_f32(vld1q_f32(before + 4 * j), decay);
        x = vfmaq_n_f32(x, delta[j], key);
        vst1q_f32(row + 4 * j, x);
        s->v[part][j] = vfmaq_n_f32(s->v[part][j], x, query);
    }
}

static void step(const struct delta_rule *d, const float *before, uint32_t t)
{
    const float *k = d->k + t * d->ld, *q = d->q + t * d->ld, *v = d->v + t * d->ld;
    const float decay = d->decay[t * d->ld_gate], beta = d->beta[t * d->ld_gate];
    float *state = d->state, *out = d->out + t * d->ld_out;
    struct sums s = no_sums();
    uint32_t r = 0;
    for (; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            read_row(&s, i, before + (r + i) * DELTA_COLS, k[r + i]);
    for (; r < d->k_dim; r++)
        read_row(&s, r % 4, before + r * DELTA_COLS, k[r]);
    float32x4_t delta[QUARTERS];
#pragma GCC unroll 4
    for (int j = 0; j < QUARTERS; j++)
        delta[j] =
            vmulq_n_f32(vfmsq_f32(vld1q_f32(v + 4 * j), vdupq_n_f32(decay), all_of(&s, j)), beta);
    s = no_sums();
    for (r = 0; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            step_row(&s, i, state + (r + i) * DELTA_COLS, before + (r + i) * DELTA_COLS, decay,
                     delta, k[r + i], q[r + i]);
    for (; r < d->k_dim; r++)
        step_row(&s, r % 4, state + r * DELTA_COLS, before + r * DELTA_COLS, decay, delta, k[r],
                 q[r]);
#pragma GCC unroll 4
    for (int j = 0; j < QUARTERS; j++)
        vst1q_f32(out + 4 * j, all_of(&s, j));
}

static void delta_rule_neon(const struct delta_rule *d)
{
    for (uint32_t t = 0; t < d->n_tok; t++)
        step(d, t == 0 ? d->before : d->state, t);
}

void kernels_neon_state(struct kernels *k)
{
    k->mul = mul_neon;
    k->sigmoid_mul = sigmoid_mul_neon;
    k->short_conv = short_conv_neon;
    k->delta_rule = delta_rule_neon;
}
