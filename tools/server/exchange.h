/* SPDX-License-Identifier: MIT
 *
 * exchange: one request for an answer between the connection that asked and the scheduler that
 * answers. Text is handed over as it comes and joined if nobody takes it, so a slow reader holds
 * nobody up and never costs more than the text of its own answer.
 */
#ifndef QINS_EXCHANGE_H
#define QINS_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "completion_request.h"

enum exchange_end {
    EXCHANGE_OPEN,
    EXCHANGE_STOP,   /* the model's end, a stop text, the end of a grammar */
    EXCHANGE_LENGTH, /* max_tokens, or the context is full */
    EXCHANGE_FAILED, /* *failure says why */
    EXCHANGE_CUT,    /* cancelled, or the server stops */
};

struct exchange_usage {
    uint32_t n_prompt, n_cached, n_tokens, n_thinking;
};

/* What has come since the last look. */
struct exchange_news {
    struct buf text, thinking; /* the caller's, to free */
    enum exchange_end end;
    struct exchange_usage usage;
};

typedef void exchange_wake_fn(void *arg);

struct exchange {
    struct completion_request request; /* constant once it is submitted */
    struct exchange *next;             /* of the scheduler's queue */
    double submitted_ms;
    atomic_uint n_users;
    _Atomic bool cancelled; /* the client has gone */

    pthread_mutex_t lock;
    struct buf text, thinking; /* under lock, as what follows */
    enum exchange_end end;
    struct exchange_usage usage;
    struct error failure;
    bool waits;             /* the connection sleeps until news come */
    exchange_wake_fn *wake; /* called once for each time that it waits, under the lock */
    void *wake_arg;
};

/* Takes the request's contents. One user: the caller. */
struct exchange *exchange_new(struct completion_request *r, exchange_wake_fn *wake, void *arg);
void exchange_use(struct exchange *x);
void exchange_free(struct exchange *x); /* one user less; the last one frees */

/* ---- the scheduler's side ------------------------------------------------------------- */

/* Empties both texts. */
void exchange_push(struct exchange *x, struct buf *text, struct buf *thinking,
                   const struct exchange_usage *usage);
/* failure: of EXCHANGE_FAILED, else NULL. */
void exchange_finish(struct exchange *x, enum exchange_end end, const struct error *failure);

/* ---- the connection's side ------------------------------------------------------------ */

/* -> false: nothing has come, and `sleep` was called: the exchange's wake function will be. What
 * waits for the end alone sets until_end: its text is not taken before. */
bool exchange_take(struct exchange *x, bool until_end, struct exchange_news *out,
                   void (*sleep)(void *arg), void *arg);
void exchange_cancel(struct exchange *x); /* and wakes whoever waits */
/* From here on nobody is woken. */
void exchange_leave(struct exchange *x);

#endif
