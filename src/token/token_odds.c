/* SPDX-License-Identifier: MIT */
#include "token_odds.h"

#include <math.h>
#include <stdlib.h>

#include "base.h"

/* e^-24 of the likeliest: all that are less likely, in a vocabulary of 2^18, are 1e-5 together. */
static const float least = -24;

struct best {
    float logits[TOKEN_CHOICES];
    uint32_t n;
};

static void insert(struct best *b, struct token_odds *t, float logit, int32_t id)
{
    uint32_t at = b->n < TOKEN_CHOICES ? b->n++ : TOKEN_CHOICES - 1;
    for (; at > 0 && b->logits[at - 1] < logit; at--) {
        b->logits[at] = b->logits[at - 1];
        t->top[at] = t->top[at - 1];
    }
    b->logits[at] = logit;
    t->top[at] = id;
}

static void find_best(const float *logits, uint32_t n, struct best *b, struct token_odds *t)
{
    for (uint32_t i = 0; i < n; i++)
        if (b->n < TOKEN_CHOICES || logits[i] > b->logits[TOKEN_CHOICES - 1])
            insert(b, t, logits[i], (int32_t)i);
}

struct token_odds token_odds_of(const float *logits, uint32_t n, int32_t id)
{
    struct token_odds t = {.id = id, .p = NAN, .entropy = NAN};
    struct best b = {.n = 0};
    double sum = 0, weighted = 0;
    for (int i = 0; i < TOKEN_CHOICES; i++)
        t.top[i] = -1;
    if (!logits)
        return t;
    find_best(logits, n, &b, &t);
    for (uint32_t i = 0; i < n; i++) {
        float x = logits[i] - b.logits[0];
        if (x < least)
            continue;
        float e = expf(x);
        sum += (double)e;
        weighted += (double)(x * e);
    }
    for (uint32_t i = 0; i < b.n; i++)
        t.top_p[i] = (float)(exp((double)(b.logits[i] - b.logits[0])) / sum);
    t.p = (float)(exp((double)(logits[id] - b.logits[0])) / sum);
    t.entropy = (float)((log(sum) - weighted / sum) / log(2));
    return t;
}

void odds_push(struct odds *o, const struct token_odds *t)
{
    o->list = xgrow(o->list, o->n, &o->cap, sizeof *o->list);
    o->list[o->n++] = *t;
}

void odds_append(struct odds *o, const struct odds *more)
{
    for (size_t i = 0; i < more->n; i++)
        odds_push(o, &more->list[i]);
}

void odds_free(struct odds *o)
{
    free(o->list);
    *o = (struct odds){0};
}
