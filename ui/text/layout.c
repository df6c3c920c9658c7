/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "web_link.h"
#include "wrap.h"

enum { MAX_URLS = 256 << 10 }; /* bytes of those of a layout; what comes then is no link */

/* ---- styled text ---------------------------------------------------------------------- */

void styled_add(struct styled *s, enum style style, const char *text, size_t n)
{
    if (!n)
        return;
    const struct run *last = s->n ? &s->runs[s->n - 1] : NULL;
    if (!last || last->style != style || last->link != s->link) {
        s->runs = xgrow(s->runs, s->n, &s->cap, sizeof *s->runs);
        s->runs[s->n++] =
            (struct run){.start = (uint32_t)s->text.len, .style = style, .link = s->link};
    }
    buf_append(&s->text, text, n);
}

void styled_puts(struct styled *s, enum style style, const char *text)
{
    styled_add(s, style, text, strlen(text));
}

static size_t run_at(const struct styled *s, size_t at)
{
    size_t low = 0, high = s->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->runs[mid].start <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}

void styled_copy(struct styled *s, const struct styled *other, size_t from, size_t to)
{
    const uint32_t link = s->link;
    for (size_t r = from < to ? run_at(other, from) : other->n; r < other->n && from < to; r++) {
        size_t end = r + 1 < other->n ? other->runs[r + 1].start : other->text.len;
        end = end < to ? end : to;
        s->link = other->runs[r].link;
        styled_add(s, (enum style)other->runs[r].style, other->text.data + from, end - from);
        from = end;
    }
    s->link = link;
}

static void cut(struct styled *s, size_t n)
{
    s->text.len = n;
    while (s->n && s->runs[s->n - 1].start >= n)
        s->n--;
}

void styled_trim(struct styled *s)
{
    size_t n = s->text.len;
    while (n && s->text.data[n - 1] == ' ')
        n--;
    cut(s, n);
}

void styled_fit(struct styled *s, int width)
{
    int column = 0, cells;
    for (size_t at = 0, used; at < s->text.len; at += used, column += cells) {
        used = wrap_cluster(s->text.data + at, s->text.len - at, column, &cells);
        if (column + cells > width) {
            cut(s, at);
            return;
        }
    }
}

void styled_clear(struct styled *s)
{
    s->text.len = 0;
    s->n = 0;
}

void styled_free(struct styled *s)
{
    buf_free(&s->text);
    free(s->runs);
    *s = (struct styled){0};
}

/* ---- rows ----------------------------------------------------------------------------- */

void layout_clear(struct layout *l)
{
    styled_clear(&l->drawn);
    l->n = l->urls.len = 0;
}

void layout_free(struct layout *l)
{
    styled_free(&l->drawn);
    free(l->lines);
    buf_free(&l->urls);
    *l = (struct layout){0};
}

static struct line *push(struct layout *l)
{
    l->lines = xgrow(l->lines, l->n, &l->cap, sizeof *l->lines);
    struct line *line = &l->lines[l->n++];
    *line = (struct line){.start = (uint32_t)l->drawn.text.len};
    return line;
}

static void finish(struct layout *l, size_t prefix, enum line_end end)
{
    struct line *line = &l->lines[l->n - 1];
    line->n = (uint32_t)l->drawn.text.len - line->start;
    line->prefix = (uint32_t)prefix;
    line->end = (uint8_t)end;
}

void layout_blank(struct layout *l)
{
    push(l);
    finish(l, 0, END_LINE);
}

void layout_row(struct layout *l, const struct styled *row, size_t prefix, enum line_end end)
{
    push(l);
    styled_copy(&l->drawn, row, 0, row->text.len);
    finish(l, prefix, end);
}

/* Copies one row of text; tabs become blanks up to the next stop. */
static void copy_row(struct layout *l, const struct styled *text, size_t from, size_t to)
{
    const char *s = text->text.data;
    if (from == to || !memchr(s + from, '\t', to - from)) {
        styled_copy(&l->drawn, text, from, to);
        return;
    }
    int column = 0, cells;
    for (size_t used; from < to; from += used, column += cells) {
        used = wrap_cluster(s + from, to - from, column, &cells);
        if (s[from] == '\t')
            styled_add(&l->drawn, (enum style)text->runs[run_at(text, from)].style, "        ",
                       (size_t)cells);
        else
            styled_copy(&l->drawn, text, from, from + used);
    }
}

static int cells_of(const struct styled *prefix)
{
    return prefix ? (int)utf8_width(prefix->text.data, prefix->text.len) : 0;
}

void layout_paragraph(struct layout *l, const struct look_of_text *look, const struct styled *text,
                      const struct styled *first, const struct styled *rest)
{
    size_t n = text->text.len, at = 0;
    int width = look->width - cells_of(first), next_width = look->width - cells_of(rest);
    if (width < 1 || next_width < 1) { /* no room for both: the text is what matters */
        width = next_width = look->width;
        first = rest = NULL;
    }
    const struct styled *prefix = first;
    for (bool more = true; more; prefix = rest, width = next_width) {
        size_t shown = 0, used = at < n ? wrap_row(text->text.data + at, n - at, width, &shown) : 0;
        bool newline = used && text->text.data[at + used - 1] == '\n';
        bool line = at + used >= n || newline;
        push(l);
        if (prefix)
            styled_copy(&l->drawn, prefix, 0, prefix->text.len);
        copy_row(l, text, at, at + shown);
        finish(l, prefix ? prefix->text.len : 0,
               line           ? END_LINE
               : used > shown ? END_BLANK
                              : END_CUT);
        at += used;
        more = at < n || newline;
    }
}

/* ---- links ---------------------------------------------------------------------------- */

uint32_t layout_link(struct layout *l, const char *s, size_t n)
{
    const size_t at = l->urls.len;
    if (at > MAX_URLS || !web_link_target(s, n, &l->urls))
        return 0;
    buf_append(&l->urls, "", 1);
    return (uint32_t)at + 1;
}

const char *layout_url(const struct layout *l, const struct run *run)
{
    return run->link ? l->urls.data + run->link - 1 : NULL;
}

void layout_add_plain(struct layout *l, struct styled *to, enum style style, const char *s,
                      size_t n)
{
    size_t at = 0, start;
    for (size_t used; (used = web_link_find(s, n, at, &start)); at = start + used) {
        styled_add(to, style, s + at, start - at);
        to->link = layout_link(l, s + start, used);
        styled_add(to, style, s + start, used);
        to->link = 0;
    }
    styled_add(to, style, s + at, n - at);
}

/* ---- places --------------------------------------------------------------------------- */

static size_t anchor_of(const struct layout *l, size_t row)
{
    const struct line *line = &l->lines[row];
    const char *s = l->drawn.text.data + line->start;
    size_t n = 0;
    for (size_t i = line->prefix; i < line->n; i++)
        n += s[i] != ' ';
    return n;
}

struct anchor layout_anchor(const struct layout *l, size_t row)
{
    struct anchor anchor = {0};
    for (size_t i = 0; i < row && i < l->n; i++) {
        size_t n = anchor_of(l, i);
        anchor.n += n;
        anchor.rows = n ? 0 : anchor.rows + 1;
    }
    return anchor;
}

size_t layout_find(const struct layout *l, struct anchor anchor)
{
    size_t n = 0, row = 0;
    for (; row < l->n; row++) {
        size_t here = anchor_of(l, row);
        if (n + here > anchor.n || (n == anchor.n && !anchor.rows))
            break;
        if (n == anchor.n)
            anchor.rows--;
        n += here;
    }
    return row < l->n ? row : l->n ? l->n - 1 : 0;
}
