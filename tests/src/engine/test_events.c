/* SPDX-License-Identifier: MIT
 *
 * The event queue between two threads. The same program is built a second time over a queue without
 * memory ordering where ThreadSanitizer watches: there it has to fail (meson.build).
 */
#include <pthread.h>
#include <sched.h>

#include "events.h"
#include "test.h"

enum { CAPACITY = 8, N_STRESS = 100000 };

static struct event numbered(uint32_t i)
{
    struct event e = {.type = EVENT_TEXT, .turn = i, .done = (uint64_t)i * 3};
    e.n_text = (uint8_t)(i % (EVENT_TEXT_MAX + 1));
    memset(e.text, (int)(i & 0xff), e.n_text);
    return e;
}

static bool is_numbered(const struct event *e, uint32_t i)
{
    struct event want = numbered(i);
    return e->turn == i && e->done == want.done && e->n_text == want.n_text &&
           memcmp(e->text, want.text, want.n_text) == 0;
}

static void test_queue_keeps_order_and_holds_its_capacity(void **state)
{
    (void)state;
    struct event_queue *q = event_queue_new(CAPACITY);
    struct event e;
    uint32_t in = 0, out = 0;
    assert_false(event_queue_pop(q, &e));
    for (int round = 0; round < 100; round++) { /* wraps around many times */
        for (;;) {
            e = numbered(in);
            if (!event_queue_push(q, &e))
                break;
            in++;
        }
        assert_int_equal(in - out, CAPACITY);
        for (int i = 0; i < 1 + round % CAPACITY; i++) {
            assert_true(event_queue_pop(q, &e));
            assert_true(is_numbered(&e, out++));
        }
    }
    while (event_queue_pop(q, &e))
        assert_true(is_numbered(&e, out++));
    assert_int_equal(in, out);
    event_queue_free(q);
}

static void *produce(void *arg)
{
    struct event_queue *q = arg;
    for (uint32_t i = 0; i < N_STRESS; i++) {
        struct event e = numbered(i);
        while (!event_queue_push(q, &e))
            sched_yield();
    }
    return NULL;
}

static void test_no_event_is_lost_or_torn_between_threads(void **state)
{
    (void)state;
    struct event_queue *q = event_queue_new(CAPACITY);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, q), 0);
    uint32_t n_bad = 0;
    for (uint32_t i = 0; i < N_STRESS;) {
        struct event e;
        if (event_queue_pop(q, &e))
            n_bad += !is_numbered(&e, i++);
        else
            sched_yield();
    }
    pthread_join(producer, NULL);
    assert_int_equal(n_bad, 0);
    event_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_keeps_order_and_holds_its_capacity),
        cmocka_unit_test(test_no_event_is_lost_or_torn_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
