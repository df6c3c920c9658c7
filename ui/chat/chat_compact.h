/* SPDX-License-Identifier: MIT
 *
 * chat_compact: /compact: the oldest exchanges of a conversation make room for a summary that the
 * model writes. It comes like an answer; when it is there, the path begins anew: a request for the
 * summary, the summary, copies of the newest exchanges. What was said before is another branch of
 * the same conversation. Until then nothing has changed.
 *
 * What does not fit into the context is summarised in pieces, each with the summary of those before
 * it in front.
 */
#ifndef QINS_CHAT_COMPACT_H
#define QINS_CHAT_COMPACT_H

#include "chat_session.h"

enum { COMPACT_KEEPS = 2 }; /* exchanges, unless told */

/* `argument`: how many exchanges stay as they are; "": COMPACT_KEEPS. */
void chat_compact(struct chat_session *s, const char *argument);
/* An event of the turn that writes the summary. */
void chat_compact_event(struct chat_session *s, const struct event *e);
/* The conversation is left: nothing comes of it. */
void chat_compact_drop(struct chat_session *s);
/* A summary, or the request for it: behind nothing that the model could answer it by. */
bool chat_compact_wrote(const struct conversation *c, int32_t number);
/* The same, and says that no other version of it can be asked for. */
bool chat_compact_refuses(struct chat_session *s, int32_t number);
/* If a summary is the last thing that happened, or that is on the path, the path before it is shown
 * again. -> false: neither */
bool chat_compact_undo(struct chat_session *s);

#endif
