/* SPDX-License-Identifier: MIT */
#include "literal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "html_tag.h"
#include "table_pipes.h"
#include "utf8.h"

/* The control bytes, in the order of the signs that they stand for. */
static const char signs[] = "\\*_~`[]<&!=-#>+|";
static const char codes[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14\x15";
enum { CODE_NOTHING = 0x16, CODE_LINE_END = 0x17 };
enum {
    LONGEST = 2048,      /* bytes of a formula or an address */
    LONGEST_SCHEME = 32, /* of "https" */
    DEEPEST = 64         /* bytes before a definition, of the quotes and lists that it stands in */
};

struct text {
    const char *s;
    size_t n;
    struct buf *out;
    struct table_pipes pipes;
};

static void put(struct text *t, char c)
{
    buf_append(t->out, &c, 1);
}

static void put_literal(struct text *t, char c)
{
    const char *sign = c ? strchr(signs, c) : NULL;
    put(t, sign ? codes[sign - signs] : c);
}

static void put_all_literal(struct text *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        put_literal(t, t->s[i]);
}

static bool starts(const struct text *t, size_t at, const char *with)
{
    size_t n = strlen(with);
    return at < t->n && t->s[at] == *with && t->n - at >= n && memcmp(t->s + at, with, n) == 0;
}

static size_t run(const struct text *t, size_t at)
{
    size_t i = at;
    while (i < t->n && t->s[i] == t->s[at])
        i++;
    return i - at;
}

static bool begins_line(const struct text *t, size_t at)
{
    while (at && (t->s[at - 1] == ' ' || t->s[at - 1] == '>'))
        at--;
    return at == 0 || t->s[at - 1] == '\n';
}

/* ---- code ----------------------------------------------------------------------------- */

/* -> behind the code that the signs at `at` open, or behind the signs */
static size_t behind_code(const struct text *t, size_t at)
{
    size_t n = run(t, at);
    bool fence = n >= 3 && begins_line(t, at);
    for (size_t i = at + n; i < t->n;) {
        if (t->s[i] != t->s[at]) {
            if (!fence && t->s[i] == '\n' && i + 1 < t->n && t->s[i + 1] == '\n')
                break;
            i++;
            continue;
        }
        size_t other = run(t, i);
        if (fence ? other >= n && begins_line(t, i) : other == n)
            return i + other;
        i += other;
    }
    return fence ? t->n : at + n;
}

/* ---- math ----------------------------------------------------------------------------- */

/* -> behind `closing`, which must come before a blank line and a fence; 0: it does not */
static size_t behind(const struct text *t, size_t at, const char *closing)
{
    for (size_t i = at; i < t->n && i - at < LONGEST; i++) {
        if (starts(t, i, closing))
            return i + strlen(closing);
        if (starts(t, i, "\n\n") || starts(t, i, "\n```"))
            return 0;
        i += t->s[i] == '\\' && closing[0] == '$';
    }
    return 0;
}

/* $x$ as Pandoc has it: no blank inside beside a sign, no digit behind. */
static size_t behind_dollars(const struct text *t, size_t at)
{
    if (at + 1 >= t->n || isspace((unsigned char)t->s[at + 1]))
        return 0;
    if (at && (isalnum((unsigned char)t->s[at - 1]) || t->s[at - 1] == '$'))
        return 0;
    for (size_t i = at + 1; i < t->n && t->s[i] != '\n' && t->s[i] != '`' && t->s[i] != '|'; i++) {
        if (t->s[i] == '\\')
            i++;
        else if (t->s[i] == '$')
            return i > at + 1 && t->s[i - 1] != ' ' &&
                           !(i + 1 < t->n && isalnum((unsigned char)t->s[i + 1]))
                       ? i + 1
                       : 0;
    }
    return 0;
}

/* \begin{NAME} up to its \end{NAME} */
static size_t behind_environment(const struct text *t, size_t at)
{
    char closing[40];
    const char *name = t->s + at + strlen("\\begin{"), *brace;
    size_t left = t->n - at - strlen("\\begin{");
    brace = memchr(name, '}', left < 30 ? left : 30);
    if (!brace)
        return 0;
    snprintf(closing, sizeof closing, "\\end{%.*s}", (int)(brace - name), name);
    return behind(t, at, closing);
}

static size_t behind_math(const struct text *t, size_t at)
{
    if (starts(t, at, "$$"))
        return behind(t, at + 2, "$$");
    if (t->s[at] == '$')
        return behind_dollars(t, at);
    if (starts(t, at, "\\("))
        return behind(t, at + 2, "\\)");
    if (starts(t, at, "\\["))
        return behind(t, at + 2, "\\]");
    return starts(t, at, "\\begin{") ? behind_environment(t, at) : 0;
}

/* ---- words and marks ------------------------------------------------------------------ */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 && (unsigned char)c < 0x80;
}

