/* SPDX-License-Identifier: MIT */
#include "sanitise.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

enum {
    ZWJ = 0x200D,
    KEYCAP = 0x20E3,
    VS15 = 0xFE0E,
    VS16 = 0xFE0F,
    REPLACEMENT = 0xFFFD,
    FIRST_SKIN = 0x1F3FB,
    LAST_SKIN = 0x1F3FF,
};

static void emit(struct buf *out, int32_t cp)
{
    char bytes[4];
    buf_append(out, bytes, utf8_encode(cp, bytes));
}

/* Shows a character that must not reach the terminal; nothing can stand on what is shown. */
static void show(struct sanitiser *s, int32_t cp, struct buf *out)
{
    if (cp < 0x20 || cp == 0x7F)
        buf_append(out, (const char[]){'^', (char)(cp ^ '@')}, 2);
    else if (cp < 0xA0)
        buf_printf(out, "\\x%02x", (unsigned)cp);
    else
        buf_printf(out, "<U+%04X>", (unsigned)cp);
    s->last = 0;
    s->emoji = false;
}

/* Letters, marks, numbers, punctuation, symbols, spaces: all that a terminal only draws. */
static bool is_drawable(const utf8proc_property_t *p)
{
    return !p->ignorable && p->category >= UTF8PROC_CATEGORY_LU &&
           p->category <= UTF8PROC_CATEGORY_ZS;
}

/* Kinds that are drawn onto the character before them. */
static bool is_mark(const utf8proc_property_t *p)
{
    return p->category == UTF8PROC_CATEGORY_MN || p->category == UTF8PROC_CATEGORY_MC ||
           p->category == UTF8PROC_CATEGORY_ME || p->boundclass == UTF8PROC_BOUNDCLASS_EXTEND ||
           p->boundclass == UTF8PROC_BOUNDCLASS_SPACINGMARK ||
           p->boundclass == UTF8PROC_BOUNDCLASS_V || p->boundclass == UTF8PROC_BOUNDCLASS_T;
}

/* Does a character, of which p tells, belong to the cluster that `last` is in? What matters is that
 * no cluster grows without bound: marks, chains of leading Hangul consonants, chains of prefixed
 * signs. */
static bool joins(int32_t last, const utf8proc_property_t *p)
{
    int before = (int)utf8proc_get_property(last)->boundclass;
    return is_mark(p) || before == UTF8PROC_BOUNDCLASS_PREPEND ||
           (before == UTF8PROC_BOUNDCLASS_L &&
            (p->boundclass == UTF8PROC_BOUNDCLASS_L || p->boundclass == UTF8PROC_BOUNDCLASS_LV ||
             p->boundclass == UTF8PROC_BOUNDCLASS_LVT));
}

static void start_cluster(struct sanitiser *s, int32_t cp, struct buf *out)
{
    emit(out, cp);
    s->last = cp;
    s->n_marks = 0;
    s->n_zwj = 0;
    s->emoji = cp >= 0x80 && utf8_is_pictograph(cp);
}

static void put_ascii(struct sanitiser *s, int32_t cp, struct buf *out)
{
    if (cp == '\r') {
        s->pending = cp;
    } else if (cp == '\n' || cp == '\t') {
        emit(out, cp);
        s->last = 0;
        s->emoji = false;
    } else if (cp < 0x20 || cp == 0x7F) {
        show(s, cp, out);
    } else {
        start_cluster(s, cp, out);
    }
}

/* Adds to the current cluster if it has room. */
static void put_mark(struct sanitiser *s, int32_t cp, bool fits, struct buf *out)
{
    if (!fits || s->n_marks >= SANITISE_MARKS) {
        show(s, cp, out);
        return;
    }
    emit(out, cp);
    s->n_marks++;
    s->last = cp;
}

