/* SPDX-License-Identifier: MIT */
#include "token_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

static const struct odds *odds(const struct token_view *v, const struct chat_session *s)
{
    return &s->conversation.messages[v->message].odds;
}

static const struct comparison *compared(const struct chat_session *s)
{
    return &s->compared.tokens;
}

static size_t n_known(const struct token_view *v, const struct chat_session *s)
{
    return v->compares ? compared(s)->n : odds(v, s)->n;
}

bool token_view_is_known(const struct token_view *v, const struct chat_session *s)
{
    return n_known(v, s) == v->n;
}

/* The bytes of all tokens, and where each of them begins: from[n + 1]. */
static struct buf bytes_of(const struct token_view *v, const struct chat_session *s, size_t *from)
{
    struct buf bytes = {0};
    for (size_t i = 0; i < v->n; i++) {
        from[i] = bytes.len;
        engine_token_text(s->engine, v->compares ? compared(s)->list[i].id : odds(v, s)->list[i].id,
                          &bytes);
    }
    from[v->n] = bytes.len;
    return bytes;
}

/* Moves each begin that is inside a character behind it. */
static void keep_whole(const struct buf *bytes, size_t *from, size_t n)
{
    size_t i = 0;
    int32_t cp;
    for (size_t at = 0, end; at < bytes->len; at = end) {
        end = at + utf8_decode(bytes->data + at, bytes->len - at, &cp);
        for (; i < n && from[i] < end; i++)
            from[i] = from[i] > at ? end : at;
    }
}

/* A whole character stands in the text of the token that begins it, a line end as ^J. */
static void add(struct token_view *v, size_t i, const char *text, size_t n)
{
    char *clean = sanitise_text(n ? text : "", n, true);
    v->starts[i] = v->text.len;
    v->ends_line[i] = n && memchr(text, '\n', n);
    buf_puts(&v->text, clean);
    free(clean);
}

void token_view_open(struct token_view *v, const struct chat_session *s, int32_t message,
                     bool compares)
{
    token_view_free(v);
    v->message = message;
    v->compares = compares;
    v->n = n_known(v, s);
    v->starts = xcalloc(v->n + 1, sizeof *v->starts);
    v->stands = xcalloc(v->n + 1, sizeof *v->stands);
    v->ends_line = xcalloc(v->n + 1, sizeof *v->ends_line);
    size_t *from = xcalloc(v->n + 1, sizeof *from);
    struct buf bytes = bytes_of(v, s, from);
    size_t *whole = xcalloc(v->n + 1, sizeof *whole);
    memcpy(whole, from, (v->n + 1) * sizeof *whole);
    keep_whole(&bytes, whole, v->n);
    buf_puts(&v->text, "");
    for (size_t i = 0; i < v->n; i++) {
        bool is_part = from[i + 1] > from[i] && whole[i + 1] == whole[i];
        v->stands[i] = is_part && i ? v->stands[i - 1] : i;
        add(v, i, bytes.data + whole[i], whole[i + 1] - whole[i]);
    }
    v->starts[v->n] = v->text.len;
    free(whole);
    free(from);
    buf_free(&bytes);
}

void token_view_free(struct token_view *v)
{
    buf_free(&v->text);
    free(v->starts);
    free(v->stands);
    free(v->ends_line);
    *v = (struct token_view){0};
}

size_t token_view_layout(const struct token_view *v, int cells, size_t *rows, int *columns)
{
    size_t row = 0;
    int column = 0;
    for (size_t i = 0; i < v->n; i++) {
        int width = (int)utf8_width(v->text.data + v->starts[i], v->starts[i + 1] - v->starts[i]);
        bool is_part = v->stands[i] != i;
        if (column > 0 && !is_part && (column + width > cells || v->ends_line[v->stands[i - 1]])) {
            row++;
            column = 0;
        }
        rows[i] = row;
        columns[i] = is_part ? columns[v->stands[i]] : column;
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
        if (rows[i] == to && v->stands[i] == i &&
            (rows[best] != to || columns[i] <= columns[v->at]))
            best = i;
    v->at = best;
    free(rows);
    free(columns);
}

static int doubt_of(const struct token_view *v, const struct chat_session *s, size_t i)
{
    static const float least[] = {0.9f, 0.5f, 0.2f}, most[] = {0.5f, 1.5f, 3}; /* bits */
    static const float far[] = {0.01f, 0.1f, 0.5f};                            /* nats */
    int level = 0;
    if (v->compares) {
        while (level < 3 && compared(s)->list[i].kl > far[level])
            level++;
        return level;
    }
    const struct token_odds *t = &odds(v, s)->list[i];
    if (isnan(t->p))
        return -1;
    while (level < 3 && (v->by_entropy ? t->entropy > most[level] : t->p < least[level]))
        level++;
    return level;
}

int token_view_doubt(const struct token_view *v, const struct chat_session *s, size_t i)
{
    int most = doubt_of(v, s, i);
    for (size_t k = i + 1; k < v->n && v->stands[k] == i; k++) {
        int doubt = doubt_of(v, s, k);
        most = doubt > most ? doubt : most;
    }
    return most;
}

static bool differs(const struct chat_session *s, size_t i)
{
    const struct compared_token *t = &compared(s)->list[i];
    return t->top[0] != t->top[1];
}

bool token_view_differs(const struct token_view *v, const struct chat_session *s, size_t i)
{
    bool any = v->compares && differs(s, i);
    for (size_t k = i + 1; v->compares && !any && k < v->n && v->stands[k] == i; k++)
        any = differs(s, k);
    return any;
}

void token_view_seek(struct token_view *v, const struct chat_session *s, bool forward)
{
    if (!v->compares || !token_view_is_known(v, s))
        return;
    for (size_t i = v->at; forward ? ++i < v->n : i-- > 0;)
        if (differs(s, i)) {
            v->at = i;
            return;
        }
}
