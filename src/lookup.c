/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

/* Lengths of the runs of tokens that are found again, the longest first. */
static const uint8_t lengths[] = {LOOKUP_MAX, 4, 3, LOOKUP_MIN};
enum { N_LENGTHS = sizeof lengths };

/* One table a length: hash of a run -> where its newest occurrence ended. A slot holds one run; who
 * comes later takes it, and a run is compared before it counts. */
struct lookup {
    int32_t *ids; /* [max_ids] */
    uint32_t n, max_ids, mask;
    uint32_t *ends[N_LENGTHS];   /* [mask + 1] ids before the end; 0: none */
    uint32_t matches[N_LENGTHS]; /* earlier end of the run that the text ends with; 0: none */
};

struct lookup *lookup_new(uint32_t max_ids)
{
    struct lookup *l = xcalloc(1, sizeof *l);
    uint32_t n_slots = 64;
    while (n_slots / 2 < max_ids && n_slots < 1u << 24)
        n_slots *= 2;
    l->ids = xcalloc(max_ids, sizeof *l->ids);
    l->max_ids = max_ids;
    l->mask = n_slots - 1;
    for (int i = 0; i < N_LENGTHS; i++)
        l->ends[i] = xcalloc(n_slots, sizeof *l->ends[i]);
    return l;
}

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    for (int i = 0; i < N_LENGTHS; i++)
        free(l->ends[i]);
    free(l->ids);
    free(l);
}

static uint32_t hash(const int32_t *ids, uint32_t n)
{
    uint64_t h = n;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ (uint32_t)ids[i]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static bool same_run(const struct lookup *l, uint32_t end, uint32_t length)
{
    return memcmp(l->ids + end - length, l->ids + l->n - length, length * sizeof *l->ids) == 0;
}

void lookup_push(struct lookup *l, int32_t id)
{
    assert(l->n < l->max_ids);
    l->ids[l->n++] = id;
    for (int i = 0; i < N_LENGTHS; i++) {
        uint32_t length = lengths[i];
        if (length > l->n)
            continue;
        uint32_t *slot = &l->ends[i][hash(l->ids + l->n - length, length) & l->mask];
        l->matches[i] = *slot && same_run(l, *slot, length) ? *slot : 0;
        *slot = l->n;
    }
}

uint32_t lookup_guess(const struct lookup *l, int32_t *out, uint32_t n_max, uint32_t *n_match)
{
    for (int i = 0; i < N_LENGTHS; i++) {
        uint32_t at = l->matches[i];
        if (at == 0)
            continue;
        for (uint32_t k = 0; k < n_max; k++)
            out[k] = at + k < l->n ? l->ids[at + k] : out[at + k - l->n];
        *n_match = lengths[i];
        return n_max;
    }
    return 0;
}
