/* SPDX-License-Identifier: MIT
 *
 * Decoding: the texts of tokens go through the decoders one after the other, each a small machine
 * that gives text to the next. Fuse and ByteLevel make one text of all tokens: what follows them
 * sees its pieces as they come.
 */
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "tokenizer_internal.h"
#include "utf8.h"

static const char replacement[] = "\uFFFD";

struct decoding {
    struct detokenizer *d;
    struct buf
        *run; /* bytes of consecutive byte pieces, where a whole sequence is decoded; or NULL */
    struct buf *out;
};

static const struct step *decoders(const struct tokenizer *t, uint32_t *n)
{
    *n = t->stage_at[STAGE_DECODER + 1] - t->stage_at[STAGE_DECODER];
    return t->image.steps + t->stage_at[STAGE_DECODER];
}

static bool is_fusing(const struct step *s)
{
    return s->kind == STEP_FUSE || s->kind == STEP_BYTE_LEVEL;
}

static bool is_fused(const struct step *steps, uint32_t i)
{
    while (i > 0)
        if (is_fusing(&steps[--i]))
            return true;
    return false;
}

bool decoder_check(const struct tokenizer *t, const char *name, struct error *err)
{
    uint32_t n, n_holding = 0, n_replacing = 0, n_stripping = 0, n_metaspaces = 0;
    const struct step *steps = decoders(t, &n);
    for (uint32_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];
        bool fused = is_fused(steps, i), replaces = s->kind == STEP_REPLACE && fused;
        n_holding += s->kind == STEP_BYTE_FALLBACK || s->kind == STEP_BYTE_LEVEL;
        n_replacing += replaces;
        n_stripping += s->kind == STEP_STRIP && fused;
        n_metaspaces += s->kind == STEP_METASPACE;
        if (replaces &&
            (s->flags & STEP_IS_REGEX || s->pattern_len == 0 || s->pattern_len > DECODER_MAX_HELD))
            return error_set(err, EX_DATAERR,
                             "%s: decoder: Replace behind Fuse takes a string of at most %d bytes",
                             name, DECODER_MAX_HELD);
    }
    if (n_holding > 1 || n_replacing > 1 || n_stripping > 1 || n_metaspaces > 1)
        return error_set(
            err, EX_DATAERR,
            "%s: decoder: one of ByteFallback and ByteLevel, one Metaspace, and behind "
            "Fuse one Replace and one Strip are supported",
            name);
    return true;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void emit(struct decoding *x, uint32_t i, const char *s, size_t n);

/* Gives out the held bytes that are whole characters or cannot become one; all at the end. What
 * cannot is U+FFFD: byte pieces each, bytes of ByteLevel as far as they were the beginning of a
 * character. */
static void release(struct decoding *x, uint32_t i, bool per_byte, bool end)
{
    struct detokenizer *d = x->d;
    size_t at = 0;
    while (at < d->n_held) {
        int32_t cp;
        size_t rest = d->n_held - at, used = utf8_decode(d->held + at, rest, &cp);
        if (cp >= 0) {
            emit(x, i + 1, d->held + at, used);
            at += used;
            continue;
        }
        if (!end && utf8_complete(d->held + at, rest) == 0)
            break;
        for (size_t n = 2; !per_byte && n <= rest; n++)
            if (utf8_complete(d->held + at, n) == 0)
                used = n;
        emit(x, i + 1, replacement, sizeof replacement - 1);
        at += used;
    }
    memmove(d->held, d->held + at, d->n_held - at);
    d->n_held -= at;
}

static void hold_byte(struct decoding *x, uint32_t i, bool per_byte, uint8_t byte)
{
    x->d->held[x->d->n_held++] = (char)byte;
    release(x, i, per_byte, false);
}

/* A run of byte pieces is text if all of it is valid, and nothing but U+FFFD otherwise. */
static void end_run(struct decoding *x, uint32_t i)
{
    struct buf *run = x->run;
    bool valid = true;
    if (!run) {
        release(x, i, true, true);
        return;
    }
    for (size_t at = 0; valid && at < run->len;) {
        int32_t cp;
        at += utf8_decode(run->data + at, run->len - at, &cp);
        valid = cp >= 0;
    }
    if (valid && run->len)
        emit(x, i + 1, run->data, run->len);
    for (size_t k = 0; !valid && k < run->len; k++)
        emit(x, i + 1, replacement, sizeof replacement - 1);
    run->len = 0;
}

