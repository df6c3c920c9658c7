/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "utf8.h"

enum {
    MIN_ROWS = 4,
    MIN_COLUMNS = 20,
    SIDEBAR_FROM = 70,   /* columns of a terminal that has room for it */
    SIDEBAR_CELLS = 26,  /* of its text; 28 from 90 columns on */
    GUTTER_FROM = 36,    /* columns of a chat pane with whole role names */
    GUTTER = 7,          /* cells for the role: no text of a model gets here */
    NARROW_GUTTER = 2,
    INPUT_PERCENT = 40,  /* of the height, at most */
    READABLE = 100,      /* cells of a line of text, at most */
};

/* Where things are. A row of -1: not shown. */
struct frame {
    int rows, columns;
    int chat_columns;          /* left of the sidebar's line */
    int side, side_cells;      /* column of that line, = columns without sidebar; its text */
    int top_rule, input_rule, status, hints;
    int chat_row, chat_rows;
    int input_row, input_rows;
    int gutter, margin;
};

static struct frame frame_of(struct app *a)
{
    struct frame f = {.rows = screen_rows(), .columns = screen_columns()};
    bool sidebar = f.columns >= SIDEBAR_FROM;
    f.side_cells = SIDEBAR_CELLS + 2 * (f.columns >= 90);
    f.side = sidebar ? f.columns - f.side_cells - 4 : f.columns;
    f.chat_columns = f.side;
    f.gutter = f.chat_columns >= GUTTER_FROM ? GUTTER : NARROW_GUTTER;
    f.margin = f.chat_columns >= GUTTER_FROM ? 2 : 0;
    size_t row;
    int column, most = f.rows * INPUT_PERCENT / 100, bottom = f.rows;
    editor_layout(&a->editor, f.chat_columns - 4, &row, &column);
    f.input_rows = most < 1 ? 1 : a->editor.rows.n < (size_t)most ? (int)a->editor.rows.n : most;
    f.hints = f.rows >= 5 ? --bottom : -1;
    f.status = !sidebar && f.rows >= 6 ? --bottom : -1;
    bottom -= f.input_rows;
    f.input_row = bottom;
    f.input_rule = f.rows >= 8 ? --bottom : -1;
    f.top_rule = f.rows >= 10 ? 1 : -1;
    f.chat_row = f.top_rule < 0 ? 1 : 2;
    f.chat_rows = bottom - f.chat_row;
    return f;
}

/* ---- frame ------------------------------------------------------------------------------------------ */

static void draw_title(const struct app *a, const struct frame *f)
{
    char *title = xasprintf("QINS Chat - %s on CPU", a->model_name);
    screen_puts(0, 1, f->columns - 2, STYLE_TITLE, title);
    free(title);
}

/* A line across the chat pane with a name on it, and signs where it meets the sidebar's line. */
static void draw_rule(const struct frame *f, int row, const char *name, bool focus, bool top)
{
    const struct glyphs *g = screen_glyphs();
    if (row < 0)
        return;
    screen_repeat(row, 0, f->chat_columns, STYLE_DIM, g->horizontal);
    int n = screen_puts(row, 2, f->chat_columns - 3, focus ? STYLE_ACCENT : STYLE_DIM, name);
    screen_puts(row, 1, 1, STYLE_DIM, " ");
    screen_puts(row, 2 + n, 1, STYLE_DIM, " ");
    if (f->side < f->columns) {
        screen_puts(row, f->side, 1, STYLE_DIM, top ? g->tee_down : g->tee_left);
        if (top)
            screen_repeat(row, f->side + 1, f->columns - f->side - 1, STYLE_DIM, g->horizontal);
    }
}

