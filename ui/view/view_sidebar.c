/* SPDX-License-Identifier: MIT */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

static void draw_bar(int row, int column, int cells, double fraction, bool warn)
{
    const struct glyphs *g = screen_glyphs();
    int full = (int)(fraction * cells + 0.5);
    full += fraction > 0 && full == 0;
    screen_repeat(row, column, full, warn ? STYLE_WARNING : STYLE_ACCENT, g->full);
    screen_repeat(row, column + full, cells - full, STYLE_DIM, g->empty);
}

static void draw_track(const struct frame *f, const struct sidebar_line *l, int row, bool active)
{
    const struct glyphs *g = screen_glyphs();
    int cells, column = frame_track(f, l, &cells), knob = (int)(l->fraction * (cells - 1) + 0.5);
    screen_repeat(row, column, knob, active ? STYLE_ACCENT : STYLE_TEXT, g->passed);
    screen_puts(row, column + knob, 1, active ? STYLE_ACCENT : STYLE_BOLD, g->knob);
    screen_repeat(row, column + knob + 1, cells - knob - 1, STYLE_DIM, g->track);
}

static void draw_graph(const struct sidebar_line *l, int row, int column, int cells)
{
    struct buf graph = {0};
    spark_row(l->spark, cells, screen_glyphs()->graph, l->zoom, &graph);
    screen_put(row, column, cells, STYLE_GRAPH, graph.data, graph.len);
    buf_free(&graph);
}

/* Cells for the label: whole words of it, as many as have room before the value. */
static int label_cells(const char *label, int room)
{
    int cells = (int)utf8_width(label, strlen(label));
    for (const char *end = label + strlen(label); cells > room && end > label;) {
        while (end > label && end[-1] != ' ')
            end--;
        end -= end > label;
        cells = (int)utf8_width(label, (size_t)(end - label));
    }
    return cells;
}

static void draw_side_line(const struct app *a, const struct frame *f, const struct sidebar_line *l,
                           int row)
{
    int column = f->side + 2, cells = f->side_cells;
    int width = (int)utf8_width(l->value, strlen(l->value));
    bool selected = l->slider >= 0 && l->slider == a->sliders.selected;
    bool active = selected && a->focus == FOCUS_SIDEBAR;
    enum style label = STYLE_DIM, value = STYLE_TEXT;
    if (l->kind == LINE_STATE)
        label = a->chat.status.state == STATE_READY ? STYLE_BOLD : STYLE_ACCENT, value = STYLE_DIM;
    else if (l->kind == LINE_HEADING)
        label = a->focus == FOCUS_SIDEBAR && *l->value ? STYLE_ACCENT : STYLE_BOLD,
        value = STYLE_DIM;
    else if (l->kind == LINE_BAR && l->warn)
        value = STYLE_WARNING;
    else if (l->slider >= 0)
        label = value = active ? STYLE_ACCENT : selected ? STYLE_BOLD : STYLE_TEXT;
    if (selected && l->kind != LINE_TRACK)
        screen_puts(row, column - 1, 1, active ? STYLE_ACCENT : STYLE_DIM, ">");
    if (l->kind == LINE_TRACK || l->kind == LINE_SLIDER)
        draw_track(f, l, row, active);
    if (l->kind == LINE_GRAPH)
        draw_graph(l, row, column, cells);
    if (l->kind == LINE_BAR)
        draw_bar(row, column, cells - (width ? 7 : 0), l->fraction, l->warn);
    width = width < cells ? width : cells;
    screen_puts(row, column, width ? label_cells(l->label, cells - width - 1) : cells, label,
                l->label);
    screen_puts(row, column + cells - width, width, value, l->value);
}

static void draw_status(const struct app *a, const struct frame *f)
{
    struct buf status = {0};
    sidebar_status(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                   &status);
    if (f->status >= 0)
        screen_put(f->status, 1, f->columns - 2,
                   a->focus == FOCUS_SIDEBAR ? STYLE_ACCENT : STYLE_DIM, status.data, status.len);
    buf_free(&status);
}

void view_sidebar(const struct app *a, const struct frame *f)
{
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    if (f->side >= f->columns) {
        draw_status(a, f);
        return;
    }
    for (int i = 0; i < f->side_rows; i++)
        if (f->side_row + i != f->input_rule)
            screen_puts(f->side_row + i, f->side, 1, STYLE_BORDER, screen_glyphs()->vertical);
    int n = sidebar_lines(&a->chat.status, a->chat.options, a->sliders.selected, a->sliders.typed,
                          f->side_rows, lines);
    for (int i = 0; i < n; i++) {
        char *clean = sanitise_text(lines[i].value, strlen(lines[i].value), true);
        snprintf(lines[i].value, sizeof lines[i].value, "%s", clean);
        free(clean);
        draw_side_line(a, f, &lines[i], f->side_row + i);
    }
}
