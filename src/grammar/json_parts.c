/* SPDX-License-Identifier: MIT */
#include "json_parts.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { MAX_INDENT = 32, MAX_DIGITS = 15 };

static struct part text(struct json_parts *p, const char *s)
{
    return part_text(p->g, s, strlen(s));
}

/* One character of "09AF": 0 to 9, A to F. */
static struct part one_of(struct json_parts *p, const char *pairs)
{
    struct code_range ranges[8];
    size_t n = strlen(pairs) / 2;
    for (size_t i = 0; i < n; i++)
        ranges[i] = (struct code_range){(uint32_t)pairs[2 * i], (uint32_t)pairs[2 * i + 1]};
    return part_characters(p->g, ranges, n);
}

static struct part then(struct json_parts *p, struct part a, struct part b)
{
    return part_then(p->g, a, b);
}

static struct part either(struct json_parts *p, struct part a, struct part b)
{
    return part_or(p->g, a, b);
}

static struct part repeat(struct json_parts *p, struct part a, int32_t min, int32_t max)
{
    return part_repeat(p->g, a, min, max);
}

/* -> true: the rule is new, and to be defined. */
static bool new_rule(struct json_parts *p, uint32_t *rule, const char *name)
{
    if (*rule)
        return false;
    *rule = grammar_rule(p->g, name, strlen(name)) + 1;
    return true;
}

static struct part call(struct json_parts *p, uint32_t rule)
{
    return part_call(p->g, rule - 1);
}

struct part part_json_space(struct json_parts *p)
{
    if (new_rule(p, &p->space, "space")) {
        struct part a = text(p, " ");
        struct part b = text(p, "\n");
        b = then(p, b, repeat(p, one_of(p, "  \t\t"), 0, MAX_INDENT));
        grammar_define(p->g, p->space - 1, repeat(p, either(p, a, b), 0, 1));
    }
    return call(p, p->space);
}

/* ---- strings -------------------------------------------------------------------------- */

/* n hexadecimal digits that are not all zero. */
static struct part some_digits(struct json_parts *p, int32_t n)
{
    struct part other = one_of(p, "19afAF");
    if (n == 1)
        return other;
    other = then(p, other, repeat(p, one_of(p, "09afAF"), n - 1, n - 1));
    struct part zero = text(p, "0");
    return either(p, other, then(p, zero, some_digits(p, n - 1)));
}

/* No surrogates: what they stand for is written as it is. No \u0000, which many cannot store. */
static struct part escape(struct json_parts *p)
{
    struct part a = text(p, "\\");
    struct part b = one_of(p, "\"\"\\\\//bbffnnrrtt");
    struct part c = text(p, "u");
    struct part d = one_of(p, "19acefACEF");
    d = then(p, d, repeat(p, one_of(p, "09afAF"), 3, 3));
    struct part zero = text(p, "0");
    d = either(p, d, then(p, zero, some_digits(p, 3)));
    struct part e = one_of(p, "ddDD");
    e = then(p, e, one_of(p, "07"));
    e = then(p, e, repeat(p, one_of(p, "09afAF"), 2, 2));
    c = then(p, c, either(p, d, e));
    return then(p, a, either(p, b, c));
}

struct part part_json_character(struct json_parts *p)
{
    struct code_range not [] = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}};
    uint32_t n_left;
    struct part plain = part_other_characters(p->g, not, 3, &n_left);
    return either(p, plain, escape(p));
}

struct part part_json_string(struct json_parts *p)
{
    if (new_rule(p, &p->string, "string")) {
        struct part s = text(p, "\"");
        s = then(p, s, repeat(p, part_json_character(p), 0, ENDLESS));
        grammar_define(p->g, p->string - 1, then(p, s, text(p, "\"")));
    }
    return call(p, p->string);
}

/* ---- keys that are not others --------------------------------------------------------- */

/* A plain character that is none of `not` [n]. */
static struct part plain_but(struct json_parts *p, const int32_t * not, size_t n)
{
    struct code_range *ranges = xcalloc(n + 3, sizeof *ranges);
    uint32_t n_left;
    for (size_t i = 0; i < n; i++)
        ranges[i] = (struct code_range){(uint32_t) not [i], (uint32_t) not [i]};
    ranges[n] = (struct code_range){0, 0x1F};
    ranges[n + 1] = (struct code_range){'"', '"'};
    ranges[n + 2] = (struct code_range){'\\', '\\'};
    struct part result = part_other_characters(p->g, ranges, n + 3, &n_left);
    free(ranges);
    return result;
}

/* How many of the names have the same character behind the first `at` bytes. */
static size_t same_next(const char *const *names, size_t n, size_t at, int32_t *cp)
{
    size_t len = strlen(names[0]) - at, k = 1, used = utf8_decode(names[0] + at, len, cp);
    while (k < n && strncmp(names[k] + at, names[0] + at, used) == 0)
        k++;
    return k;
}

