/* SPDX-License-Identifier: MIT
 *
 * scheduler: the thread that computes. Requests wait in one queue, first come, first served; up to
 * n_parallel are answered at once. Each round evaluates a piece of one prompt, the next prompt's
 * turn in the next round, and then one token of every answer that is being written, with one read
 * of the weights (batch.h): who is being answered goes on while others are read. A request takes
 * the free place whose tokens have most in common with its own.
 */
#ifndef QINS_SCHEDULER_H
#define QINS_SCHEDULER_H

#include "exchange.h"

struct scheduler;

struct scheduler_options {
    const struct served_model *model;
    uint32_t n_parallel; /* >= 1 */
    uint32_t max_queue;  /* that may wait */
    uint32_t piece;      /* tokens of a prompt per round while others are being answered */
};

/* All since the start. */
struct scheduler_counts {
    uint64_t n_prompt, n_cached, n_generated; /* tokens */
    uint64_t n_answers, n_cut, n_failed, n_refused;
    uint64_t n_steps, n_rows;      /* passes over answers, and tokens in them */
    double prompt_ms, step_ms;     /* of such passes */
    uint32_t n_running, n_waiting; /* now */
    uint64_t kv_tokens, kv_bytes;  /* now */
};

struct scheduler *scheduler_start(const struct scheduler_options *o, struct error *err);
/* A use of the exchange is taken over. -> false: the queue is full, or no more are taken; the use
 * stays the caller's. */
bool scheduler_submit(struct scheduler *s, struct exchange *x);
/* Takes no more; what waits is cut. now: what runs is, too. */
void scheduler_close(struct scheduler *s, bool now);
bool scheduler_is_idle(struct scheduler *s);
bool scheduler_is_open(struct scheduler *s);
void scheduler_stop(struct scheduler *s); /* cuts all, joins, frees */

void scheduler_count(struct scheduler *s, struct scheduler_counts *out);

#endif
