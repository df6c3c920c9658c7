/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "session_internal.h"

enum { MAX_ROWS = 64 };

struct batch {
    struct session *s;
    float *logits; /* [max][vocab] */
    uint32_t max;
};

struct batch *batch_new(struct session *s)
{
    struct batch *b = xcalloc(1, sizeof *b);
    *b = (struct batch){.s = s, .max = s->chunk < MAX_ROWS ? s->chunk : MAX_ROWS};
    b->logits = xaligned_scratch((size_t)b->max * s->m->config.vocab * sizeof *b->logits);
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    free(b->logits);
    free(b);
}

uint32_t batch_max(const struct batch *b)
{
    return b->max;
}

bool batch_takes(const struct session *s)
{
    return s->len > 0 && s->len < s->ctx_len &&
           rope_is_long(&s->m->config, s->len + 1) == s->is_long;
}

void batch_step(struct batch *b, struct session *const *s, const int32_t *ids, uint32_t n)
{
    const size_t vocab = b->s->m->config.vocab;
    assert(n > 0 && n <= b->max);
    for (uint32_t i = 0; i < n; i++) {
        assert(s[i]->mm == b->s->mm && batch_takes(s[i]));
        session_plan_pass(s[i], 1);
    }
    forward_rows(b->s, s, ids, n, b->logits);
    for (uint32_t i = 0; i < n; i++) {
        session_append(s[i], ids + i, 1);
        memcpy(s[i]->logits, b->logits + i * vocab, vocab * sizeof *b->logits);
        s[i]->n_logits = 1;
        s[i]->has_logits = true;
        s[i]->reused = s[i]->len - 1;
    }
}
