/* SPDX-License-Identifier: MIT */
#include "test.h"
#include "thread_backoff.h"

struct clock {
    double now, cpu; /* ms */
};

/* A job of 10 ms, a part of which the caller has no CPU. -> n_active has changed */
static bool job(struct thread_backoff *c, struct clock *t, double away)
{
    t->now += 10;
    t->cpu += 10 * (1 - away);
    return thread_backoff_note(c, 10) && thread_backoff_judge(c, t->now, t->cpu);
}

/* -> threads that work after a second */
static unsigned second_of(struct thread_backoff *c, struct clock *t, double away)
{
    for (int i = 0; i < 100; i++)
        job(c, t, away);
    return c->n_active;
}

/* Jobs until the number of threads is another. -> ms that it took */
static double until_change(struct thread_backoff *c, struct clock *t, double away)
{
    double start = t->now;
    while (!job(c, t, away))
        assert_true(t->now - start < 60000);
    return t->now - start;
}

static void test_a_machine_of_our_own_keeps_all_threads(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 64; n *= 2) {
        struct thread_backoff c;
        struct clock t = {0};
        thread_backoff_init(&c, n);
        assert_int_equal(second_of(&c, &t, 0.01), n);
        assert_int_equal(second_of(&c, &t, 0.14), n);
    }
}

/* One program beside two threads takes the caller's CPU for 45 % of the time. */
static void test_being_held_up_costs_a_thread_for_a_while(void **state)
{
    (void)state;
    struct thread_backoff c;
    struct clock t = {0};
    thread_backoff_init(&c, 2);
    assert_int_equal(second_of(&c, &t, 0.29), 2);
    assert_in_range(until_change(&c, &t, 0.45), 110, 300);
    assert_int_equal(c.n_active, 1);
    double pause = until_change(&c, &t, 0);
    assert_true(pause >= 1000 && pause <= 1200);
    assert_int_equal(c.n_active, 2);
    assert_int_equal(second_of(&c, &t, 0.01), 2); /* the other program has gone */
}

static void test_a_moment_costs_nothing(void **state)
{
    (void)state;
    struct thread_backoff c;
    struct clock t = {0};
    thread_backoff_init(&c, 2);
    for (int i = 0; i < 1000; i++)
        assert_false(job(&c, &t, i % 20 < 10 ? 0.9 : 0));
}

static void test_pauses_grow_and_begin_anew(void **state)
{
    (void)state;
    struct thread_backoff c;
    struct clock t = {0};
    thread_backoff_init(&c, 2);
    static const double pauses[] = {1000, 2000, 4000, 8000, 8000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        assert_true(until_change(&c, &t, 0.6) <= 300);
        double pause = until_change(&c, &t, 0);
        assert_true(pause >= pauses[i] && pause <= pauses[i] + 200);
    }
    second_of(&c, &t, 0);
    until_change(&c, &t, 0.6);
    assert_true(until_change(&c, &t, 0) <= 1200);
}

/* Of eight, one is held up. */
static void test_of_many_one_goes(void **state)
{
    (void)state;
    struct thread_backoff c;
    struct clock t = {0};
    thread_backoff_init(&c, 8);
    until_change(&c, &t, 0.25);
    assert_int_equal(c.n_active, 7);
    assert_int_equal(second_of(&c, &t, 0.05), 8); /* tried again after its pause */
    thread_backoff_init(&c, 8);
    for (int i = 0; i < 7; i++)
        until_change(&c, &t, 0.9);
    assert_int_equal(c.n_active, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_machine_of_our_own_keeps_all_threads),
        cmocka_unit_test(test_being_held_up_costs_a_thread_for_a_while),
        cmocka_unit_test(test_a_moment_costs_nothing),
        cmocka_unit_test(test_pauses_grow_and_begin_anew),
        cmocka_unit_test(test_of_many_one_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
