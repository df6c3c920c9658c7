/* SPDX-License-Identifier: MIT
 *
 * The tokens of an answer, tinted, and below them what else the chosen one might have been.
 */
#include <math.h>
#include <stdlib.h>

#include "token_pieces.h"
#include "utf8.h"
#include "view_parts.h"

enum {
    CHOICE_ROWS = 4,   /* at most */
    USUAL_CHOICE = 18, /* cells */
};

/* ---- what stands where ---------------------------------------------------------------- */

/* Choices in rows, as many as have room. */
struct choices {
    struct buf labels[TOKEN_CHOICES];
    int rows[TOKEN_CHOICES], columns[TOKEN_CHOICES];
    int n, n_rows;
};

static struct choices choices_of(const struct app *a, const struct token_odds *t, int cells,
                                 int most_rows)
{
    struct choices c = {0};
    int row = 0, column = 0;
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0; k++) {
        struct buf *label = &c.labels[k];
        chat_token_label(&a->chat, t->top[k], label);
        int width = (int)utf8_width(label->data, label->len) + 8; /* "1 LABEL <0.01" */
        if (column > 0 && column + width > cells) {
            row++;
            column = 0;
        }
        if (row >= most_rows)
            break;
        c.rows[k] = row;
        c.columns[k] = column;
        c.n = k + 1;
        c.n_rows = row + 1;
        column += width + 1;
    }
    return c;
}

static void choices_free(struct choices *c)
{
    for (int k = 0; k < TOKEN_CHOICES; k++)
        buf_free(&c->labels[k]);
}

/* The rows of the chat: tokens, and a panel below them. With few rows a part of that is left out.
 */
struct places {
    int text_rows;
    int token, choices, tint; /* rows; -1: not shown */
    struct choices c;
};

/* At most half of the rows are for choices. Their number changes little from token to token. */
static struct places places_of(const struct app *a, const struct frame *f)
{
    const struct token_view *v = &a->tokens;
    const struct odds *odds = &a->chat.conversation.messages[v->message].odds;
    int n = f->chat_rows, bottom = f->chat_row + n, cells = frame_text_cells(f);
    int most = n < 2 ? 0 : n < 6 ? 1 : n / 2 - 1 < CHOICE_ROWS ? n / 2 - 1 : CHOICE_ROWS;
    int usual = (TOKEN_CHOICES * USUAL_CHOICE + cells - 1) / cells;
    struct places p = {.c = choices_of(a, &odds->list[v->at], cells, most)};
    int n_rows = usual < most ? usual : most;
    n_rows = p.c.n_rows > n_rows ? p.c.n_rows : n_rows;
    p.tint = n > 3 ? --bottom : -1;
    p.choices = bottom -= n_rows;
    p.token = n > 0 ? --bottom : -1;
    p.text_rows = bottom - f->chat_row;
    return p;
}

size_t view_tokens_choices(const struct app *a, const struct frame *f)
{
    if (!token_view_is_known(&a->tokens, &a->chat))
        return 0;
    struct places p = places_of(a, f);
    choices_free(&p.c);
    return (size_t)p.c.n;
}

/* ---- drawing -------------------------------------------------------------------------- */

static enum style style_of(const struct token_view *v, const struct chat_session *s, size_t i)
{
    static const enum style styles[] = {STYLE_TEXT, STYLE_STRING, STYLE_NUMBER, STYLE_WARNING};
    int doubt = token_view_doubt(v, s, i);
    return v->stands[v->at] == i         ? STYLE_MATCH_HERE
           : token_view_differs(v, s, i) ? STYLE_MATCH
           : doubt < 0                   ? STYLE_DIM
                                         : styles[doubt];
}

void view_token_text(const struct app *a, const struct frame *f, int n_rows)
{
    const struct token_view *v = &a->tokens;
    size_t *rows = xcalloc(v->n + 1, sizeof *rows);
    int *columns = xcalloc(v->n + 1, sizeof *columns), left = frame_text_column(f);
    int cells = frame_text_cells(f);
    token_view_layout(v, cells, rows, columns);
    size_t top = rows[v->at] > (size_t)n_rows / 2 ? rows[v->at] - (size_t)n_rows / 2 : 0;
    for (int row = 0; row < f->chat_rows; row++)
        screen_repeat(f->chat_row + row, 0, f->chat_columns, STYLE_TEXT, " ");
    for (size_t i = 0; i < v->n; i++) {
        if (v->stands[i] != i || rows[i] < top || rows[i] >= top + (size_t)n_rows)
            continue;
        screen_put(f->chat_row + (int)(rows[i] - top), left + columns[i], cells - columns[i],
                   style_of(v, &a->chat, i), v->text.data + v->starts[i],
                   v->starts[i + 1] - v->starts[i]);
    }
    free(rows);
    free(columns);
}