static void draw_badge(const struct app *a, const struct frame *f)
{
    const struct transcript *t = a->pager_open ? &a->pager : &a->transcript;
    if (t->follow || f->chat_rows < 1)
        return;
    char text[48];
    snprintf(text, sizeof text, " %s %s ", screen_glyphs()->down,
             t->unseen ? "new text below" : "more below");
    int n = (int)utf8_width(text, strlen(text));
    int row = f->input_rule >= 0 ? f->input_rule : f->chat_row + f->chat_rows - 1;
    if (n + 14 < f->chat_columns)
        screen_puts(row, f->chat_columns - n - 2, n, STYLE_BADGE, text);
}

/* The key to name for an action: the first row for this place alone, else the first for all. */
static int32_t key_for(enum focus focus, enum action action)
{
    int32_t key = 0;
    for (size_t i = n_keymap; i-- > 0;)
        if (keymap[i].action == action && (keymap[i].where & (1u << focus)))
            key = keymap[i].key;
    for (size_t i = n_keymap; i-- > 0;)
        if (keymap[i].action == action && keymap[i].where == 1u << focus)
            key = keymap[i].key;
    return key;
}

static void draw_hints(const struct app *a, const struct frame *f)
{
    static const struct {
        enum action action;
        const char *text;
    } hints[N_FOCUS][7] = {
        [FOCUS_INPUT] = {{ACT_SEND, "send"}, {ACT_NEWLINE, "new line"}, {ACT_COMPLETE, "sliders"},
                         {ACT_STOP, "stop"}, {ACT_HELP, "help"}, {ACT_DELETE_OR_QUIT, "leave"},
                         {ACT_PAGE_UP, "scroll"}},
        [FOCUS_SIDEBAR] = {{ACT_SELECT_PREVIOUS, "above"}, {ACT_SELECT_NEXT, "below"},
                           {ACT_LOWER, "less"}, {ACT_RAISE, "more"}, {ACT_RESET, "reset"},
                           {ACT_FOCUS_NEXT, "chat"}, {ACT_STOP, "back"}},
        [FOCUS_CHAT] = {{ACT_LINE_UP, "up"}, {ACT_LINE_DOWN, "down"}, {ACT_PAGE_UP, "page up"},
                        {ACT_SCROLL_TOP, "first"}, {ACT_SCROLL_BOTTOM, "last"},
                        {ACT_FOCUS_NEXT, "input"}, {ACT_HELP, "help"}},
    };
    if (f->hints < 0)
        return;
    if (a->notice.len) {
        screen_put(f->hints, 1, f->columns - 2, STYLE_NOTE, a->notice.data, a->notice.len);
        return;
    }
    int column = 1;
    for (size_t i = 0; i < 7; i++) {
        char name[32] = "";
        key_name(key_for(a->focus, hints[a->focus][i].action), name, sizeof name);
        int need = (int)(strlen(name) + strlen(hints[a->focus][i].text)) + 1;
        if (column + need > f->columns)
            break;
        column += screen_puts(f->hints, column, need, STYLE_BOLD, name) + 1;
        column += screen_puts(f->hints, column, need, STYLE_DIM, hints[a->focus][i].text) + 3;
    }
}

/* ---- chat ------------------------------------------------------------------------------------------- */

static void draw_role(const struct frame *f, int row, enum item_kind kind)
{
    bool wide = f->gutter == GUTTER;
    if (kind == ITEM_USER)
        screen_puts(row, wide, f->gutter - 1, STYLE_USER, wide ? "You" : ">");
    else if (kind == ITEM_ANSWER)
        screen_puts(row, wide, f->gutter - 1, STYLE_ANSWER, wide ? "QINS" : "*");
}

