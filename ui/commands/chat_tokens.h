/* SPDX-License-Identifier: MIT
 *
 * chat_tokens: /tokens: what the model thought of each token of the last answer (token_odds.h), and
 * another version of the answer from one of them on. The numbers are noted while an answer is
 * written. Of one that was opened from the store they are computed when they are asked for: the
 * model reads the answer again.
 */
#ifndef QINS_CHAT_TOKENS_H
#define QINS_CHAT_TOKENS_H

#include "chat_session.h"

/* "": a page; "FILE.json": into that file, which must not exist ("--force" before it: may); "N K":
 * a new version that has the K-th choice in the place of token N. */
void chat_tokens(struct chat_session *s, const char *argument);
/* A new version of an answer, with the k-th choice in the place of token `at`, both from 1 on. */
void chat_tokens_take(struct chat_session *s, int32_t number, size_t at, size_t k);

#endif
