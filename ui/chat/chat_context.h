/* SPDX-License-Identifier: MIT
 *
 * chat_context: a context that fills up. Nothing is left out of what the model reads unless the
 * user says so, by an answer, a setting or a command.
 */
#ifndef QINS_CHAT_CONTEXT_H
#define QINS_CHAT_CONTEXT_H

#include "chat_session.h"

/* Takes the exchanges that the user agreed to drop out of a request, which begins with the system
 * prompt. */
void chat_leave_out(struct chat_session *s, struct chat *request);
/* Tells once that the context is nearly full. */
void chat_watch_context(struct chat_session *s);
/* Before a message is sent: with context_full at slide and a context that is nearly full the model
 * no longer sees the oldest exchanges, so many that the others take half of the context: all that
 * they hold is read again, and not before another quarter of the context is filled. */
void chat_slide(struct chat_session *s);
/* Drops n of the oldest exchanges that the model still sees, and marks the place. A summary stands
 * for what is older than all of them: it stays as long as another one can go. */
void chat_drop_oldest(struct chat_session *s, unsigned n);
/* A turn ended since the context is full: asks whether the oldest exchange is to be dropped, or
 * slides; `reply` hears it. unanswered: not even the turn's prompt fits. */
void chat_context_full(struct chat_session *s, bool unanswered,
                       void (*reply)(struct chat_session *, bool yes));

#endif