/* One character, with nothing pending. */
static void put(struct sanitiser *s, int32_t cp, struct buf *out)
{
    const utf8proc_property_t *p = utf8proc_get_property(cp);
    if (cp < 0x80)
        put_ascii(s, cp, out);
    else if (cp == REPLACEMENT)
        start_cluster(s, cp, out);
    else if (cp == ZWJ && s->emoji && s->n_zwj < SANITISE_ZWJ)
        s->pending = cp;
    else if (cp == VS16 && utf8_is_keycap_base(s->last))
        s->pending = cp;
    else if (cp == VS15 || cp == VS16 || (cp >= FIRST_SKIN && cp <= LAST_SKIN))
        put_mark(s, cp, s->emoji && utf8_is_pictograph(s->last), out);
    else if (!is_drawable(p))
        show(s, cp, out);
    else if (s->last && joins(s->last, p))
        put_mark(s, cp, true, out);
    else if (is_mark(p))
        show(s, cp, out);
    else
        start_cluster(s, cp, out);
}

/* Decides what was pending, now that the next character (or the end, -1) is known. -> whether that
 * character is done with. */
static bool resolve(struct sanitiser *s, int32_t next, struct buf *out)
{
    int32_t pending = s->pending;
    s->pending = 0;
    if (pending == '\r' && next == '\n')
        return false;
    if (pending == ZWJ && next >= 0x80 && utf8_is_pictograph(next) &&
        is_drawable(utf8proc_get_property(next))) {
        emit(out, ZWJ);
        emit(out, next);
        s->last = next;
        s->n_marks = 0;
        s->n_zwj++;
        return true;
    }
    if (pending == VS16 && next == KEYCAP) {
        emit(out, VS16);
        emit(out, KEYCAP);
        s->last = KEYCAP;
        s->n_marks = 2;
        return true;
    }
    show(s, pending, out);
    return false;
}

static void put_any(struct sanitiser *s, int32_t cp, struct buf *out)
{
    if (cp < 0)
        cp = REPLACEMENT;
    if (!s->pending || !resolve(s, cp, out))
        put(s, cp, out);
}

/* Takes bytes into `held` until they make a character or cannot. -> bytes of text used. */
static size_t finish_held(struct sanitiser *s, const char *text, size_t n, struct buf *out)
{
    size_t used = 0;
    while (s->n_held && utf8_complete(s->held, s->n_held) == 0) {
        if (used == n)
            return used;
        s->held[s->n_held++] = text[used++];
    }
    /* Held bytes are now one character, or a broken one: then the last byte starts anew. */
    for (size_t at = 0; at < s->n_held;) {
        int32_t cp;
        size_t rest = s->n_held - at;
        if (at && utf8_complete(s->held + at, rest) == 0) {
            memmove(s->held, s->held + at, rest);
            s->n_held = rest;
            return used + finish_held(s, text + used, n - used, out);
        }
        at += utf8_decode(s->held + at, rest, &cp);
        put_any(s, cp, out);
    }
    s->n_held = 0;
    return used;
}

/* ---- the usual letters, quickly ------------------------------------------------------- */

/* Letters and punctuation that begin a cluster of their own wherever no Hangul consonant and no
 * prefixed sign stands before them; nothing about them depends on what follows. */
static bool is_plain(int32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FEF) ||                                   /* CJK */
           (cp >= 0xC0 && cp <= 0x24F) ||                                      /* Latin */
           (cp >= 0x410 && cp <= 0x481) || (cp >= 0x3B1 && cp <= 0x3CE) ||     /* Cyrillic, Greek */
           (cp >= 0x5D0 && cp <= 0x5EA) || (cp >= 0x620 && cp <= 0x64A) ||     /* Hebrew, Arabic */
           (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A1 && cp <= 0x30FC) || /* Kana */
           (cp >= 0xAC00 && cp <= 0xD7A3) ||                                   /* Hangul */
           (cp >= 0x2010 && cp <= 0x2027) || (cp >= 0x3001 && cp <= 0x3003) || /* punctuation */
           (cp >= 0x3008 && cp <= 0x3011) || (cp >= 0xFF01 && cp <= 0xFF5E);
}

/* Decodes two and three bytes, valid or not. -> bytes used, 0: something else. */
static size_t decode_short(const unsigned char *s, size_t n, int32_t *cp)
{
    if (s[0] < 0xE0) {
        *cp = n > 1 ? (s[0] & 0x1F) << 6 | (s[1] & 0x3F) : 0;
        return n > 1 && (s[1] & 0xC0) == 0x80 ? 2 : 0;
    }
    *cp = n > 2 ? (s[0] & 0x0F) << 12 | (s[1] & 0x3F) << 6 | (s[2] & 0x3F) : 0;
    return n > 2 && s[0] < 0xF0 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80 ? 3 : 0;
}

