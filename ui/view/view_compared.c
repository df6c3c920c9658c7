/* SPDX-License-Identifier: MIT
 *
 * The tokens of an answer, tinted by how far two models are apart, and below them what both think
 * of the chosen one, the divergence of all, and its sum.
 */
#include <math.h>
#include <string.h>

#include "chat_compare.h"
#include "token_pieces.h"
#include "utf8.h"
#include "view_parts.h"

enum {
    NAME_CELLS = 16, /* of a model, at most */
    SMALL = 8,       /* rows of the chat, below which the divergence of all is left out */
};

/* ---- where the parts of the sum stand ------------------------------------------------- */

struct sum {
    struct buf parts[COMPARE_PARTS];
    int rows[COMPARE_PARTS], columns[COMPARE_PARTS];
    int n_rows;
};

static struct sum sum_of(const struct app *a, int cells)
{
    struct sum s = {0};
    int row = 0, column = 0;
    for (int i = 0; i < COMPARE_PARTS; i++) {
        chat_compare_part(&a->chat, i, &s.parts[i]);
        int width = (int)utf8_width(s.parts[i].data, s.parts[i].len);
        if (column > 0 && column + 3 + width > cells) {
            row++;
            column = 0;
        }
        column += column > 0 ? 3 : 0;
        s.rows[i] = row;
        s.columns[i] = column;
        column += width;
    }
    s.n_rows = row + 1;
    return s;
}

static void sum_free(struct sum *s)
{
    for (int i = 0; i < COMPARE_PARTS; i++)
        buf_free(&s->parts[i]);
}

/* ---- drawing -------------------------------------------------------------------------- */

static void draw_token(const struct app *a, const struct compared_token *t, int row, int left,
                       int end)
{
    struct buf kl = {0};
    buf_puts(&kl, " KL ");
    chat_compare_kl(t->kl, &kl);
    view_token_place(a, t->id, row, left, end, &kl);
}

static int name_cells(const struct compared *c)
{
    int most = 0;
    for (int side = 0; side < N_COMPARED; side++) {
        int width = (int)utf8_width(c->names[side], strlen(c->names[side]));
        most = width > most ? width : most;
    }
    return most < NAME_CELLS ? most : NAME_CELLS;
}

/* qins4  0.31, first choice " the" 0.52 */
static void draw_side(const struct app *a, const struct compared_token *t, int side, int row,
                      int left, int end)
{
    int column = left + name_cells(&a->chat.compared) + 2;
    struct buf p = {0}, choice = {0};
    chat_token_probability(expf(-t->nats[side]), &p);
    buf_puts(&p, end - left < WHOLE_PANEL ? ", first " : ", first choice ");
    chat_token_choice(&a->chat, t->top[side], t->top_p[side], &choice);
    screen_puts(row, left, column - 2 - left, STYLE_ACCENT, a->chat.compared.names[side]);
    column += screen_put(row, column, end - column, STYLE_TEXT, p.data, p.len);
    screen_put(row, column, end - column, t->top[0] == t->top[1] ? STYLE_TEXT : STYLE_BOLD,
               choice.data, choice.len);
    buf_free(&p);
    buf_free(&choice);
}

/* The cell that the chosen token is in stands out. */
static void draw_spark(const struct app *a, int row, int left, int cells)
{
    const struct comparison *c = &a->chat.compared.tokens;
    enum spark_signs signs = screen_glyphs()->graph;
    int here = chat_compare_cell(c, cells, signs, a->tokens.at);
    struct buf graph = {0};
    int32_t cp;
    int n = chat_compare_spark(c, cells, signs, &graph);
    for (size_t i = 0, cell = 0; i < graph.len && (int)cell < n; cell++) {
        size_t used = utf8_decode(graph.data + i, graph.len - i, &cp);
        screen_put(row, left + (int)cell, 1, (int)cell == here ? STYLE_MATCH_HERE : STYLE_GRAPH,
                   graph.data + i, used);
        i += used;
    }
    buf_free(&graph);
}

/* With few rows the sum goes first, then the graph. */
void view_compared(const struct app *a, const struct frame *f)
{
    const struct compared_token *t = &a->chat.compared.tokens.list[a->tokens.at];
    int left = frame_text_column(f), cells = frame_text_cells(f), end = left + cells;
    int n = f->chat_rows, row = f->chat_row + n;
    struct sum s = sum_of(a, cells);
    int sum_row = n >= SMALL + s.n_rows ? row -= s.n_rows : -1;
    int graph_row = n >= SMALL ? --row : -1;
    row -= n > N_COMPARED + 1 ? N_COMPARED + 1 : n > 0;
    view_token_text(a, f, row - f->chat_row);
    if (n > 0)
        draw_token(a, t, row, left, end);
    for (int side = 0; side < N_COMPARED && n > N_COMPARED + 1; side++)
        draw_side(a, t, side, row + 1 + side, left, end);
    if (graph_row >= 0)
        draw_spark(a, graph_row, left, cells);
    for (int i = 0; i < COMPARE_PARTS && sum_row >= 0; i++)
        screen_put(sum_row + s.rows[i], left + s.columns[i], end - left - s.columns[i], STYLE_DIM,
                   s.parts[i].data, s.parts[i].len);
    sum_free(&s);
}
