/* SPDX-License-Identifier: MIT */
#include "view_internal.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

enum { SHORT_TRACK = 12 }; /* where the track of a one-line slider starts */

static void draw_bar(int row, int column, int cells, double fraction, bool warn)
{
    const struct glyphs *g = screen_glyphs();
    int full = (int)(fraction * cells + 0.5);
    full += fraction > 0 && full == 0;
    screen_repeat(row, column, full, warn ? STYLE_WARNING : STYLE_ACCENT, g->full);
    screen_repeat(row, column + full, cells - full, STYLE_DIM, g->empty);
}

static void draw_track(int row, int column, int cells, double fraction, bool active)
{
    const struct glyphs *g = screen_glyphs();
    int knob = (int)(fraction * (cells - 1) + 0.5);
    screen_repeat(row, column, knob, active ? STYLE_ACCENT : STYLE_TEXT, g->passed);
    screen_puts(row, column + knob, 1, active ? STYLE_ACCENT : STYLE_BOLD, g->knob);
    screen_repeat(row, column + knob + 1, cells - knob - 1, STYLE_DIM, g->track);
}

static void draw_side_line(const struct app *a, const struct sidebar_line *l, int row, int column,
                           int cells)
{
    int width = (int)utf8_width(l->value, strlen(l->value));
    bool selected = l->slider >= 0 && l->slider == a->sliders.selected;
    bool active = selected && a->focus == FOCUS_SIDEBAR;
    enum style label = STYLE_DIM, value = STYLE_TEXT;
    if (l->kind == LINE_STATE)
        label = a->chat.status.state == STATE_READY ? STYLE_BOLD : STYLE_ACCENT;
    else if (l->kind == LINE_HEADING)
        label = a->focus == FOCUS_SIDEBAR && *l->value ? STYLE_ACCENT : STYLE_BOLD,
        value = STYLE_DIM;
    else if (l->kind == LINE_BAR && l->warn)
        value = STYLE_WARNING;
    else if (l->slider >= 0)
        label = value = active ? STYLE_ACCENT : selected ? STYLE_BOLD : STYLE_TEXT;
    if (selected && l->kind != LINE_TRACK)
        screen_puts(row, column - 1, 1, active ? STYLE_ACCENT : STYLE_DIM, ">");
    if (l->kind == LINE_TRACK) {
        draw_track(row, column, cells, l->fraction, active);
        return;
    }
    if (l->kind == LINE_GRAPH) {
        struct buf graph = {0};
        spark_row(l->spark, cells, screen_glyphs()->graph, l->zoom, &graph);
        screen_put(row, column, cells, STYLE_GRAPH, graph.data, graph.len);
        buf_free(&graph);
        return;
    }
    if (l->kind == LINE_BAR)
        draw_bar(row, column, cells - (width ? 7 : 0), l->fraction, l->warn);
    if (l->kind == LINE_SLIDER)
        draw_track(row, column + SHORT_TRACK, cells - SHORT_TRACK - 6, l->fraction, active);
    screen_puts(row, column, cells, label, l->label);
    screen_puts(row, column + cells - width, width, value, l->value);
}

/* Rows of the sidebar: from first_row to before last_row. */
static int first_row(const struct frame *f)
{
    return f->top_rule < 0 ? 1 : 2;
}

static int last_row(const struct frame *f)
{
    return f->hints < 0 ? f->rows : f->hints;
}

void view_sidebar(const struct app *a, const struct frame *f)
{
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    int first = first_row(f), last = last_row(f);
    if (f->side >= f->columns) {
        struct buf status = {0};
        sidebar_status(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                       &status);
        if (f->status >= 0)
            screen_put(f->status, 1, f->columns - 2,
                       a->focus == FOCUS_SIDEBAR ? STYLE_ACCENT : STYLE_DIM, status.data,
                       status.len);
        buf_free(&status);
        return;
    }
    for (int row = first; row < last; row++)
        if (row != f->input_rule)
            screen_puts(row, f->side, 1, STYLE_BORDER, screen_glyphs()->vertical);
    int n = sidebar_lines(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                          last - first, lines);
    for (int i = 0; i < n; i++) {
        char *clean = sanitise_text(lines[i].value, strlen(lines[i].value), true);
        snprintf(lines[i].value, sizeof lines[i].value, "%s", clean);
        free(clean);
        draw_side_line(a, &lines[i], first + i, f->side + 2, f->side_cells);
    }
}

struct place view_sidebar_at(const struct app *a, const struct frame *f, int row, int column)
{
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    struct place place = {.kind = PLACE_SIDEBAR, .slider = -1, .fraction = -1};
    int first = first_row(f), start = f->side + 2, cells = f->side_cells;
    int n = sidebar_lines(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                          last_row(f) - first, lines);
    if (row < first || row - first >= n)
        return place;
    const struct sidebar_line *l = &lines[row - first];
    place.slider = l->slider;
    if (l->kind == LINE_SLIDER) {
        start += SHORT_TRACK;
        cells -= SHORT_TRACK + 6;
    }
    if ((l->kind == LINE_TRACK || l->kind == LINE_SLIDER) && column >= start &&
        column < start + cells)
        place.fraction = (double)(column - start) / (cells - 1);
    return place;
}
