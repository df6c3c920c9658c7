/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base.h"
#include "cpus.h"
#include "profile.h"
#include "system.h"
#include "thread_backoff.h"

/* How long a thread spins before it sleeps: longer than the serial bits between two matrices of a
 * forward pass, short enough to be nothing where somebody else needs the core. */
#define SPIN_MS 0.05

enum { CACHE_LINE = 128 };

/* A word that threads sleep on until it changes. */
struct gate {
    _Alignas(CACHE_LINE) _Atomic uint32_t word;
    _Atomic uint32_t n_asleep;
};

/* Chunks that nobody has taken: first | end << 32. The owner takes the first, others the last. */
struct share {
    _Alignas(CACHE_LINE) _Atomic uint64_t range;
};

/* The protocol. pool_run writes the job, then every worker's share of the chunks (release). Whoever
 * shortens a share (acquire) owns one chunk, and the job cannot end before that chunk is counted in
 * `pending`: so the job's fields are stable while anybody may read them, and a worker that comes
 * late finds all shares empty and touches nothing. `jobs` only wakes: its value means "there was
 * news".
 *
 * A share is a run of neighbouring chunks: a worker reads its part of a matrix as one stream, which
 * is what memory is fastest at, and helps others only when it is done. */
struct pool {
    pool_fn *fn;
    void *arg;
    _Atomic bool stop;
    double spin_ms;
    struct gate jobs;              /* counts jobs */
    struct gate calls;             /* counts changes of n_active */
    struct gate pending;           /* chunks not finished */
    struct share *shares;          /* [n_threads] */
    unsigned n_threads;            /* the caller included */
    _Atomic unsigned n_active;     /* those that are to work; a late one may work on for a while */
    struct thread_backoff backoff; /* of the caller */
    struct worker *workers;        /* [n_threads - 1] */
    struct profile *profile;
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    uint32_t index;
};

/* ---- sleeping and waking -------------------------------------------------------------- */

/* Sleeper: n_asleep up, then look at the word. Waker: change the word, then look at n_asleep. Both
 * in one total order (seq_cst), so one of them sees the other. */

static void sleep_while(struct gate *g, uint32_t value)
{
    atomic_fetch_add(&g->n_asleep, 1);
    system_wait_while(&g->word, value);
    atomic_fetch_sub(&g->n_asleep, 1);
}

static void wake(struct gate *g)
{
    if (atomic_load(&g->n_asleep) > 0)
        system_wake_all(&g->word);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until the word is no longer `value`. */
static void wait_while(struct pool *p, struct gate *g, uint32_t value)
{
    double until = now_ms() + p->spin_ms;
    do {
        for (int i = 0; i < 16; i++) {
            if (atomic_load_explicit(&g->word, memory_order_acquire) != value)
                return;
            relax();
        }
    } while (now_ms() < until);
    sleep_while(g, value);
}

/* ---- work ----------------------------------------------------------------------------- */

/* -> false when the share is empty. */
static bool take(struct share *s, bool own, uint32_t *chunk)
{
    uint64_t range = atomic_load_explicit(&s->range, memory_order_relaxed), rest;
    do {
        uint32_t first = (uint32_t)range, end = (uint32_t)(range >> 32);
        if (first >= end)
            return false;
        *chunk = own ? first : end - 1;
        rest = own ? range + 1 : range - ((uint64_t)1 << 32);
    } while (!atomic_compare_exchange_weak_explicit(&s->range, &range, rest, memory_order_acquire,
                                                    memory_order_relaxed));
    return true;
}

/* Takes chunks while there are any, its own first; counts them as finished all at once. */
static void work(struct pool *p, uint32_t worker)
{
    uint32_t n_done = 0, chunk;
    for (unsigned i = 0; i < p->n_threads; i++)
        while (take(&p->shares[(worker + i) % p->n_threads], i == 0, &chunk)) {
            p->fn(p->arg, chunk, worker);
            n_done++;
        }
    if (n_done > 0 && atomic_fetch_sub(&p->pending.word, n_done) == n_done)
        wake(&p->pending);
}

/* Sleeps, whatever jobs come, while this many workers are not wanted. */
static void rest(struct pool *p, uint32_t worker)
{
    for (;;) {
        uint32_t seen = atomic_load(&p->calls.word);
        if (worker < atomic_load(&p->n_active) || atomic_load(&p->stop))
            return;
        sleep_while(&p->calls, seen);
    }
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    uint32_t seen = 0;
    char name[16];
    snprintf(name, sizeof name, "qins-worker-%u", w->index % 1000);
    system_thread_start(name);
    for (;;) {
        rest(p, w->index);
        wait_while(p, &p->jobs, seen);
        seen =
            atomic_load(&p->jobs.word); /* before looking for work: news after it is not missed */
        if (atomic_load(&p->stop))
            return NULL;
        work(p, w->index);
    }
}

static void start_workers(struct pool *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct worker *w = &p->workers[i];
        *w = (struct worker){.pool = p, .index = i + 1};
        if (start_thread(&w->thread, worker_main, w) != 0)
            break;
        p->n_threads++;
    }
}