/* Eight printable ASCII characters? */
static bool is_printable8(const unsigned char *s)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    uint64_t w;
    memcpy(&w, s, sizeof w);
    return !((w | (w + ones) | (w - 0x20 * ones)) & tops); /* >= 0x80, 0x7F, below 0x20 */
}

/* Bytes at the start of text[0..n) that go out as they are; *last: the last of their characters. */
static size_t plain_run(const char *text, size_t n, int32_t *last)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && is_printable8(s + i)) {
            *last = s[i + 7];
            i += 8;
            continue;
        }
        int32_t cp = s[i];
        size_t used = 1;
        bool plain = (cp >= 0x20 && cp < 0x7F) || cp == '\n' || cp == '\t';
        if (cp >= 0xC3) {
            used = decode_short(s + i, n - i, &cp);
            plain = used && is_plain(cp) && cp >= (used == 2 ? 0x80 : 0x800);
        }
        if (!plain)
            break;
        *last = cp;
        i += used;
    }
    return i;
}

static bool joins_letters(int32_t cp)
{
    int class = (int)utf8proc_get_property(cp)->boundclass;
    return class == UTF8PROC_BOUNDCLASS_PREPEND || class == UTF8PROC_BOUNDCLASS_L;
}

bool sanitise_may_cut(int32_t before, int32_t after)
{
    bool waits = before == '\r' || before == ZWJ || before == VS16;
    return !waits && (before < 0 || !joins_letters(before)) &&
           (after < 0 || (after != ZWJ && !is_mark(utf8proc_get_property(after))));
}

/* -> bytes at the start of text[0..n) that go out as they are; they are taken. */
static size_t take_plain(struct sanitiser *s, const char *text, size_t n)
{
    int32_t last = 0;
    if (s->n_held || s->pending || (s->last && joins_letters(s->last)))
        return 0;
    size_t taken = plain_run(text, n, &last);
    if (taken) { /* as put_any on each character would leave it */
        s->last = last == '\n' || last == '\t' ? 0 : last;
        s->n_marks = s->n_zwj = 0;
        s->emoji = false;
    }
    return taken;
}

void sanitise(struct sanitiser *s, const char *text, size_t n, struct buf *out)
{
    if (!n)
        return;
    size_t at = finish_held(s, text, n, out);
    size_t whole = at + utf8_complete(text + at, n - at);
    while (at < whole) {
        int32_t cp;
        size_t plain = take_plain(s, text + at, whole - at);
        buf_append(out, text + at, plain);
        at += plain;
        if (at == whole)
            break;
        at += utf8_decode(text + at, whole - at, &cp);
        put_any(s, cp, out);
    }
    if (at < n) {
        memcpy(s->held, text + at, n - at);
        s->n_held = n - at;
    }
}

void sanitise_end(struct sanitiser *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_held; i++)
        put_any(s, REPLACEMENT, out);
    if (s->pending)
        resolve(s, -1, out);
    *s = (struct sanitiser){0};
}

char *sanitise_text(const char *text, size_t n, bool one_line)
{
    struct sanitiser s = {0};
    struct buf out = {0}, line = {0};
    sanitise(&s, text, n, &out);
    sanitise_end(&s, &out);
    buf_append(&out, "", 0);
    if (!one_line)
        return out.data;
    for (size_t i = 0; i < out.len; i++) {
        if (out.data[i] == '\n')
            buf_puts(&line, "^J");
        else if (out.data[i] == '\t')
            buf_puts(&line, "^I");
        else
            buf_append(&line, out.data + i, 1);
    }
    buf_append(&line, "", 0);
    buf_free(&out);
    return line.data;
}

int error_print(const struct error *err, const char *program)
{
    char *line = sanitise_text(err->text, strlen(err->text), true);
    fprintf(stderr, "%s: %s\n", program, line);
    free(line);
    return err->code;
}
