/* SPDX-License-Identifier: MIT */
#include "merge_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"

static void keys_push(struct keys *k, uint64_t key)
{
    k->keys = xgrow(k->keys, k->n, &k->cap, sizeof *k->keys);
    k->keys[k->n++] = key;
}

/* ---- sorting --------------------------------------------------------------------------------- */

enum { DIGIT = 11, N_DIGITS = 1 << DIGIT, FEW = 1024 };

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_sorted(const struct keys *k)
{
    for (size_t i = 1; i < k->n; i++)
        if (k->keys[i - 1] > k->keys[i])
            return false;
    return true;
}

/* By one digit, stable. */
static void sort_digit(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
    size_t starts[N_DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++)
        starts[(from[i] >> shift & (N_DIGITS - 1)) + 1]++;
    for (size_t d = 0; d < N_DIGITS; d++)
        starts[d + 1] += starts[d];
    for (size_t i = 0; i < n; i++)
        to[starts[from[i] >> shift & (N_DIGITS - 1)]++] = from[i];
}

static void sort(struct keys *k, struct keys *spare)
{
    uint64_t differ = 0;
    if (is_sorted(k))
        return;
    if (k->n < FEW) {
        qsort(k->keys, k->n, sizeof *k->keys, compare);
        return;
    }
    if (spare->cap < k->cap) {
        spare->cap = k->cap;
        free(spare->keys);
        spare->keys = xaligned_scratch(spare->cap * sizeof *spare->keys);
    }
    for (size_t i = 1; i < k->n; i++)
        differ |= k->keys[i] ^ k->keys[0];
    for (unsigned shift = 0; shift < 64; shift += DIGIT) {
        if (!(differ >> shift & (N_DIGITS - 1)))
            continue;
        sort_digit(k->keys, spare->keys, k->n, shift);
        uint64_t *done = spare->keys;
        size_t cap = spare->cap;
        spare->keys = k->keys;
        spare->cap = k->cap;
        k->keys = done;
        k->cap = cap;
    }
}

/* ---- heap ------------------------------------------------------------------------------------ */

static void heap_push(struct keys *h, uint64_t key)
{
    keys_push(h, key);
    size_t i = h->n - 1;
    for (; i && h->keys[(i - 1) / 2] > key; i = (i - 1) / 2)
        h->keys[i] = h->keys[(i - 1) / 2];
    h->keys[i] = key;
}

static uint64_t heap_pop(struct keys *h)
{
    uint64_t top = h->keys[0], key = h->keys[--h->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && h->keys[child + 1] < h->keys[child])
            child++;
        if (h->keys[child] >= key)
            break;
        h->keys[i] = h->keys[child];
    }
    h->keys[i] = key;
    return top;
}

/* ---- queue ----------------------------------------------------------------------------------- */

void merge_queue_reserve(struct merge_queue *q, size_t n)
{
    if (q->later.cap >= n)
        return;
    q->later.cap = n; /* it is empty: nothing was pushed yet, or all was popped */
    free(q->later.keys);
    q->later.keys = xaligned_scratch(n * sizeof *q->later.keys);
}

void merge_queue_push(struct merge_queue *q, uint64_t key)
{
    if (key > q->last || (q->at == q->sorted.n && !q->heap.n))
        keys_push(&q->later, key);
    else
        heap_push(&q->heap, key);
}

bool merge_queue_pop(struct merge_queue *q, uint64_t *key)
{
    if (q->at == q->sorted.n && !q->heap.n) {
        struct keys done = q->sorted;
        if (!q->later.n)
            return false;
        sort(&q->later, &q->spare);
        q->sorted = q->later;
        q->later = (struct keys){done.keys, 0, done.cap};
        q->at = 0;
        q->last = q->sorted.keys[q->sorted.n - 1];
    }
    bool from_heap = q->heap.n && (q->at == q->sorted.n || q->heap.keys[0] < q->sorted.keys[q->at]);
    *key = from_heap ? heap_pop(&q->heap) : q->sorted.keys[q->at++];
    return true;
}

void merge_queue_free(struct merge_queue *q)
{
    free(q->sorted.keys);
    free(q->heap.keys);
    free(q->later.keys);
    free(q->spare.keys);
    *q = (struct merge_queue){0};
}
