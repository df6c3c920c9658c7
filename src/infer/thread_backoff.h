/* SPDX-License-Identifier: MIT
 *
 * thread_backoff: how many threads are of use where other programs want the CPUs too. A thread
 * whose CPU somebody else has for a while keeps all others waiting at the end of each job: then one
 * thread fewer is faster. Judged by how much of its time the caller of the jobs is on a CPU; from
 * time to time one more is tried.
 */
#ifndef QINS_THREAD_BACKOFF_H
#define QINS_THREAD_BACKOFF_H

#include <stdbool.h>

struct thread_backoff {
    unsigned n_threads, n_active; /* 1 <= n_active <= n_threads */
    double spent_ms;              /* in jobs, since the last judgement */
    double cpu_ms;                /* CPU time of the caller at the last judgement */
    double pause_ms, until_ms;    /* how long, and till when, no further one is tried */
    bool suspected;               /* it was one too many at the last judgement */
    bool trying;                  /* the last of them is on trial */
};

void thread_backoff_init(struct thread_backoff *c, unsigned n_threads);
/* A job took this long. -> whether it is time to judge */
bool thread_backoff_note(struct thread_backoff *c, double spent_ms);
/* cpu_ms: CPU time of the caller up to now. -> n_active has changed */
bool thread_backoff_judge(struct thread_backoff *c, double now_ms, double cpu_ms);

#endif
