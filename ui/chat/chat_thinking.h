/* SPDX-License-Identifier: MIT
 *
 * chat_thinking: what a model thinks before its answers: /think, /thinking, and the line that
 * stands for a thinking that is not shown.
 */
#ifndef QINS_CHAT_THINKING_H
#define QINS_CHAT_THINKING_H

#include "chat_session.h"

/* "on", "off", "low", "medium", "high", "auto"; "": tells what is set. One line says so if the
 * model knows nothing of it. */
void chat_think(struct chat_session *s, const char *mode);
/* One key for it: on and off; or the next effort, and off behind the last one. */
void chat_think_next(struct chat_session *s);
/* The thinking of the last answer, as a page; `face->show_thinking` if there is one. */
void chat_show_thinking(struct chat_session *s);

/* "Thought for 12 s, 340 tokens", "Thinking, 12 s, 340 tokens" while `running`; tokens and time
 * are left out if they are not known. -> out */
char *thought_line(const struct message *m, bool running, char *out, size_t n);

#endif
