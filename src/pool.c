/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base.h"
#include "cpus.h"
#include "profile.h"

/* How long a thread spins before it sleeps: longer than the serial bits between two matrices of a
 * forward pass, short enough to be nothing where somebody else needs the core. */
#define SPIN_MS 0.05

enum { CACHE_LINE = 128 };

/* A word that threads sleep on until it changes. */
struct gate {
    _Alignas(CACHE_LINE) _Atomic uint32_t word;
    _Atomic uint32_t n_asleep;
};

/* The protocol. pool_run writes the job, then stores `left` = n_chunks (release). Whoever lowers
 * `left` from a value above zero (acquire) owns one chunk, and the job cannot end before that chunk
 * is counted in `pending`: so the job's fields are stable while anybody may read them, and a worker
 * that comes late finds `left` at zero and touches nothing. `jobs` only wakes: its value means
 * "there was news". */
struct pool {
    pool_fn *fn;
    void *arg;
    uint32_t n_chunks;
    _Atomic bool stop;
    double spin_ms;
    _Alignas(CACHE_LINE) _Atomic uint32_t left; /* chunks nobody has taken */
    struct gate jobs;                           /* counts jobs */
    struct gate pending;                        /* chunks not finished */
    unsigned n_threads;                         /* the caller included */
    struct worker *workers;                     /* [n_threads - 1] */
    struct profile *profile;
#ifndef __linux__
    pthread_mutex_t lock;
    pthread_cond_t changed;
#endif
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    uint32_t index;
};

/* ---- sleeping and waking ----------------------------------------------------------------- */

/* Sleeper: n_asleep up, then look at the word. Waker: change the word, then look at n_asleep. Both
 * in one total order (seq_cst), so one of them sees the other. */

#ifdef __linux__

static void sleep_while(struct pool *p, struct gate *g, uint32_t value)
{
    (void)p;
    atomic_fetch_add(&g->n_asleep, 1);
    while (atomic_load(&g->word) == value)
        syscall(SYS_futex, &g->word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    atomic_fetch_sub(&g->n_asleep, 1);
}

static void wake(struct pool *p, struct gate *g)
{
    (void)p;
    if (atomic_load(&g->n_asleep) > 0)
        syscall(SYS_futex, &g->word, FUTEX_WAKE_PRIVATE, POOL_MAX_THREADS, NULL, NULL, 0);
}

#else

static void sleep_while(struct pool *p, struct gate *g, uint32_t value)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&g->n_asleep, 1);
    while (atomic_load(&g->word) == value)
        pthread_cond_wait(&p->changed, &p->lock);
    atomic_fetch_sub(&g->n_asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

static void wake(struct pool *p, struct gate *g)
{
    if (atomic_load(&g->n_asleep) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

#endif

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
    sleep_while(p, g, value);
}

/* ---- work -------------------------------------------------------------------------------- */

/* Takes chunks while there are any; counts them as finished all at once. */
static void work(struct pool *p, uint32_t worker)
{
    uint32_t n_done = 0;
    uint32_t left = atomic_load_explicit(&p->left, memory_order_relaxed);
    while (left > 0) {
        if (!atomic_compare_exchange_weak_explicit(&p->left, &left, left - 1, memory_order_acquire,
                                                   memory_order_relaxed))
            continue;
        p->fn(p->arg, p->n_chunks - left, worker);
        n_done++;
        left = atomic_load_explicit(&p->left, memory_order_relaxed);
    }
    if (n_done > 0 && atomic_fetch_sub(&p->pending.word, n_done) == n_done)
        wake(p, &p->pending);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    uint32_t seen = 0;
    for (;;) {
        wait_while(p, &p->jobs, seen);
        seen =
            atomic_load(&p->jobs.word); /* before looking for work: news after it is not missed */
        if (atomic_load(&p->stop))
            return NULL;
        work(p, w->index);
    }
}

static void name_thread(pthread_t thread, uint32_t index)
{
#ifdef __linux__
    char name[16];
    snprintf(name, sizeof name, "qins-worker-%u", index % 1000);
    pthread_setname_np(thread, name);
#else
    (void)thread;
    (void)index;
#endif
}

/* Starts the workers with all signals blocked: they are for the program's main thread. */
static void start_workers(struct pool *p, unsigned n)
{
    sigset_t before;
    block_signals(&before);
    for (unsigned i = 0; i < n; i++) {
        struct worker *w = &p->workers[i];
        *w = (struct worker){.pool = p, .index = i + 1};
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            break;
        name_thread(w->thread, w->index);
        p->n_threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct pool *pool_new(unsigned n_threads)
{
    unsigned n_cpus = cpus_usable();
    if (n_threads == 0)
        n_threads = n_cpus;
    if (n_threads > POOL_MAX_THREADS)
        n_threads = POOL_MAX_THREADS;
    void *memory = NULL;
    if (posix_memalign(&memory, CACHE_LINE, sizeof(struct pool)))
        die(EX_OSERR, "qins: out of memory (thread pool)");
    struct pool *p = memory;
    *p = (struct pool){.n_threads = 1, .spin_ms = n_threads <= n_cpus ? SPIN_MS : 0};
#ifndef __linux__
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
#endif
    p->workers = xcalloc(n_threads, sizeof *p->workers);
    start_workers(p, n_threads - 1);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    atomic_fetch_add(&p->jobs.word, 1);
    wake(p, &p->jobs);
    for (unsigned i = 0; i + 1 < p->n_threads; i++)
        pthread_join(p->workers[i].thread, NULL);
#ifndef __linux__
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
#endif
    free(p->workers);
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

void pool_run(struct pool *p, pool_fn *fn, void *arg, uint32_t n_chunks)
{
    if (p->n_threads == 1 || n_chunks <= 1) {
        for (uint32_t i = 0; i < n_chunks; i++)
            fn(arg, i, 0);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    p->n_chunks = n_chunks;
    atomic_store_explicit(&p->pending.word, n_chunks, memory_order_relaxed);
    atomic_store_explicit(&p->left, n_chunks, memory_order_release);
    atomic_fetch_add(&p->jobs.word, 1);
    wake(p, &p->jobs);
    work(p, 0);
    uint64_t start = p->profile ? profile_clock() : 0;
    wait_for_workers(p);
    if (p->profile)
        p->profile->waited_ns += profile_clock() - start;
}
