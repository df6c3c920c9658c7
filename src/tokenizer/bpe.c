/* SPDX-License-Identifier: MIT */
#include "bpe.h"

#include <stdlib.h>
#include <string.h>

#include "merge_queue.h"

enum { NO_RANK = UINT32_MAX, END = UINT32_MAX };

enum { SHORT = 96 }; /* symbols of a word that is scanned */

/* Symbols merged at once. A longer word without a place to cut is cut anyway: memory stays bounded.
 */
enum { WORD_MAX = 1 << 24 };

/* A word that keeps a queue: symbols are a list, since they vanish in the middle. */
struct long_word {
    struct merge_queue queue;
    struct place {
        uint32_t id, prev, next;
        uint32_t rank, result; /* of the merge with the next; NO_RANK: none */
    } * places;                /* [cap] */
    size_t cap;
};

const struct merge *bpe_find(const struct merge_table *t, uint32_t left, uint32_t right)
{
    uint64_t hash = pair_hash(left, right);
    uint32_t bit = pair_bit(hash, t->n_pair_bits);
    if (!(t->pairs[bit / 32] >> bit % 32 & 1))
        return NULL;
    const struct merge *m = t->slots + hash_slot(hash, t->n_slots);
    for (int i = 0; i < PROBES && m->left != NO_MERGE; i++, m++)
        if (m->left == left && m->right == right)
            return m;
    return NULL;
}

/* The same, by way of the pairs that were looked for before. */
static struct merge find(const struct merge_table *t, const struct bpe_work *w, uint32_t left,
                         uint32_t right)
{
    static const struct merge none = {.rank = NO_RANK};
    if (!w->seen) {
        const struct merge *m = bpe_find(t, left, right);
        return m ? *m : none;
    }
    struct merge *seen = &w->seen[pair_hash(left, right) >> (64 - BPE_SEEN_BITS)];
    if (seen->left != left || seen->right != right) {
        const struct merge *m = bpe_find(t, left, right);
        *seen = m ? *m : (struct merge){left, right, NO_RANK, 0};
    }
    return *seen;
}

static bool joins(const struct merge_table *t, uint32_t left, uint32_t right)
{
    uint32_t bit = join_bit(left, right, t->n_join_bits);
    return t->joins[bit / 32] >> bit % 32 & 1;
}

void bpe_remember(struct bpe_work *w)
{
    size_t n = (size_t)1 << BPE_SEEN_BITS;
    w->seen = xmalloc(n * sizeof *w->seen);
    for (size_t i = 0; i < n; i++)
        w->seen[i] = (struct merge){.left = NO_MERGE};
}

void bpe_reserve(struct bpe_work *w, size_t n)
{
    if (w->cap >= n)
        return;
    w->cap = n;
    w->symbols = xrealloc(w->symbols, n, sizeof *w->symbols);
}

void bpe_add(struct bpe_work *w, uint32_t symbol)
{
    w->symbols = xgrow(w->symbols, w->n, &w->cap, sizeof *w->symbols);
    w->symbols[w->n++] = symbol;
}

/* ---- short words ----------------------------------------------------------------------------- */

static void set_pair(const struct merge_table *t, struct bpe_work *w, const uint32_t *ids, size_t i,
                     uint32_t *rank, uint32_t *result)
{
    struct merge m = find(t, w, ids[i], ids[i + 1]);
    rank[i] = m.rank;
    result[i] = m.result;
}

static void merge_short(const struct merge_table *t, struct bpe_work *w, const uint32_t *symbols,
                        size_t n, struct ids *out)
{
    uint32_t ids[SHORT], rank[SHORT], result[SHORT]; /* rank[i]: of the pair at i; [n - 1] */
    memcpy(ids, symbols, n * sizeof *ids);
    for (size_t i = 0; i + 1 < n; i++)
        set_pair(t, w, ids, i, rank, result);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            best = rank[i] < rank[best] ? i : best;
        w->n_steps += n;
        if (rank[best] == NO_RANK)
            break;
        ids[best] = result[best];
        n--;
        for (size_t i = best + 1; i < n; i++) {
            ids[i] = ids[i + 1];
            rank[i - 1] = rank[i];
            result[i - 1] = result[i];
        }
        if (best > 0)
            set_pair(t, w, ids, best - 1, rank, result);
        if (best + 1 < n)
            set_pair(t, w, ids, best, rank, result);
    }
    ids_append(out, (const int32_t *)ids, n);
}

/* ---- long words ------------------------------------------------------------------------------ */

/* Makes the pair that starts at place i a candidate, if there is a merge for it. */
static void propose(const struct merge_table *t, struct bpe_work *w, uint32_t i)
{
    struct place *p = &w->word->places[i];
    p->rank = NO_RANK;
    if (p->next == END)
        return;
    struct merge m = find(t, w, p->id, w->word->places[p->next].id);
    p->rank = m.rank;
    p->result = m.result;
    if (m.rank != NO_RANK)
        merge_queue_push(&w->word->queue, (uint64_t)m.rank << 32 | i);
}

static void take_merge(const struct merge_table *t, struct bpe_work *w, uint32_t i)
{
    struct long_word *l = w->word;
    struct place *p = &l->places[i], *next = &l->places[p->next];
    p->id = p->result;
    next->rank = NO_RANK;
    p->next = next->next;
    if (p->next != END)
        l->places[p->next].prev = i;
    if (p->prev != END)
        propose(t, w, p->prev);
    propose(t, w, i);
}

static void merge_long(const struct merge_table *t, struct bpe_work *w, const uint32_t *symbols,
                       uint32_t n, struct ids *out)
{
    uint64_t key;
    if (!w->word)
        w->word = xcalloc(1, sizeof *w->word);
    struct long_word *l = w->word;
    if (l->cap < n) { /* large pages: a word of a megabyte would wait for thousands of small ones */
        l->cap = n;
        free(l->places);
        l->places = xaligned_scratch(l->cap * sizeof *l->places);
    }
    for (uint32_t i = 0; i < n; i++)
        l->places[i] = (struct place){
            .id = symbols[i], .prev = i ? i - 1 : END, .next = i + 1 < n ? i + 1 : END};
    merge_queue_reserve(&l->queue, n);
    for (uint32_t i = 0; i < n; i++)
        propose(t, w, i);
    for (; merge_queue_pop(&l->queue, &key); w->n_steps++)
        if (l->places[(uint32_t)key].rank == key >> 32) /* else it was merged meanwhile */
            take_merge(t, w, (uint32_t)key);
    for (uint32_t i = 0; i != END; i = l->places[i].next)
        ids_push(out, (int32_t)l->places[i].id);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Where no merge joins two neighbours the word falls into parts that know nothing of each other. */
void bpe_finish(const struct merge_table *t, struct bpe_work *w, struct ids *out)
{
    for (size_t start = 0, end; start < w->n; start = end) {
        const uint32_t *s = w->symbols + start;
        for (end = start + 1; end < w->n && end - start < WORD_MAX; end++)
            if (!joins(t, w->symbols[end - 1], w->symbols[end]))
                break;
        if (end - start == 1)
            ids_push(out, (int32_t)*s);
        else if (end - start <= SHORT)
            merge_short(t, w, s, end - start, out);
        else
            merge_long(t, w, s, (uint32_t)(end - start), out);
    }
    w->n = 0;
}

void bpe_work_free(struct bpe_work *w)
{
    free(w->symbols);
    free(w->seen);
    if (w->word) {
        merge_queue_free(&w->word->queue);
        free(w->word->places);
        free(w->word);
    }
    *w = (struct bpe_work){0};
}
