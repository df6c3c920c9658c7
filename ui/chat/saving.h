/* SPDX-License-Identifier: MIT
 *
 * saving: stores the conversation as it grows. Finished messages are saved at once, streaming text
 * every second, less often when saving is slow: SAVE_PAUSE times what the last one took lies
 * between, since the whole answer is written each time and the chat waits for it. If the disk
 * fails, the user gets one notice; the chat goes on, and later attempts are made quietly.
 */
#ifndef QINS_SAVING_H
#define QINS_SAVING_H

#include "store.h"

enum { SAVE_EVERY_MS = 1000, SAVE_RETRY_MS = 10000, SAVE_PAUSE = 20 };

struct saving {
    bool off;            /* nothing is to be saved */
    char *folder;        /* NULL: there is none */
    struct store *store; /* NULL: not open, or failed */
    bool failed;         /* since the last success; the user was told */
    bool suspected;      /* was called damaged since then, and opened anew */
    char *reason;        /* of the last failure; NULL: there was none */
    double took_ms;      /* the last time */
    double due;          /* when saving_now is to be called, in now_ms time; 0: never */
    struct buf news;     /* what the user has to know; raw; taken by saving_news */
};

void saving_free(struct saving *s);
/* The open store, or NULL and the reason. */
struct store *saving_store(struct saving *s, struct error *err);

/* Streamed text changed; saved within a second. */
void saving_later(struct saving *s);
/* Saves what is not saved. -> whether all of it is */
bool saving_now(struct saving *s, struct conversation *c);
/* The conversation is closed: others may have it. */
void saving_release(struct saving *s);
/* -> a notice for the user, once; NULL: none. Caller frees. */
char *saving_news(struct saving *s);

#endif
