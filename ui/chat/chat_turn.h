/* SPDX-License-Identifier: MIT
 *
 * chat_turn: sending a message, the answer, and the engine's events.
 */
#ifndef QINS_CHAT_TURN_H
#define QINS_CHAT_TURN_H

#include "chat_session.h"

/* A message of the user, behind the last one; its answer follows. */
void chat_send(struct chat_session *s, const char *text, size_t n);
/* Another text for a message of the user, as a new version; its answer follows. */
void chat_send_again(struct chat_session *s, int32_t number, const char *text, size_t n);
void chat_answer(struct chat_session *s); /* the last message, which is the user's */
/* The same; its first tokens are these. The model is ready. */
void chat_answer_from(struct chat_session *s, const struct ids *given);
/* What is sent to continue the path: system text and messages, without those that are left out. */
void chat_path_request(struct chat_session *s, struct chat *request);
void chat_go_on(struct chat_session *s); /* with the last answer; the model is ready */
/* Stops the answer or the measurement. */
void chat_stop(struct chat_session *s);
/* What stands below an answer that ended so; NULL: nothing. */
const char *chat_mark_of(const struct message *m);
/* The conversation is left: ends what runs, and saves. */
void chat_leave(struct chat_session *s, enum stop_reason stop);
/* Why the last turn gave no answer. */
void chat_tell_failure(struct chat_session *s);
/* What the template made of a turn's messages; told once per conversation and model. */
void chat_tell_folding(struct chat_session *s, enum chat_folding folding);
/* Takes what loading a model has said last off the screen. */
void chat_end_step(struct chat_session *s);
/* An event of s->engine. */
void chat_event(struct chat_session *s, const struct event *e);

#endif
