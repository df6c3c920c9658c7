/* SPDX-License-Identifier: MIT
 *
 * frame: where everything is on the screen, and what stands at a cell of it. Sizes come from the
 * terminal and from what is to be shown; nothing is drawn here.
 */
#ifndef QINS_FRAME_H
#define QINS_FRAME_H

#include "app.h"

enum {
    GUTTER = 7, /* cells for the role: no text of a model gets here */
    NARROW_GUTTER = 2,
    LIST_ROW = 2, /* of a list over everything, below heading and filter */
};

/* A row of -1: not shown. */
struct frame {
    int rows, columns;
    bool too_small;       /* for anything but a line that says so */
    bool bare;            /* nothing but text, for the terminal's own selection */
    bool page;            /* a page stands in the place of the chat */
    int chat_columns;     /* left of the sidebar's line */
    int side, side_cells; /* column of that line, = columns without sidebar; its text */
    int side_row, side_rows;
    int top_rule, input_rule, status, hints;
    int chat_row, chat_rows;
    int input_row, input_rows;
    int gutter, margin;

    /* What stands there; filled by frame_fill. */
    struct shown_row *shown; /* [n_shown] rows of the chat or the page */
    int n_shown;
    size_t current;          /* item that is marked; SIZE_MAX: none */
    size_t caret_row;        /* of the input's rows */
    int caret_column;        /* in cells */
    struct picker_row *list; /* [n_list] rows of the list over everything */
    int n_list;
};

struct frame frame_of(struct app *a, int rows, int columns);
/* Lays out what is shown; `unicode`: the terminal has more than ASCII. */
void frame_fill(struct frame *f, struct app *a, bool unicode);
void frame_free(struct frame *f);

/* Left edge and cells of the text of the chat, or the page. */
int frame_text_column(const struct frame *f);
int frame_text_cells(const struct frame *f);
/* Next row of a notice from *at on; moves *at behind it. -> bytes shown */
size_t frame_notice_row(const struct buf *notice, size_t *at, int columns);
/* The track of a slider's line: its column; *cells: how long it is. */
int frame_track(const struct frame *f, const struct sidebar_line *l, int *cells);

enum place_kind { PLACE_NONE, PLACE_CHAT, PLACE_INPUT, PLACE_SIDEBAR };
struct place {
    enum place_kind kind;
    int slider;      /* of the sidebar; -1: none */
    double fraction; /* of its track, 0..1; negative: beside the track */
    size_t thought;  /* item whose line stands there, of a filled frame; SIZE_MAX: none */
};
/* What stands at a cell of the screen. */
struct place frame_at(const struct app *a, const struct frame *f, int row, int column);

#endif
