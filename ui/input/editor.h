/* SPDX-License-Identifier: MIT
 *
 * editor: the text a user is writing: several lines, moved through by characters (grapheme
 * clusters), with a kill ring, undo and redo, folded pastes and a history of what was sent. Behaves
 * as readline does. Knows nothing of terminals.
 *
 *   edit.c            its state, changes, undo, the kill ring
 *   editor.c          pastes, rows, actions
 *   editor_history.c  the history: up, down, incremental search
 *   vi.c              vi's keys, if the user wants them
 */
#ifndef QINS_EDITOR_H
#define QINS_EDITOR_H

#include "edit.h"
#include "editor_history.h"
#include "keymap.h"

enum {
    EDITOR_FOLD_LINES = 8,    /* a paste of more lines, */
    EDITOR_FOLD_CHARS = 1000, /* or of more characters, is folded */
};

void editor_free(struct editor *e);
/* -> false when this action is not about editing. */
bool editor_act(struct editor *e, enum action action);
void editor_clear(struct editor *e); /* a new text: nothing to undo */
/* The text with folded pastes written out. Caller frees. */
char *editor_expand(const struct editor *e);

/* A paste comes in pieces, cut anywhere, and is kept aside, cleaned, until it is taken (one undo
 * unit; a long one folded) or dropped. */
void editor_paste_start(struct editor *e);
void editor_paste(struct editor *e, const char *bytes, size_t n);
void editor_paste_end(struct editor *e);
size_t editor_pasted_lines(const struct editor *e);
void editor_take_paste(struct editor *e);
void editor_drop_paste(struct editor *e);

/* Rows for a width; row and column of the caret. */
void editor_layout(struct editor *e, int width, size_t *row, int *column);

#endif
