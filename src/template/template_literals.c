/* SPDX-License-Identifier: MIT */
#include "template_literals.h"

#include <stdlib.h>
#include <string.h>

#include "template_numbers.h"
#include "utf8.h"

enum { MAX_DIGITS = 400 };

static bool is_digit(char c, int base)
{
    int d = c >= '0' && c <= '9'                     ? c - '0'
            : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                     : 99;
    return d < base;
}

/* Digits with single '_' between them; `first`: one may stand in front, too. */
static size_t digits(const char *s, const char *end, int base, bool first)
{
    size_t n = 0;
    for (;;) {
        size_t gap = s + n < end && s[n] == '_' && (n > 0 || first);
        if (s + n + gap >= end || !is_digit(s[n + gap], base))
            return n;
        n += gap + 1;
    }
}

size_t literal_float(struct work *w, const char *s, const char *end, struct value *out)
{
    size_t n = digits(s, end, 10, false), fraction = 0, exponent = 0, sign;
    double f;
    if (n && s + n < end && s[n] == '.')
        fraction = digits(s + n + 1, end, 10, false);
    size_t at = n + (fraction ? 1 + fraction : 0);
    if (n && s + at < end && (s[at] | 0x20) == 'e') {
        sign = s + at + 1 < end && (s[at + 1] == '+' || s[at + 1] == '-');
        exponent = digits(s + at + 1 + sign, end, 10, false);
        at += exponent ? 1 + sign + exponent : 0;
    }
    if (!n || (!fraction && !exponent))
        return 0;
    if (at >= MAX_DIGITS || !number_float(w, string_of(w, s, at, true), &f))
        work_fail(w, "a number of %zu characters", at);
    *out = value_float(f);
    return at;
}

size_t literal_int(struct work *w, const char *s, const char *end, struct value *out)
{
    char c = s + 2 < end && s[0] == '0' ? (char)(s[1] | 0x20) : '0';
    int base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
    size_t n =
        base == 10 ? digits(s, end, *s == '0' ? 1 : 10, false) : digits(s + 2, end, base, true);
    int64_t i;
    if (base != 10 && n > 0)
        n += 2;
    else if (base != 10)
        n = digits(s, end, 1, false);
    if (!number_int(w, string_of(w, s, n, true), n > 1 && base != 10 ? base : 10, &i))
        work_fail(w, "an integer beyond 64 bits");
    *out = value_int(i);
    return n;
}

/* ---- strings -------------------------------------------------------------------------------- */

static void append_char(struct work *w, struct text *t, int32_t cp)
{
    char bytes[4];
    if ((cp >= 0xd800 && cp < 0xe000) || cp > 0x10ffff)
        work_fail(w, "a string with half a surrogate pair, or beyond U+10FFFF");
    text_append(w, t, bytes, utf8_encode(cp, bytes), true);
}

/* n digits behind \x, \u or \U. */
static size_t append_hex(struct work *w, struct text *t, const char *s, const char *end, size_t n)
{
    int32_t cp = 0;
    size_t have = 0;
    for (; have < n && s + have < end && is_digit(s[have], 16) && cp <= 0x10ffff; have++)
        cp = cp * 16 + (s[have] <= '9' ? s[have] - '0' : (s[have] | 0x20) - 'a' + 10);
    if (have < n)
        work_fail(w, "a truncated or too large \\x, \\u or \\U in a string");
    append_char(w, t, cp);
    return n;
}

static size_t append_octal(struct work *w, struct text *t, const char *s, const char *end)
{
    size_t n = 0;
    int32_t cp = 0;
    for (; n < 3 && s + n < end && is_digit(s[n], 8); n++)
        cp = cp * 8 + (s[n] - '0');
    append_char(w, t, cp);
    return n;
}

/* s stands behind the backslash. -> bytes read. */
static size_t append_escape(struct work *w, struct text *t, const char *s, const char *end)
{
    static const char names[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    if (s == end)
        work_fail(w, "\\ at the end of a string");
    if (*s == '\n')
        return 1;
    if (*s >= '0' && *s <= '7')
        return append_octal(w, t, s, end);
    if (*s == 'x' || *s == 'u' || *s == 'U')
        return 1 + append_hex(w, t, s + 1, end, *s == 'x' ? 2 : *s == 'u' ? 4 : 8);
    if (*s == 'N')
        work_fail(w, "characters by name (\\N) are not supported");
    for (size_t i = 0; i + 1 < sizeof names; i += 2)
        if (names[i] == *s) {
            text_append(w, t, names + i + 1, 1, true);
            return 1;
        }
    text_append(w, t, "\\", 1, true);
    return 0;
}

struct value literal_string(struct work *w, const char *s, size_t n)
{
    const char *end = s + n;
    if (!memchr(s, '\\', n))
        return string_freeze(w, string_of(w, s, n, true));
    struct text *t = text_new(w);
    while (s < end) {
        const char *next = memchr(s, '\\', (size_t)(end - s));
        text_append(w, t, s, (size_t)((next ? next : end) - s), true);
        s = next ? next + 1 : end;
        if (next)
            s += append_escape(w, t, s, end);
    }
    return string_freeze(w, text_string(t));
}
