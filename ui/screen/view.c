/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "model_name.h"
#include "utf8.h"
#include "view_internal.h"
#include "wrap.h"

enum {
    MIN_ROWS = 4,
    MIN_COLUMNS = 20,
    SIDEBAR_FROM = 70,       /* columns of a terminal that has room for it */
    PAGE_SIDEBAR_FROM = 110, /* and for it beside a page, whose lines are longer */
    SIDEBAR_CELLS = 26,      /* of its text; 28 from 90 columns on */
    GUTTER_FROM = 36,        /* columns of a chat pane with whole role names */
    INPUT_PERCENT = 40,      /* of the height, at most */
};

/* Next row of the notice from *at on; moves *at behind it. -> bytes shown */
static size_t notice_row(const struct buf *notice, size_t *at, int columns)
{
    size_t shown;
    *at += wrap_row(notice->data + *at, notice->len - *at, columns - 2, &shown);
    while (*at < notice->len && notice->data[*at] == ' ')
        ++*at;
    return shown;
}

/* Rows that the notice needs, at most a third of the screen or two; without one, the hints' row. */
static int notice_rows(const struct app *a, int rows, int columns)
{
    int n = 0, most = rows >= 9 ? rows / 3 : 2;
    for (size_t at = 0; at < a->prompt.notice.len && n < most; n++)
        notice_row(&a->prompt.notice, &at, columns);
    return n > 0 ? n : 1;
}

static struct frame frame_of(struct app *a)
{
    struct frame f = {.rows = screen_rows(), .columns = screen_columns()};
    if (app_is_bare(a)) {
        f.bare = true;
        f.chat_columns = f.side = f.columns;
        f.top_rule = f.input_rule = f.status = f.input_row = -1;
        f.hints = f.chat_rows = f.rows - notice_rows(a, f.rows, f.columns);
        return f;
    }
    bool sidebar = f.columns >= (a->reader.pager_open ? PAGE_SIDEBAR_FROM : SIDEBAR_FROM);
    f.side_cells = SIDEBAR_CELLS + 2 * (f.columns >= 90);
    f.side = sidebar ? f.columns - f.side_cells - 4 : f.columns;
    f.chat_columns = f.side;
    f.gutter = f.chat_columns >= GUTTER_FROM ? GUTTER : NARROW_GUTTER;
    f.margin = f.chat_columns >= GUTTER_FROM ? 2 : 0;
    size_t row;
    int column, most = f.rows * INPUT_PERCENT / 100, bottom = f.rows;
    editor_layout(&a->composer.editor, f.chat_columns - 4, &row, &column);
    f.input_rows = most < 1                                   ? 1
                   : a->composer.editor.rows.n < (size_t)most ? (int)a->composer.editor.rows.n
                                                              : most;
    f.hints =
        f.rows >= 5 || a->prompt.notice.len ? bottom -= notice_rows(a, f.rows, f.columns) : -1;
    f.status = !sidebar && f.rows >= 6 ? --bottom : -1;
    bottom -= f.input_rows;
    f.input_row = bottom;
    f.input_rule = f.rows >= 8 ? --bottom : -1;
    f.top_rule = f.rows >= 10 ? 1 : -1;
    f.chat_row = f.top_rule < 0 ? 1 : 2;
    f.chat_rows = bottom - f.chat_row;
    return f;
}

/* ---- frame ---------------------------------------------------------------------------- */

static void draw_title(const struct app *a, const struct frame *f)
{
    char *title = xasprintf("QINS Chat - %s on CPU",
                            model_is_starter(a->chat.model_name) ? "starter model" : a->chat.model_name);
    screen_repeat(0, 0, f->columns, STYLE_TITLE, " ");
    screen_puts(0, 1, f->columns - 2, STYLE_TITLE, title);
    free(title);
}