static void draw_welcome(const struct frame *f)
{
    struct transcript t;
    struct buf text = {0};
    struct shown_row rows[64];
    buf_puts(&text, "A language model on this computer's CPU. Nothing you write leaves it.\n\n"
                    "Write something, or take one of these:\n");
    for (int i = 0; i < N_EXAMPLES; i++)
        buf_printf(&text, "  Alt-%d  %s\n", i + 1, app_examples[i]);
    buf_puts(&text, "\n/about tells what QINS is, F1 shows the keys.");
    transcript_init(&t);
    transcript_resize(&t, f->chat_columns - 2 * f->margin, f->chat_rows < 64 ? f->chat_rows : 64);
    transcript_add(&t, ITEM_NOTE, text.data, text.len);
    transcript_top(&t);
    int n = transcript_rows(&t, rows), first = f->chat_rows > n + 2;
    for (int i = 0; i < n; i++)
        screen_put(f->chat_row + first + i, f->margin, f->chat_columns - f->margin,
                   i == 0 ? STYLE_BOLD : STYLE_TEXT, rows[i].text, rows[i].n);
    transcript_free(&t);
    buf_free(&text);
}

static int text_cells(const struct frame *f, int gutter)
{
    int cells = f->chat_columns - gutter - (f->margin ? 1 : 0);
    return cells < READABLE ? cells : READABLE;
}

static void draw_chat(struct app *a, const struct frame *f)
{
    bool pager = a->pager_open;
    struct transcript *t = pager ? &a->pager : &a->transcript;
    int gutter = pager ? f->margin : f->gutter, cells = text_cells(f, gutter);
    transcript_resize(&a->transcript, text_cells(f, f->gutter), f->chat_rows);
    transcript_resize(&a->pager, text_cells(f, f->margin), f->chat_rows);
    if (f->chat_rows < 1)
        return;
    if (!pager && t->n == 0) {
        draw_welcome(f);
        return;
    }
    struct shown_row *rows = xcalloc((size_t)f->chat_rows, sizeof *rows);
    int n = transcript_rows(t, rows);
    for (int i = 0; i < n; i++) {
        if (rows[i].first)
            draw_role(f, f->chat_row + i, rows[i].kind);
        screen_put(f->chat_row + i, gutter, cells, rows[i].mark ? STYLE_DIM : STYLE_TEXT,
                   rows[i].text, rows[i].n);
    }
    free(rows);
}

/* ---- input ------------------------------------------------------------------------------------------- */

/* One row of what is being written. It is the person's own text, but may have been pasted: what the
 * sanitiser would change is not shown as it is. */
static void draw_input_row(const struct app *a, int screen_row, int column, int cells, size_t row)
{
    const struct row *r = &a->editor.rows.rows[row];
    const char *s = a->editor.text.data + r->start;
    for (size_t i = 0, used; i < r->shown; i += used) {
        int width, at = column;
        used = wrap_cluster(s + i, r->shown - i, column - 3, &width);
        column += width;
        if (s[i] == '\t' || width == 0 || column > 3 + cells)
            continue;
        bool plain = used == 1 && (unsigned char)s[i] < 0x80;
        char *clean = plain ? NULL : sanitise_text(s + i, used, true);
        bool as_is = plain || (strlen(clean) == used && memcmp(clean, s + i, used) == 0);
        screen_put(screen_row, at, width, as_is ? STYLE_TEXT : STYLE_DIM, as_is ? s + i : "??",
                   as_is ? used : (size_t)width);
        free(clean);
    }
}

static void draw_input(struct app *a, const struct frame *f)
{
    size_t caret_row;
    int caret_column, cells = f->chat_columns - 4;
    editor_layout(&a->editor, cells, &caret_row, &caret_column);
    size_t n = a->editor.rows.n, shown = (size_t)f->input_rows;
    size_t first = caret_row < shown / 2 ? 0 : caret_row - shown / 2;
    if (first + shown > n)
        first = n > shown ? n - shown : 0;
    for (size_t i = 0; i < shown && first + i < n; i++)
        draw_input_row(a, f->input_row + (int)i, 3, cells, first + i);
    screen_puts(f->input_row, 1, 1, a->focus == FOCUS_INPUT ? STYLE_ACCENT : STYLE_DIM,
                first ? screen_glyphs()->up : ">");
    if (!a->editor.text.len) {
        const char *hint = !a->ready ? "The model is loading; write, it will be sent then"
                           : app_is_busy(a) ? "Esc stops the answer" : "Write a message, or /help";
        screen_puts(f->input_row, 4, cells - 1, STYLE_DIM, hint);
    }
    screen_cursor(f->input_row + (int)(caret_row - first),
                  3 + (caret_column < cells ? caret_column : cells));
}

