/* SPDX-License-Identifier: MIT */
#include "token_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

/* Each token by itself: a part of a character shows as U+FFFD, a line end as ^J. */
static void add(struct token_view *v, const struct chat_session *s, size_t i, int32_t id)
{
    struct buf bytes = {0};
    engine_token_text(s->engine, id, &bytes);
    char *clean = sanitise_text(bytes.len ? bytes.data : "", bytes.len, true);
    v->starts[i] = v->text.len;
    v->ends_line[i] = bytes.len && memchr(bytes.data, '\n', bytes.len);
    buf_puts(&v->text, clean);
    free(clean);
    buf_free(&bytes);
}

void token_view_open(struct token_view *v, const struct chat_session *s, int32_t message)
{
    const struct odds *odds = &s->conversation.messages[message].odds;
    token_view_free(v);
    v->message = message;
    v->n = odds->n;
    v->starts = xcalloc(v->n + 1, sizeof *v->starts);
    v->ends_line = xcalloc(v->n + 1, sizeof *v->ends_line);
    buf_puts(&v->text, "");
    for (size_t i = 0; i < v->n; i++)
        add(v, s, i, odds->list[i].id);
    v->starts[v->n] = v->text.len;
}

void token_view_free(struct token_view *v)
{
    buf_free(&v->text);
    free(v->starts);
    free(v->ends_line);
    *v = (struct token_view){0};
}

size_t token_view_layout(const struct token_view *v, int cells, size_t *rows, int *columns)
{
    size_t row = 0;
    int column = 0;
    for (size_t i = 0; i < v->n; i++) {
        int width = (int)utf8_width(v->text.data + v->starts[i], v->starts[i + 1] - v->starts[i]);
        if (column > 0 && (column + width > cells || v->ends_line[i - 1])) {
            row++;
            column = 0;
        }
        rows[i] = row;
        columns[i] = column;
        column += width;
    }
    return row + 1;
}

void token_view_move(struct token_view *v, int cells, int n_rows)
{
    size_t *rows = xcalloc(v->n + 1, sizeof *rows), best = v->at;
    int *columns = xcalloc(v->n + 1, sizeof *columns);
    size_t last = token_view_layout(v, cells, rows, columns) - 1, here = rows[v->at], to = here;
    if (n_rows < 0)
        to = here > (size_t)-n_rows ? here - (size_t)-n_rows : 0;
    else
        to = here + (size_t)n_rows < last ? here + (size_t)n_rows : last;
    for (size_t i = 0; i < v->n && to != here; i++)
        if (rows[i] == to && (rows[best] != to || columns[i] <= columns[v->at]))
            best = i;
    v->at = best;
    free(rows);
    free(columns);
}

int token_view_doubt(const struct token_view *v, const struct token_odds *t)
{
    static const float least[] = {0.9f, 0.5f, 0.2f}, most[] = {0.5f, 1.5f, 3}; /* bits */
    int level = 0;
    if (isnan(t->p))
        return -1;
    while (level < 3 && (v->by_entropy ? t->entropy > most[level] : t->p < least[level]))
        level++;
    return level;
}
