/* SPDX-License-Identifier: MIT
 *
 * editor: the text a person is writing: several lines, moved through by characters (grapheme
 * clusters), with a kill ring, undo and redo, folded pastes and a history of what was sent. Behaves
 * as readline does. Knows nothing of terminals.
 *
 *   editor.c   text, changes, pastes, actions
 *   recall.c   the history: up, down, incremental search
 *   vi.c       vi's keys, where the person wants them
 */
#ifndef QINS_EDITOR_H
#define QINS_EDITOR_H

#include "base.h"
#include "folded_paste.h"
#include "history.h"
#include "keymap.h"
#include "paste_filter.h"
#include "vi.h"
#include "wrap.h"

enum {
    EDITOR_MAX_BYTES = 4 << 20, /* far beyond any context; what is more is refused */
    EDITOR_CHIP_LINES = 8,      /* a paste of more lines, */
    EDITOR_CHIP_CHARS = 1000,   /* or of more characters, is folded */
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
    struct clean clean; /* of the paste that is coming in */
    struct buf pasted;  /* it, so far */
    bool full;          /* something was refused; for the caller to clear */
    struct history history;
    size_t history_at; /* the entry shown; history.n: the draft */
    char *draft;
    struct search search;
    struct vi vi;
};

void editor_free(struct editor *e);
void editor_insert(struct editor *e, const char *text, size_t n); /* one undo unit */
void editor_type(struct editor *e, int32_t cp);                   /* joins the typing before it */
/* -> false when this action is not about editing. */
bool editor_act(struct editor *e, enum action action);
void editor_set(struct editor *e, const char *text, size_t n); /* replaces all; can be undone */
void editor_clear(struct editor *e);                           /* a new text: nothing to undo */
/* The text with folded pastes written out. Caller frees. */
char *editor_expand(const struct editor *e);

/* A paste comes in pieces, cut anywhere, and is kept aside, cleaned, until it is taken (one undo
 * unit; a long one as a chip) or dropped. */
void editor_paste_start(struct editor *e);
void editor_paste(struct editor *e, const char *bytes, size_t n);
void editor_paste_end(struct editor *e);
size_t editor_pasted_lines(const struct editor *e);
void editor_take_paste(struct editor *e);
void editor_drop_paste(struct editor *e);

/* Rows for a width; row and column of the caret. */
void editor_layout(struct editor *e, int width, size_t *row, int *column);

/* ---- recall.c ------------------------------------------------------------------------- */
/* Remembers a text in memory alone; what was sent is kept by history_keep, then editor_clear. */
void editor_remember(struct editor *e, const char *text);
void editor_show_older(struct editor *e);
void editor_show_newer(struct editor *e);
void editor_search_start(struct editor *e);
/* A key while a search is on. -> true: it was for the search; false: the search is over, what it
 * found stays, and the key still has to be done. */
bool editor_search_key(struct editor *e, int32_t key);
/* "(reverse-i-search)'word'" */
void editor_search_prompt(const struct editor *e, struct buf *out);

#endif
