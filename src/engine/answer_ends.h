/* SPDX-License-Identifier: MIT
 *
 * answer_ends: which tokens end an answer. A model that begins a new text has ended this one too.
 */
#ifndef QINS_ANSWER_ENDS_H
#define QINS_ANSWER_ENDS_H

#include "chat_template.h"
#include "model.h"

bool answer_ends_by(const struct model_config *c, const struct chat_template *t, int32_t id);
/* All of them, in the place of what `out` held. th: how the model thinks; its end ends an answer
 * whose thinking is one channel of several. */
void answer_ends_list(const struct model_config *c, const struct chat_template *t,
                      const struct thinking *th, struct ids *out);
/* How much of a prompt the next one surely has too: what a template writes behind the last message
 * may not be there again, as a thinking that it opened. */
uint32_t answer_ends_said(const struct chat_template *t, const struct ids *prompt);

#endif
