/* SPDX-License-Identifier: MIT
 *
 * scalar_state: the definition of the kernels for layers that keep a state instead of positions.
 */
#include "kernels_internal.h"

static void mul_scalar(float *x, const float *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] *= y[i];
}

static void sigmoid_mul_scalar(float *x, const float *gate, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = x[i] / (1.0f + exp_f32(-gate[i]));
}

static void short_conv_scalar(float *out, const float *const *x, const float *w, size_t ld_w,
                              const float *bias, uint32_t taps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        float sum = bias ? bias[i] : 0;
        for (uint32_t tap = 0; tap < taps; tap++)
            sum = fmaf(w[tap * ld_w + i], x[tap][i], sum);
        out[i] = sum;
    }
}

/* What the state says of a key: [DELTA_COLS]. */
static void read_state(const struct delta_rule *d, const float *state, const float *key, float *out)
{
    float sum[4][DELTA_COLS] = {0};
    for (uint32_t r = 0; r < d->k_dim; r++)
        for (uint32_t c = 0; c < DELTA_COLS; c++)
            sum[r % 4][c] = fmaf(state[r * DELTA_COLS + c], key[r], sum[r % 4][c]);
    for (uint32_t c = 0; c < DELTA_COLS; c++)
        out[c] = (sum[0][c] + sum[1][c]) + (sum[2][c] + sum[3][c]);
}

static void delta_rule_scalar(const struct delta_rule *d)
{
    const float *before = d->before;
    for (uint32_t t = 0; t < d->n_tok; t++, before = d->state) {
        const float *k = d->k + t * d->ld, *v = d->v + t * d->ld;
        const float decay = d->decay[t * d->ld_gate], beta = d->beta[t * d->ld_gate];
        float delta[DELTA_COLS];
        read_state(d, before, k, delta);
        for (uint32_t c = 0; c < DELTA_COLS; c++)
            delta[c] = beta * fmaf(-decay, delta[c], v[c]);
        for (uint32_t i = 0; i < d->k_dim * DELTA_COLS; i++)
            d->state[i] = fmaf(k[i / DELTA_COLS], delta[i % DELTA_COLS], decay * before[i]);
        read_state(d, d->state, d->q + t * d->ld, d->out + t * d->ld_out);
    }
}

void kernels_scalar_state(struct kernels *k)
{
    k->mul = mul_scalar;
    k->sigmoid_mul = sigmoid_mul_scalar;
    k->short_conv = short_conv_scalar;
    k->delta_rule = delta_rule_scalar;
}
