/* SPDX-License-Identifier: MIT */
#include "sampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "distribution.h"

struct candidate {
    float logit, weight; /* weight: exp of what lies between the logit and the largest one */
    int32_t id;
};

struct sampler {
    uint64_t state[4];   /* xoshiro256++ */
    struct candidate *c; /* [vocab] a heap in front, what was taken from it behind */
    uint32_t *seen;      /* [vocab] how often among the last tokens; all 0 between picks */
    uint32_t vocab;
    const uint32_t *allowed; /* bits; NULL: all */
};

/* ---- random numbers: xoshiro256++ (Blackman, Vigna), seeded by splitmix64 ------------- */

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t random_bits(struct sampler *s)
{
    uint64_t *x = s->state, result = rotate(x[0] + x[3], 23) + x[0], t = x[1] << 17;
    x[2] ^= x[0];
    x[3] ^= x[1];
    x[1] ^= x[2];
    x[0] ^= x[3];
    x[2] ^= t;
    x[3] = rotate(x[3], 45);
    return result;
}

void sampler_seed(struct sampler *s, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        s->state[i] = z ^ z >> 31;
    }
}

struct sampler *sampler_new(uint32_t vocab)
{
    struct sampler *s = xcalloc(1, sizeof *s);
    s->c = xcalloc(vocab, sizeof *s->c);
    s->seen = xcalloc(vocab, sizeof *s->seen);
    s->vocab = vocab;
    sampler_seed(s, 0);
    return s;
}

void sampler_free(struct sampler *s)
{
    if (!s)
        return;
    free(s->c);
    free(s->seen);
    free(s);
}

void sampler_allow(struct sampler *s, const uint32_t *allowed)
{
    s->allowed = allowed;
}

/* ---- logits --------------------------------------------------------------------------- */

/* The repeat penalty hits each of the last tokens once, however often it came. */
static float penalised(float logit, uint32_t count, const struct sampling *o)
{
    float penalty = o->repeat_penalty;
    if (penalty > 0 && isfinite(penalty))
        logit = logit > 0 ? logit / penalty : logit * penalty;
    return logit - o->presence_penalty - (float)count * o->frequency_penalty;
}

static bool has_penalties(const struct sampling *o)
{
    return o->repeat_penalty != 1 || o->presence_penalty != 0 || o->frequency_penalty != 0;
}

static void penalise(struct sampler *s, uint32_t n, const struct sampling *o,
                     const int32_t *history, size_t n_history)
{
    size_t n_last = n_history;
    if (!has_penalties(o))
        return;
    if (o->repeat_last_n >= 0 && (size_t)o->repeat_last_n < n_last)
        n_last = (size_t)o->repeat_last_n;
    const int32_t *last = history + (n_history - n_last);
    for (size_t i = 0; i < n_last; i++)
        if (last[i] >= 0 && (uint32_t)last[i] < n)
            s->seen[last[i]]++;
    for (size_t i = 0; i < n_last; i++) {
        if (last[i] < 0 || (uint32_t)last[i] >= n || !s->seen[last[i]])
            continue;
        struct candidate *c = &s->c[last[i]];
        c->logit = penalised(c->logit, s->seen[last[i]], o);
        s->seen[last[i]] = 0;
    }
}

/* As if the others were not in the vocabulary. -> how many are left */
static uint32_t leave_allowed(struct sampler *s, uint32_t n)
{
    uint32_t left = 0;
    for (uint32_t i = 0; s->allowed && i < n; i++)
        if (s->allowed[i / 32] >> i % 32 & 1)
            s->c[left++] = s->c[i];
    return s->allowed ? left : n;
}

/* Fills the candidates; NaN is the least likely of all. -> how many there are */
static uint32_t load(struct sampler *s, const float *logits, uint32_t n, const struct sampling *o,
                     const int32_t *history, size_t n_history)
{
    for (uint32_t i = 0; i < n; i++)
        s->c[i] = (struct candidate){isnan(logits[i]) ? -INFINITY : logits[i], 0, (int32_t)i};
    penalise(s, n, o, history, n_history);
    return leave_allowed(s, n);
}

/* The lowest id among the largest. */
static const struct candidate *find_best(const struct candidate *c, uint32_t n)
{
    const struct candidate *best = c;
    for (uint32_t i = 1; i < n; i++)
        if (c[i].logit > best->logit)
            best = &c[i];
    return best;
}

