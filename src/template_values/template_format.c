/* SPDX-License-Identifier: MIT */
#include "template_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "template_access.h"
#include "template_format_spec.h"
#include "template_map.h"
#include "template_print.h"
#include "utf8.h"

/* ---- % -------------------------------------------------------------------------------------- */

struct source {
    struct value values;
    uint32_t n_used;
    bool markup;
};

static struct value next_value(struct work *w, struct source *s)
{
    uint32_t i = s->n_used++;
    if (s->values.kind == KIND_TUPLE && i < s->values.list->n)
        return s->values.list->items[i];
    if (s->values.kind == KIND_TUPLE || i > 0)
        work_fail(w, "not enough arguments for format string");
    return s->values;
}

static const char *read_flags(const char *s, const char *end, struct format_spec *f)
{
    for (; s < end && *s && strchr("-+ #0", *s); s++) {
        if (*s == '-')
            f->align = '<';
        else if (*s == '#')
            f->alternate = true;
        else if (*s == '0')
            f->zero = true;
        else if (f->sign != '+')
            f->sign = *s;
    }
    return s;
}

static const char *read_amount(struct work *w, const char *s, const char *end, uint32_t max,
                               struct source *source, int64_t *out)
{
    uint32_t n;
    if (s < end && *s == '*') {
        *out = argument_int(w, next_value(w, source), 0);
        if (*out > max || *out < -(int64_t)max)
            work_fail(w, "a width or precision of more than %u", max);
        return s + 1;
    }
    s = spec_read_number(w, s, end, max, &n);
    *out = n;
    return s;
}

static void print_conversion(struct work *w, struct text *to, struct value v, struct format_spec *f,
                             char type)
{
    int64_t i;
    f->align = f->align || !strchr("srac", type) ? f->align : '>';
    if (type == 's' || type == 'r' || type == 'a') {
        bool is_markup = v.kind == KIND_STRING && (v.flags & VALUE_MARKUP);
        f->markup = f->markup && !(is_markup && type == 's');
        spec_print_string(w, to, type == 's' ? value_str(w, v) : value_repr(w, v), f);
    } else if (type == 'c' && v.kind == KIND_STRING) {
        spec_print_string(w, to, v, f);
    } else if (type == 'c' && value_as_int(v, &i) && i >= 0 && i < 0x110000) {
        char *c = work_take(w, 4);
        spec_print_string(w, to, string_of(w, c, utf8_encode((int32_t)i, c), true), f);
    } else if (!value_is_number(v) || !strchr("diuxXoeEfFgG", type)) {
        value_use(w, v);
        work_fail(w, "%%%c format: a number is required, not %s", type, value_type(v));
    } else {
        bool whole = strchr("diuxXo", type);
        if (whole && v.kind == KIND_FLOAT && fabs(v.f) < 0x1p62)
            v = value_int((int64_t)v.f);
        f->type = strchr("diu", type) ? 'd' : type;
        f->precision = whole ? -1 : f->precision;
        f->zero = f->zero && !f->align;
        spec_print_number(w, to, v, f);
    }
}

static const char *percent(struct work *w, struct text *to, const char *s, const char *end,
                           struct source *source)
{
    struct format_spec f = {
        .fill = " ", .fill_bytes = 1, .precision = -1, .markup = source->markup};
    struct value v = {.kind = KIND_MISSING};
    int64_t n;
    if (s < end && *s == '(') {
        const char *close = memchr(s, ')', (size_t)(end - s));
        if (!close)
            work_fail(w, "incomplete format key");
        if (source->values.kind != KIND_MAP)
            work_fail(w, "format requires a mapping");
        struct value *member = map_get_name(w, source->values.map, s + 1, (size_t)(close - s - 1));
        if (!member)
            work_fail(w, "no key '%.*s' for the format", (int)(close - s - 1), s + 1);
        v = *member;
        source->n_used = 1;
        s = close + 1;
    }
    s = read_flags(s, end, &f);
    s = read_amount(w, s, end, MAX_WIDTH, source, &n);
    f.align = n < 0 ? '<' : f.align;
    f.width = (uint32_t)(n < 0 ? -n : n);
    if (s < end && *s == '.') {
        s = read_amount(w, s + 1, end, MAX_PRECISION, source, &n);
        f.precision = n < 0 ? 0 : (int)n;
    }
    while (s < end && (*s == 'l' || *s == 'h' || *s == 'L'))
        s++;
    if (s == end || *s == '\0')
        work_fail(w, "incomplete format");
    if (*s == '%')
        text_puts(w, to, "%");
    else
        print_conversion(w, to, v.kind == KIND_MISSING ? next_value(w, source) : v, &f, *s);
    return s + 1;
}

struct value format_percent(struct work *w, struct value format, struct value values)
{
    struct text *to = text_new(w);
    struct source source = {.values = values, .markup = format.flags & VALUE_MARKUP};
    const char *bytes = string_bytes(format), *end = bytes + format.len, *s = bytes;
    while (s < end) {
        const char *next = memchr(s, '%', (size_t)(end - s));
        uint32_t n = (uint32_t)((next ? next : end) - s);
        text_append_string(w, to, string_slice(format, (uint32_t)(s - bytes), n));
        s += n;
        if (next)
            s = percent(w, to, s + 1, end, &source);
        work_step(w, 1);
    }
    bool left = values.kind == KIND_TUPLE
                    ? source.n_used < values.list->n
                    : source.n_used == 0 && values.kind != KIND_MAP && values.kind != KIND_LIST &&
                          values.kind != KIND_UNDEFINED;
    if (left)
        work_fail(w, "not all arguments converted during string formatting");
    struct value v = text_string(to);
    v.flags = format.flags;
    return v;
}

