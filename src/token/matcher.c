/* SPDX-License-Identifier: MIT */
#include "matcher.h"

#include <string.h>

#include "characters.h"
#include "utf8.h"

bool matcher_init(struct matcher *m, const struct step *s, const char *strings, const char *name,
                  struct error *err)
{
    static const char *const stages[] = {"normalizer", "pre_tokenizer", "decoder"};
    const char *text = strings + s->pattern_at;
    *m = (struct matcher){0};
    switch (s->kind) {
    case STEP_DIGITS: m->is_match = char_is_numeric; break;
    case STEP_PUNCTUATION: m->is_match = char_is_punctuation; break;
    case STEP_WHITESPACE_SPLIT: m->is_match = char_is_white; break;
    case STEP_BYTE_LEVEL:
        if (s->flags & STEP_USE_REGEX)
            m->pattern = regexp_new(GPT2_PATTERN, sizeof GPT2_PATTERN - 1, name, "ByteLevel", err);
        return m->pattern || !(s->flags & STEP_USE_REGEX);
    case STEP_METASPACE:
    case STEP_REPLACE:
    case STEP_SPLIT:
        if (s->flags & STEP_IS_REGEX || s->pattern_len == 0) /* "" is between all characters */
            m->pattern = regexp_new(text, s->pattern_len, name, stages[s->stage], err);
        else
            m->string = text;
        m->n = s->pattern_len;
        return m->pattern || m->string;
    default: break;
    }
    return true;
}

void matcher_free(struct matcher *m)
{
    regexp_free(m->pattern);
    *m = (struct matcher){0};
}

/* ---- running --------------------------------------------------------------------------------- */

struct run {
    matcher_fn *fn;
    void *arg;
    size_t at; /* where the last piece ended */
};

static bool give(struct run *r, size_t start, size_t end)
{
    bool ok = start == r->at || r->fn(r->arg, r->at, start, false);
    r->at = end;
    return ok && r->fn(r->arg, start, end, true);
}

static bool run_characters(const struct matcher *m, const char *s, size_t n, struct run *r)
{
    for (size_t at = 0, used; at < n; at += used) {
        int32_t cp;
        used = utf8_decode(s + at, n - at, &cp);
        if (m->is_match(cp) && !give(r, at, at + used))
            return false;
    }
    return true;
}

static bool run_string(const struct matcher *m, const char *s, size_t n, struct run *r)
{
    for (size_t at = 0; at < n;) {
        const char *found = memmem(s + at, n - at, m->string, m->n);
        if (!found)
            break;
        at = (size_t)(found - s) + m->n;
        if (!give(r, at - m->n, at))
            return false;
    }
    return true;
}

static size_t character_bytes(const char *s, size_t n)
{
    int32_t cp;
    return n ? utf8_decode(s, n, &cp) : 1;
}

/* An empty match right behind the last one does not count. */
static bool run_valid(const struct matcher *m, struct regexp_scratch *scratch, const char *s,
                      size_t base, size_t n, struct run *r, bool *gave_up)
{
    size_t from = 0, start, end, last = SIZE_MAX;
    while (from <= n) {
        enum found found = regexp_find(m->pattern, scratch, s + base, n, from, &start, &end);
        if (found == FOUND_GAVE_UP)
            return *gave_up = true, false;
        if (found == FOUND_NOTHING)
            break;
        if (start == end && start == last) {
            from += character_bytes(s + base + from, n - from);
            continue;
        }
        if (!give(r, base + start, base + end))
            return false;
        from = last = end;
    }
    return true;
}

/* Bytes of s[0..n) before the first that is no UTF-8. */
static size_t valid_prefix(const char *s, size_t n)
{
    size_t at = 0;
    while (at < n) {
        int32_t cp = (unsigned char)s[at];
        size_t used = cp < 0x80 ? 1 : utf8_decode(s + at, n - at, &cp);
        if (cp < 0)
            break;
        at += used;
    }
    return at;
}

static bool run_pattern(const struct matcher *m, struct regexp_scratch *scratch, const char *s,
                        size_t n, struct run *r, bool *gave_up)
{
    for (size_t at = 0; at < n;) {
        size_t valid = valid_prefix(s + at, n - at);
        if (valid && !run_valid(m, scratch, s, at, valid, r, gave_up))
            return false;
        at += valid;
        if (at == n)
            break;
        at++;
    }
    return true;
}

bool matcher_run(const struct matcher *m, struct regexp_scratch *scratch, const char *s, size_t n,
                 matcher_fn *fn, void *arg, bool *gave_up)
{
    struct run r = {fn, arg, 0};
    bool ok = m->is_match ? run_characters(m, s, n, &r)
              : m->string ? run_string(m, s, n, &r)
                          : run_pattern(m, scratch, s, n, &r, gave_up);
    return ok && (r.at == n || fn(arg, r.at, n, false));
}
