/* SPDX-License-Identifier: MIT */
#include "folded_paste.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FOLDED = 8 * 8 * 8 * 8, DIGITS = 4 };

#define NBSP "\xc2\xa0" /* keeps the label on one row where it fits */

static size_t count_lines(const char *s, size_t n)
{
    size_t lines = n && s[n - 1] != '\n';
    for (size_t i = 0; i < n; i++)
        lines += s[i] == '\n';
    return lines;
}

static void put_size(struct buf *out, size_t n)
{
    if (n < 1000)
        buf_printf(out, "%zu" NBSP "bytes", n);
    else if (n < 1000000)
        buf_printf(out, "%zu" NBSP "KB", (n + 500) / 1000);
    else
        buf_printf(out, "%.1f" NBSP "MB", (double)n / 1e6);
}

bool folded_pastes_add(struct folded_pastes *c, const char *text, size_t n, struct buf *mark)
{
    char head[1 + DIGITS];
    size_t lines = count_lines(text, n);
    if (c->n == MAX_FOLDED)
        return false;
    head[0] = FOLDED_PASTE_START;
    for (int i = 0; i < DIGITS; i++)
        head[1 + i] = (char)(0x10 + (c->n >> 3 * i & 7));
    buf_append(mark, head, sizeof head);
    buf_printf(mark, "[pasted" NBSP "%zu" NBSP "line%s," NBSP, lines, lines == 1 ? "" : "s");
    put_size(mark, n);
    buf_puts(mark, "]\x03");
    c->texts = xgrow(c->texts, c->n, &c->cap, sizeof *c->texts);
    c->texts[c->n] = (struct buf){0};
    buf_append(&c->texts[c->n++], text, n);
    c->bytes += n;
    return true;
}

size_t folded_paste_at(const char *s, size_t n, size_t at)
{
    if (at >= n || s[at] != FOLDED_PASTE_START)
        return 0;
    for (size_t i = at + 1; i < n && i < at + FOLDED_PASTE_MARK_BYTES; i++)
        if (s[i] == FOLDED_PASTE_END)
            return i + 1 - at;
    return 0;
}

size_t folded_paste_before(const char *s, size_t at)
{
    if (at == 0 || s[at - 1] != FOLDED_PASTE_END)
        return 0;
    for (size_t i = at - 1; i-- > 0 && i + FOLDED_PASTE_MARK_BYTES >= at;)
        if (s[i] == FOLDED_PASTE_START)
            return at - i;
    return 0;
}

size_t folded_paste_snap(const char *s, size_t n, size_t at)
{
    for (size_t i = at; i-- > 0 && i + FOLDED_PASTE_MARK_BYTES >= at && s[i] != FOLDED_PASTE_END;)
        if (s[i] == FOLDED_PASTE_START)
            return i + folded_paste_at(s, n, i) > at ? i : at;
    return at;
}

void folded_pastes_expand(const struct folded_pastes *c, const char *s, size_t n, struct buf *out)
{
    for (size_t i = 0, used; i < n; i += used) {
        used = folded_paste_at(s, n, i);
        if (!used) {
            const char *next = memchr(s + i + 1, FOLDED_PASTE_START, n - i - 1);
            used = next ? (size_t)(next - s) - i : n - i;
            buf_append(out, s + i, used);
            continue;
        }
        size_t number = 0;
        for (int d = DIGITS; d > 0; d--)
            number = number * 8 + (s[i + (size_t)d] & 7);
        if (number < c->n)
            buf_append(out, c->texts[number].data, c->texts[number].len);
    }
}

void folded_pastes_free(struct folded_pastes *c)
{
    for (size_t i = 0; i < c->n; i++)
        buf_free(&c->texts[i]);
    free(c->texts);
    *c = (struct folded_pastes){0};
}
