/* SPDX-License-Identifier: MIT
 *
 * flow: text that comes in pieces -> rows of a terminal that end between words. What was
 * printed stays: a word that grows after it was shown is cut at the edge.
 */
#ifndef QINS_FLOW_H
#define QINS_FLOW_H

#include "base.h"

struct flow {
    struct buf row;  /* text of the open row: what is out, and a blank that may not be needed */
    size_t n_out;    /* bytes of it that are out */
    int column;      /* behind them, from the indent on */
    int indent;      /* blanks before the open row */
    int line_indent; /* for the owner to set: blanks before each line but the first */
    bool is_flat;    /* the same: rows that go on begin at the left edge */
};

enum { ROW_INDENT = 2 }; /* blanks before a row that goes on with a line */

/* More text, sanitised: what there is to see of it goes to `out`. Tabs become blanks. */
void flow_text(struct flow *f, int width, const char *s, size_t n, struct buf *out);
/* The next text begins a row at the left edge. */
void flow_end(struct flow *f);
void flow_free(struct flow *f);

#endif
