/* SPDX-License-Identifier: MIT
 *
 * jsonl: what plain mode says with --json: one object per line, ASCII alone. qins-tui(1) describes
 * them.
 */
#ifndef QINS_JSONL_H
#define QINS_JSONL_H

#include "engine.h"
#include "output.h"

void jsonl_start(struct output *out, const struct engine_info *info, const char *model);
/* Loading, prompt, thinking, text, done; others have no line. */
/* answer: the text of the turn so far. */
void jsonl_event(struct output *out, const struct event *e, const struct buf *answer);
void jsonl_error(struct output *out, const struct error *err);
/* What a /command has to say. */
void jsonl_notice(struct output *out, const char *text, size_t n);

#endif
