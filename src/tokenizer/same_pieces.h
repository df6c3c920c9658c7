/* SPDX-License-Identifier: MIT
 *
 * same_pieces: whether two models mean the same by an id, so that their predictions compare.
 */
#ifndef QINS_SAME_PIECES_H
#define QINS_SAME_PIECES_H

#include "tokenizer.h"

/* They have as many ids, and each has the same bytes. */
bool same_pieces(const struct tokenizer *a, const struct tokenizer *b);

#endif
