/* SPDX-License-Identifier: MIT
 *
 * What stands in the chat pane before the first message: which model this is, and for the starter
 * how to get a larger one; four examples, three hints.
 */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

#include "model_name.h"
#include "units.h"
#include "wrap.h"

enum { MAX_ROWS = 24 };

struct page {
    struct {
        enum style style;
        char *text; /* owned */
        int indent; /* of its further rows */
    } rows[MAX_ROWS];
    int n;
};

static void add(struct page *p, enum style style, int indent, char *text)
{
    if (p->n < MAX_ROWS) {
        p->rows[p->n].style = style;
        p->rows[p->n].indent = indent;
        p->rows[p->n++].text = text;
    } else {
        free(text);
    }
}

/* "3.8 billion weights in 2.13 GB" */
static char *size_of_model(const struct status *f)
{
    char bytes[24], number[24];
    double weights = (double)f->f32_bytes / 4;
    const char *unit = weights >= 1e9 ? "billion" : weights >= 1e6 ? "million" : "thousand";
    weights /= weights >= 1e9 ? 1e9 : weights >= 1e6 ? 1e6 : 1e3;
    snprintf(number, sizeof number, "%.*f", weights < 9.95 ? 1 : 0, weights);
    return xasprintf("%s %s weights in %s, on the CPU.", number, unit,
                     format_bytes(f->model_bytes, bytes, sizeof bytes));
}

static void add_model(struct page *p, const struct app *a)
{
    bool is_starter = model_is_starter(a->chat.model_name);
    if (is_starter) {
        add(p, STYLE_BOLD, 0, xstrdup("The starter model"));
        add(p, STYLE_TEXT, 0,
            xstrdup("It is tiny and invents what it says: nothing for advice or facts."));
        for (int i = 0; i < N_ADVICE && a->chat.advice[i]; i++)
            add(p, STYLE_NOTE, i > 0 && a->chat.advice[2] ? 7 : 0, xstrdup(a->chat.advice[i]));
    } else {
        add(p, STYLE_BOLD, 0, xstrdup(a->chat.model_name));
    }
    if (!is_starter && a->chat.status.model_bytes && a->chat.status.f32_bytes)
        add(p, STYLE_DIM, 0, size_of_model(&a->chat.status));
    const struct status *s = &a->chat.status;
    if (!s->remote.host[0] || s->remote.is_here)
        add(p, STYLE_DIM, 0, xstrdup("Nothing you write leaves this computer."));
    else
        add(p, STYLE_DIM, 0,
            xasprintf("What you write is sent to %s%s.", s->remote.host,
                      s->remote.is_open ? ", not encrypted" : ""));
}

static void add_examples(struct page *p, const struct app *a)
{
    for (int i = 0; i < N_EXAMPLES; i++) {
        char name[32];
        view_key(FOCUS_INPUT, (enum action)(ACT_EXAMPLE_1 + i), name, sizeof name);
        add(p, STYLE_TEXT, 7, xasprintf("%-6s %s", name, model_example(a->chat.model_name, i)));
    }
}

static void add_hints(struct page *p)
{
    char help[32], side[32];
    view_key(FOCUS_INPUT, ACT_HELP, help, sizeof help);
    view_key(FOCUS_INPUT, ACT_COMPLETE, side, sizeof side);
    char list[32];
    view_key(FOCUS_INPUT, ACT_CONVERSATIONS, list, sizeof list);
    add(p, STYLE_DIM, 7, xasprintf("%-6s keys and commands", help));
    add(p, STYLE_DIM, 7, xasprintf("%-6s earlier conversations", list));
    add(p, STYLE_DIM, 7, xasprintf("%-6s speed, memory and the sliders", side));
    add(p, STYLE_DIM, 7, xstrdup("/about what QINS is"));
}

/* Draws a text over as many rows as it needs, before row `last`. -> how many */
static int put_text(int row, int last, int column, int cells, enum style style, int indent,
                    const char *text)
{
    int n = 0;
    for (size_t len = strlen(text), at = 0; at < len && row + n < last; n++) {
        int room = cells - (n ? indent : 0);
        size_t end = at, used = 0;
        for (int width, drawn = 0; at + used < len && drawn < room; drawn += width) {
            used += wrap_cluster(text + at + used, len - at - used, drawn, &width);
            if (at + used == len || text[at + used] == ' ')
                end = at + used;
        }
        if (end == at)
            end = at + used; /* a word wider than the pane */
        screen_put(row + n, column + (n ? indent : 0), room, style, text + at, end - at);
        at = end + strspn(text + end, " ");
    }
    return n;
}

void view_welcome(const struct app *a, const struct frame *f)
{
    struct page p = {0};
    int cells = f->chat_columns - 2 * f->margin - 1, row = f->chat_row, last = row + f->chat_rows;
    add_model(&p, a);
    add(&p, STYLE_TEXT, 0, xstrdup(""));
    add_examples(&p, a);
    add(&p, STYLE_TEXT, 0, xstrdup(""));
    add_hints(&p);
    /* A third of what is left stays free above. */
    row += f->chat_rows > p.n + 2 ? (f->chat_rows - p.n) / 3 : 0;
    for (int i = 0; i < p.n; i++) {
        if (!*p.rows[i].text)
            row++;
        else if (row < last && cells > 8)
            row += put_text(row, last, f->margin + 1, cells, p.rows[i].style, p.rows[i].indent,
                            p.rows[i].text);
        free(p.rows[i].text);
    }
}