/* "<0x41>": the byte, or -1. */
static int byte_of_piece(const char *s, size_t n)
{
    int byte = 0;
    if (n != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>')
        return -1;
    for (int i = 3; i < 5; i++) {
        const char *digits = "0123456789ABCDEFabcdef", *digit = strchr(digits, s[i]);
        if (!digit || !*digit)
            return -1;
        byte = byte * 16 + (int)(digit - digits) - (digit - digits > 15 ? 6 : 0);
    }
    return byte;
}

static void byte_fallback(struct decoding *x, uint32_t i, const char *s, size_t n)
{
    int byte = byte_of_piece(s, n);
    uint8_t c = (uint8_t)byte;
    if (byte < 0) {
        end_run(x, i);
        emit(x, i + 1, s, n);
    } else if (x->run) {
        buf_append(x->run, &c, 1);
    } else {
        hold_byte(x, i, true, c);
    }
}

/* A token with a character that no byte has stays as it is. */
static void byte_level(struct decoding *x, uint32_t i, const char *s, size_t n)
{
    bool all = true;
    int32_t cp;
    for (size_t at = 0; all && at < n;) {
        at += utf8_decode(s + at, n - at, &cp);
        all = byte_level_decode(cp) >= 0;
    }
    for (size_t at = 0, used; at < n; at += used) {
        used = all ? utf8_decode(s + at, n - at, &cp) : 1;
        hold_byte(x, i, false, all ? (uint8_t)byte_level_decode(cp) : (uint8_t)s[at]);
    }
}

enum { REPLACED_MAX = 1 << 20 }; /* bytes that a hostile decoder makes of a token */

struct replace {
    const char *s, *content;
    size_t n;
    struct buf text;
};

static bool on_piece(void *arg, size_t start, size_t end, bool is_match)
{
    struct replace *r = arg;
    if (r->text.len > REPLACED_MAX)
        return false;
    if (is_match)
        buf_append(&r->text, r->content, r->n);
    else
        buf_append(&r->text, r->s + start, end - start);
    return true;
}

static void replace(struct decoding *x, uint32_t i, const struct step *step, const char *s,
                    size_t n)
{
    const struct tokenizer *t = x->d->t;
    const struct matcher *m = &t->matchers[t->stage_at[STAGE_DECODER] + i];
    struct replace r = {s, t->image.strings + step->content_at, step->content_len, {0}};
    struct regexp_scratch *scratch = m->pattern ? regexp_scratch_new(n) : NULL;
    bool gave_up = false;
    if (m->string && !memmem(s, n, m->string, m->n)) {
        emit(x, i + 1, s, n);
        return;
    }
    matcher_run(m, scratch, s, n, on_piece, &r, &gave_up);
    emit(x, i + 1, r.text.data, r.text.len);
    buf_free(&r.text);
    regexp_scratch_free(scratch);
}

/* Across the borders of pieces: the beginning of a match is held until it is decided. */
static void replace_fused(struct decoding *x, uint32_t i, const struct step *step, const char *s,
                          size_t n)
{
    struct detokenizer *d = x->d;
    const char *strings = d->t->image.strings, *pattern = strings + step->pattern_at;
    for (size_t at = 0; at < n; at++) {
        size_t drop = 0;
        d->back[d->n_back++] = s[at];
        while (drop < d->n_back && memcmp(d->back + drop, pattern, d->n_back - drop) != 0)
            drop++;
        if (drop)
            emit(x, i + 1, d->back, drop);
        d->n_back -= drop;
        memmove(d->back, d->back + drop, d->n_back);
        if (d->n_back == step->pattern_len) {
            d->n_back = 0;
            emit(x, i + 1, strings + step->content_at, step->content_len);
        }
    }
}

static void strip_token(struct decoding *x, uint32_t i, const struct step *step, const char *s,
                        size_t n)
{
    const char *c = x->d->t->image.strings + step->pattern_at;
    size_t len = step->pattern_len;
    for (uint32_t k = 0; k < step->start && n >= len && memcmp(s, c, len) == 0; k++) {
        s += len;
        n -= len;
    }
    for (uint32_t k = 0; k < step->stop && n >= len && memcmp(s + n - len, c, len) == 0; k++)
        n -= len;
    emit(x, i + 1, s, n);
}

/* Character by character: those at the beginning go, those at the end wait until others follow. */
static void strip_fused(struct decoding *x, uint32_t i, const struct step *step, const char *s,
                        size_t n)
{
    struct detokenizer *d = x->d;
    const char *c = d->t->image.strings + step->pattern_at;
    size_t len = step->pattern_len, at = 0;
    while (at < n) {
        bool same = n - at >= len && memcmp(s + at, c, len) == 0;
        if (same && !d->begun && d->at_start && d->n_stripped < step->start) {
            d->n_stripped++;
            at += len;
            continue;
        }
        d->begun = true;
        if (same && step->stop) {
            if (d->n_tail == step->stop)
                emit(x, i + 1, c, len);
            else
                d->n_tail++;
            at += len;
            continue;
        }
        for (; d->n_tail; d->n_tail--)
            emit(x, i + 1, c, len);
        size_t end = at + 1;
        if (!step->stop)
            end = n;
        while (end < n && !(n - end >= len && memcmp(s + end, c, len) == 0))
            end++;
        emit(x, i + 1, s + at, end - at);
        at = end;
    }
}

static void metaspace(struct decoding *x, uint32_t i, const struct step *step, const char *s,
                      size_t n)
{
    struct detokenizer *d = x->d;
    const char *c = d->t->image.strings + step->pattern_at;
    size_t len = step->pattern_len, start = 0, at = 0;
    bool drops = step->flags & STEP_ALWAYS && d->at_start && !d->has_token;
    d->has_token = true;
    for (; at < n; at++) {
        if (n - at < len || memcmp(s + at, c, len) != 0)
            continue;
        emit(x, i + 1, s + start, at - start);
        if (!drops)
            emit(x, i + 1, " ", 1);
        at += len - 1;
        start = at + 1;
    }
    emit(x, i + 1, s + start, n - start);
}

static void emit(struct decoding *x, uint32_t i, const char *s, size_t n)
{
    uint32_t n_steps;
    const struct step *steps = decoders(x->d->t, &n_steps);
    if (n == 0)
        return;
    if (i == n_steps) {
        buf_append(x->out, s, n);
        return;
    }
    bool fused = is_fused(steps, i);
    switch (steps[i].kind) {
    case STEP_BYTE_FALLBACK: byte_fallback(x, i, s, n); break;
    case STEP_BYTE_LEVEL: byte_level(x, i, s, n); break;
    case STEP_METASPACE: metaspace(x, i, &steps[i], s, n); break;
    case STEP_REPLACE: (fused ? replace_fused : replace)(x, i, &steps[i], s, n); break;
    case STEP_STRIP: (fused ? strip_fused : strip_token)(x, i, &steps[i], s, n); break;
    default: emit(x, i + 1, s, n);
    }
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void push(struct decoding *x, int32_t id)
{
    struct detokenizer *d = x->d;
    const struct image *m = &d->t->image;
    size_t n;
    if (id < 0 || (uint32_t)id >= m->header->n_ids || !(m->piece_flags[id] & PIECE_EXISTS) ||
        (m->piece_flags[id] & PIECE_SPECIAL && !d->keep_special))
        return;
    const char *s = image_piece(m, (uint32_t)id, &n);
    if (d->t->stage_at[STAGE_DECODER] == m->header->n_steps) { /* no decoder: words with spaces */
        if (d->has_token || !d->at_start)
            buf_puts(x->out, " ");
        d->has_token = true;
    }
    emit(x, 0, s, n);
}

static void end(struct decoding *x)
{
    struct detokenizer *d = x->d;
    uint32_t n;
    const struct step *steps = decoders(d->t, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (steps[i].kind == STEP_BYTE_FALLBACK)
            end_run(x, i);
        if (steps[i].kind == STEP_BYTE_LEVEL)
            release(x, i, false, true);
        if (steps[i].kind == STEP_REPLACE && is_fused(steps, i) && d->n_back) {
            size_t n_back = d->n_back;
            d->n_back = 0;
            emit(x, i + 1, d->back, n_back);
        }
    }
    d->n_tail = 0;
}

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool keep_special)
{
    *d = (struct detokenizer){.t = t, .at_start = true, .keep_special = keep_special};
}

void detokenizer_push(struct detokenizer *d, int32_t id, struct buf *out)
{
    struct decoding x = {d, NULL, out};
    push(&x, id);
}

void detokenizer_end(struct detokenizer *d, struct buf *out)
{
    struct decoding x = {d, NULL, out};
    end(&x);
}

void tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool keep_special,
                      struct buf *out)
{
    struct detokenizer d;
    struct buf run = {0};
    struct decoding x = {&d, &run, out};
    detokenizer_init(&d, t, keep_special);
    for (size_t i = 0; i < n; i++)
        push(&x, ids[i]);
    end(&x);
    buf_free(&run);
}