static void *cache_lines(size_t size)
{
    void *memory = NULL;
    if (posix_memalign(&memory, CACHE_LINE, size))
        die(EX_OSERR, "out of memory (thread pool)");
    return memory;
}

struct pool *pool_new(unsigned n_threads)
{
    unsigned n_cpus = cpus_usable();
    if (n_threads == 0)
        n_threads = n_cpus;
    if (n_threads > POOL_MAX_THREADS)
        n_threads = POOL_MAX_THREADS;
    struct pool *p = cache_lines(sizeof *p);
    *p = (struct pool){.n_threads = 1, .spin_ms = n_threads <= n_cpus ? SPIN_MS : 0};
    p->workers = xcalloc(n_threads, sizeof *p->workers);
    p->shares = cache_lines(n_threads * sizeof *p->shares);
    memset(p->shares, 0, n_threads * sizeof *p->shares);
    atomic_store(&p->n_active, n_threads);
    start_workers(p, n_threads - 1);
    thread_backoff_init(&p->backoff, p->n_threads);
    atomic_store(&p->n_active, p->n_threads);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    atomic_fetch_add(&p->jobs.word, 1);
    wake(&p->jobs);
    atomic_fetch_add(&p->calls.word, 1);
    wake(&p->calls);
    for (unsigned i = 0; i + 1 < p->n_threads; i++)
        pthread_join(p->workers[i].thread, NULL);
    free(p->workers);
    free(p->shares);
    free(p);
}

unsigned pool_size(const struct pool *p)
{
    return p->n_threads;
}

unsigned pool_default_threads(void)
{
    return cpus_usable();
}

void pool_set_profile(struct pool *p, struct profile *profile)
{
    p->profile = profile;
}

struct profile *pool_profile(const struct pool *p)
{
    return p->profile;
}

static void wait_for_workers(struct pool *p)
{
    uint32_t n;
    while ((n = atomic_load_explicit(&p->pending.word, memory_order_acquire)) > 0)
        wait_while(p, &p->pending, n);
}

static void share_out(struct pool *p, uint32_t n_chunks)
{
    uint64_t n = p->backoff.n_active;
    for (uint64_t i = 0; i < p->n_threads; i++) {
        uint64_t first = n_chunks * i / n, end = n_chunks * (i + 1) / n;
        atomic_store_explicit(&p->shares[i].range, i < n ? first | end << 32 : 0,
                              memory_order_release);
    }
}

static void note_time(struct pool *p, double spent_ms)
{
    if (!thread_backoff_note(&p->backoff, spent_ms))
        return;
    if (!thread_backoff_judge(&p->backoff, now_ms(), thread_ms()))
        return;
    atomic_store(&p->n_active, p->backoff.n_active);
    atomic_fetch_add(&p->calls.word, 1);
    wake(&p->calls);
}

void pool_run_io(struct pool *p, pool_fn *fn, void *arg, uint32_t n_chunks)
{
    if (p->n_threads == 1 || n_chunks <= 1) {
        for (uint32_t i = 0; i < n_chunks; i++)
            fn(arg, i, 0);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    atomic_store_explicit(&p->pending.word, n_chunks, memory_order_relaxed);
    share_out(p, n_chunks);
    if (p->backoff.n_active > 1) {
        atomic_fetch_add(&p->jobs.word, 1);
        wake(&p->jobs);
    }
    work(p, 0);
    uint64_t worked = p->profile ? profile_clock() : 0;
    wait_for_workers(p);
    if (p->profile)
        p->profile->waited_ns += profile_clock() - worked;
}

void pool_run(struct pool *p, pool_fn *fn, void *arg, uint32_t n_chunks)
{
    double start = now_ms();
    pool_run_io(p, fn, arg, n_chunks);
    if (p->n_threads > 1 && n_chunks > 1)
        note_time(p, now_ms() - start);
}
