/* SPDX-License-Identifier: MIT */
#include "search.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "sanitise.h"
#include "utf8.h"

static int32_t fold(int32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    return utf8proc_tolower(cp);
}

void pattern_set(struct pattern *p, const char *text, size_t n)
{
    struct buf folded = {0};
    pattern_free(p);
    if (!n)
        return;
    p->text = sanitise_text(text, n, true);
    p->n = strlen(p->text);
    for (size_t i = 0; i < p->n;) {
        int32_t cp;
        char bytes[4];
        i += utf8_decode(p->text + i, p->n - i, &cp);
        p->exact |= fold(cp) != cp;
        buf_append(&folded, bytes, utf8_encode(fold(cp), bytes));
    }
    if (p->exact) {
        buf_free(&folded);
        return;
    }
    free(p->text);
    p->text = folded.data;
    p->n = folded.len;
}

void pattern_free(struct pattern *p)
{
    free(p->text);
    *p = (struct pattern){0};
}

/* Does the folded text begin here? -> bytes of s, or 0. */
static size_t begins(const struct pattern *p, const char *s, size_t n)
{
    size_t i = 0, k = 0;
    while (k < p->n) {
        int32_t cp, wanted;
        if (i == n)
            return 0;
        i += utf8_decode(s + i, n - i, &cp);
        k += utf8_decode(p->text + k, p->n - k, &wanted);
        if (fold(cp) != wanted)
            return 0;
    }
    return i;
}

size_t pattern_find(const struct pattern *p, const char *s, size_t n, size_t from, size_t *end)
{
    if (!p->n)
        return n;
    if (p->exact) {
        for (size_t i = from; i + p->n <= n; i++) {
            const char *at = memchr(s + i, p->text[0], n - p->n - i + 1);
            if (!at)
                return n;
            i = (size_t)(at - s);
            if (memcmp(at, p->text, p->n) == 0) {
                *end = i + p->n;
                return i;
            }
        }
        return n;
    }
    unsigned char first = (unsigned char)p->text[0];
    for (size_t i = from; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c & 0xC0) == 0x80 || (first < 0x80 && c < 0x80 && fold(c) != first))
            continue;
        size_t used = begins(p, s + i, n - i);
        if (used) {
            *end = i + used;
            return i;
        }
    }
    return n;
}

/* ---- in a layout ---------------------------------------------------------------------- */

/* The rows' text in one piece, as it was before it was wrapped; starts[i]: where row i begins. */
static void unwrap(const struct layout *l, struct buf *text, size_t *starts)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct line *line = &l->lines[i];
        starts[i] = text->len;
        buf_append(text, l->drawn.text.data + line->start + line->prefix, line->n - line->prefix);
        buf_append(text, line->end == END_LINE ? "\n" : " ", line->end != END_CUT);
    }
    starts[l->n] = text->len;
}

static void push(struct hits *h, struct hit hit)
{
    h->hits = xgrow(h->hits, h->n, &h->cap, sizeof *h->hits);
    h->hits[h->n++] = hit;
}

void hits_find(struct hits *h, const struct pattern *p, const struct layout *l)
{
    struct buf text = {0};
    size_t line = 0, end = 0;
    h->n = h->n_whole = 0;
    if (!p->n || !l->n)
        return;
    size_t *starts = xcalloc(l->n + 1, sizeof *starts);
    unwrap(l, &text, starts);
    for (size_t at = 0; (at = pattern_find(p, text.data, text.len, at, &end)) < text.len;
         at = end) {
        while (starts[line + 1] <= at)
            line++;
        for (size_t i = line; i < l->n && starts[i] < end; i++) {
            const struct line *row = &l->lines[i];
            size_t from = at > starts[i] ? at - starts[i] : 0, to = end - starts[i];
            size_t n = row->n - row->prefix;
            to = to < n ? to : n;
            if (from < to)
                push(h, (struct hit){(uint32_t)i, (uint32_t)(row->prefix + from),
                                     (uint32_t)(row->prefix + to), (uint32_t)h->n_whole});
        }
        h->n_whole++;
    }
    free(starts);
    buf_free(&text);
}

void hits_free(struct hits *h)
{
    free(h->hits);
    *h = (struct hits){0};
}
