/* SPDX-License-Identifier: MIT
 *
 * edit: the state of the line editor (editor.h), and the one way to change its text: every change
 * can be undone; what is cut goes into the kill ring.
 */
#ifndef QINS_EDIT_H
#define QINS_EDIT_H

#include "folded_paste.h"
#include "history.h"
#include "paste_filter.h"
#include "vi_state.h"
#include "wrap.h"

enum {
    EDITOR_MAX_BYTES = 4 << 20, /* far beyond any context; what is more is refused */
    KILL_RING = 16,
};

struct change {   /* one replacement; undoing it makes it the one that redoes it */
    size_t at, n; /* bytes that stand now where `other` stood */
    struct buf other;
    unsigned group; /* changes of one group are undone together */
    bool typing;    /* may grow by the next typed character */
};

struct search { /* incremental, through the history */
    bool on, failed, forward;
    struct buf pattern, last; /* last: of the search before */
    size_t entry, at;         /* the match */
    char *draft;              /* what was there before */
    size_t draft_caret;
};

struct editor {
    struct buf text;        /* with marks for folded pastes (folded_paste.h) */
    size_t caret;           /* byte; always at the edge of a character */
    struct rows rows;       /* layout of the text; valid after editor_layout */
    size_t n_same;          /* bytes at the start unchanged since then */
    int goal;               /* column that Up and Down aim for; -1: where the caret is */
    struct change *changes; /* [n_changes]; from n_done on they are undone */
    size_t n_changes, n_done, cap_changes, undo_bytes;
    unsigned group;
    struct buf kills[KILL_RING];
    unsigned kill;          /* newest */
    bool killed, yanked;    /* the last action was a kill, a yank */
    size_t yank_at, yank_n; /* what it inserted */
    unsigned yank_index;    /* what a yank takes: the newest, until an older one was asked for */
    struct folded_pastes folded_pastes;
    struct paste_filter filter; /* of the paste that is coming in */
    struct buf pasted;          /* it, so far */
    bool full;                  /* something was refused; for the caller to clear */
    struct history history;
    size_t history_at; /* the entry shown; history.n: the draft */
    char *draft;
    struct search search;
    struct vi vi;
};

/* Every action begins here: what the action before left open is closed, a new undo unit begins. */
void editor_begin(struct editor *e);
/* The same, but changes still belong to the undo unit before. */
void editor_begin_same(struct editor *e);
/* Replaces text[at..at+n_removed) and notes how to undo it; the caret stands behind what came in.
 */
void editor_change(struct editor *e, size_t at, size_t n_removed, const char *text, size_t n);
/* Cuts into the kill ring; `joins`: onto the newest entry, at the side that the cut was on. */
void editor_cut(struct editor *e, size_t from, size_t to, bool joins);
/* Copies into the kill ring. */
void editor_copy(struct editor *e, size_t from, size_t to);
void editor_move(struct editor *e, size_t to);
void editor_undo(struct editor *e);
void editor_redo(struct editor *e);
void editor_forget_changes(struct editor *e); /* there is nothing to undo any more */

void editor_insert(struct editor *e, const char *text, size_t n); /* one undo unit */
void editor_type(struct editor *e, int32_t cp);                   /* joins the typing before it */
void editor_set(struct editor *e, const char *text, size_t n);    /* replaces all; can be undone */

#endif
