/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "utf8.h"

/* The pair that orders the ring: what was written into a slot before an index was published is seen
 * by whoever acquires that index. EVENTS_RELAXED takes the order away; a test under ThreadSanitizer
 * builds the queue so and must see the race. */
#ifdef EVENTS_RELAXED
#define ORDER_PUBLISH memory_order_relaxed
#define ORDER_OBSERVE memory_order_relaxed
#else
#define ORDER_PUBLISH memory_order_release
#define ORDER_OBSERVE memory_order_acquire
#endif

enum { CACHE_LINE = 128 }; /* Apple's lines; a multiple of everybody else's */

/* Indices count events for ever and wrap; slot = index & mask. Each side keeps its index and its
 * last view of the other's on a line of its own, and looks at the other's line only when it must.
 */
struct event_queue {
    _Alignas(CACHE_LINE) _Atomic uint32_t tail; /* next to push; written by the producer */
    uint32_t head_seen;
    _Alignas(CACHE_LINE) _Atomic uint32_t head; /* next to pop; written by the consumer */
    uint32_t tail_seen;
    _Alignas(CACHE_LINE) struct event *slots; /* [mask + 1] */
    uint32_t mask;
};

void event_set_text(struct event *e, const char *text, size_t n)
{
    n = n <= EVENT_TEXT_MAX ? n : utf8_complete(text, EVENT_TEXT_MAX);
    memcpy(e->text, text, n);
    e->n_text = (uint8_t)n;
}

struct event_queue *event_queue_new(uint32_t capacity)
{
    assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
    void *p = NULL;
    if (posix_memalign(&p, CACHE_LINE, sizeof(struct event_queue)))
        die(EX_OSERR, "out of memory (event queue)");
    struct event_queue *q = p;
    *q = (struct event_queue){.slots = xaligned(capacity * sizeof(struct event)),
                              .mask = capacity - 1};
    return q;
}

void event_queue_free(struct event_queue *q)
{
    if (!q)
        return;
    free(q->slots);
    free(q);
}

bool event_queue_push(struct event_queue *q, const struct event *e)
{
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    if (tail - q->head_seen > q->mask) {
        q->head_seen = atomic_load_explicit(&q->head, ORDER_OBSERVE);
        if (tail - q->head_seen > q->mask)
            return false;
    }
    q->slots[tail & q->mask] = *e;
    atomic_store_explicit(&q->tail, tail + 1, ORDER_PUBLISH);
    return true;
}

bool event_queue_pop(struct event_queue *q, struct event *e)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    if (head == q->tail_seen) {
        q->tail_seen = atomic_load_explicit(&q->tail, ORDER_OBSERVE);
        if (head == q->tail_seen)
            return false;
    }
    *e = q->slots[head & q->mask];
    atomic_store_explicit(&q->head, head + 1, ORDER_PUBLISH);
    return true;
}