static void draw_choices(const struct token_odds *t, const struct choices *c, int top, int left,
                         int end)
{
    for (int k = 0; k < c->n; k++) {
        enum style style = t->top[k] == t->id ? STYLE_BOLD : STYLE_TEXT;
        struct buf number = {0}, p = {0};
        int row = top + c->rows[k], column = left + c->columns[k];
        buf_printf(&number, "%d ", k + 1);
        buf_puts(&p, " ");
        chat_token_probability(t->top_p[k], &p);
        column += screen_puts(row, column, end - column, STYLE_ACCENT, number.data);
        column += screen_put(row, column, end - column, style, c->labels[k].data, c->labels[k].len);
        screen_puts(row, column, end - column, STYLE_DIM, p.data);
        buf_free(&number);
        buf_free(&p);
    }
}

void view_token_place(const struct app *a, int32_t id, int row, int left, int end, struct buf *rest)
{
    const struct token_view *v = &a->tokens;
    struct buf place = {0}, label = {0};
    int column = left;
    buf_printf(&place, end - left < WHOLE_PANEL ? "%zu/%zu " : "Token %zu of %zu  ", v->at + 1,
               v->n);
    chat_token_label(&a->chat, id, &label);
    column += screen_puts(row, column, end - column, STYLE_DIM, place.data);
    column += screen_put(row, column, end - column, STYLE_BOLD, label.data, label.len);
    screen_puts(row, column, end - column, STYLE_TEXT, rest->data);
    buf_free(&place);
    buf_free(&label);
    buf_free(rest);
}

static void draw_token(const struct app *a, const struct token_odds *t, int row, int left, int end)
{
    struct buf numbers = {0};
    buf_puts(&numbers, " ");
    chat_token_probability(t->p, &numbers);
    if (!isnan(t->entropy))
        buf_printf(&numbers, ", %.1f bits", (double)t->entropy);
    view_token_place(a, t->id, row, left, end, &numbers);
}

static void draw_odds(const struct app *a, const struct frame *f)
{
    const struct token_view *v = &a->tokens;
    const struct token_odds *t = &a->chat.conversation.messages[v->message].odds.list[v->at];
    int left = frame_text_column(f), end = left + frame_text_cells(f);
    struct places p = places_of(a, f);
    view_token_text(a, f, p.text_rows);
    if (p.token >= 0)
        draw_token(a, t, p.token, left, end);
    draw_choices(t, &p.c, p.choices, left, end);
    if (p.tint >= 0)
        screen_puts(p.tint, left, end - left, STYLE_DIM,
                    v->by_entropy ? "tinted by how open the choice was" : "tinted by probability");
    choices_free(&p.c);
}

void view_tokens(const struct app *a, const struct frame *f)
{
    if (!token_view_is_known(&a->tokens, &a->chat))
        return;
    if (a->tokens.compares)
        view_compared(a, f);
    else
        draw_odds(a, f);
}

void view_tokens_hints(const struct app *a, const struct frame *f)
{
    static const char *const of_odds[] = {
        "Arrows", "move", "1-8", "take a choice", "e", "the other tint", "Esc", "close", NULL};
    static const char *const of_comparison[] = {"Arrows", "move",  "n N", "other first choices",
                                                "Esc",    "close", NULL};
    const char *const *hints = a->tokens.compares ? of_comparison : of_odds;
    int column = 1;
    if (f->hints < 0 || view_notice(a, f))
        return;
    for (size_t i = 0; hints[i]; i += 2) {
        column += screen_puts(f->hints, column, f->columns - column, STYLE_BOLD, hints[i]) + 1;
        column += screen_puts(f->hints, column, f->columns - column, STYLE_DIM, hints[i + 1]) + 3;
    }
}
