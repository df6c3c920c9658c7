/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <stdlib.h>

#include "wrap.h"

enum {
    MIN_ROWS = 4,
    MIN_COLUMNS = 20,
    SIDEBAR_FROM = 70,       /* columns of a terminal that has room for it */
    PAGE_SIDEBAR_FROM = 110, /* and for it beside a page, whose lines are longer */
    SIDEBAR_CELLS = 28,      /* of its text */
    NARROW_SIDEBAR = 22,     /* the same, of a terminal with fewer than 100 columns */
    WIDE_FROM = 100,
    GUTTER_FROM = 36,   /* columns of a chat pane with whole role names */
    INPUT_PERCENT = 40, /* of the height, at most */
    READABLE = 100,     /* cells of a line of text, at most */
    SHORT_TRACK = 12,   /* where the track of a one-line slider starts */
    SHORT_VALUE = 6,    /* cells behind it */
};

size_t frame_notice_row(const struct buf *notice, size_t *at, int columns)
{
    size_t shown;
    *at += wrap_row(notice->data + *at, notice->len - *at, columns - 2, &shown);
    while (*at < notice->len && notice->data[*at] == ' ')
        ++*at;
    return shown;
}

/* Rows that the notice needs, at most a third of the screen or two; without one, the hints' row. */
static int notice_rows(const struct buf *notice, int rows, int columns)
{
    int n = 0, most = rows >= 9 ? rows / 3 : 2;
    for (size_t at = 0; at < notice->len && n < most; n++)
        frame_notice_row(notice, &at, columns);
    return n > 0 ? n : 1;
}

/* ---- places --------------------------------------------------------------------------- */

static int at_least_one(int x)
{
    return x > 1 ? x : 1;
}

static int smaller(int x, int y)
{
    return x < y ? x : y;
}

static void place_columns(struct frame *f, bool no_sidebar)
{
    bool sidebar = !no_sidebar && f->columns >= (f->page ? PAGE_SIDEBAR_FROM : SIDEBAR_FROM);
    f->side_cells = f->columns >= WIDE_FROM ? SIDEBAR_CELLS : NARROW_SIDEBAR;
    f->side = f->chat_columns = sidebar ? f->columns - f->side_cells - 4 : f->columns;
    f->gutter = f->chat_columns >= GUTTER_FROM ? GUTTER : NARROW_GUTTER;
    f->margin = f->chat_columns >= GUTTER_FROM ? 2 : 0;
}

/* From the bottom up; what has no room is left out. */
static void place_rows(struct frame *f, int n_input, const struct buf *notice)
{
    int bottom = f->rows;
    f->top_rule = f->rows >= 10 ? 1 : -1;
    f->chat_row = f->side_row = f->top_rule < 0 ? 1 : 2;
    f->hints = -1;
    if (f->rows >= 5 || notice->len)
        f->hints = bottom -= notice_rows(notice, f->rows, f->columns);
    f->side_rows = bottom - f->side_row;
    f->status = f->side == f->columns && f->rows >= 6 ? --bottom : -1;
    bool rule = f->rows >= 8;
    int most = smaller(f->rows * INPUT_PERCENT / 100, bottom - f->chat_row - rule - 1);
    f->input_rows = at_least_one(smaller(n_input, most));
    f->input_row = bottom -= f->input_rows;
    f->input_rule = rule ? --bottom : -1;
    f->chat_rows = bottom - f->chat_row;
}

static void place_bare(struct frame *f, const struct buf *notice)
{
    f->chat_columns = f->side = f->columns;
    f->top_rule = f->input_rule = f->status = f->input_row = -1;
    f->hints = f->chat_rows = f->rows - notice_rows(notice, f->rows, f->columns);
}

struct frame frame_of(struct app *a, int rows, int columns)
{
    struct frame f = {.rows = rows, .columns = columns, .current = SIZE_MAX};
    struct editor *e = &a->composer.editor;
    f.too_small = rows < MIN_ROWS || columns < MIN_COLUMNS;
    f.bare = a->reader.bare;
    f.page = layers_has(&a->layers, LAYER_PAGER);
    if (f.bare) {
        place_bare(&f, &a->prompt.notice);
        return f;
    }
    place_columns(&f, a->reader.no_sidebar);
    editor_layout(e, f.chat_columns - 4, &f.caret_row, &f.caret_column);
    place_rows(&f, e->rows.n < (size_t)rows ? (int)e->rows.n : rows, &a->prompt.notice);
    return f;
}

