/* SPDX-License-Identifier: MIT
 *
 * literal: keeps what Markdown would eat although it means something. Such characters are replaced
 * by control bytes, which sanitised text does not have and the parser takes for plain text, and are
 * put back in what the parser says. Concerned are, outside of code:
 *
 *   math: \( \), \[ \], $$ $$, $ $ and \begin{} \end{}, all of it; \{ \, \; and the like anywhere
 *   2*3*4, 2**10, __init__: marks inside a word, a name between two underscores
 *   5~10: a single tilde
 *   [name]: definitions, which nothing else shows
 *   <a href="*">: all of a tag, and of script, pre, style and textarea
 *   | beyond the columns of a table
 *
 * Two more are made: the end of a line of <br>, and marks that count as beside a letter when they
 * stand between a sign and a letter that is not ASCII, as Chinese, Japanese and Korean need.
 */
#ifndef QINS_LITERAL_H
#define QINS_LITERAL_H

#include "base.h"

/* Appends s[0..n), a block of sanitised text, with such characters replaced. */
void literal_mark(struct buf *out, const char *s, size_t n);
/* Appends a part of such a text as it was. */
void literal_restore(struct buf *out, const char *s, size_t n);

#endif
