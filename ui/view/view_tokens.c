/* SPDX-License-Identifier: MIT
 *
 * The tokens of an answer, tinted, and below them what else the chosen one might have been.
 */
#include <math.h>
#include <stdlib.h>

#include "sanitise.h"
#include "view_parts.h"

enum { PANEL_ROWS = 3 }; /* the token, its choices, how it is tinted */

static enum style style_of(const struct token_view *v, const struct token_odds *t)
{
    static const enum style styles[] = {STYLE_TEXT, STYLE_STRING, STYLE_NUMBER, STYLE_WARNING};
    int doubt = token_view_doubt(v, t);
    return doubt < 0 ? STYLE_DIM : styles[doubt];
}

static void draw_text(const struct token_view *v, const struct odds *odds, const struct frame *f,
                      int height)
{
    size_t *rows = xcalloc(v->n + 1, sizeof *rows);
    int *columns = xcalloc(v->n + 1, sizeof *columns), left = frame_text_column(f);
    int cells = frame_text_cells(f);
    token_view_layout(v, cells, rows, columns);
    size_t top = rows[v->at] > (size_t)height / 2 ? rows[v->at] - (size_t)height / 2 : 0;
    for (size_t i = 0; i < v->n; i++) {
        if (rows[i] < top || rows[i] >= top + (size_t)height)
            continue;
        enum style style = i == v->at ? STYLE_MATCH_HERE : style_of(v, &odds->list[i]);
        screen_put(f->chat_row + (int)(rows[i] - top), left + columns[i], cells - columns[i], style,
                   v->text.data + v->starts[i], v->starts[i + 1] - v->starts[i]);
    }
    free(rows);
    free(columns);
}

/* "0.93"; "-" of what the model was not asked for. */
static int draw_number(int row, int column, int cells, enum style style, float p)
{
    char text[24] = "-";
    if (!isnan(p))
        snprintf(text, sizeof text, p < 0.005f ? "<0.01" : "%.2f", (double)p);
    return screen_puts(row, column, cells, style, text);
}

static int draw_token(const struct app *a, int row, int column, int cells, enum style style,
                      int32_t id)
{
    struct buf bytes = {0}, quoted = {0};
    engine_token_text(a->chat.engine, id, &bytes);
    char *clean = sanitise_text(bytes.len ? bytes.data : "", bytes.len, true);
    buf_printf(&quoted, "\"%s\" ", clean);
    int used = screen_put(row, column, cells, style, quoted.data, quoted.len);
    free(clean);
    buf_free(&bytes);
    buf_free(&quoted);
    return used;
}

static void draw_choices(const struct app *a, const struct token_odds *t, int row, int column,
                         int end)
{
    char number[8];
    for (int k = 0; k < TOKEN_CHOICES && t->top[k] >= 0 && column + 12 < end; k++) {
        enum style style = t->top[k] == t->id ? STYLE_BOLD : STYLE_TEXT;
        snprintf(number, sizeof number, "%d ", k + 1);
        column += screen_puts(row, column, end - column, STYLE_ACCENT, number);
        column += draw_token(a, row, column, end - column, style, t->top[k]);
        column += draw_number(row, column, end - column, STYLE_DIM, t->top_p[k]) + 2;
    }
}

static void draw_panel(const struct app *a, const struct token_odds *t, const struct frame *f,
                       int row)
{
    const struct token_view *v = &a->tokens;
    char text[80];
    int left = frame_text_column(f), end = left + frame_text_cells(f), column = left;
    snprintf(text, sizeof text, "Token %zu of %zu  ", v->at + 1, v->n);
    column += screen_puts(row, column, end - column, STYLE_DIM, text);
    column += draw_token(a, row, column, end - column, STYLE_BOLD, t->id);
    column += draw_number(row, column, end - column, STYLE_TEXT, t->p);
    if (!isnan(t->entropy)) {
        snprintf(text, sizeof text, ", %.1f bits", (double)t->entropy);
        screen_puts(row, column, end - column, STYLE_TEXT, text);
    }
    draw_choices(a, t, row + 1, left, end);
    screen_puts(row + 2, left, end - left, STYLE_DIM,
                v->by_entropy ? "tinted by how open the choice was" : "tinted by probability");
}

void view_tokens(const struct app *a, const struct frame *f)
{
    const struct token_view *v = &a->tokens;
    const struct odds *odds = &a->chat.conversation.messages[v->message].odds;
    int height = f->chat_rows - PANEL_ROWS;
    if (odds->n != v->n) /* another model came, which thinks otherwise */
        return;
    for (int row = 0; row < f->chat_rows; row++)
        screen_repeat(f->chat_row + row, 0, f->chat_columns, STYLE_TEXT, " ");
    if (height > 0)
        draw_text(v, odds, f, height);
    if (f->chat_rows >= PANEL_ROWS)
        draw_panel(a, &odds->list[v->at], f, f->chat_row + f->chat_rows - PANEL_ROWS);
}

void view_tokens_hints(const struct app *a, const struct frame *f)
{
    static const char *const hints[] = {"Arrows", "move",           "1-8", "take a choice",
                                        "e",      "the other tint", "Esc", "close"};
    int column = 1;
    if (f->hints < 0 || view_notice(a, f))
        return;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i += 2) {
        column += screen_puts(f->hints, column, f->columns - column, STYLE_BOLD, hints[i]) + 1;
        column += screen_puts(f->hints, column, f->columns - column, STYLE_DIM, hints[i + 1]) + 3;
    }
}
