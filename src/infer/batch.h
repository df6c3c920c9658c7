/* SPDX-License-Identifier: MIT
 *
 * batch: the next token of several sessions with one read of the weights. A single token costs what
 * reading the weights costs; a few at once cost hardly more. Sessions of a batch share scratch
 * (session_options.beside); each has its own positions, keys, values and states, and gets exactly
 * the bits that session_sync alone would give it.
 */
#ifndef QINS_BATCH_H
#define QINS_BATCH_H

#include "session.h"

struct batch; /* scratch for logits */

/* Of sessions that share scratch with this one. */
struct batch *batch_new(struct session *s);
void batch_free(struct batch *b);
uint32_t batch_max(const struct batch *b); /* sessions in one pass */

/* Whether a token of this session can come with others': it has one already, there is room, and
 * longrope does not want another set of factors from here on. If not: session_sync. */
bool batch_takes(const struct session *s);

/* ids[i] follows what s[i] holds; session_logits(s[i]) are those behind it. n <= batch_max, no
 * session twice, batch_takes(s[i]). */
void batch_step(struct batch *b, struct session *const *s, const int32_t *ids, uint32_t n);

#endif
