/* SPDX-License-Identifier: MIT */
#include "template_text.h"

#include <string.h>

#include "utf8.h"

enum { SMALL_TEXT = 1024 }; /* larger ones are grown as blocks */

struct value string_of(struct work *w, const char *bytes, size_t n, bool from_template)
{
    struct text *t = work_take(w, sizeof *t);
    if (n > UINT32_MAX / 4)
        work_fail(w, "a text of %zu bytes is too long", n);
    *t = (struct text){.data = (char *)(uintptr_t)bytes,
                       .len = (uint32_t)n,
                       .n_runs = 1,
                       .cap_runs = 1,
                       .first = {(uint32_t)n, from_template}};
    t->runs = &t->first;
    return text_string(t);
}

struct value string_literal(struct work *w, const char *s)
{
    return string_of(w, s, strlen(s), true);
}

struct value string_freeze(struct work *w, struct value s)
{
    s.text->cap = 0;
    string_is_ascii(w, s); /* notes it */
    return s;
}

bool string_is(struct value v, const char *s)
{
    return v.kind == KIND_STRING && v.len == strlen(s) && memcmp(string_bytes(v), s, v.len) == 0;
}

/* The first run that ends behind byte `at` of the text. */
static uint32_t find_run(const struct text *t, uint32_t at)
{
    uint32_t low = 0, high = t->n_runs - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (t->runs[middle].end > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint32_t string_run(struct value s, uint32_t at, bool *from_template)
{
    const struct run *r = &s.text->runs[find_run(s.text, s.at + at)];
    *from_template = r->from_template;
    return r->end < s.at + s.len ? r->end - s.at : s.len;
}

bool string_from_template(struct value s, uint32_t at)
{
    return s.text->runs[find_run(s.text, s.at + at)].from_template;
}

bool string_all_from_template(struct value s)
{
    bool from_template = true;
    for (uint32_t at = 0; at < s.len && from_template;)
        at = string_run(s, at, &from_template);
    return from_template;
}

static bool bytes_are_ascii(const char *s, size_t n)
{
    unsigned char all = 0;
    for (size_t i = 0; i < n; i++)
        all |= (unsigned char)s[i];
    return all < 0x80;
}

bool string_is_ascii(struct work *w, struct value s)
{
    struct text *t = s.text;
    if (t->width == TEXT_UNKNOWN) {
        work_bytes(w, t->len);
        t->width = bytes_are_ascii(t->data, t->len) ? TEXT_ASCII : TEXT_WIDE;
    }
    if (t->width == TEXT_ASCII)
        return true;
    work_bytes(w, s.len);
    return bytes_are_ascii(string_bytes(s), s.len);
}

uint32_t string_chars(struct work *w, struct value s)
{
    if (string_is_ascii(w, s))
        return s.len;
    uint32_t n = 0;
    int32_t cp;
    work_bytes(w, s.len * 4ull);
    for (uint32_t at = 0; at < s.len; n++)
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
    return n;
}

uint32_t string_offset(struct work *w, struct value s, uint32_t i)
{
    if (string_is_ascii(w, s))
        return i;
    uint32_t at = 0;
    int32_t cp;
    work_bytes(w, i * 4ull);
    for (; i > 0 && at < s.len; i--)
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
    return at;
}

/* ---- texts that grow ------------------------------------------------------------------------ */

struct text *text_new(struct work *w)
{
    struct text *t = work_take(w, sizeof *t);
    *t = (struct text){
        .data = (char *)t, .n_runs = 1, .cap_runs = 1, .width = TEXT_ASCII, .first = {0, true}};
    t->runs = &t->first;
    return t;
}

struct text *text_new_output(struct work *w)
{
    struct text *t = text_new(w);
    t->output = true;
    return t;
}

static void reserve(struct work *w, struct text *t, size_t more)
{
    size_t need = t->len + more;
    if (need <= t->cap)
        return;
    if (need > WORK_MAX_BYTES)
        work_fail(w, t->output ? "writes more than %d MiB" : "makes a text of more than %d MiB",
                  WORK_MAX_BYTES >> 20);
    size_t cap = need + need / 2 + 16;
    if (cap > SMALL_TEXT || t->output) {
        bool fresh = !t->block;
        char *data = work_block(w, &t->block, cap, !t->output);
        if (fresh && t->len)
            memcpy(data, t->data, t->len);
        t->data = data;
    } else {
        t->data = work_grow_array(w, t->data, t->len, cap, 1);
    }
    t->cap = (uint32_t)cap;
}

static void mark(struct work *w, struct text *t, bool from_template)
{
    struct run *last = &t->runs[t->n_runs - 1];
    uint32_t before = t->n_runs > 1 ? t->runs[t->n_runs - 2].end : 0;
    if (last->end == before) /* nothing yet */
        last->from_template = from_template;
    if (last->from_template == from_template) {
        last->end = t->len;
        return;
    }
    if (t->n_runs == t->cap_runs) {
        uint32_t cap = t->cap_runs * 2 + 2;
        t->runs = work_grow_array(w, t->runs, t->n_runs, cap, sizeof *t->runs);
        t->cap_runs = cap;
    }
    t->runs[t->n_runs++] = (struct run){t->len, from_template};
}

/* The n bytes behind t->len are there: they belong to it now. */
static void added(struct work *w, struct text *t, uint32_t n, bool from_template)
{
    if (n == 0)
        return;
    if (t->width == TEXT_ASCII && !bytes_are_ascii(t->data + t->len, n))
        t->width = TEXT_WIDE;
    t->len += n;
    mark(w, t, from_template);
}

void text_append(struct work *w, struct text *t, const char *bytes, size_t n, bool from_template)
{
    work_step(w, n / 32);
    reserve(w, t, n);
    memcpy(t->data + t->len, bytes, n);
    added(w, t, (uint32_t)n, from_template);
}

void text_append_string(struct work *w, struct text *t, struct value s)
{
    bool from_template;
    work_step(w, s.len / 32);
    reserve(w, t, s.len); /* s may be a view of t: its bytes are looked up behind this */
    for (uint32_t at = 0, end; at < s.len; at = end) {
        end = string_run(s, at, &from_template);
        memcpy(t->data + t->len, string_bytes(s) + at, end - at);
        added(w, t, end - at, from_template);
    }
}

void text_puts(struct work *w, struct text *t, const char *s)
{
    text_append(w, t, s, strlen(s), true);
}

struct value text_string(const struct text *t)
{
    return (struct value){.kind = KIND_STRING, .len = t->len, .text = (struct text *)(uintptr_t)t};
}

struct value string_concat(struct work *w, struct value a, struct value b)
{
    struct text *t = a.text;
    if (b.len == 0)
        return string_plain(a);
    if (a.len == 0)
        return string_plain(b);
    if (t->cap == 0 || t->output || a.at + a.len != t->len) {
        t = text_new(w);
        reserve(w, t, (size_t)a.len + b.len);
        text_append_string(w, t, a);
        a = text_string(t);
    }
    text_append_string(w, t, b);
    return string_slice(text_string(t), a.at, t->len - a.at);
}
