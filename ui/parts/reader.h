/* SPDX-License-Identifier: MIT
 *
 * reader: what is being read: the chat, or a page over it (help and the like); how far it is
 * scrolled, and what is looked for.
 */
#ifndef QINS_READER_H
#define QINS_READER_H

#include "conversation.h"
#include "emoji.h"
#include "keymap.h"
#include "options.h"
#include "transcript.h"

/* A message whose thinking the user has opened or closed: the number may be one of another
 * conversation's messages, too. */
struct fold {
    int64_t time; /* of the message */
    int32_t number;
    bool open;
};

struct reader {
    struct transcript transcript, pager; /* the chat; a page (LAYER_PAGER) */
    const char *pager_name;              /* "Help" */
    bool raw;                            /* the other of Markdown and text as written */
    bool no_sidebar;                     /* the user has hidden it */
    int32_t letter;                      /* the last key in the chat, if it was a character; or 0 */
    double letter_at;                    /* when; now_ms */
    bool bare;                           /* text alone, for the terminal's own selection */
    struct buf find;                     /* what to find, while it is typed (LAYER_FIND) */
    size_t code_item, code_next; /* message whose code was copied last, and which of it is next */
    struct fold *folds;          /* [n_folds] those that are not as all_open says */
    size_t n_folds, cap_folds;
    bool all_open; /* the thinking of all other messages is shown */
};

void reader_init(struct reader *r);
void reader_free(struct reader *r);
/* Answers as raw text, not as Markdown. */
bool reader_shows_raw(const struct reader *r, const struct options *o);
enum emoji reader_emoji(const struct options *o);
/* Is the thinking of message `number` of c shown, or the files in it? Versions have each their own.
 */
bool reader_is_open(const struct reader *r, const struct conversation *c, int32_t number);
void reader_fold(struct reader *r, const struct conversation *c, int32_t number, bool open);
/* For all messages, whatever was said about some. */
void reader_fold_all(struct reader *r, bool open);
/* What scrolls a pane or jumps in it. -> false: not one of these. */
bool reader_scroll(struct transcript *pane, enum action action);

#endif