/* ---- {} ------------------------------------------------------------------------------------- */

struct fields {
    const struct arguments *arguments;
    uint32_t n_automatic;
    bool markup;
};

static struct value field_root(struct work *w, struct fields *f, const char *name, size_t n)
{
    uint32_t i;
    const char *end = spec_read_number(w, name, name + n, MAX_WIDTH, &i);
    if (n == 0)
        i = f->n_automatic++;
    if (end == name + n) {
        if (i >= f->arguments->positional->n)
            work_fail(w, "Replacement index %u out of range for positional args tuple", i);
        return f->arguments->positional->items[i];
    }
    for (uint32_t k = 0; k < f->arguments->n_keywords; k++)
        if (f->arguments->keywords[k].n == n &&
            memcmp(f->arguments->keywords[k].name, name, n) == 0)
            return f->arguments->keywords[k].value;
    work_fail(w, "format: no argument '%.*s'", (int)n, name);
}

/* name.attribute[item]... */
static struct value field_value(struct work *w, struct fields *f, const char *s, const char *end)
{
    size_t n = 0;
    while (s + n < end && s[n] != '.' && s[n] != '[')
        n++;
    struct value v = field_root(w, f, s, n);
    for (s += n; s < end; s += n) {
        bool item = *s++ == '[';
        for (n = 0; s + n < end && (item ? s[n] != ']' : s[n] != '.' && s[n] != '[');)
            n++;
        uint32_t i;
        if (item && n > 0 && spec_read_number(w, s, s + n, MAX_WIDTH, &i) == s + n)
            v = value_item(w, v, value_int(i));
        else
            v = item ? value_item(w, v, string_of(w, s, n, true)) : value_attribute(w, v, s, n);
        n += item;
        if (s + n > end)
            work_fail(w, "Missing ']' in format string");
    }
    return v;
}

static void read_spec(struct work *w, const char *s, const char *end, struct format_spec *f)
{
    int32_t cp;
    uint32_t n = s < end ? (uint32_t)utf8_decode(s, (size_t)(end - s), &cp) : 0;
    *f = (struct format_spec){.fill = " ", .fill_bytes = 1, .precision = -1};
    if (n && s + n < end && strchr("<>^=", s[n]) && s[n]) {
        memcpy(f->fill, s, n);
        f->fill_bytes = n;
        f->align = s[n];
        s += n + 1;
    } else if (s < end && *s && strchr("<>^=", *s)) {
        f->align = *s++;
    }
    if (s < end && *s && strchr("+- ", *s))
        f->sign = *s++;
    if (s < end && *s == '#')
        f->alternate = *s++ == '#';
    if (s < end && *s == '0') {
        f->zero = *s++ == '0';
        if (f->align && f->fill[0] == ' ')
            f->fill[0] = '0';
    }
    s = spec_read_number(w, s, end, MAX_WIDTH, &f->width);
    if (s < end && (*s == ',' || *s == '_'))
        f->comma = *s++;
    if (s < end && *s == '.') {
        uint32_t precision;
        s = spec_read_number(w, s + 1, end, MAX_PRECISION, &precision);
        f->precision = (int)precision;
    }
    if (s < end)
        f->type = *s++;
    if (s < end)
        work_fail(w, "Invalid format specifier");
}

static void print_field(struct work *w, struct text *to, struct value v, const char *s,
                        const char *end, bool markup)
{
    struct format_spec f;
    read_spec(w, s, end, &f);
    f.markup = markup && !(v.kind == KIND_STRING && (v.flags & VALUE_MARKUP));
    if (value_is_number(v) && !(v.kind == KIND_BOOL && s == end))
        spec_print_number(w, to, v, &f);
    else if (v.kind != KIND_STRING && s < end)
        work_fail(w, "unsupported format string passed to %s.__format__", value_type(v));
    else if (f.type && f.type != 's')
        work_fail(w, "Unknown format code '%c' for object of type 'str'", f.type);
    else
        spec_print_string(w, to, value_str(w, v), &f);
}

static const char *brace(struct work *w, struct text *to, const char *s, const char *end,
                         struct fields *f)
{
    const char *close = memchr(s, '}', (size_t)(end - s));
    if (!close)
        work_fail(w, "expected '}' before end of string");
    if (memchr(s, '{', (size_t)(close - s)))
        work_fail(w, "format: a field in a field is not supported");
    const char *spec = memchr(s, ':', (size_t)(close - s)), *name_end = spec ? spec : close;
    const char *bang = memchr(s, '!', (size_t)(name_end - s));
    struct value v = field_value(w, f, s, bang ? bang : name_end);
    if (bang && bang + 1 < name_end)
        v = bang[1] == 's' ? value_str(w, v) : value_repr(w, v);
    print_field(w, to, v, spec ? spec + 1 : close, close, f->markup);
    return close + 1;
}

struct value format_braces(struct work *w, struct value format, const struct arguments *a)
{
    struct text *to = text_new(w);
    struct fields fields = {.arguments = a, .markup = format.flags & VALUE_MARKUP};
    const char *bytes = string_bytes(format), *end = bytes + format.len, *s = bytes;
    while (s < end) {
        size_t n = 0;
        while (s + n < end && s[n] != '{' && s[n] != '}')
            n++;
        bool doubled = s + n + 1 < end && s[n + 1] == s[n];
        text_append_string(w, to,
                           string_slice(format, (uint32_t)(s - bytes), (uint32_t)(n + doubled)));
        s += n + (doubled ? 2 : 0);
        work_step(w, 1);
        if (s == end || doubled)
            continue;
        if (*s == '}')
            work_fail(w, "Single '}' encountered in format string");
        s = brace(w, to, s + 1, end, &fields);
    }
    return text_string(to);
}