/* -> behind the word at `at` if it is an address, else 0 */
static size_t behind_address(const struct text *t, size_t at)
{
    size_t i = at;
    while (i < t->n && i - at < LONGEST_SCHEME && (is_word(t->s[i]) || strchr("+-.", t->s[i])))
        i++;
    if (!starts(t, i, "://") && !starts(t, at, "www."))
        return 0;
    while (i < t->n && i - at < LONGEST && !isspace((unsigned char)t->s[i]) &&
           !strchr("<*|", t->s[i]))
        i++;
    return i;
}

/* -> behind the target of a link, from its "](" on, else 0 */
static size_t behind_target(const struct text *t, size_t at)
{
    unsigned open = 0;
    for (size_t i = at + 1; i < t->n && t->s[i] != '\n'; i++) {
        open += t->s[i] == '(';
        open -= t->s[i] == ')';
        if (!open)
            return i + 1;
        if (open > 32) /* as CommonMark */
            return 0;
    }
    return 0;
}

/* A definition "[name]: target" at the start of a line, which would be shown nowhere. */
static bool is_definition(const struct text *t, size_t at)
{
    size_t line = at;
    while (line && t->s[line - 1] != '\n' && at - line < DEEPEST)
        line--;
    for (; line < at; line++)
        if (!strchr(" >-+*.)0123456789", t->s[line]))
            return false;
    for (size_t i = at + 1; i + 1 < t->n && t->s[i] != '['; i++)
        if (t->s[i] == ']')
            return t->s[i + 1] == ':';
    return false;
}

/* The length of __name__, a name of a program, or 0. */
static size_t dunder(const struct text *t, size_t at)
{
    size_t i = at + 2;
    if (!starts(t, at, "__") || (at && (is_word(t->s[at - 1]) || t->s[at - 1] == '_')))
        return 0;
    while (i < t->n && (islower((unsigned char)t->s[i]) || isdigit((unsigned char)t->s[i]) ||
                        (t->s[i] == '_' && !starts(t, i, "__"))))
        i++;
    return i > at + 2 && starts(t, i, "__") && run(t, i) == 2 ? i + 2 - at : 0;
}

static bool is_sign(int32_t cp)
{
    return !utf8_is_word(cp) && !utf8_is_space(cp);
}

static bool is_letter_beyond_ascii(int32_t cp)
{
    return cp >= 0x80 && utf8_is_word(cp);
}

/* One sign of stars, with what stands beside it. */
static void put_stars(struct text *t, size_t at, size_t n)
{
    int32_t before = ' ', after = ' ';
    size_t back = at;
    while (back && at - back < 4 && ((unsigned char)t->s[--back] & 0xC0) == 0x80)
        ;
    if (at)
        utf8_decode(t->s + back, at - back, &before);
    if (at + n < t->n)
        utf8_decode(t->s + at + n, t->n - at - n, &after);
    bool left = before < 0x80 && is_word((char)before),
         right = after < 0x80 && is_word((char)after);
    bool digits = (left && isdigit((int)before)) || (right && isdigit((int)after));
    if (left && right && (n == 1 || digits)) {
        put_all_literal(t, at, at + n);
        return;
    }
    if (is_sign(before) && is_letter_beyond_ascii(after))
        put(t, CODE_NOTHING);
    buf_append(t->out, t->s + at, n);
    if (is_sign(after) && is_letter_beyond_ascii(before))
        put(t, CODE_NOTHING);
}