/* A line across the chat pane with a name on it, and signs where it meets the sidebar's line. */
static void draw_rule(const struct frame *f, int row, const char *name, bool focus, bool top)
{
    const struct glyphs *g = screen_glyphs();
    if (row < 0)
        return;
    screen_repeat(row, 0, f->chat_columns, STYLE_BORDER, g->horizontal);
    int n = screen_puts(row, 2, f->chat_columns - 3, focus ? STYLE_ACCENT : STYLE_DIM, name);
    screen_puts(row, 1, 1, STYLE_BORDER, " ");
    screen_puts(row, 2 + n, 1, STYLE_BORDER, " ");
    if (f->side < f->columns) {
        screen_puts(row, f->side, 1, STYLE_BORDER, top ? g->tee_down : g->tee_left);
        if (top)
            screen_repeat(row, f->side + 1, f->columns - f->side - 1, STYLE_BORDER, g->horizontal);
    }
}

/* What was found, and that there is more below, on the line under the chat. */
static void draw_badge(const struct app *a, const struct frame *f)
{
    const struct transcript *t = a->reader.pager_open ? &a->reader.pager : &a->reader.transcript;
    char text[96] = "", found[40] = "";
    transcript_search_status(t, found, sizeof found);
    if (*found)
        snprintf(text, sizeof text, " %s ", found);
    size_t len = strlen(text);
    if (!t->follow)
        snprintf(text + len, sizeof text - len, "%s %s ", screen_glyphs()->down,
                 t->unseen ? "new text below" : "more below");
    if (!*text || f->chat_rows < 1)
        return;
    int n = (int)utf8_width(text, strlen(text));
    int row = f->input_rule >= 0 ? f->input_rule : f->chat_row + f->chat_rows - 1;
    if (n + 14 < f->chat_columns)
        screen_puts(row, f->chat_columns - n - 2, n, STYLE_BADGE, text);
}

char *view_key(enum focus focus, enum action action, char *out, size_t size)
{
    size_t n;
    const struct binding *rows = keymap_bindings(&n);
    int32_t key = 0;
    for (size_t i = n; i-- > 0;)
        if (rows[i].action == action && (rows[i].where & (1u << focus)))
            key = rows[i].key;
    for (size_t i = n; i-- > 0;)
        if (rows[i].action == action && rows[i].where == 1u << focus)
            key = rows[i].key;
    return key_name(key, out, size);
}

static void draw_notice(const struct app *a, const struct frame *f)
{
    for (size_t at = 0, row = (size_t)f->hints; row < (size_t)f->rows && at < a->prompt.notice.len;
         row++) {
        const char *s = a->prompt.notice.data + at;
        screen_put((int)row, 1, f->columns - 2, STYLE_NOTE, s,
                   notice_row(&a->prompt.notice, &at, f->columns));
    }
}

