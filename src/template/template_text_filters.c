/* SPDX-License-Identifier: MIT */
#include "template_text_filters.h"

#include <math.h>
#include <string.h>

#include "template_access.h"
#include "template_escape.h"
#include "template_format.h"
#include "template_json.h"
#include "template_map.h"
#include "template_numbers.h"
#include "template_operators.h"
#include "template_print.h"
#include "template_strings.h"
#include "template_walk.h"
#include "utf8.h"

/* soft_str: str(v), but a Markup stays one. */
static struct value soft(struct work *w, struct value v)
{
    return v.kind == KIND_STRING ? v : value_str(w, v);
}

static struct value like(struct value s, struct value v)
{
    v.flags = s.flags;
    return v;
}

/* ---- texts ---------------------------------------------------------------------------------- */

struct value filter_string(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return soft(w, v);
}

struct value filter_upper(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    v = soft(w, v);
    return like(v, string_upper(w, v));
}

struct value filter_lower(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    v = soft(w, v);
    return like(v, string_lower(w, v));
}

struct value filter_capitalize(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    v = soft(w, v);
    return like(v, string_capitalize(w, v));
}

struct value filter_title(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return string_title_words(w, soft(w, v));
}

struct value filter_center(struct work *w, struct value v, const struct value *a)
{
    v = soft(w, v);
    return like(v, string_pad(w, v, argument_int(w, a[0], 80), string_literal(w, " "), '^'));
}

struct value filter_trim(struct work *w, struct value v, const struct value *a)
{
    return string_strip(w, soft(w, v), a[0], STRIP_LEFT | STRIP_RIGHT);
}

struct value filter_replace(struct work *w, struct value v, const struct value *a)
{
    int64_t count = argument_given(a[2]) ? argument_int(w, a[2], -1) : -1;
    return string_replace(w, value_str(w, v), value_str(w, a[0]), value_str(w, a[1]), count);
}

struct value filter_safe(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    v = value_str(w, v);
    v.flags = VALUE_MARKUP;
    return v;
}

struct value filter_escape(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return value_escape(w, v);
}

struct value filter_forceescape(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return value_escape(w, value_str(w, v));
}

static struct value indention(struct work *w, struct value width)
{
    if (width.kind == KIND_STRING)
        return width;
    struct value space = string_literal(w, " ");
    int64_t n = argument_int(w, width, 4);
    return operator_arithmetic(w, OP_MUL, space, value_int(n));
}

struct value filter_indent(struct work *w, struct value v, const struct value *a)
{
    struct value indent = indention(w, a[0]), newline = string_literal(w, "\n");
    bool first = argument_bool(w, a[1], false), blank = argument_bool(w, a[2], false);
    if (v.kind != KIND_STRING) {
        value_use(w, v);
        work_fail(w, "indent: a string expected, not %s", value_type(v));
    }
    struct list *lines = string_splitlines(w, string_concat(w, string_plain(v), newline), false);
    struct text *t = text_new(w);
    for (uint32_t i = 0; i < lines->n; i++) {
        if (i)
            text_append_string(w, t, newline);
        if (i ? blank || lines->items[i].len > 0 : first)
            text_append_string(w, t, indent);
        text_append_string(w, t, lines->items[i]);
    }
    return like(v, text_string(t));
}

struct value filter_truncate(struct work *w, struct value v, const struct value *a)
{
    struct value end = a[2].kind == KIND_STRING ? a[2] : string_literal(w, "...");
    int64_t length = argument_int(w, a[0], 255),
            leeway = argument_given(a[3]) ? argument_int(w, a[3], 5) : 5;
    int64_t n_end = string_chars(w, end);
    if (v.kind != KIND_STRING)
        work_fail(w, "truncate: a string expected, not %s", value_type(v));
    if (length < n_end || leeway < 0)
        work_fail(w, "truncate: length %lld is less than the %lld characters of the end",
                  (long long)length, (long long)n_end);
    if (string_chars(w, v) <= length + leeway)
        return v;
    struct value cut = string_slice(v, 0, string_offset(w, v, (uint32_t)(length - n_end)));
    if (!argument_bool(w, a[1], false)) {
        uint32_t space = string_search_back(w, cut, cut.len, string_literal(w, " "));
        cut.len = space != UINT32_MAX ? space : cut.len;
    }
    return operator_arithmetic(w, OP_ADD, cut, end);
}