static double weigh(struct candidate *c, uint32_t n, float largest, float temperature)
{
    double total = 0;
    for (uint32_t i = 0; i < n; i++) {
        float weight = c[i].logit == largest ? 1 : expf((c[i].logit - largest) / temperature);
        c[i].weight = weight > 0 ? weight : 0; /* not even by an infinite temperature NaN */
        total += c[i].weight;
    }
    return total;
}

/* ---- taking the largest: a heap, so that a few of many cost little -------------------- */

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->logit != b->logit ? a->logit > b->logit : a->id < b->id;
}

static void sift_down(struct candidate *c, uint32_t n, uint32_t i)
{
    struct candidate moved = c[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(&c[child + 1], &c[child]))
            child++;
        if (!before(&c[child], &moved))
            break;
        c[i] = c[child];
    }
    c[i] = moved;
}

/* Candidates in order: taken[0] is the largest, and lies at the end of the array. */
struct order {
    struct candidate *c;
    uint32_t n, n_taken;
};

static const struct candidate *taken(const struct order *o, uint32_t i)
{
    return &o->c[o->n - 1 - i];
}

static void take_next(struct order *o)
{
    uint32_t last = o->n - 1 - o->n_taken++;
    struct candidate largest = o->c[0];
    o->c[0] = o->c[last];
    o->c[last] = largest;
    sift_down(o->c, last, 0);
}

/* top-k: the k largest, and equals of the k-th. -> their total weight. */
static double take_top_k(struct order *o, uint32_t k)
{
    double total = 0;
    while (o->n_taken < o->n &&
           (o->n_taken < k || o->c[0].logit == taken(o, o->n_taken - 1)->logit)) {
        take_next(o);
        total += taken(o, o->n_taken - 1)->weight;
    }
    return total;
}

/* Sums of floats are compared with this much room, so that .5 + .3 is .8 by both rules. */
#define SLACK 1e-6

/* top-p: how many of the largest stay, of the first n_max; takes more as it needs them. */
static uint32_t top_p(struct order *o, uint32_t n_max, double total, float limit,
                      enum top_p_rule rule)
{
    double sum = 0;
    for (uint32_t i = 0; i < n_max; i++) {
        if (i == o->n_taken)
            take_next(o);
        sum += taken(o, i)->weight / total;
        if (rule == TOP_P_SPEC && sum > (double)limit + SLACK)
            return i ? i : 1;
        if (rule == TOP_P_NUCLEUS && sum >= (double)limit - SLACK)
            return i + 1;
    }
    return n_max;
}

/* ---- drawing -------------------------------------------------------------------------- */

/* One of c[0..n), by weight; those below `least` do not count. */
static int32_t draw(struct sampler *s, const struct candidate *c, uint32_t n, float least)
{
    double total = 0, sum = 0;
    int32_t id = -1;
    for (uint32_t i = 0; i < n; i++)
        total += c[i].weight >= least ? c[i].weight : 0;
    double target = (double)(random_bits(s) >> 11) * 0x1p-53 * total;
    for (uint32_t i = 0; i < n; i++) {
        if (!(c[i].weight > 0) || c[i].weight < least)
            continue;
        id = c[i].id;
        sum += c[i].weight;
        if (sum > target)
            break;
    }
    return id;
}

int32_t sampler_pick(struct sampler *s, const float *logits, uint32_t n_valid,
                     const struct sampling *o, const int32_t *history, size_t n_history)
{
    assert(n_valid > 0 && n_valid <= s->vocab);
    if (!(o->temperature > 0) && !s->allowed && !has_penalties(o))
        return (int32_t)logits_best(logits, n_valid);
    const uint32_t n_allowed = load(s, logits, n_valid, o, history, n_history);
    uint32_t n = n_allowed;
    assert(n > 0);
    const struct candidate best = *find_best(s->c, n);
    float largest = best.logit;
    if (!(o->temperature > 0) || largest == -INFINITY)
        return best.id;

    struct order order = {s->c, n, 0};
    double total = weigh(s->c, n, largest, o->temperature);
    bool use_k = o->top_k > 0 && (uint32_t)o->top_k < n, use_p = o->top_p < 1;
    if (use_k || use_p)
        for (uint32_t i = n / 2; i-- > 0;)
            sift_down(s->c, n, i);
    if (use_k) {
        total = take_top_k(&order, (uint32_t)o->top_k);
        n = order.n_taken;
    }
    if (use_p)
        n = top_p(&order, n, total, o->top_p, o->top_p_rule);
    float least = o->min_p < 1 ? o->min_p : 1; /* the largest weight is 1 */
    return draw(s, s->c + (n_allowed - n), n, least);
}
