/* SPDX-License-Identifier: MIT */
#include "template_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "template_unicode.h"
#include "utf8.h"

/* ---- numbers -------------------------------------------------------------------------------- */

/* Digits and exponent of the shortest decimal: 0.DIGITS * 10^point. */
static int shortest(double f, char digits[20], int *point)
{
    char e[32];
    int precision = 0;
    do
        snprintf(e, sizeof e, "%.*e", precision, f);
    while (strtod(e, NULL) != f && ++precision < 17);
    int n = 0;
    const char *s = e;
    for (; *s && *s != 'e'; s++)
        if (*s >= '0' && *s <= '9')
            digits[n++] = *s;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    *point = atoi(s + 1) + 1;
    return n;
}

void print_float(double f, char out[NUMBER_TEXT_BYTES])
{
    char digits[20];
    int point, n, i = 0;
    if (!isfinite(f)) {
        snprintf(out, NUMBER_TEXT_BYTES, "%s", isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
        return;
    }
    if (signbit(f))
        out[i++] = '-';
    n = shortest(fabs(f), digits, &point);
    if (point > 16 || point < -3) {
        out[i++] = digits[0];
        if (n > 1)
            out[i++] = '.';
        memcpy(out + i, digits + 1, (size_t)n - 1);
        snprintf(out + i + n - 1, 8, "e%+03d", point - 1);
        return;
    }
    if (point <= 0)
        out[i++] = '0';
    for (int k = 0; k < point; k++)
        out[i++] = k < n ? digits[k] : '0';
    out[i++] = '.';
    for (int k = point; k < 0; k++)
        out[i++] = '0';
    for (int k = point > 0 ? point : 0; k < n; k++)
        out[i++] = digits[k];
    if (point >= n)
        out[i++] = '0';
    out[i] = '\0';
}

static void print_number(struct work *w, struct text *to, struct value v)
{
    char s[NUMBER_TEXT_BYTES];
    if (v.kind == KIND_INT)
        snprintf(s, sizeof s, "%" PRId64, v.i);
    else
        print_float(v.f, s);
    text_append(w, to, s, strlen(s), !(v.flags & VALUE_DATA));
}

/* ---- strings in quotes ---------------------------------------------------------------------- */

static void print_escaped(struct work *w, struct text *to, int32_t cp, bool from_template)
{
    char e[16];
    work_step(w, 2);
    if (cp == '\n' || cp == '\r' || cp == '\t')
        snprintf(e, sizeof e, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
    else if (cp == '\\' || cp == '\'' || cp == '"')
        snprintf(e, sizeof e, "\\%c", cp);
    else
        snprintf(e, sizeof e,
                 cp < 0x100     ? "\\x%02x"
                 : cp < 0x10000 ? "\\u%04x"
                                : "\\U%08x",
                 (unsigned)cp);
    text_append(w, to, e, strlen(e), from_template);
}

static void print_quoted(struct work *w, struct text *to, struct value s)
{
    const char *bytes = string_bytes(s);
    bool single = s.len && memchr(bytes, '\'', s.len), both = s.len && memchr(bytes, '"', s.len);
    char quote = single && !both ? '"' : '\'';
    uint32_t plain = 0;
    int32_t cp;
    work_bytes(w, s.len * 2ull);
    text_append(w, to, &quote, 1, true);
    for (uint32_t i = 0, n; i < s.len; i += n) {
        n = (uint32_t)utf8_decode(bytes + i, s.len - i, &cp);
        if (cp >= 0 && cp != '\\' && cp != quote && unicode_is_printable(cp))
            continue;
        text_append_string(w, to, string_slice(s, plain, i - plain));
        print_escaped(w, to, cp < 0 ? (unsigned char)bytes[i] : cp, string_from_template(s, i));
        plain = i + n;
    }
    text_append_string(w, to, string_slice(s, plain, s.len - plain));
    text_append(w, to, &quote, 1, true);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void print_items(struct work *w, struct text *to, const struct list *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (i)
            text_puts(w, to, ", ");
        print_repr(w, to, l->items[i]);
    }
}

static void print_map(struct work *w, struct text *to, const struct map *m)
{
    text_puts(w, to, "{");
    for (uint32_t i = 0; i < m->n; i++) {
        if (i)
            text_puts(w, to, ", ");
        print_repr(w, to, m->entries[i].key);
        text_puts(w, to, ": ");
        print_repr(w, to, m->entries[i].value);
    }
    text_puts(w, to, "}");
}

static void print_view(struct work *w, struct text *to, struct value v)
{
    text_puts(w, to, value_type(v));
    text_puts(w, to, "([");
    for (uint32_t i = 0; i < v.map->n; i++) {
        const struct entry *e = &v.map->entries[i];
        text_puts(w, to, i ? ", " : "");
        text_puts(w, to, v.which == VIEW_ITEMS ? "(" : "");
        if (v.which != VIEW_VALUES)
            print_repr(w, to, e->key);
        text_puts(w, to, v.which == VIEW_ITEMS ? ", " : "");
        if (v.which != VIEW_KEYS)
            print_repr(w, to, e->value);
        text_puts(w, to, v.which == VIEW_ITEMS ? ")" : "");
    }
    text_puts(w, to, "])");
}

static void print_range(struct work *w, struct text *to, const struct range *r)
{
    char s[96];
    int n = snprintf(s, sizeof s, "range(%" PRId64 ", %" PRId64, r->start, r->stop);
    if (r->step != 1)
        n += snprintf(s + n, sizeof s - (size_t)n, ", %" PRId64, r->step);
    text_append(w, to, s, (size_t)n, true);
    text_puts(w, to, ")");
}

static void print_list(struct work *w, struct text *to, struct value v)
{
    text_puts(w, to, v.kind == KIND_LIST ? "[" : "(");
    print_items(w, to, v.list);
    text_puts(w, to, v.kind == KIND_LIST ? "]" : v.list->n == 1 ? ",)" : ")");
}

void print_repr(struct work *w, struct text *to, struct value v)
{
    work_step(w, 1);
    work_enter_value(w);
    switch ((enum kind)v.kind) {
    case KIND_STRING:
        text_puts(w, to, v.flags & VALUE_MARKUP ? "Markup(" : "");
        print_quoted(w, to, v);
        text_puts(w, to, v.flags & VALUE_MARKUP ? ")" : "");
        break;
    case KIND_MISSING:
    case KIND_UNDEFINED: text_puts(w, to, "Undefined"); break;
    case KIND_NONE: text_puts(w, to, "None"); break;
    case KIND_BOOL: text_puts(w, to, v.yes ? "True" : "False"); break;
    case KIND_INT:
    case KIND_FLOAT: print_number(w, to, v); break;
    case KIND_LIST:
    case KIND_TUPLE: print_list(w, to, v); break;
    case KIND_MAP: print_map(w, to, v.map); break;
    case KIND_VIEW: print_view(w, to, v); break;
    case KIND_RANGE: print_range(w, to, v.range); break;
    case KIND_NAMESPACE:
        text_puts(w, to, "<Namespace ");
        print_map(w, to, v.map);
        text_puts(w, to, ">");
        break;
    default:
        text_puts(w, to, "<");
        text_puts(w, to, value_type(v));
        text_puts(w, to, ">");
        break;
    }
    work_leave_value(w);
}

void print_str(struct work *w, struct text *to, struct value v)
{
    if (v.kind == KIND_STRING)
        text_append_string(w, to, v);
    else if (v.kind != KIND_UNDEFINED && v.kind != KIND_MISSING)
        print_repr(w, to, v);
}

struct value value_str(struct work *w, struct value v)
{
    if (v.kind == KIND_STRING)
        return string_plain(v);
    struct text *t = text_new(w);
    print_str(w, t, v);
    return text_string(t);
}

struct value value_repr(struct work *w, struct value v)
{
    struct text *t = text_new(w);
    print_repr(w, t, v);
    return text_string(t);
}