/* ---- sidebar ------------------------------------------------------------------------------------------ */

static void draw_bar(int row, int column, int cells, double fraction)
{
    const struct glyphs *g = screen_glyphs();
    int full = (int)(fraction * cells + 0.5);
    full += fraction > 0 && full == 0;
    screen_repeat(row, column, full, STYLE_ACCENT, g->full);
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
    bool selected = l->slider >= 0 && l->slider == a->slider;
    bool active = selected && a->focus == FOCUS_SIDEBAR;
    enum style label = STYLE_DIM, value = STYLE_TEXT;
    if (l->kind == LINE_STATE)
        label = a->facts.state == STATE_READY ? STYLE_BOLD : STYLE_ACCENT;
    else if (l->kind == LINE_HEADING)
        label = a->focus == FOCUS_SIDEBAR && *l->value ? STYLE_ACCENT : STYLE_BOLD, value = STYLE_DIM;
    else if (l->slider >= 0)
        label = value = active ? STYLE_ACCENT : selected ? STYLE_BOLD : STYLE_TEXT;
    if (selected && l->kind != LINE_TRACK)
        screen_puts(row, column - 1, 1, active ? STYLE_ACCENT : STYLE_DIM, ">");
    if (l->kind == LINE_TRACK) {
        draw_track(row, column, cells, l->fraction, active);
        return;
    }
    if (l->kind == LINE_BAR)
        draw_bar(row, column, cells - (width ? 6 : 0), l->fraction);
    if (l->kind == LINE_SLIDER)
        draw_track(row, column + 12, cells - 12 - 6, l->fraction, active);
    screen_puts(row, column, cells, label, l->label);
    screen_puts(row, column + cells - width, width, value, l->value);
}

static void draw_sidebar(const struct app *a, const struct frame *f)
{
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    int first = f->top_rule < 0 ? 1 : 2, last = f->hints < 0 ? f->rows : f->hints;
    if (f->side >= f->columns) {
        struct buf status = {0};
        sidebar_status(&a->facts, a->options, a->slider, &status);
        if (f->status >= 0)
            screen_put(f->status, 1, f->columns - 2,
                       a->focus == FOCUS_SIDEBAR ? STYLE_ACCENT : STYLE_DIM, status.data, status.len);
        buf_free(&status);
        return;
    }
    for (int row = first; row < last; row++)
        if (row != f->input_rule)
            screen_puts(row, f->side, 1, STYLE_DIM, screen_glyphs()->vertical);
    int n = sidebar_lines(&a->facts, a->options, a->slider, a->typed, last - first, lines);
    for (int i = 0; i < n; i++) {
        char *clean = sanitise_text(lines[i].value, strlen(lines[i].value), true);
        snprintf(lines[i].value, sizeof lines[i].value, "%s", clean);
        free(clean);
        draw_side_line(a, &lines[i], first + i, f->side + 2, f->side_cells);
    }
}

void view_draw(struct app *a)
{
    struct frame f = frame_of(a);
    screen_erase();
    screen_cursor(0, 0);
    if (f.rows < MIN_ROWS || f.columns < MIN_COLUMNS) {
        screen_puts(0, 0, f.columns, STYLE_TEXT, "qins-tui needs 20x4");
        return;
    }
    draw_title(a, &f);
    draw_rule(&f, f.top_rule, a->pager_open ? "Esc closes this page" : "Chat", a->focus == FOCUS_CHAT,
              true);
    draw_chat(a, &f);
    draw_rule(&f, f.input_rule, "Message", a->focus == FOCUS_INPUT, false);
    draw_badge(a, &f);
    draw_sidebar(a, &f);
    draw_input(a, &f);
    draw_hints(a, &f);
}
