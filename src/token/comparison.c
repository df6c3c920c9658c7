/* SPDX-License-Identifier: MIT */
#include "comparison.h"

#include <math.h>
#include <stdlib.h>

#include "base.h"

struct compared_token compared_token_of(const float *first, const float *second, uint32_t n,
                                        int32_t id)
{
    const struct distribution d[N_COMPARED] = {distribution_of(first, n),
                                               distribution_of(second, n)};
    struct compared_token t = {.id = id, .kl = (float)distribution_kl(&d[0], &d[1])};
    for (int side = 0; side < N_COMPARED; side++) {
        t.nats[side] = (float)-distribution_log_p(&d[side], (uint32_t)id);
        t.top[side] = (int32_t)d[side].top;
        t.top_p[side] = (float)exp(distribution_log_p(&d[side], d[side].top));
    }
    return t;
}

void comparison_push(struct comparison *c, const struct compared_token *t)
{
    c->list = xgrow(c->list, c->n, &c->cap, sizeof *c->list);
    c->list[c->n++] = *t;
}

struct comparison_sum comparison_sum(const struct comparison *c)
{
    struct comparison_sum s = {0};
    double nats[N_COMPARED] = {0};
    for (size_t i = 0; i < c->n; i++) {
        const struct compared_token *t = &c->list[i];
        s.kl += (double)t->kl;
        s.n_same += t->top[0] == t->top[1];
        for (int side = 0; side < N_COMPARED; side++)
            nats[side] += (double)t->nats[side];
    }
    s.kl_mean = s.kl / (double)c->n;
    for (int side = 0; side < N_COMPARED; side++)
        s.perplexity[side] = exp(nats[side] / (double)c->n);
    return s;
}

void comparison_free(struct comparison *c)
{
    free(c->list);
    *c = (struct comparison){0};
}
