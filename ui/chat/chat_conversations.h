/* SPDX-License-Identifier: MIT
 *
 * chat_conversations: new, saved and opened conversations.
 */
#ifndef QINS_CHAT_CONVERSATIONS_H
#define QINS_CHAT_CONVERSATIONS_H

#include "chat_session.h"

void chat_new(struct chat_session *s);
/* -> false, and says why */
bool chat_open_saved(struct chat_session *s, int64_t id);
/* For --continue, before chat_open: the model that the last conversation was held with, if it is
 * known here and no other was asked for. */
void chat_model_of_last(struct options *o);
bool chat_open_last(struct chat_session *s);
/* "": lists them; else a number in that list, or words that were said. */
void chat_open_command(struct chat_session *s, const char *what);
void chat_save_command(struct chat_session *s, const char *title);
void chat_export(struct chat_session *s, const char *argument); /* "[--force] FILE" */
/* Those that have all words of `filter`, newest first. -> false, and says why; *out is to be freed
 * (store_list_free) either way */
bool chat_find_saved(struct chat_session *s, const char *filter, struct store_list *out);
void chat_rename(struct chat_session *s, int64_t id, const char *title);
void chat_delete(struct chat_session *s, int64_t id);

#endif