struct value filter_format(struct work *w, struct value v, const struct arguments *a)
{
    struct map *m = map_new(w);
    if (a->n_keywords && a->positional->n)
        work_fail(w, "can't handle positional and keyword arguments at the same time");
    for (uint32_t i = 0; i < a->n_keywords; i++)
        map_set(w, m, string_of(w, a->keywords[i].name, a->keywords[i].n, true),
                a->keywords[i].value);
    return format_percent(w, soft(w, v), a->n_keywords ? value_map(m) : value_tuple(a->positional));
}

struct value filter_wordcount(struct work *w, struct value v, const struct value *a)
{
    struct value s = soft(w, v);
    int64_t n = 0;
    bool in_word = false;
    int32_t cp;
    (void)a;
    work_bytes(w, s.len * 4ull);
    for (uint32_t at = 0; at < s.len;) {
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
        bool word = cp == '_' || (cp >= 0 && utf8_is_word(cp));
        n += word && !in_word;
        in_word = word;
    }
    return value_int(n);
}

static void url_quote(struct work *w, struct text *t, struct value v, bool query)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~";
    struct value s = value_str(w, v);
    work_step(w, s.len * 2ull);
    for (uint32_t i = 0; i < s.len; i++) {
        char c = string_bytes(s)[i], e[4];
        bool plain = (c && strchr(safe, c)) || (c == '/' && !query);
        int n = snprintf(e, sizeof e, query && c == ' ' ? "+" : "%%%02X", (unsigned char)c);
        text_append(w, t, plain ? &c : e, plain ? 1 : (size_t)n, string_from_template(s, i));
    }
}

struct value filter_urlencode(struct work *w, struct value v, const struct value *a)
{
    struct text *t = text_new(w);
    (void)a;
    if (v.kind == KIND_STRING || !walk_can(v)) {
        url_quote(w, t, v, false);
        return text_string(t);
    }
    struct map *m = map_new(w);
    map_update(w, m, v);
    for (uint32_t i = 0; i < m->n; i++) {
        text_puts(w, t, i ? "&" : "");
        url_quote(w, t, m->entries[i].key, true);
        text_puts(w, t, "=");
        url_quote(w, t, m->entries[i].value, true);
    }
    return text_string(t);
}

/* ---- numbers -------------------------------------------------------------------------------- */

struct value filter_abs(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    if (value_is_number(v) && value_as_float(v) >= 0 && !(v.kind == KIND_FLOAT && signbit(v.f)))
        return v.kind == KIND_BOOL ? value_int(v.yes) : v;
    return operator_negate(w, v);
}

/* Whether digits made of v are data. */
static uint8_t number_flags(struct value v)
{
    if (v.kind == KIND_STRING)
        return string_all_from_template(v) ? 0 : VALUE_DATA;
    return v.flags & VALUE_DATA;
}

struct value filter_int(struct work *w, struct value v, const struct value *a)
{
    struct value missing = a[0].kind == KIND_MISSING ? value_int(0) : a[0];
    int64_t i, base = argument_int(w, a[1], 10);
    double f = 0;
    value_use(w, v);
    if (base < 0 || base > 36)
        work_fail(w, "int: a base from 2 to 36 expected");
    if (!value_as_int(v, &i) && !(v.kind == KIND_STRING && number_int(w, v, (int)base, &i))) {
        if (v.kind == KIND_FLOAT)
            f = v.f;
        else if (v.kind != KIND_STRING || !number_float(w, v, &f))
            return missing;
        if (!isfinite(f) || fabs(f) >= 0x1p63)
            return missing;
        i = (int64_t)f;
    }
    return (struct value){.kind = KIND_INT, .i = i, .flags = number_flags(v)};
}

