/* SPDX-License-Identifier: MIT
 *
 * answer_again: the last answer is read again, with what stood before it: for what the model, or
 * another one beside it, thinks of its tokens.
 */
#ifndef QINS_ANSWER_AGAIN_H
#define QINS_ANSWER_AGAIN_H

#include "chat_session.h"

/* The last answer of the path; NO_MESSAGE, and says why: its tokens cannot be known. */
int32_t answer_to_score(struct chat_session *s);
/* Starts a turn that reads it, by the model in use and, unless NULL, `against`; `event` hears of
 * it, s->scoring holds a copy of the argument. -> its tokens; 0, and says so: they are not known */
size_t answer_score(struct chat_session *s, int32_t number, const struct engine_other *against,
                    const char *argument,
                    void (*event)(struct chat_session *s, const struct event *e));
/* After its EVENT_DONE. -> the argument, the caller's */
char *answer_score_end(struct chat_session *s);

#endif
