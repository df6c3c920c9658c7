/* SPDX-License-Identifier: MIT
 *
 * conversation: a tree of messages, of which one path is shown and sent: from a root to the leaf.
 * Answering anew and rewriting a message add siblings; no message is ever removed.
 *
 * Messages are numbered in the order in which they came, and a parent comes before its children.
 */
#ifndef QINS_CONVERSATION_H
#define QINS_CONVERSATION_H

#include "chat.h"
#include "events.h"
#include "token_odds.h"

enum { NO_MESSAGE = -1 };

struct message {
    enum chat_role role;    /* user or assistant */
    struct buf text;        /* exact bytes, not sanitised */
    struct buf thinking;    /* what the model thought before it; no markers, not sanitised */
    uint32_t n_thinking;    /* tokens of the thinking; of all turns that wrote this answer */
    float thinking_ms;      /* that it took */
    struct ids ids;         /* as in struct chat_message; not saved */
    struct odds odds;       /* of each of the ids, if known; not saved */
    uint32_t n_file_tokens; /* of the files in it, of the model now; 0: not counted; not saved */
    char *model;            /* that wrote it; NULL: a user, or not known */
    bool open;              /* text may still be added */
    enum stop_reason stop;  /* of an answer that is not open; STOP_NONE: the program ended first */
    struct turn_stats stats;
    int64_t time;                                            /* ms since 1970 */
    int32_t parent, first_child, last_child, previous, next; /* numbers; previous, next: siblings */
    bool in_store, changed;                                  /* is saved; has changed since */
};

struct conversation {
    struct message *messages; /* [n] */
    size_t n, cap;
    int32_t *path; /* [n_path] root to leaf */
    size_t n_path, cap_path;
    char *title;                   /* NULL: not named yet; raw */
    char *system, *model, *preset; /* of the last turn; NULL: none yet */
    int64_t id;                    /* in the store; 0: not there */
    bool title_changed, moved;     /* the title, the path: since it was saved */
};

void conversation_free(struct conversation *c); /* and zeroes it: an empty one */

/* Adds a message behind the leaf and makes it the leaf. -> its number */
int32_t conversation_add(struct conversation *c, enum chat_role role, const char *text, size_t n);
/* The same with all of a message that is there. */
int32_t conversation_add_copy(struct conversation *c, int32_t number);
/* The end of the path, or NO_MESSAGE. */
int32_t conversation_leaf(const struct conversation *c);
/* The path ends here, which may be NO_MESSAGE: nothing was said yet. */
void conversation_cut(struct conversation *c, int32_t leaf);
/* The path leads through this message, and on as it went last. */
void conversation_choose(struct conversation *c, int32_t number);
/* The last message of a role on the path, or NO_MESSAGE. */
int32_t conversation_last(const struct conversation *c, enum chat_role role);
/* How many versions of a message there are; *which: 1 for the first. */
int conversation_versions(const struct conversation *c, int32_t number, int *which);
/* Takes the last message out again, which must be the leaf and not yet saved. */
void conversation_drop_leaf(struct conversation *c);

/* For the engine: the path as a list, appended. */
void conversation_chat(const struct conversation *c, struct chat *out);
/* The first words of a text as a title; caller frees. */
char *conversation_title_of(const char *text, size_t n);
/* One line of a text around byte `at`; caller frees. */
char *conversation_excerpt(const char *text, size_t n, size_t at);
/* Detaches it from the store: the next save writes all of it under a new id. */
void conversation_detach(struct conversation *c);
/* Something is not saved. */
bool conversation_unsaved(const struct conversation *c);

/* "end", "length", "context", "stopped", "text"; "interrupted" for STOP_NONE. */
const char *stop_reason_name(enum stop_reason stop);
enum stop_reason stop_reason_find(const char *name); /* NULL or unknown: STOP_NONE */

int64_t now_ms_1970(void);

#endif
