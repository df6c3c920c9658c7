/* SPDX-License-Identifier: MIT
 *
 * fill: a cache as a long text would leave it, without evaluating one: keys and values at random.
 * How long a token takes depends on how many there are, not on what they are.
 */
#include <string.h>

#include "bench.h"

enum { N_VECTORS = 61 /* that positions and heads go through in turn */ };

static void push_vectors(float *x /* [n] */, size_t n)
{
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
    }
}

/* Full layers have all n positions, sliding ones those from `from` on. */
static void fill_row(const struct kv *kv, struct kv_row row, uint32_t n, uint32_t from,
                     const float *vectors)
{
    const struct kv_layer *l = &kv->layers[row.layer];
    const uint32_t held = l->slides ? n - from : n;
    for (uint32_t pos = 0; pos < held; pos++) {
        const uint32_t i = pos + 7 * row.head + 3 * row.layer;
        kv_store(kv, row.layer, row.head, pos, vectors + (size_t)(i % N_VECTORS) * l->head_dim,
                 vectors + (size_t)((i + 1) % N_VECTORS) * l->head_dim);
    }
}

static void fill_state(struct state *state, uint32_t n)
{
    if (state->n_floats == 0)
        return;
    push_vectors(state_add_copy(state, n), state->n_floats);
}

void bench_fill(struct session *s, const int32_t *ids, uint32_t n)
{
    const struct kv *kv = session_kv(s);
    float *vectors = xmalloc((size_t)N_VECTORS * MAX_HEAD_DIM * sizeof *vectors);
    session_truncate(s, 0);
    session_hold(s, n);
    const uint32_t from =
        kv->n_sliding && n > kv->ring ? (n - kv->ring + KV_STEP - 1) / KV_STEP * KV_STEP : 0;
    push_vectors(vectors, (size_t)N_VECTORS * MAX_HEAD_DIM);
    for (uint32_t i = 0; i < kv->n_rows; i++)
        fill_row(kv, kv->rows[i], n, from, vectors);
    fill_state(session_state(s), n);
    free(vectors);
    session_adopt(s, ids, n, from, session_needs_long(s, n));
}