/* What may follow `at` bytes that the names have in common, up to the quote. */
static struct part rest_of_key(struct json_parts *p, const char *const *names, size_t n, size_t at)
{
    bool is_name = n > 0 && !names[0][at];
    size_t n_next = 0;
    if (p->g->too_large)
        return part_empty(p->g);
    int32_t *next = xcalloc(n + 1, sizeof *next);
    for (size_t i = is_name; i < n; i += same_next(names + i, n - i, at, &next[n_next++]))
        ;
    struct part other = plain_but(p, next, n_next);
    struct part result = then(p, other, repeat(p, plain_but(p, NULL, 0), 0, ENDLESS));
    for (size_t i = is_name, k = 0; i < n; k++) {
        char bytes[4];
        size_t len = utf8_encode(next[k], bytes);
        size_t n_same = same_next(names + i, n - i, at, &next[k]);
        struct part same = part_text(p->g, bytes, len);
        same = then(p, same, rest_of_key(p, names + i, n_same, at + len));
        result = either(p, result, same);
        i += n_same;
    }
    free(next);
    return is_name ? result : repeat(p, result, 0, 1);
}

struct part part_json_other_key(struct json_parts *p, const char *const *names, size_t n)
{
    struct part quote = text(p, "\"");
    struct part rest = rest_of_key(p, names, n, 0);
    return then(p, then(p, quote, rest), text(p, "\""));
}

/* ---- numbers -------------------------------------------------------------------------- */

struct part part_json_integer(struct json_parts *p)
{
    if (new_rule(p, &p->integer, "integer")) {
        struct part sign = repeat(p, text(p, "-"), 0, 1);
        struct part zero = text(p, "0");
        struct part more = one_of(p, "19");
        more = then(p, more, repeat(p, one_of(p, "09"), 0, MAX_DIGITS - 1));
        grammar_define(p->g, p->integer - 1, then(p, sign, either(p, zero, more)));
    }
    return call(p, p->integer);
}

struct part part_json_number(struct json_parts *p)
{
    part_json_integer(p);
    if (new_rule(p, &p->number, "number")) {
        struct part whole = part_json_integer(p);
        struct part point = text(p, ".");
        point = then(p, point, repeat(p, one_of(p, "09"), 1, MAX_DIGITS));
        whole = then(p, whole, repeat(p, point, 0, 1));
        struct part e = one_of(p, "eeEE");
        e = then(p, e, repeat(p, one_of(p, "++--"), 0, 1));
        e = then(p, e, repeat(p, one_of(p, "09"), 1, 2));
        grammar_define(p->g, p->number - 1, then(p, whole, repeat(p, e, 0, 1)));
    }
    return call(p, p->number);
}

/* ---- values --------------------------------------------------------------------------- */

struct part part_json_list(struct json_parts *p, uint32_t item, int32_t least, int32_t most)
{
    if (most == 0)
        return part_empty(p->g);
    part_json_space(p);
    struct part list = part_call(p->g, item);
    struct part more = part_json_space(p);
    more = then(p, more, text(p, ","));
    more = then(p, more, part_json_space(p));
    more = then(p, more, part_call(p->g, item));
    more = repeat(p, more, least > 0 ? least - 1 : 0, most == ENDLESS ? ENDLESS : most - 1);
    list = then(p, list, more);
    return least > 0 ? list : repeat(p, list, 0, 1);
}

static struct part value_of_depth(struct json_parts *p, int depth);

/* "[" or "{", items, and what closes. */
static struct part of_items(struct json_parts *p, const char *open, uint32_t item,
                            const char *close)
{
    struct part all = then(p, text(p, open), part_json_space(p));
    struct part items = part_json_list(p, item, 1, ENDLESS);
    items = then(p, items, part_json_space(p));
    return then(p, then(p, all, repeat(p, items, 0, 1)), text(p, close));
}

/* depth: of the items. */
static struct part array_of_depth(struct json_parts *p, int depth)
{
    value_of_depth(p, depth);
    return of_items(p, "[", p->value[depth] - 1, "]");
}

static struct part object_of_depth(struct json_parts *p, int depth)
{
    value_of_depth(p, depth);
    part_json_string(p);
    uint32_t member = grammar_rule(p->g, "member", strlen("member"));
    struct part m = part_json_string(p);
    m = then(p, m, text(p, ":"));
    m = then(p, m, part_json_space(p));
    grammar_define(p->g, member, then(p, m, value_of_depth(p, depth)));
    return of_items(p, "{", member, "}");
}

static struct part value_of_depth(struct json_parts *p, int depth)
{
    if (new_rule(p, &p->value[depth], "value")) {
        part_json_number(p);
        part_json_string(p);
        part_json_space(p);
        if (depth > 0)
            value_of_depth(p, depth - 1);
        struct part v = part_json_string(p);
        v = either(p, v, part_json_number(p));
        v = either(p, v, text(p, "true"));
        v = either(p, v, text(p, "false"));
        v = either(p, v, text(p, "null"));
        if (depth > 0) {
            v = either(p, v, array_of_depth(p, depth - 1));
            v = either(p, v, object_of_depth(p, depth - 1));
        }
        grammar_define(p->g, p->value[depth] - 1, v);
    }
    return call(p, p->value[depth]);
}

struct part part_json_value(struct json_parts *p)
{
    return value_of_depth(p, JSON_VALUE_DEPTH);
}

struct part part_json_object(struct json_parts *p)
{
    return object_of_depth(p, JSON_VALUE_DEPTH - 1);
}

struct part part_json_literal(struct json_parts *p, const json_t *value)
{
    char *s = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    struct part result = text(p, s);
    free(s);
    return result;
}
