/* SPDX-License-Identifier: MIT
 *
 * editor_history: the texts that were sent before, in the editor: up, down, incremental search.
 */
#ifndef QINS_EDITOR_HISTORY_H
#define QINS_EDITOR_HISTORY_H

#include "edit.h"

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
