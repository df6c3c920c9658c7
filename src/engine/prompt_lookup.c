/* SPDX-License-Identifier: MIT */
#include "prompt_lookup.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

/* Lengths of the runs of tokens that are found again, the longest first. */
static const uint8_t lengths[] = {LOOKUP_MAX, 4, 3, LOOKUP_MIN};
enum { N_LENGTHS = sizeof lengths };

enum {
    MAX_OTHER = 4, /* tokens in a row that were others, before the place is given up */
    AHEAD = 8,     /* tokens that may have been left out */
};

/* One table a length: hash of a run -> where its newest occurrence ended. A slot holds one run; who
 * comes later takes it, and a run is compared before it counts. */
struct prompt_lookup {
    int32_t *ids;  /* [max_ids] */
    bool *goes_on; /* [max_ids] */
    uint32_t n, max_ids, mask;
    uint32_t *ends[N_LENGTHS]; /* [mask + 1] ids before the end; 0: none */

    uint32_t at;      /* ids[at] is expected next; 0: nothing is */
    uint32_t n_same;  /* tokens that came as expected since the last one that did not, */
    uint32_t n_other; /* or those that did not */
    uint32_t missing; /* where the last word stood that did not come */
};

struct prompt_lookup *prompt_lookup_new(uint32_t max_ids)
{
    struct prompt_lookup *l = xcalloc(1, sizeof *l);
    uint32_t n_slots = 64;
    while (n_slots / 2 < max_ids && n_slots < 1u << 24)
        n_slots *= 2;
    l->ids = xcalloc(max_ids, sizeof *l->ids);
    l->goes_on = xcalloc(max_ids, sizeof *l->goes_on);
    l->max_ids = max_ids;
    l->mask = n_slots - 1;
    for (int i = 0; i < N_LENGTHS; i++)
        l->ends[i] = xcalloc(n_slots, sizeof *l->ends[i]);
    return l;
}

void prompt_lookup_free(struct prompt_lookup *l)
{
    if (!l)
        return;
    for (int i = 0; i < N_LENGTHS; i++)
        free(l->ends[i]);
    free(l->ids);
    free(l->goes_on);
    free(l);
}

static uint32_t hash(const int32_t *ids, uint32_t n)
{
    uint64_t h = n;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ (uint32_t)ids[i]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static bool same_run(const struct prompt_lookup *l, uint32_t end, uint32_t length)
{
    return memcmp(l->ids + end - length, l->ids + l->n - length, length * sizeof *l->ids) == 0;
}

static uint32_t next_word(const struct prompt_lookup *l, uint32_t at)
{
    do
        at++;
    while (at < l->n && l->goes_on[at]);
    return at;
}

/* Where `id` is found near the place that it was not expected at: what is there of the text has
 * been left out, or what came instead was put in. 0: neither. */
static uint32_t find_near(const struct prompt_lookup *l, int32_t id)
{
    if (l->n_other > 1 && l->ids[l->missing] == id)
        return l->missing;
    for (uint32_t i = l->at + 1; i < l->n && i < l->at + AHEAD; i++)
        if (l->ids[i] == id)
            return i;
    return 0;
}

/* The text goes on with this id; it is not among l->ids yet. */
static void follow(struct prompt_lookup *l, int32_t id, bool goes_on)
{
    if (l->at == 0)
        return;
    if (l->ids[l->at] == id) {
        l->at++;
        l->n_same++;
        l->n_other = 0;
        return;
    }
    l->n_same = 0;
    if (++l->n_other > MAX_OTHER) {
        l->at = 0;
        return;
    }
    if (l->n_other > 1 && goes_on) /* with another word than was expected */
        return;
    uint32_t near = find_near(l, id);
    if (near) {
        l->at = near + 1;
        l->n_same = 1;
        l->n_other = 0;
        return;
    }
    l->missing = l->at;
    l->at = next_word(l, l->at);
    if (l->at == l->n)
        l->at = 0;
}

void prompt_lookup_push(struct prompt_lookup *l, int32_t id, bool goes_on)
{
    assert(l->n < l->max_ids);
    follow(l, id, goes_on);
    l->goes_on[l->n] = goes_on;
    l->ids[l->n++] = id;
    for (int i = 0; i < N_LENGTHS; i++) {
        uint32_t length = lengths[i];
        if (length > l->n)
            continue;
        uint32_t *slot = &l->ends[i][hash(l->ids + l->n - length, length) & l->mask];
        if (*slot && length > l->n_same && same_run(l, *slot, length)) {
            l->at = *slot;
            l->n_same = length;
            l->n_other = 0;
        }
        *slot = l->n;
    }
}

uint32_t prompt_lookup_draft(const struct prompt_lookup *l, int32_t *out, uint32_t n_max,
                             uint32_t *n_match)
{
    if (l->at == 0)
        return 0;
    for (uint32_t k = 0; k < n_max; k++)
        out[k] = l->at + k < l->n ? l->ids[l->at + k] : out[l->at + k - l->n];
    *n_match = l->n_same;
    return n_max;
}
