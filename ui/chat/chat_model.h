/* SPDX-License-Identifier: MIT
 *
 * chat_model: another model for the conversation that is open. The old engine stays until the new
 * one is ready, so that a model which cannot be loaded costs nothing but a line.
 */
#ifndef QINS_CHAT_MODEL_H
#define QINS_CHAT_MODEL_H

#include "chat_session.h"

/* Loads a model by path or name beside the one in use; "": lists the models. A name is one of this
 * machine, whatever the engine elsewhere has; with ENGINE_REMOTE before it, it is meant there. */
void chat_choose_model(struct chat_session *s, const char *name);
/* Loads the model in use again with another chat template, as the option "template" has it. */
void chat_choose_template(struct chat_session *s, const char *name);
/* An event of s->next_engine. */
void chat_next_event(struct chat_session *s, const struct event *e);
void chat_drop_next(struct chat_session *s);
/* Gives up a model that is loading or being downloaded beside the one in use; there is one. */
void chat_stop_loading(struct chat_session *s);

#endif