struct value filter_float(struct work *w, struct value v, const struct value *a)
{
    double f;
    value_use(w, v);
    if (value_is_number(v))
        return (struct value){.kind = KIND_FLOAT, .f = value_as_float(v), .flags = number_flags(v)};
    if (v.kind == KIND_STRING && number_float(w, v, &f))
        return (struct value){.kind = KIND_FLOAT, .f = f, .flags = number_flags(v)};
    return a[0].kind == KIND_MISSING ? value_float(0) : a[0];
}

struct value filter_round(struct work *w, struct value v, const struct value *a)
{
    int64_t precision = argument_int(w, a[0], 0);
    value_use(w, v);
    if (!value_is_number(v))
        work_fail(w, "type %s doesn't define __round__ method", value_type(v));
    if (precision > 300 || precision < -300)
        work_fail(w, "round: a precision within 300 expected");
    if (a[1].kind == KIND_MISSING || string_is(a[1], "common")) {
        int64_t i;
        if (value_as_int(v, &i) && precision >= 0)
            return value_int(i);
        double f = number_round(value_as_float(v), (int)precision);
        return v.kind == KIND_FLOAT ? value_float(f) : value_int((int64_t)f);
    }
    double unit = pow(10, (double)precision), f = value_as_float(v) * unit;
    if (!string_is(a[1], "ceil") && !string_is(a[1], "floor"))
        work_fail(w, "method must be common, ceil or floor");
    return value_float((string_is(a[1], "ceil") ? ceil(f) : floor(f)) / unit);
}

struct value filter_filesizeformat(struct work *w, struct value v, const struct value *a)
{
    bool binary = argument_bool(w, a[0], false);
    double base = binary ? 1024 : 1000, bytes = filter_float(w, v, a + 1).f, unit = base * base;
    char s[64];
    int i = 0;
    if (bytes == 1) {
        snprintf(s, sizeof s, "1 Byte");
    } else if (bytes < base) {
        snprintf(s, sizeof s, "%.0f Bytes", trunc(bytes));
    } else {
        for (; i < 7 && bytes >= unit; i++)
            unit *= base;
        snprintf(s, sizeof s, "%.1f %c%sB", base * bytes / unit,
                 (binary ? "KMGTPEZY" : "kMGTPEZY")[i], binary ? "i" : "");
    }
    struct text *t = text_new(w);
    text_puts(w, t, s);
    return text_string(t);
}

/* ---- the rest ------------------------------------------------------------------------------- */

struct value filter_default(struct work *w, struct value v, const struct value *a)
{
    if (v.kind == KIND_UNDEFINED || (argument_bool(w, a[1], false) && !value_truth(w, v)))
        return a[0].kind == KIND_MISSING ? string_literal(w, "") : a[0];
    return v;
}

static struct value separator(struct work *w, struct value separators, uint32_t i,
                              const char *missing)
{
    if (!argument_given(separators))
        return string_literal(w, missing);
    struct value s = value_item(w, separators, value_int(i));
    if (s.kind != KIND_STRING)
        work_fail(w, "tojson: separators are a pair of strings");
    return s;
}

struct value filter_tojson(struct work *w, struct value v, const struct value *a)
{
    struct text *t = text_new(w);
    struct json_style style = {.ascii = argument_bool(w, a[0], false),
                               .lines = argument_given(a[1]),
                               .comma = separator(w, a[2], 0, argument_given(a[1]) ? "," : ", "),
                               .colon = separator(w, a[2], 1, ": "),
                               .sort_keys = argument_bool(w, a[3], false)};
    if (style.lines)
        style.indent = indention(w, a[1]);
    json_print(w, t, v, &style);
    return text_string(t);
}

struct value filter_from_json(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return json_load(w, v);
}
