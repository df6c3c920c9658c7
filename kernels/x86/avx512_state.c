/* SPDX-License-Identifier: MIT
 *
 * AVX-512: the delta rule, a row of 16 columns in one register. Every operation in the scalar
 * order: equal bit for bit.
 */
#include "x86/avx512.h"

static inline __attribute__((always_inline)) __m512 all_of(const __m512 s[4])
{
    return _mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3]));
}

static inline __attribute__((always_inline)) void read_row(__m512 *sum, const float *row, float key)
{
    *sum = _mm512_fmadd_ps(_mm512_loadu_ps(row), _mm512_set1_ps(key), *sum);
}

/* A row that decays, is added to, and answers the query. */
static inline __attribute__((always_inline)) void step_row(__m512 *sum, float *row,
                                                           const float *before, __m512 decay,
                                                           __m512 delta, float key, float query)
{
    __m512 x = _mm512_mul_ps(decay, _mm512_loadu_ps(before));
    x = _mm512_fmadd_ps(_mm512_set1_ps(key), delta, x);
    _mm512_storeu_ps(row, x);
    *sum = _mm512_fmadd_ps(x, _mm512_set1_ps(query), *sum);
}

static void step(const struct delta_rule *d, const float *before, uint32_t t)
{
    const float *k = d->k + t * d->ld, *q = d->q + t * d->ld;
    const __m512 decay = _mm512_set1_ps(d->decay[t * d->ld_gate]);
    const __m512 beta = _mm512_set1_ps(d->beta[t * d->ld_gate]), zero = _mm512_setzero_ps();
    float *state = d->state;
    __m512 s[4] = {zero, zero, zero, zero};
    uint32_t r = 0;
    for (; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            read_row(&s[i], before + (r + i) * DELTA_COLS, k[r + i]);
    for (; r < d->k_dim; r++)
        read_row(&s[r % 4], before + r * DELTA_COLS, k[r]);
    __m512 v = _mm512_loadu_ps(d->v + t * d->ld);
    __m512 delta = _mm512_mul_ps(beta, _mm512_fnmadd_ps(decay, all_of(s), v));
    s[0] = s[1] = s[2] = s[3] = zero;
    for (r = 0; r + 4 <= d->k_dim; r += 4)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++)
            step_row(&s[i], state + (r + i) * DELTA_COLS, before + (r + i) * DELTA_COLS, decay,
                     delta, k[r + i], q[r + i]);
    for (; r < d->k_dim; r++)
        step_row(&s[r % 4], state + r * DELTA_COLS, before + r * DELTA_COLS, decay, delta, k[r],
                 q[r]);
    _mm512_storeu_ps(d->out + t * d->ld_out, all_of(s));
}

static void delta_rule_avx512(const struct delta_rule *d)
{
    for (uint32_t t = 0; t < d->n_tok; t++)
        step(d, t == 0 ? d->before : d->state, t);
}

void kernels_avx512_state(struct kernels *k)
{
    k->delta_rule = delta_rule_avx512;
}
