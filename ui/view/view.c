/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "model_name.h"
#include "sanitise.h"
#include "utf8.h"
#include "view_parts.h"

/* Where what is written goes. */
static char *title_of_remote(const struct app *a)
{
    const struct status *s = &a->chat.status;
    char *host = sanitise_text(s->remote.host, strlen(s->remote.host), true);
    char *title =
        xasprintf("QINS Chat - %s%son %s%s%s", a->chat.model_name, *a->chat.model_name ? " " : "",
                  host, s->remote.is_here ? "" : ", ", s->remote.is_here ? "" : status_way(s));
    free(host);
    return title;
}

static char *title_of(const struct app *a)
{
    bool starter = model_is_starter(a->chat.model_name);
    if (a->chat.status.remote.host[0])
        return title_of_remote(a);
    return xasprintf("QINS Chat - %s on CPU%s", starter ? "starter model" : a->chat.model_name,
                     starter ? " - a toy that invents what it says" : "");
}

static void draw_title(const struct app *a, const struct frame *f)
{
    char *title = title_of(a);
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
    const struct transcript *t = f->page ? &a->reader.pager : &a->reader.transcript;
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

static const char *name_of_input(const struct app *a)
{
    bool answer = a->composer.rewriting &&
                  a->chat.conversation.messages[a->composer.rewritten].role == CHAT_ASSISTANT;
    return answer                    ? "New version of the answer"
           : a->composer.rewriting   ? "New version of your message"
           : a->composer.waiting.len ? "Message - the last one waits for the answer's end"
                                     : "Message";
}

/* What is read: a line with its name above, the text, and how it goes on below. */
static void draw_pane(const struct app *a, const struct frame *f, const char *name)
{
    if (!f->bare)
        draw_rule(f, f->top_rule, name, a->focus == FOCUS_CHAT, true);
    view_chat(a, f);
    if (!f->bare)
        draw_badge(a, f);
}

void view_base(const struct app *a, const struct frame *f)
{
    if (!f->bare) {
        draw_title(a, f);
        draw_rule(f, f->input_rule, name_of_input(a), a->focus == FOCUS_INPUT, false);
        view_sidebar(a, f);
        view_input(a, f);
    }
    if (!f->page)
        draw_pane(a, f, "Chat");
}

void view_page(const struct app *a, const struct frame *f)
{
    char name[64];
    snprintf(name, sizeof name, "%s - Esc closes this page", a->reader.pager_name);
    draw_pane(a, f, name);
}

void view_draw(const struct app *a, const struct frame *f)
{
    screen_erase();
    screen_cursor(0, 0);
    if (f->too_small)
        screen_puts(0, 0, f->columns, STYLE_TEXT, "qins-tui needs 20x4");
    else
        layers_draw(&a->layers, a, f);
}
