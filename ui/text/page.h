/* SPDX-License-Identifier: MIT
 *
 * page: what the program itself tells over the chat (help, settings, numbers): lines of plain text,
 * some of them in columns.
 */
#ifndef QINS_PAGE_H
#define QINS_PAGE_H

#include "layout.h"

/* Rows of a page, s[0..n) sanitised. What is too long for a row goes on under its last column. */
void page_layout(struct layout *l, const struct look_of_text *look, const char *s, size_t n);

#endif
