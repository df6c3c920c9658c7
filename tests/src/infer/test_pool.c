/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base.h"
#include "cpus.h"
#include "pool.h"
#include "test.h"

enum { MAX_CHUNKS = 300 };

struct seen {
    unsigned n_threads;
    uint32_t times[MAX_CHUNKS]; /* plain on purpose: the pool has to order these writes */
    _Atomic uint32_t in_use[POOL_MAX_THREADS];
    _Atomic uint32_t n_bad;
};

static void note(void *arg, uint32_t chunk, uint32_t worker)
{
    struct seen *s = arg;
    if (worker >= s->n_threads || atomic_fetch_add(&s->in_use[worker], 1) != 0)
        atomic_fetch_add(&s->n_bad, 1); /* two at once with one worker's scratch */
    s->times[chunk]++;
    atomic_fetch_sub(&s->in_use[worker], 1);
}

static void test_every_chunk_runs_once(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 5; n++) {
        struct pool *p = pool_new(n);
        struct seen *s = xcalloc(1, sizeof *s);
        s->n_threads = pool_size(p);
        assert_int_equal(s->n_threads, n);
        for (uint32_t round = 0; round < 600; round++) {
            uint32_t n_chunks = round * 7 % MAX_CHUNKS;
            memset(s->times, 0, sizeof s->times);
            pool_run(p, note, s, n_chunks);
            for (uint32_t i = 0; i < MAX_CHUNKS; i++)
                assert_int_equal(s->times[i], i < n_chunks);
        }
        assert_int_equal(atomic_load(&s->n_bad), 0);
        free(s);
        pool_free(p);
    }
}

static void nap(void *arg, uint32_t chunk, uint32_t worker)
{
    usleep(chunk % 3 == 0 ? 300 : 0); /* the others sleep meanwhile, and must wake */
    note(arg, chunk, worker);
}

static void test_pauses_between_and_within_jobs_lose_nothing(void **state)
{
    (void)state;
    struct pool *p = pool_new(3);
    struct seen *s = xcalloc(1, sizeof *s);
    s->n_threads = pool_size(p);
    for (int round = 0; round < 100; round++) {
        memset(s->times, 0, sizeof s->times);
        pool_run(p, nap, s, 7);
        for (uint32_t i = 0; i < 7; i++)
            assert_int_equal(s->times[i], 1);
        usleep(round % 4 * 50);
    }
    free(s);
    pool_free(p);
}

struct others {
    _Atomic uint32_t n_done;
    uint32_t n;
    _Atomic bool gave_up;
};

/* The first chunk of a share waits for all the others: somebody else has to take those. */
static void wait_for_others(void *arg, uint32_t chunk, uint32_t worker)
{
    struct others *o = arg;
    (void)worker;
    double until = now_ms() + 20000;
    while (chunk == 0 && atomic_load(&o->n_done) < o->n - 1 && !atomic_load(&o->gave_up)) {
        usleep(100);
        if (now_ms() > until)
            atomic_store(&o->gave_up, true);
    }
    atomic_fetch_add(&o->n_done, 1);
}

static void test_a_worker_that_hangs_leaves_its_share_to_others(void **state)
{
    (void)state;
    struct pool *p = pool_new(2);
    for (int round = 0; round < 20; round++) {
        struct others o = {.n = 16};
        pool_run(p, wait_for_others, &o, o.n);
        assert_false(atomic_load(&o.gave_up));
        assert_int_equal(atomic_load(&o.n_done), o.n);
    }
    pool_free(p);
}

struct held_up {
    _Atomic bool slow;     /* all but the caller lose their CPUs for a while in each job */
    _Atomic uint32_t mask; /* workers that had a chunk */
};

static void hold_up(void *arg, uint32_t chunk, uint32_t worker)
{
    struct held_up *h = arg;
    (void)chunk;
    atomic_fetch_or(&h->mask, 1u << worker);
    if (worker > 0 && atomic_load(&h->slow))
        usleep(20000);
    for (double until = now_ms() + 1; now_ms() < until;)
        continue;
}

/* -> whether jobs come to be done by these workers, three in a row */
static bool comes_to(struct pool *p, struct held_up *h, uint32_t mask)
{
    double until = now_ms() + 30000;
    for (int in_a_row = 0; in_a_row < 3 && now_ms() < until;) {
        atomic_store(&h->mask, 0);
        pool_run(p, hold_up, h, 8);
        in_a_row = atomic_load(&h->mask) == mask ? in_a_row + 1 : 0;
        if (in_a_row == 3)
            return true;
    }
    return false;
}

static void test_workers_that_are_held_up_are_left_out_for_a_while(void **state)
{
    (void)state;
    struct pool *p = pool_new(2);
    struct held_up h = {.slow = true};
    assert_true(comes_to(p, &h, 1));
    atomic_store(&h.slow, false);
    assert_true(comes_to(p, &h, 3));
    pool_free(p);
}

static void test_waiting_for_a_disk_costs_no_thread(void **state)
{
    (void)state;
    struct pool *p = pool_new(2);
    struct held_up h = {.slow = true};
    int n_jobs = 0, n_shared = 0;
    for (double until = now_ms() + 1000; now_ms() < until; n_jobs++) {
        atomic_store(&h.mask, 0);
        pool_run_io(p, hold_up, &h, 8);
        n_shared += atomic_load(&h.mask) == 3;
    }
    assert_true(n_shared > n_jobs / 3); /* some may be over before a busy machine wakes the other */
    pool_free(p);
}

static void look_at_signals(void *arg, uint32_t chunk, uint32_t worker)
{
    (void)chunk;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    usleep(2000); /* so that every worker gets a chunk */
    if (worker != 0 && !(sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGWINCH) &&
                         sigismember(&blocked, SIGTERM)))
        atomic_fetch_add((_Atomic uint32_t *)arg, 1);
}

static void test_workers_block_signals_and_the_caller_does_not(void **state)
{
    (void)state;
    struct pool *p = pool_new(3);
    _Atomic uint32_t n_bad = 0;
    pool_run(p, look_at_signals, &n_bad, 12);
    assert_int_equal(atomic_load(&n_bad), 0);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGINT));
    pool_free(p);
}

static void test_absurd_sizes_become_possible_ones(void **state)
{
    (void)state;
    struct pool *p = pool_new(100000);
    assert_in_range(pool_size(p), 1, POOL_MAX_THREADS);
    pool_free(p);
    assert_in_range(pool_default_threads(), 1, 4096);
    p = pool_new(0);
    assert_int_equal(pool_size(p), pool_default_threads());
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chunk_runs_once),
        cmocka_unit_test(test_pauses_between_and_within_jobs_lose_nothing),
        cmocka_unit_test(test_a_worker_that_hangs_leaves_its_share_to_others),
        cmocka_unit_test(test_workers_that_are_held_up_are_left_out_for_a_while),
        cmocka_unit_test(test_waiting_for_a_disk_costs_no_thread),
        cmocka_unit_test(test_workers_block_signals_and_the_caller_does_not),
        cmocka_unit_test(test_absurd_sizes_become_possible_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
