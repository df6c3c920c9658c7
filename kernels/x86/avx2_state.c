/* SPDX-License-Identifier: MIT
 *
 * AVX2: layers that keep a state. Every operation in the scalar order: equal bit for bit.
 */
#include "x86/avx2.h"

static void mul_avx2(float *x, const float *y, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    for (; i < n; i++)
        x[i] *= y[i];
}

static void sigmoid_mul_avx2(float *x, const float *gate, uint32_t n)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 e = exp_avx2(_mm256_xor_ps(_mm256_loadu_ps(gate + i), sign));
        __m256 y = _mm256_div_ps(_mm256_loadu_ps(x + i), _mm256_add_ps(_mm256_set1_ps(1), e));
        _mm256_storeu_ps(x + i, y);
    }
    for (; i < n; i++)
        x[i] = x[i] / (1.0f + exp_f32(-gate[i]));
}

static void short_conv_avx2(float *out, const float *const *x, const float *w, size_t ld_w,
                            const float *bias, uint32_t taps, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 sum = bias ? _mm256_loadu_ps(bias + i) : _mm256_setzero_ps();
        for (uint32_t tap = 0; tap < taps; tap++)
            sum = _mm256_fmadd_ps(_mm256_loadu_ps(w + tap * ld_w + i), _mm256_loadu_ps(x[tap] + i),
                                  sum);
        _mm256_storeu_ps(out + i, sum);
    }
    for (; i < n; i++) {
        float sum = bias ? bias[i] : 0;
        for (uint32_t tap = 0; tap < taps; tap++)
            sum = fmaf(w[tap * ld_w + i], x[tap][i], sum);
        out[i] = sum;
    }
}

/* Four partial sums of 16 columns. */
struct sums {
    __m256 v[4][2];
};

static inline __attribute__((always_inline)) struct sums no_sums(void)
{
    struct sums s;
    for (int i = 0; i < 4; i++)
        s.v[i][0] = s.v[i][1] = _mm256_setzero_ps();
    return s;
}

static inline __attribute__((always_inline)) __m256 all_of(const struct sums *s, int half)
{
    return _mm256_add_ps(_mm256_add_ps(s->v[0][half], s->v[1][half]),
                         _mm256_add_ps(s->v[2][half], s->v[3][half]));
}

static inline __attribute__((always_inline)) void read_row(struct sums *s, uint32_t part,
                                                           const float *row, float key)
{
    __m256 k = _mm256_set1_ps(key);
    s->v[part][0] = _mm256_fmadd_ps(_mm256_loadu_ps(row), k, s->v[part][0]);
    s->v[part][1] = _mm256_fmadd_ps(_mm256_loadu_ps(row + 8), k, s->v[part][1]);
}

/* A row that decays, is added to, and answers the query. */
static inline __attribute__((always_inline)) void step_row(struct sums *s, uint32_t part,
                                                           float *row, const float *before,
                                                           __m256 decay, const __m256 delta[2],
                                                           float key, float query)
{
    __m256 k = _mm256_set1_ps(key), q = _mm256_set1_ps(query);
    for (int h = 0; h < 2; h++) {
        __m256 x = _mm256_mul_ps(decay, _mm256_loadu_ps(before + 8 * h));
        x = _mm256_fmadd_ps(k, delta[h], x);
        _mm256_storeu_ps(row + 8 * h, x);
        s->v[part][h] = _mm256_fmadd_ps(x, q, s->v[part][h]);
    }
}

static void step(const struct delta_rule *d, const float *before, uint32_t t)
{
    const float *k = d->k + t * d->ld, *q = d->q + t * d->ld, *v = d->v + t * d->ld;
    const __m256 decay = _mm256_set1_ps(d->decay[t * d->ld_gate]);
    const __m256 beta = _mm256_set1_ps(d->beta[t * d->ld_gate]);
    float *state = d->state, *out = d->out + t * d->ld_out;
    struct sums s = no_sums();
    uint32_t r = 0;
    for (; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            read_row(&s, i, before + (r + i) * DELTA_COLS, k[r + i]);
    for (; r < d->k_dim; r++)
        read_row(&s, r % 4, before + r * DELTA_COLS, k[r]);
    __m256 delta[2];
    for (int h = 0; h < 2; h++)
        delta[h] =
            _mm256_mul_ps(beta, _mm256_fnmadd_ps(decay, all_of(&s, h), _mm256_loadu_ps(v + 8 * h)));
    s = no_sums();
    for (r = 0; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            step_row(&s, i, state + (r + i) * DELTA_COLS, before + (r + i) * DELTA_COLS, decay,
                     delta, k[r + i], q[r + i]);
    for (; r < d->k_dim; r++)
        step_row(&s, r % 4, state + r * DELTA_COLS, before + r * DELTA_COLS, decay, delta, k[r],
                 q[r]);
    for (int h = 0; h < 2; h++)
        _mm256_storeu_ps(out + 8 * h, all_of(&s, h));
}

static void delta_rule_avx2(const struct delta_rule *d)
{
    for (uint32_t t = 0; t < d->n_tok; t++)
        step(d, t == 0 ? d->before : d->state, t);
}

void kernels_avx2_state(struct kernels *k)
{
    k->mul = mul_avx2;
    k->sigmoid_mul = sigmoid_mul_avx2;
    k->short_conv = short_conv_avx2;
    k->delta_rule = delta_rule_avx2;
}
