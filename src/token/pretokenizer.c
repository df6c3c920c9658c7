/* SPDX-License-Identifier: MIT */
#include "pretokenizer.h"

#include <string.h>

#include "characters.h"
#include "utf8.h"

static bool run_step(struct pretokenizer *p, uint32_t i, const char *s, size_t n, bool at_start);

/* ---- what becomes of matches ----------------------------------------------------------------- */

struct splitter {
    struct pretokenizer *p;
    uint32_t i;
    const char *s;
    bool at_start, invert;
    enum behaviour behaviour;
    bool was_match, waits; /* the last piece; [start, end) may still grow */
    size_t start, end;
};

static bool give(struct splitter *x, size_t start, size_t end)
{
    return run_step(x->p, x->i + 1, x->s + start, end - start, x->at_start && start == 0);
}

static bool flush(struct splitter *x)
{
    bool waits = x->waits;
    x->waits = false;
    return !waits || give(x, x->start, x->end);
}

static bool wait_for_more(struct splitter *x, size_t start, size_t end)
{
    bool ok = flush(x);
    x->waits = true;
    x->start = start;
    x->end = end;
    return ok;
}

static bool on_piece(void *arg, size_t start, size_t end, bool is_match)
{
    struct splitter *x = arg;
    bool was_match = x->was_match, joins;
    is_match = is_match != x->invert;
    x->was_match = is_match;
    switch (x->behaviour) {
    case ISOLATED: return give(x, start, end);
    case REMOVED: return is_match || give(x, start, end);
    case MERGED_WITH_PREVIOUS: joins = is_match && !was_match; break;
    case MERGED_WITH_NEXT: joins = !is_match && was_match; break;
    default: joins = is_match == was_match;
    }
    if (!joins || !x->waits)
        return wait_for_more(x, start, end);
    x->end = end;
    return true;
}

static bool split(struct pretokenizer *p, uint32_t i, const struct matcher *m,
                  enum behaviour behaviour, bool invert, const char *s, size_t n, bool at_start)
{
    struct splitter x = {
        .p = p, .i = i, .s = s, .at_start = at_start, .invert = invert, .behaviour = behaviour};
    return matcher_run(m, p->scratch, s, n, on_piece, &x, &p->gave_up) && flush(&x);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Behind the last step words stay bytes: whoever encodes them knows. */
static bool byte_level_word(struct pretokenizer *p, uint32_t i, const char *s, size_t n,
                            bool at_start)
{
    struct buf *text = &p->texts[2 * i];
    if (i + 1 == p->n_steps)
        return run_step(p, i + 1, s, n, at_start);
    text->len = 0;
    for (size_t at = 0; at < n; at++) {
        char c[2];
        buf_append(text, c, byte_level_encode((uint8_t)s[at], c));
    }
    return run_step(p, i + 1, text->data, text->len, at_start);
}

struct byte_level {
    struct pretokenizer *p;
    uint32_t i;
    const char *s;
    bool at_start;
};

static bool on_byte_level_piece(void *arg, size_t start, size_t end, bool is_match)
{
    const struct byte_level *b = arg;
    (void)is_match;
    return start == end ||
           byte_level_word(b->p, b->i, b->s + start, end - start, b->at_start && start == 0);
}

static bool byte_level(struct pretokenizer *p, uint32_t i, const char *s, size_t n, bool at_start)
{
    const struct step *step = &p->steps[i];
    struct buf *text = &p->texts[2 * i + 1];
    if (step->flags & STEP_PREFIX_SPACE && *s != ' ') {
        text->len = 0;
        buf_puts(text, " ");
        buf_append(text, s, n);
        s = text->data;
        n = text->len;
    }
    struct byte_level b = {p, i, s, at_start};
    if (step->flags & STEP_USE_REGEX)
        return matcher_run(&p->matchers[i], p->scratch, s, n, on_byte_level_piece, &b, &p->gave_up);
    return byte_level_word(p, i, s, n, at_start);
}

static bool begins_with(const char *s, size_t n, const char *with, size_t n_with)
{
    return n >= n_with && memcmp(s, with, n_with) == 0;
}

static bool metaspace(struct pretokenizer *p, uint32_t i, const char *s, size_t n, bool at_start)
{
    const struct step *step = &p->steps[i];
    const char *meta = p->strings + step->pattern_at;
    struct buf *text = &p->texts[2 * i];
    bool prepend = step->flags & STEP_ALWAYS || (step->flags & STEP_FIRST && at_start);
    text->len = 0;
    if (prepend && *s != ' ' && !begins_with(s, n, meta, step->pattern_len))
        buf_append(text, meta, step->pattern_len);
    for (size_t at = 0; at < n;) {
        const char *space = memchr(s + at, ' ', n - at);
        size_t end = space ? (size_t)(space - s) : n;
        buf_append(text, s + at, end - at);
        if (space)
            buf_append(text, meta, step->pattern_len);
        at = end + 1;
    }
    if (!step->split)
        return run_step(p, i + 1, text->data, text->len, at_start);
    return split(p, i, &p->matchers[i], MERGED_WITH_NEXT, false, text->data, text->len, at_start);
}

/* \w+|[^\w\s]+ */
static bool whitespace(struct pretokenizer *p, uint32_t i, const char *s, size_t n, bool at_start)
{
    enum { WHITE, WORD, OTHER } kind, last = WHITE;
    size_t start = 0;
    for (size_t at = 0, used; at < n; at += used) {
        int32_t cp;
        used = utf8_decode(s + at, n - at, &cp);
        kind = char_is_word(cp) ? WORD : char_is_white(cp) ? WHITE : OTHER;
        if (kind == last)
            continue;
        if (last != WHITE && !run_step(p, i + 1, s + start, at - start, at_start && start == 0))
            return false;
        start = at;
        last = kind;
    }
    return last == WHITE || run_step(p, i + 1, s + start, n - start, at_start && start == 0);
}

static bool run_step(struct pretokenizer *p, uint32_t i, const char *s, size_t n, bool at_start)
{
    if (n == 0)
        return true;
    if (i == p->n_steps)
        return p->word(p->arg, s, n);
    const struct step *step = &p->steps[i];
    switch (step->kind) {
    case STEP_BYTE_LEVEL: return byte_level(p, i, s, n, at_start);
    case STEP_METASPACE: return metaspace(p, i, s, n, at_start);
    case STEP_WHITESPACE: return whitespace(p, i, s, n, at_start);
    default:
        return split(p, i, &p->matchers[i], step->behaviour, step->flags & STEP_INVERT, s, n,
                     at_start);
    }
}

bool pretokenize(struct pretokenizer *p, const char *s, size_t n, bool at_start)
{
    return run_step(p, 0, s, n, at_start);
}

void pretokenizer_free(struct pretokenizer *p)
{
    for (size_t i = 0; i < 2 * MAX_STEPS; i++)
        buf_free(&p->texts[i]);
}
