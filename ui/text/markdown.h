/* SPDX-License-Identifier: MIT
 *
 * markdown: one block of sanitised text -> rows, by CommonMark with tables and ~~strikethrough~~
 * (md4c). Links are shown as text and URL, line ends inside paragraphs are kept. HTML is text. What
 * md4c would hide, or what would take much more room than its text, is shown as written.
 */
#ifndef QINS_MARKDOWN_H
#define QINS_MARKDOWN_H

#include "blocks.h"
#include "layout.h"

/* The rows of s[0..n), of which b tells what it is. A blank row comes first unless the block is the
 * first one of its text, or joined to the one before. */
void markdown_layout(struct layout *out, const struct look_of_text *look, const struct block *b,
                     bool first, const char *s, size_t n);
/* Appends the same text as it is written. */
void markdown_raw(struct layout *out, const struct look_of_text *look, const char *s, size_t n);

/* ---- for markdown.c: parts in files of their own -------------------------------------- */

/* Rows of code with a frame around; head and foot are parts of that frame. `prefix` or NULL stands
 * before each row. */
struct code_frame {
    bool head, foot;
    const struct styled *first, *rest;
};
void code_layout(struct layout *out, const struct look_of_text *look, struct code_frame frame,
                 struct highlight code, const char *s, size_t n);

enum align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

struct table {
    size_t n_columns, n_cells; /* of all rows, the head's first */
    struct styled *cells;      /* [n_cells] */
    uint8_t *align;            /* [n_columns], enum align */
};
void table_layout(struct layout *out, const struct look_of_text *look, const struct table *t,
                  const struct styled *first, const struct styled *rest);

#endif
