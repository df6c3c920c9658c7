/* SPDX-License-Identifier: MIT
 *
 * reader: what is being read: the chat, or a page over it (help and the like); how far it is
 * scrolled, and what is looked for.
 */
#ifndef QINS_READER_H
#define QINS_READER_H

#include "emoji.h"
#include "keymap.h"
#include "options.h"
#include "transcript.h"

struct reader {
    struct transcript transcript, pager; /* the chat; a page (LAYER_PAGER) */
    const char *pager_name;              /* "Help" */
    bool raw;                            /* the other of Markdown and text as written */
    bool bare;                           /* text alone, for the terminal's own selection */
    struct buf find;                     /* what to find, while it is typed (LAYER_FIND) */
    size_t code_item, code_next; /* message whose code was copied last, and which of it is next */
};

void reader_init(struct reader *r);
void reader_free(struct reader *r);
/* Answers as raw text, not as Markdown. */
bool reader_shows_raw(const struct reader *r, const struct options *o);
enum emoji reader_emoji(const struct options *o);
/* What scrolls a pane or jumps in it. -> false: not one of these. */
bool reader_scroll(struct transcript *pane, enum action action);

#endif
