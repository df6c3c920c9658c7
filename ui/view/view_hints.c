/* SPDX-License-Identifier: MIT
 *
 * The last line of the screen: what the keys do now, or what the program has to say.
 */
#include <string.h>

#include "view_parts.h"

struct hint {
    enum action action, opposite; /* opposite: its key stands beside; ACT_NONE: none */
    const char *text;
};
enum { MAX_HINTS = 8 };

/* clang-format off */
static const struct hint focus_hints[N_FOCUS][MAX_HINTS] = {
    [FOCUS_INPUT] = {{ACT_SEND, 0, "send"},
                     {ACT_NEWLINE, 0, "new line"},
                     {ACT_COMPLETE, 0, "sliders"},
                     {ACT_STOP, 0, "stop"},
                     {ACT_HELP, 0, "help"},
                     {ACT_DELETE_OR_QUIT, 0, "quit"},
                     {ACT_PAGE_UP, 0, "scroll"},
                     {ACT_CONVERSATIONS, 0, "conversations"}},
    [FOCUS_SIDEBAR] = {{ACT_SELECT_NEXT, 0, "next"},
                       {ACT_LOWER, 0, "less"},
                       {ACT_RAISE, 0, "more"},
                       {ACT_STOP, 0, "back"},
                       {ACT_RESET, 0, "reset"},
                       {ACT_FOCUS_NEXT, 0, "chat"},
                       {ACT_ACCEPT, 0, "apply the typed number"}},
    [FOCUS_CHAT] = {{ACT_PAGE_UP, 0, "page up"},
                    {ACT_MESSAGE_PREVIOUS, 0, "message"},
                    {ACT_FIND, 0, "find"},
                    {ACT_FIND_NEXT, 0, "next"},
                    {ACT_COPY, 0, "copy"},
                    {ACT_COPY_CODE, 0, "copy code"},
                    {ACT_FOCUS_NEXT, 0, "input"},
                    {ACT_HELP, 0, "help"}},
};
static const struct hint page_hints[MAX_HINTS] = {
    {ACT_BACK, 0, "close"},
    {ACT_LINE_DOWN, ACT_LINE_UP, "scroll"},
    {ACT_PAGE_DOWN, ACT_PAGE_UP, "page"},
    {ACT_FIND, 0, "find"},
    {ACT_SCROLL_BOTTOM, 0, "bottom"},
};
/* clang-format on */

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

static void name_keys(enum focus focus, const struct hint *h, char *out, size_t size)
{
    char opposite[32];
    view_key(focus, h->action, out, size);
    size_t n = strlen(out);
    if (h->opposite)
        snprintf(out + n, size - n, "/%s", view_key(focus, h->opposite, opposite, sizeof opposite));
}

static void draw_hints(const struct app *a, const struct frame *f, const struct hint *hints,
                       int column)
{
    for (size_t i = 0; i < MAX_HINTS && hints[i].text; i++) {
        char name[64] = "";
        name_keys(a->focus, &hints[i], name, sizeof name);
        int need = (int)(strlen(name) + strlen(hints[i].text)) + 1;
        if (column + need > f->columns)
            break;
        column += screen_puts(f->hints, column, need, STYLE_BOLD, name) + 1;
        column += screen_puts(f->hints, column, need, STYLE_DIM, hints[i].text) + 3;
    }
}

bool view_notice(const struct app *a, const struct frame *f)
{
    const struct buf *notice = &a->prompt.notice;
    if (!notice->len)
        return false;
    for (size_t at = 0, row = (size_t)f->hints; row < (size_t)f->rows && at < notice->len; row++) {
        const char *s = notice->data + at;
        screen_put((int)row, 1, f->columns - 2, STYLE_NOTE, s,
                   frame_notice_row(notice, &at, f->columns));
    }
    return true;
}

static void draw_search(const struct editor *e, const struct frame *f)
{
    struct buf line = {0};
    editor_search_prompt(e, &line);
    screen_put(f->hints, 1, f->columns - 2, STYLE_ACCENT, line.data, line.len);
    buf_free(&line);
}

void view_base_hints(const struct app *a, const struct frame *f)
{
    const struct editor *e = &a->composer.editor;
    int column = 1;
    if (f->hints < 0 || view_notice(a, f))
        return;
    if (e->search.on) {
        draw_search(e, f);
        return;
    }
    const struct buf *files = &a->composer.files.line;
    if (a->focus == FOCUS_INPUT && files->len) {
        screen_put(f->hints, column, f->columns - 2, STYLE_NOTE, files->data, files->len);
        return;
    }
    if (a->focus == FOCUS_INPUT && e->vi.on)
        column += 3 + screen_puts(f->hints, column, f->columns - 2, STYLE_ACCENT,
                                  e->vi.normal ? "NORMAL" : "INSERT");
    draw_hints(a, f, focus_hints[a->focus], column);
}

void view_page_hints(const struct app *a, const struct frame *f)
{
    if (a->focus != FOCUS_CHAT)
        view_base_hints(a, f);
    else if (f->hints >= 0 && !view_notice(a, f))
        draw_hints(a, f, page_hints, 1);
}

void view_find_line(const struct app *a, const struct frame *f)
{
    const struct buf *text = &a->reader.find;
    if (f->hints < 0 || view_notice(a, f))
        return;
    screen_puts(f->hints, 1, 1, STYLE_ACCENT, "/");
    int n = screen_put(f->hints, 2, f->columns - 3, STYLE_TEXT, text->data, text->len);
    screen_cursor(f->hints, 2 + n);
}