static int gutter_of(const struct frame *f, bool page)
{
    return page ? f->margin : f->gutter;
}

static int text_cells(const struct frame *f, bool page)
{
    int cells = f->chat_columns - gutter_of(f, page) - (f->margin ? 1 : 0);
    return f->bare ? f->columns : cells < READABLE ? cells : READABLE;
}

int frame_text_column(const struct frame *f)
{
    return gutter_of(f, f->page);
}

int frame_text_cells(const struct frame *f)
{
    return text_cells(f, f->page);
}

int frame_track(const struct frame *f, const struct sidebar_line *l, int *cells)
{
    bool alone = l->kind == LINE_TRACK;
    *cells = f->side_cells - (alone ? 0 : SHORT_TRACK + SHORT_VALUE);
    return f->side + 2 + (alone ? 0 : SHORT_TRACK);
}

/* ---- what stands there ---------------------------------------------------------------- */

static void set_look(const struct frame *f, struct app *a, struct transcript *t, bool unicode)
{
    struct look_of_text look = {
        .width = text_cells(f, t == &a->reader.pager),
        .unicode = unicode,
        .bare = f->bare,
        .emoji = reader_emoji(a->chat.options),
    };
    t->height = f->chat_rows > 0 ? f->chat_rows : 1;
    transcript_set_look(t, &look, reader_shows_raw(&a->reader, a->chat.options));
}

static void fill_pane(struct frame *f, struct app *a, bool unicode)
{
    struct transcript *t = f->page ? &a->reader.pager : &a->reader.transcript;
    set_look(f, a, &a->reader.transcript, unicode);
    set_look(f, a, &a->reader.pager, unicode);
    if (f->chat_rows < 1)
        return;
    if (a->focus == FOCUS_CHAT && !f->page && !f->bare)
        f->current = transcript_current(t);
    f->shown = xcalloc((size_t)f->chat_rows, sizeof *f->shown);
    f->n_shown = transcript_rows(t, f->shown);
}

static void fill_list(struct frame *f, struct picker *p)
{
    int height = f->rows - LIST_ROW - 1; /* the last row is for hints */
    if (height < 1)
        return;
    picker_scroll(p, height);
    f->list = xcalloc((size_t)height, sizeof *f->list);
    f->n_list = picker_rows(p, height, f->list);
}

void frame_fill(struct frame *f, struct app *a, bool unicode)
{
    if (f->too_small)
        return;
    if (layers_has(&a->layers, LAYER_PICKER))
        fill_list(f, &a->list.picker);
    else
        fill_pane(f, a, unicode);
}

void frame_free(struct frame *f)
{
    free(f->shown);
    free(f->list);
}

/* ---- the other way -------------------------------------------------------------------- */

static struct place sidebar_at(const struct app *a, const struct frame *f, int row, int column)
{
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    struct place place = {.kind = PLACE_SIDEBAR, .slider = -1, .fraction = -1, .thought = SIZE_MAX};
    int n = sidebar_lines(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                          f->side_rows, lines);
    if (row < f->side_row || row - f->side_row >= n)
        return place;
    const struct sidebar_line *l = &lines[row - f->side_row];
    int cells, start = frame_track(f, l, &cells);
    place.slider = l->slider;
    if ((l->kind == LINE_TRACK || l->kind == LINE_SLIDER) && column >= start &&
        column < start + cells)
        place.fraction = (double)(column - start) / (cells - 1);
    return place;
}

static bool is_in(int row, int first, int n)
{
    return row >= first && row < first + n;
}

struct place frame_at(const struct app *a, const struct frame *f, int row, int column)
{
    struct place place = {.slider = -1, .fraction = -1, .thought = SIZE_MAX};
    if (f->too_small || row < 0 || column < 0)
        return place;
    if (column > f->side)
        return sidebar_at(a, f, row, column);
    if (is_in(row, f->chat_row, f->chat_rows)) {
        place.kind = PLACE_CHAT;
        if (row - f->chat_row < f->n_shown && f->shown[row - f->chat_row].thought)
            place.thought = f->shown[row - f->chat_row].item;
    } else if (is_in(row, f->input_row, f->input_rows))
        place.kind = PLACE_INPUT;
    return place;
}
