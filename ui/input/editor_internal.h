/* SPDX-License-Identifier: MIT
 *
 * editor_internal: what the parts of the editor share: the one way to change its text.
 */
#ifndef QINS_EDITOR_INTERNAL_H
#define QINS_EDITOR_INTERNAL_H

#include "editor.h"

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

#endif
