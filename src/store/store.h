/* SPDX-License-Identifier: MIT
 *
 * store: saved conversations, in one SQLite file. What a call has saved is there after a crash of
 * the program; what was finished, after a power cut too.
 *
 * Several programs may use the file at once. Each holds the conversation that it shows by a lock
 * that ends with the process; nobody else writes to it.
 *
 * No call waits longer than STORE_WAIT_MS for another program. After a failure the store is to be
 * closed and may be opened again later; what was saved before stays as it was.
 */
#ifndef QINS_STORE_H
#define QINS_STORE_H

#include "conversation.h"

enum { STORE_WAIT_MS = 250, STORE_SEARCH_MS = 400 };

struct store;

/* `folder` is made if it is missing, for its owner alone. Conversations that a crash has left
 * open are closed. The file of a newer version of the program is refused and left as it is. On a
 * disk that is read-only the store is STORE_READ_ONLY, and nothing in it is locked. */
struct store *store_open(const char *folder, struct error *err);
void store_close(struct store *s); /* NULL is fine */

enum store_state {
    STORE_GOOD,
    STORE_DAMAGED,   /* the file is no whole database: store_set_aside, then open a new one */
    STORE_REPLACED,  /* not the file, or not the conversation, that it was: detach and save again */
    STORE_READ_ONLY, /* its disk takes nothing now: what is there can be read; open it anew to save
                      */
};
/* What the last failure was due to; of NULL: what store_open failed on. */
enum store_state store_state(const struct store *s);
/* Gives the damaged file another name, which is returned (caller frees), or NULL. */
char *store_set_aside(const char *folder, struct error *err);

/* Saves what has changed, all of it or nothing. The first time gives the conversation its id. */
bool store_save(struct store *s, struct conversation *c, struct error *err);

/* *c must be empty. If another program has it open, it becomes a copy: *taken is true and c->id
 * 0, so that what is said here is saved apart. */
bool store_load(struct store *s, int64_t id, struct conversation *c, bool *taken,
                struct error *err);
/* The conversation that this store holds is free for others. */
void store_release(struct store *s);

struct store_entry {
    int64_t id;
    char *title, *model; /* raw; model may be NULL */
    char *found;         /* text around the place that was searched for, or NULL */
    int64_t changed;     /* ms since 1970 */
    uint32_t n_messages;
};

struct store_list {
    struct store_entry *entries; /* [n] newest first */
    size_t n, cap;
};

/* At most `max` conversations; with words in `query`, those with all of them in one message or in
 * the title. A search that takes long ends early with what it has. */
bool store_find(struct store *s, const char *query, size_t max, struct store_list *out,
                struct error *err);
void store_list_free(struct store_list *l);

bool store_rename(struct store *s, int64_t id, const char *title, struct error *err);
/* Not while another program has it open (EX_TEMPFAIL). */
bool store_delete(struct store *s, int64_t id, struct error *err);

#endif
