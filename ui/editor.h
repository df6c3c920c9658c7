/* SPDX-License-Identifier: MIT
 *
 * editor: the text a person is writing: several lines, moved through by grapheme clusters, with a
 * kill ring, undo and a history of what was sent. Knows nothing of terminals.
 */
#ifndef QINS_EDITOR_H
#define QINS_EDITOR_H

#include "base.h"
#include "keymap.h"
#include "wrap.h"

enum {
    EDITOR_MAX_BYTES = 4 << 20, /* far beyond any context; what is more is refused */
    KILL_RING = 16,
    HISTORY_MAX = 200,
};

struct change { /* enough to undo one replacement */
    size_t at, n_inserted;
    struct buf removed;
    size_t caret;      /* before */
    unsigned group;    /* changes of one group are undone together */
    bool typing;       /* may grow by the next typed character */
};

struct editor {
    struct buf text;
    size_t caret;           /* byte; always at the edge of a cluster */
    struct rows rows;       /* layout of the text; valid after editor_layout */
    size_t n_same;          /* bytes at the start unchanged since then */
    int goal;               /* column that Up and Down aim for; -1: where the caret is */
    struct change *changes; /* [n_changes] */
    size_t n_changes, cap_changes, undo_bytes;
    unsigned group;
    struct buf kills[KILL_RING];
    unsigned kill;          /* newest */
    bool killed, yanked;    /* the last action was a kill, a yank */
    size_t yank_at, yank_n; /* what it inserted */
    unsigned yank_index;
    bool in_paste, paste_cr;
    char paste_held[4];     /* start of a character that the next piece completes */
    size_t n_paste_held;
    bool full;              /* something was refused; for the caller to clear */
    char **history;
    size_t n_history, history_at; /* history_at == n_history: the draft */
    char *draft;
};

void editor_free(struct editor *e);
void editor_insert(struct editor *e, const char *text, size_t n); /* one undo unit */
void editor_type(struct editor *e, int32_t cp);                   /* joins the typing before it */
/* A paste comes in pieces, cut anywhere: line ends become '\n', control characters go, invalid bytes
 * become U+FFFD; one undo unit. */
void editor_paste_start(struct editor *e);
void editor_paste(struct editor *e, const char *bytes, size_t n);
void editor_paste_end(struct editor *e);
/* -> false when this action is not about editing. */
bool editor_act(struct editor *e, enum action action);
void editor_set(struct editor *e, const char *text, size_t n); /* replaces all; can be undone */
void editor_clear(struct editor *e);                            /* a new text: nothing to undo */
/* Remembers a text that was sent. */
void editor_remember(struct editor *e, const char *text);
/* Rows for a width; row and column of the caret. */
void editor_layout(struct editor *e, int width, size_t *row, int *column);

#endif
