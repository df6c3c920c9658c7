/* SPDX-License-Identifier: MIT */
#include "gbnf.h"

#include <stdlib.h>
#include <string.h>

#include "grammar_finish.h"
#include "utf8.h"

enum { MAX_DEPTH = 100, MAX_REPEAT = 1 << 20, LAST_CODE = 0x10FFFF };

struct reader {
    const char *text, *name;
    size_t n, at;
    struct grammar *g;
    size_t *used_at; /* [n_rules] where each was named first */
    size_t cap_used;
    int depth; /* of groups */
    struct error *err;
};

/* ---- messages ------------------------------------------------------------------------- */

#define WRONG(r, where, ...) wrong(r, where, xasprintf(__VA_ARGS__))

/* Takes the message. */
static bool wrong(struct reader *r, size_t where, char *message)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < where && i < r->n; i++) {
        column += ((unsigned char)r->text[i] & 0xC0) != 0x80;
        if (r->text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    error_set(r->err, EX_DATAERR, "%s:%u:%u: %s", r->name, line, column, message);
    free(message);
    return false;
}

/* ---- characters ----------------------------------------------------------------------- */

static char peek(const struct reader *r)
{
    return r->at < r->n ? r->text[r->at] : '\0';
}

static bool take(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if (r->n - r->at < len || memcmp(r->text + r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* Blanks and comments; line ends too if a rule may go on behind them. */
static void skip_space(struct reader *r, bool lines)
{
    for (;;) {
        char c = peek(r);
        if (c == '#') {
            while (r->at < r->n && r->text[r->at] != '\n')
                r->at++;
        } else if (r->at < r->n && (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n'))) {
            r->at++;
        } else {
            return;
        }
    }
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *r, int n_digits, uint32_t *cp)
{
    size_t start = r->at;
    *cp = 0;
    for (int i = 0; i < n_digits; i++, r->at++) {
        int digit = hex_digit(peek(r));
        if (digit < 0)
            return WRONG(r, start, "%d hexadecimal digits expected", n_digits);
        *cp = *cp << 4 | (uint32_t)digit;
    }
    if (*cp > LAST_CODE || (*cp >= 0xD800 && *cp < 0xE000))
        return WRONG(r, start, "%X is no character: 0 to D7FF, or E000 to 10FFFF", *cp);
    return true;
}

static bool read_escape(struct reader *r, uint32_t *cp)
{
    static const char names[] = "nrt\\\"[]-^", values[] = "\n\r\t\\\"[]-^";
    char c = peek(r);
    const char *name = c ? strchr(names, c) : NULL;
    r->at++;
    if (name) {
        *cp = (unsigned char)values[name - names];
        return true;
    }
    switch (c) {
    case 'x': return read_hex(r, 2, cp);
    case 'u': return read_hex(r, 4, cp);
    case 'U': return read_hex(r, 8, cp);
    default:
        return WRONG(
            r, r->at - 2,
            "unknown escape; \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH \\UHHHHHHHH "
            "are known");
    }
}

/* One character of a text or a class, which ends with `end`. */
static bool read_character(struct reader *r, char end, size_t start, uint32_t *cp)
{
    int32_t code;
    if (r->at >= r->n || peek(r) == '\n')
        return WRONG(r, start, "this is not closed: %c is missing", end);
    if (take(r, "\\"))
        return read_escape(r, cp);
    r->at += utf8_decode(r->text + r->at, r->n - r->at, &code);
    *cp = (uint32_t)code;
    return code >= 0 || WRONG(r, r->at - 1, "this is not UTF-8");
}

/* ---- items ---------------------------------------------------------------------------- */

static bool read_text(struct reader *r, struct part *out)
{
    size_t start = r->at++;
    struct buf text = {0};
    bool ok = true;
    buf_append(&text, "", 0);
    while (ok && peek(r) != '"') {
        uint32_t cp;
        char bytes[4];
        ok = read_character(r, '"', start, &cp);
        if (ok)
            buf_append(&text, bytes, utf8_encode((int32_t)cp, bytes));
    }
    r->at += ok;
    *out = part_text(r->g, text.data, text.len);
    buf_free(&text);
    return ok;
}

struct ranges {
    struct code_range *list;
    size_t n, cap;
};

static bool read_range(struct reader *r, size_t start, struct ranges *ranges)
{
    struct code_range one;
    size_t at = r->at;
    if (!read_character(r, ']', start, &one.first))
        return false;
    one.last = one.first;
    if (peek(r) == '-' && r->at + 1 < r->n && r->text[r->at + 1] != ']') {
        r->at++;
        if (!read_character(r, ']', start, &one.last))
            return false;
        if (one.last < one.first)
            return WRONG(r, at, "this range has no characters: its end comes before its beginning");
    }
    ranges->list = xgrow(ranges->list, ranges->n, &ranges->cap, sizeof *ranges->list);
    ranges->list[ranges->n++] = one;
    return true;
}

static bool read_class(struct reader *r, struct part *out)
{
    size_t start = r->at++;
    bool negated = take(r, "^"), ok = true;
    struct ranges ranges = {0};
    uint32_t n_left = 1;
    while (ok && peek(r) != ']')
        ok = read_range(r, start, &ranges);
    r->at += ok;
    if (ok && negated)
        *out = part_other_characters(r->g, ranges.list, ranges.n, &n_left);
    else if (ok && ranges.n > 0)
        *out = part_characters(r->g, ranges.list, ranges.n);
    if (ok && (n_left == 0 || (!negated && ranges.n == 0)))
        ok = WRONG(r, start, "no character is in this class");
    free(ranges.list);
    return ok;
}

static bool read_any(struct reader *r, struct part *out)
{
    uint32_t n_left;
    r->at++;
    *out = part_other_characters(r->g, NULL, 0, &n_left);
    return true;
}

/* The rule of a name of n bytes, which is made if it is not there. */
static uint32_t find_rule(struct reader *r, size_t at, size_t n)
{
    for (size_t i = 0; i < r->g->n_rules; i++)
        if (strlen(r->g->rules[i].name) == n && memcmp(r->g->rules[i].name, r->text + at, n) == 0)
            return (uint32_t)i;
    r->used_at = xgrow(r->used_at, r->g->n_rules, &r->cap_used, sizeof *r->used_at);
    r->used_at[r->g->n_rules] = at;
    return grammar_rule(r->g, r->text + at, n);
}

static size_t take_word(struct reader *r)
{
    size_t start = r->at;
    while (is_word(peek(r)))
        r->at++;
    return r->at - start;
}

static bool read_alternatives(struct reader *r, struct part *out);

static bool read_group(struct reader *r, struct part *out)
{
    size_t start = r->at++;
    if (++r->depth > MAX_DEPTH)
        return WRONG(r, start, "more than %d groups inside of each other", MAX_DEPTH);
    if (!read_alternatives(r, out))
        return false;
    r->depth--;
    return take(r, ")") || WRONG(r, r->at,
                                 "\")\" expected, or what a group may hold: \"text\", "
                                 "[class], a rule's name, ( ... )");
}

static bool begins_item(const struct reader *r)
{
    char c = peek(r);
    return c == '"' || c == '[' || c == '(' || c == '.' || is_word(c);
}

static bool read_item(struct reader *r, struct part *out)
{
    size_t at = r->at;
    switch (peek(r)) {
    case '"': return read_text(r, out);
    case '[': return read_class(r, out);
    case '(': return read_group(r, out);
    case '.': return read_any(r, out);
    default: *out = part_call(r->g, find_rule(r, at, take_word(r))); return true;
    }
}

/* ---- repetition ----------------------------------------------------------------------- */

/* Larger numbers stay MAX_REPEAT, which is too large for every grammar. */
static bool read_number(struct reader *r, int32_t *out)
{
    size_t start = r->at;
    *out = 0;
    skip_space(r, false);
    for (; peek(r) >= '0' && peek(r) <= '9'; r->at++)
        *out = *out < MAX_REPEAT / 10 ? *out * 10 + (peek(r) - '0') : MAX_REPEAT;
    bool ok = r->at > start && r->text[r->at - 1] >= '0' && r->text[r->at - 1] <= '9';
    skip_space(r, false);
    return ok;
}

/* "m}", "m,}", "m,n}" or ",n}" */
static bool read_bounds(struct reader *r, int32_t *min, int32_t *max)
{
    size_t start = r->at - 1;
    bool has_min = read_number(r, min), has_comma = take(r, ",");
    bool has_max = has_comma && read_number(r, max);
    if (!has_comma)
        *max = *min;
    else if (!has_max)
        *max = ENDLESS;
    if (!take(r, "}") || (!has_min && !has_max))
        return WRONG(r, start, "a repetition is {m}, {m,}, {,n} or {m,n}");
    if (*max != ENDLESS && *max < *min)
        return WRONG(r, start, "at least %d times, but at most %d: no text does both", *min, *max);
    return true;
}

/* -> false: nothing, or something wrong (*ok). */
static bool read_repetition(struct reader *r, int32_t *min, int32_t *max, bool *ok)
{
    *min = 0;
    *max = ENDLESS;
    if (take(r, "*"))
        return true;
    if (take(r, "+")) {
        *min = 1;
        return true;
    }
    if (take(r, "?")) {
        *max = 1;
        return true;
    }
    return take(r, "{") && (*ok = read_bounds(r, min, max));
}

static bool read_repeated(struct reader *r, struct part *out)
{
    int32_t min, max;
    bool ok = read_item(r, out);
    skip_space(r, r->depth > 0);
    while (ok && read_repetition(r, &min, &max, &ok)) {
        *out = part_repeat(r->g, *out, min, max);
        skip_space(r, r->depth > 0);
    }
    return ok;
}

/* ---- rules ---------------------------------------------------------------------------- */

static bool read_sequence(struct reader *r, struct part *out)
{
    bool ok = true;
    *out = part_empty(r->g);
    while (ok && begins_item(r) && !r->g->too_large) {
        struct part next;
        ok = read_repeated(r, &next);
        if (ok)
            *out = part_then(r->g, *out, next);
    }
    return ok;
}

/* A rule goes on in the next line if that begins with "|". */
static bool take_bar(struct reader *r)
{
    size_t before = r->at;
    skip_space(r, true);
    bool found = take(r, "|");
    if (found)
        skip_space(r, true);
    else
        r->at = before;
    return found;
}

static bool read_alternatives(struct reader *r, struct part *out)
{
    skip_space(r, true);
    bool ok = read_sequence(r, out);
    while (ok && take_bar(r)) {
        struct part next;
        ok = read_sequence(r, &next);
        if (ok)
            *out = part_or(r->g, *out, next);
    }
    skip_space(r, r->depth > 0);
    return ok;
}

static bool read_rule(struct reader *r)
{
    size_t start = r->at, len = take_word(r);
    struct part part;
    uint32_t rule = len > 0 ? find_rule(r, start, len) : 0;
    skip_space(r, false);
    if (len == 0 || !take(r, "::="))
        return WRONG(r, r->at, "a rule begins with its name and \"::=\": item ::= \"a\" | \"b\"");
    if (!r->g->too_large && r->g->rules[rule].defined)
        return WRONG(r, start, "\"%.*s\" is defined twice", (int)(len < 80 ? len : 80),
                     r->text + start);
    if (!read_alternatives(r, &part))
        return false;
    grammar_define(r->g, rule, part);
    if (r->g->too_large || r->at == r->n || take(r, "\n"))
        return true;
    return WRONG(r, r->at,
                 peek(r) == '<' ? "tokens by name (<...>) are not known here: text, [class], a "
                                  "rule's name, ( ... ), or the end of the line expected"
                                : "\"text\", [class], a rule's name, ( ... ), | or the end of the "
                                  "line expected");
}

static bool check_rules(struct reader *r, uint32_t *root)
{
    uint32_t n = (uint32_t)r->g->n_rules;
    *root = n;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(r->g->rules[i].name, "root") == 0)
            *root = i;
        if (!r->g->rules[i].defined)
            return WRONG(r, r->used_at[i], "there is no rule \"%.80s\"", r->g->rules[i].name);
    }
    return *root < n || WRONG(r, r->n, "there is no rule \"root\", with which a text begins");
}

static bool read_all(struct reader *r)
{
    uint32_t root = 0;
    bool ok = true;
    for (skip_space(r, true); ok && r->at < r->n && !r->g->too_large; skip_space(r, true))
        ok = read_rule(r);
    return ok && (r->g->too_large || check_rules(r, &root)) &&
           grammar_finish(r->g, root, r->name, r->err);
}

struct grammar *gbnf_read(const char *text, size_t n, const char *name, struct error *err)
{
    struct reader r = {.text = text, .name = name, .n = n, .g = grammar_new(), .err = err};
    bool ok = read_all(&r);
    free(r.used_at);
    if (ok)
        return r.g;
    grammar_free(r.g);
    return NULL;
}
