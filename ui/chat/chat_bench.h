/* SPDX-License-Identifier: MIT
 *
 * chat_bench: what /bench does: a turn of a few tokens on the conversation as it is, so that what
 * the engine has read stays of use. Its text is for nobody.
 */
#ifndef QINS_CHAT_BENCH_H
#define QINS_CHAT_BENCH_H

#include "chat_session.h"

enum { BENCH_TOKENS = 32 };

void chat_bench(struct chat_session *s);
/* An event of the turn s->bench. */
void chat_bench_event(struct chat_session *s, const struct event *e);

#endif
