/* SPDX-License-Identifier: MIT
 *
 * view_internal: the parts that view.c puts together, one file each. For them alone.
 */
#ifndef QINS_VIEW_INTERNAL_H
#define QINS_VIEW_INTERNAL_H

#include "app.h"
#include "screen.h"
#include "view.h"

enum {
    GUTTER = 7, /* cells for the role: no text of a model gets here */
    NARROW_GUTTER = 2,
};

/* Where things are. A row of -1: not shown. */
struct frame {
    int rows, columns;
    int chat_columns;     /* left of the sidebar's line */
    int side, side_cells; /* column of that line, = columns without sidebar; its text */
    int top_rule, input_rule, status, hints;
    int chat_row, chat_rows;
    int input_row, input_rows;
    int gutter, margin;
    bool bare; /* nothing but text, for the terminal's own selection */
};

/* The name of the key for an action: the first of this place alone, else the first of all. -> out
 */
char *view_key(enum focus focus, enum action action, char *out, size_t size);
void view_chat(struct app *a, const struct frame *f);
void view_welcome(const struct app *a, const struct frame *f);
void view_input(struct app *a, const struct frame *f);
void view_picker(struct app *a);
/* A cell of the sidebar's columns. */
struct place view_sidebar_at(const struct app *a, const struct frame *f, int row, int column);
void view_sidebar(const struct app *a, const struct frame *f);

#endif
