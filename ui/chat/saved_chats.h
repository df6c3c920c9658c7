/* SPDX-License-Identifier: MIT
 *
 * saved_chats: what the screen and the conversation in lines do alike with saved conversations.
 */
#ifndef QINS_SAVED_CHATS_H
#define QINS_SAVED_CHATS_H

#include "engine.h"
#include "saving.h"

enum { SAVED_CHATS_MAX_LISTED = 1000 };

/* By its number in the list, newest first, or the newest that has all these words. -> id; 0: none
 */
int64_t saved_chats_find(struct saving *s, const char *what, struct error *err);
/* A title, unless it is "", and all that is not saved. -> a notice for the user; caller frees */
char *saved_chats_save(struct saving *s, struct conversation *c, const char *title);
/* "[--force] [--no-thinking] FILE", where ~/ is HOME. -> a notice for the user; caller frees */
char *saved_chats_export(const struct conversation *c, const char *argument);
/* At the end: what the model has read of the conversation goes to the disk, if that is worth it
 * (engine_keep). When it takes long stderr says why. -> false: `told_to_go` ended the waiting */
bool saved_chats_context(struct engine *e, bool (*told_to_go)(void));
/* "14:05" today, "2026-11-26" else. */
char *saved_chats_when(int64_t ms, char *out, size_t size);

#endif
