/* SPDX-License-Identifier: MIT
 *
 * code_block: the fenced code blocks of a Markdown text, for copying.
 */
#ifndef QINS_CODE_BLOCK_H
#define QINS_CODE_BLOCK_H

#include "base.h"

/* The n-th fenced code block of a Markdown text, from 0: -> false when there are no more. Exact
 * bytes, without fences. */
bool code_of(const char *text, size_t n, size_t index, struct buf *out);

#endif