void tokenizer_token_bytes(const struct tokenizer *t, int32_t id, struct buf *out)
{
    struct detokenizer d;
    uint32_t n_steps;
    size_t n;
    const struct step *steps = decoders(t, &n_steps);
    if (id < 0 || (uint32_t)id >= t->image.header->n_ids)
        return;
    const char *s = image_piece(&t->image, (uint32_t)id, &n);
    bool added = t->image.piece_flags[id] & PIECE_ADDED;
    for (uint32_t i = 0; i < n_steps && !added; i++) {
        int32_t cp;
        int byte = steps[i].kind == STEP_BYTE_FALLBACK ? byte_of_piece(s, n) : -1;
        char c = (char)byte;
        if (byte >= 0) {
            buf_append(out, &c, 1);
            return;
        }
        if (steps[i].kind != STEP_BYTE_LEVEL)
            continue;
        for (size_t at = 0; at < n;) {
            at += utf8_decode(s + at, n - at, &cp);
            c = (char)byte_level_decode(cp);
            buf_append(out, &c, 1);
        }
        return;
    }
    detokenizer_init(&d, t, true);
    d.at_start = false;
    d.has_token = true;
    if (added || !n_steps) {
        buf_append(out, s, n);
        return;
    }
    detokenizer_push(&d, id, out);
    detokenizer_end(&d, out);
}