/* -> behind <br>, or 0 */
static size_t behind_break(const struct text *t, size_t at)
{
    static const char *const forms[] = {"<br>", "<br/>", "<br />"};
    for (size_t i = 0; i < 3; i++)
        if (t->n - at >= strlen(forms[i]) &&
            strncasecmp(t->s + at, forms[i], strlen(forms[i])) == 0)
            return at + strlen(forms[i]);
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------ */

static size_t take_backslash(struct text *t, size_t at)
{
    if (at + 1 < t->n && strchr("()[]{},;:", t->s[at + 1])) {
        put_all_literal(t, at, at + 2);
        return at + 2;
    }
    size_t n = at + 1 < t->n ? 2 : 1;
    buf_append(t->out, t->s + at, n);
    return at + n;
}

/* Takes what begins at `at`; -> behind it */
static size_t take(struct text *t, size_t at)
{
    char c = t->s[at];
    size_t n, to;
    switch (c) {
    case '`': to = behind_code(t, at); break;
    case '$':
    case '\\':
        if ((to = behind_math(t, at))) {
            put_all_literal(t, at, to);
            return to;
        }
        if (c == '\\')
            return take_backslash(t, at);
        to = at + (starts(t, at, "$$") ? 2 : 1);
        break;
    case '*':
        n = run(t, at);
        put_stars(t, at, n);
        return at + n;
    case '_':
        if ((n = dunder(t, at))) {
            put_all_literal(t, at, at + n);
            return at + n;
        }
        to = at + run(t, at);
        break;
    case '~':
        n = run(t, at);
        if (n == 1) {
            put_literal(t, c);
            return at + 1;
        }
        to = n >= 3 && begins_line(t, at) ? behind_code(t, at) : at + n;
        break;
    case '<':
        if ((to = behind_break(t, at))) {
            put(t, CODE_LINE_END);
            return to;
        }
        if ((n = html_tag_length(t->s + at, t->n - at, begins_line(t, at)))) {
            put_all_literal(t, at, at + n);
            return at + n;
        }
        to = at + 1;
        break;
    case '|':
        if (table_pipes_are_text(&t->pipes, t->s, at)) {
            put_literal(t, c);
            return at + 1;
        }
        to = at + 1;
        break;
    case '[':
        if (is_definition(t, at)) {
            put_literal(t, c);
            return at + 1;
        }
        to = at + 1;
        break;
    case ']': to = starts(t, at, "](") && (n = behind_target(t, at)) ? n : at + 1; break;
    default: to = at + 1;
    }
    buf_append(t->out, t->s + at, to - at);
    return to;
}

void literal_mark(struct buf *out, const char *s, size_t n)
{
    struct text t = {.s = s, .n = n, .out = out};
    bool word_starts = true;
    for (size_t at = 0, to; at < n; at = to) {
        if (at == 0 || s[at - 1] == '\n')
            table_pipes_line(&t.pipes, s, n, at);
        to = word_starts && is_word(s[at]) ? behind_address(&t, at) : 0;
        if (to)
            buf_append(out, s + at, to - at);
        else
            to = take(&t, at);
        word_starts = !is_word(s[to - 1]);
    }
}

void literal_restore(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *code = s[i] ? strchr(codes, s[i]) : NULL;
        char c = code ? signs[code - codes] : s[i] == CODE_LINE_END ? '\n' : s[i];
        if (s[i] != CODE_NOTHING)
            buf_append(out, &c, 1);
    }
}
