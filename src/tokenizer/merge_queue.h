/* SPDX-License-Identifier: MIT
 *
 * merge_queue: candidates of merges, smallest key first (rank, then position). Most come in order
 * or later than all that wait: these are sorted lists; the rest is a heap.
 */
#ifndef QINS_MERGE_QUEUE_H
#define QINS_MERGE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keys {
    uint64_t *keys;
    size_t n, cap;
};

struct merge_queue {
    struct keys sorted; /* taken from `at` on */
    size_t at;
    struct keys heap;  /* keys below the last of `sorted` */
    struct keys later; /* keys above it, in any order */
    struct keys spare; /* scratch of sorting */
    uint64_t last;     /* greatest key of `sorted` */
};

/* Room for the first n keys. */
void merge_queue_reserve(struct merge_queue *q, size_t n);
void merge_queue_push(struct merge_queue *q, uint64_t key);
/* -> false: empty. */
bool merge_queue_pop(struct merge_queue *q, uint64_t *key);
void merge_queue_free(struct merge_queue *q);

#endif