static void draw_hints(const struct app *a, const struct frame *f)
{
    static const struct {
        enum action action;
        const char *text;
    } hints[N_FOCUS + 1][8] = {
        [FOCUS_INPUT] = {{ACT_SEND, "send"},
                         {ACT_NEWLINE, "new line"},
                         {ACT_COMPLETE, "sliders"},
                         {ACT_STOP, "stop"},
                         {ACT_HELP, "help"},
                         {ACT_DELETE_OR_QUIT, "leave"},
                         {ACT_PAGE_UP, "scroll"},
                         {ACT_CONVERSATIONS, "conversations"}},
        [FOCUS_SIDEBAR] = {{ACT_SELECT_NEXT, "next"},
                           {ACT_LOWER, "less"},
                           {ACT_RAISE, "more"},
                           {ACT_STOP, "back"},
                           {ACT_RESET, "reset"},
                           {ACT_FOCUS_NEXT, "chat"},
                           {ACT_ACCEPT, "takes a number you type"}},
        [FOCUS_CHAT] = {{ACT_PAGE_UP, "page up"},
                        {ACT_MESSAGE_PREVIOUS, "message"},
                        {ACT_FIND, "find"},
                        {ACT_FIND_NEXT, "next"},
                        {ACT_COPY, "copy"},
                        {ACT_COPY_CODE, "copy code"},
                        {ACT_FOCUS_NEXT, "input"},
                        {ACT_HELP, "help"}},
        [N_FOCUS] = {{ACT_BACK, "close"},
                     {ACT_LINE_DOWN, "down"},
                     {ACT_PAGE_DOWN, "page down"},
                     {ACT_PAGE_UP, "page up"},
                     {ACT_FIND, "find"},
                     {ACT_SCROLL_BOTTOM, "end"}},
    };
    int row = a->reader.pager_open && a->focus == FOCUS_CHAT ? N_FOCUS : a->focus;
    if (f->hints < 0)
        return;
    if (a->prompt.notice.len) {
        draw_notice(a, f);
        return;
    }
    int column = 1;
    if (a->reader.finding) {
        screen_puts(f->hints, 1, 1, STYLE_ACCENT, "/");
        int n = screen_put(f->hints, 2, f->columns - 3, STYLE_TEXT, a->reader.find.data,
                           a->reader.find.len);
        screen_cursor(f->hints, 2 + n);
        return;
    }
    if (a->composer.editor.search.on) {
        struct buf prompt = {0};
        editor_search_prompt(&a->composer.editor, &prompt);
        screen_put(f->hints, 1, f->columns - 2, STYLE_ACCENT, prompt.data, prompt.len);
        buf_free(&prompt);
        return;
    }
    if (a->focus == FOCUS_INPUT && a->composer.editor.vi.on)
        column += 3 + screen_puts(f->hints, column, f->columns - 2, STYLE_ACCENT,
                                  a->composer.editor.vi.normal ? "NORMAL" : "INSERT");
    for (size_t i = 0; i < 8 && hints[row][i].text; i++) {
        char name[32] = "";
        view_key(a->focus, hints[row][i].action, name, sizeof name);
        int need = (int)(strlen(name) + strlen(hints[row][i].text)) + 1;
        if (column + need > f->columns)
            break;
        column += screen_puts(f->hints, column, need, STYLE_BOLD, name) + 1;
        column += screen_puts(f->hints, column, need, STYLE_DIM, hints[row][i].text) + 3;
    }
}

static const char *name_of_input(const struct app *a)
{
    bool answer = a->composer.rewriting &&
                  a->chat.conversation.messages[a->composer.rewritten].role == CHAT_ASSISTANT;
    return answer                  ? "New version of the answer"
           : a->composer.rewriting ? "New version of your message"
                                   : "Message";
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
    if (a->list.open) {
        view_picker(a);
        return;
    }
    if (f.bare) {
        view_chat(a, &f);
        draw_hints(a, &f);
        return;
    }
    draw_title(a, &f);
    char page[64];
    snprintf(page, sizeof page, "%s - Esc closes this page", a->reader.pager_name);
    draw_rule(&f, f.top_rule, a->reader.pager_open ? page : "Chat", a->focus == FOCUS_CHAT, true);
    view_chat(a, &f);
    draw_rule(&f, f.input_rule, name_of_input(a), a->focus == FOCUS_INPUT, false);
    draw_badge(a, &f);
    view_sidebar(a, &f);
    view_input(a, &f);
    draw_hints(a, &f);
}

struct place view_at(struct app *a, int row, int column)
{
    struct frame f = frame_of(a);
    struct place place = {.slider = -1, .fraction = -1};
    if (f.rows < MIN_ROWS || f.columns < MIN_COLUMNS || row < 0 || column < 0)
        return place;
    if (column > f.side)
        return view_sidebar_at(a, &f, row, column);
    if (row >= f.chat_row && row < f.chat_row + f.chat_rows)
        place.kind = PLACE_CHAT;
    else if (row >= f.input_row && row < f.input_row + f.input_rows)
        place.kind = PLACE_INPUT;
    return place;
}
