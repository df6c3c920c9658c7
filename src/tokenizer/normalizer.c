/* SPDX-License-Identifier: MIT */
#include "normalizer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "characters.h"
#include "utf8.h"

/* ---- Unicode's normal forms ------------------------------------------------------------------ */

static int form_options(enum step_kind kind)
{
    switch (kind) {
    case STEP_NFC: return UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    case STEP_NFD: return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    case STEP_NFKC: return UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    default: return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
    }
}

/* A character that is its own normal form and joins none before it, whatever the form. */
static bool is_inert(int32_t cp)
{
    if (cp < 0x80)
        return true; /* invalid bytes, too */
    if ((cp >= 0x1100 && cp < 0x1200) || (cp >= 0xAC00 && cp < 0xD7A4))
        return false; /* Hangul is composed by rule */
    const utf8proc_property_t *p = utf8proc_get_property(cp);
    return p->combining_class == 0 && p->decomp_seqindex == UINT16_MAX &&
           (p->category < UTF8PROC_CATEGORY_MN || p->category > UTF8PROC_CATEGORY_ME);
}

/* Appends the form of text[at..at + n), which is valid. */
static void put_form(const struct marked *text, size_t at, size_t n, int options,
                     struct marked *out)
{
    utf8proc_int32_t few[64], *points = few;
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text->text.data + at;
    utf8proc_ssize_t len = (utf8proc_ssize_t)n, need;
    need = utf8proc_decompose(s, len, points, 64, options);
    if (need > 64) {
        points = xmalloc(((size_t)need + 1) * sizeof *points);
        need = utf8proc_decompose(s, len, points, need, options);
    }
    if (need >= 0)
        need = utf8proc_normalize_utf32(points, need, options);
    bool mark = marked_all(text, at, n);
    for (utf8proc_ssize_t i = 0; i < need; i++) {
        char bytes[4];
        marked_put(out, bytes, utf8_encode(points[i], bytes), mark);
    }
    if (points != few)
        free(points);
}

/* Only runs that are not inert are looked at, each with the character before it. */
static void normal_form(const struct step *s, const struct marked *text, struct marked *out)
{
    const char *t = text->text.data;
    size_t n = text->text.len, copied = 0, before = 0; /* before: start of the last character */
    int options = form_options(s->kind);
    for (size_t at = 0; at < n;) {
        int32_t cp;
        size_t used = utf8_decode(t + at, n - at, &cp);
        if (is_inert(cp)) {
            before = cp < 0 ? at + used : at; /* nothing joins a byte that is no UTF-8 */
            at += used;
            continue;
        }
        size_t end = at;
        while (end < n && !is_inert(cp)) {
            end += used;
            if (end < n)
                used = utf8_decode(t + end, n - end, &cp);
        }
        marked_copy(out, text, copied, before - copied);
        put_form(text, before, end - before, options, out);
        at = copied = before = end;
    }
    marked_copy(out, text, copied, n - copied);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void lowercase(const struct marked *text, struct marked *out)
{
    const char *t = text->text.data;
    for (size_t at = 0, n = text->text.len, used; at < n; at += used) {
        int32_t cp;
        char bytes[8];
        used = utf8_decode(t + at, n - at, &cp);
        if (cp < 0) {
            marked_copy(out, text, at, used);
            continue;
        }
        size_t len = utf8_encode(cp == 0x130 ? 'i' : utf8_to_case(cp, false), bytes);
        if (cp == 0x130) /* the only one whose lower case is two characters */
            len += utf8_encode(0x307, bytes + len);
        marked_put(out, bytes, len, marked_all(text, at, used));
    }
}

static void strip(const struct step *s, const struct marked *text, struct marked *out)
{
    size_t n = text->text.len, at = 0;
    if (s->flags & STEP_LEFT)
        at = white_at_start(text->text.data, n);
    if (s->flags & STEP_RIGHT)
        n = at + without_white_end(text->text.data + at, n - at, 0);
    marked_copy(out, text, at, n - at);
}

struct replace {
    const struct marked *text;
    const char *content;
    size_t n, max;
    struct marked *out;
};

static bool replace_piece(void *arg, size_t start, size_t end, bool is_match)
{
    struct replace *r = arg;
    if (r->out->text.len > r->max)
        return false;
    if (is_match)
        marked_put(r->out, r->content, r->n, marked_all(r->text, start, end - start));
    else
        marked_copy(r->out, r->text, start, end - start);
    return true;
}

bool normalize_step(const struct step *s, const char *strings, const struct matcher *matcher,
                    struct regexp_scratch *scratch, size_t max, struct marked *text,
                    struct marked *spare)
{
    struct replace replace = {text, strings + s->content_at, s->content_len, max, spare};
    bool gave_up = false, ok = true;
    marked_clear(spare);
    spare->has_marks = text->has_marks;
    spare->all = text->all;
    if (!text->text.len)
        return true;
    switch (s->kind) {
    case STEP_LOWERCASE: lowercase(text, spare); break;
    case STEP_STRIP: strip(s, text, spare); break;
    case STEP_PREPEND:
        marked_put(spare, strings + s->pattern_at, s->pattern_len, marked_all(text, 0, 1));
        marked_copy(spare, text, 0, text->text.len);
        break;
    case STEP_REPLACE:
        ok = matcher_run(matcher, scratch, text->text.data, text->text.len, replace_piece, &replace,
                         &gave_up);
        break;
    default: normal_form(s, text, spare);
    }
    if (!ok)
        return false;
    struct marked done = *spare;
    *spare = *text;
    *text = done;
    return true;
}
