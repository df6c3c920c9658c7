/* SPDX-License-Identifier: MIT
 *
 * bpe: byte pair encoding of one word: adjacent symbols are merged, the lowest rank first, then the
 * leftmost. Short words are scanned for the best pair, long ones keep a queue: O(n log n) at worst,
 * linear in a word of one letter.
 */
#ifndef QINS_BPE_H
#define QINS_BPE_H

#include "ids.h"

/* Open addressing without a wrap: an entry stands within PROBES of its place. A pair that no table
 * of a sensible size could place is refused when the table is made. */
enum { PROBES = 255, NO_ID = -1 };

struct merge {
    uint32_t left, right, rank, result; /* ids; left NO_MERGE: empty */
};
enum { NO_MERGE = UINT32_MAX };

/* Parts of the tokenizer's image. */
struct merge_table {
    const struct merge *slots; /* [n_slots + PROBES] */
    uint32_t n_slots;
    const uint32_t *pairs; /* [n_pair_bits / 32] pairs that may merge: a filter before the slots */
    const uint32_t *joins; /* [n_join_bits / 32] */
    uint32_t n_pair_bits, n_join_bits; /* powers of two */
};

static inline uint64_t pair_hash(uint32_t left, uint32_t right)
{
    uint64_t h = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
    return (h ^ h >> 29) * 0xBF58476D1CE4E5B9u;
}

/* First slot of a hash in a table of n. */
static inline uint32_t hash_slot(uint64_t hash, uint32_t n)
{
    return (uint32_t)(((hash >> 32) * n) >> 32);
}

static inline uint32_t pair_bit(uint64_t hash, uint32_t n_bits)
{
    return (uint32_t)(hash >> 4) & (n_bits - 1);
}

/* The bit that says whether a merge joins two symbols, one ending with `left`, the other beginning
 * with `right`. It may say so of a pair that none joins, never the other way round. */
static inline uint32_t join_bit(uint32_t left, uint32_t right, uint32_t n_bits)
{
    return (uint32_t)(pair_hash(left, right) >> 20) & (n_bits - 1);
}

/* Symbols of a word, and scratch. Zeroed at first; one per thread. */
struct bpe_work {
    uint32_t *symbols; /* [n] ids */
    size_t n, cap;
    struct merge *seen;     /* [1 << BPE_SEEN_BITS] merges that were looked for, or NULL */
    struct long_word *word; /* of words that keep a queue */
    uint64_t n_steps;       /* comparisons and queue operations so far, for tests */
};

enum { BPE_SEEN_BITS = 13 };

/* For long texts: remembers what was looked for. */
void bpe_remember(struct bpe_work *w);
void bpe_reserve(struct bpe_work *w, size_t n); /* room for n symbols */
void bpe_add(struct bpe_work *w, uint32_t symbol);
/* Merges the word, appends its ids to `out` and empties it. */
void bpe_finish(const struct merge_table *t, struct bpe_work *w, struct ids *out);
void bpe_work_free(struct bpe_work *w);

/* NULL if there is none. */
const struct merge *bpe_find(const struct merge_table *t, uint32_t left, uint32_t right);

#endif
