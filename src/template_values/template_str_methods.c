/* SPDX-License-Identifier: MIT */
#include "template_str_methods.h"

#include <string.h>

#include "template_access.h"
#include "template_escape.h"
#include "template_format.h"
#include "template_strings.h"
#include "template_unicode.h"
#include "template_walk.h"
#include "utf8.h"

static struct signature signature(enum method m)
{
    switch (m) {
    case STR_CENTER:
    case STR_LJUST:
    case STR_RJUST: return (struct signature){"/width,/fillchar", 1};
    case STR_COUNT:
    case STR_FIND:
    case STR_INDEX:
    case STR_RFIND:
    case STR_RINDEX: return (struct signature){"/sub,/start,/end", 1};
    case STR_STARTSWITH:
    case STR_ENDSWITH: return (struct signature){"/prefix,/start,/end", 1};
    case STR_EXPANDTABS: return (struct signature){"tabsize", 0};
    case STR_JOIN: return (struct signature){"/iterable", 1};
    case STR_STRIP:
    case STR_LSTRIP:
    case STR_RSTRIP: return (struct signature){"/chars", 0};
    case STR_PARTITION:
    case STR_RPARTITION: return (struct signature){"/sep", 1};
    case STR_REMOVEPREFIX:
    case STR_REMOVESUFFIX: return (struct signature){"/prefix", 1};
    case STR_REPLACE: return (struct signature){"/old,/new,/count", 2};
    case STR_SPLIT:
    case STR_RSPLIT: return (struct signature){"sep,maxsplit", 0};
    case STR_SPLITLINES: return (struct signature){"keepends", 0};
    case STR_ZFILL: return (struct signature){"/width", 1};
    default: return (struct signature){"", 0};
    }
}

static struct value need_string(struct work *w, struct value v)
{
    if (v.kind != KIND_STRING) {
        value_use(w, v);
        work_fail(w, "must be str, not %s", value_type(v));
    }
    return v;
}

/* s[start:end] in characters, as find and startswith take them. *offset: bytes in front of it. ->
 * false if start lies behind the end. */
static bool part(struct work *w, struct value *s, struct value start, struct value end,
                 uint32_t *offset)
{
    *offset = 0;
    if (!argument_given(start) && !argument_given(end))
        return true;
    int64_t n = string_chars(w, *s);
    int64_t from = argument_given(start) ? argument_int(w, start, 0) : 0;
    int64_t to = argument_given(end) ? argument_int(w, end, n) : n;
    if (from < 0)
        from = from + n < 0 ? 0 : from + n;
    if (to < 0)
        to = to + n < 0 ? 0 : to + n;
    to = to > n ? n : to;
    if (from > to)
        return false;
    *offset = string_offset(w, *s, (uint32_t)from);
    *s = string_slice(*s, *offset, string_offset(w, *s, (uint32_t)to) - *offset);
    return true;
}

static struct value find(struct work *w, struct value s, enum method m, const struct value *a)
{
    struct value whole = s, what = need_string(w, a[0]);
    uint32_t offset, at = UINT32_MAX;
    if (part(w, &s, a[1], a[2], &offset))
        at = m == STR_FIND || m == STR_INDEX ? string_search(w, s, 0, what)
                                             : string_search_back(w, s, s.len, what);
    if (at != UINT32_MAX)
        return value_int(string_chars(w, string_slice(whole, 0, offset + at)));
    if (m == STR_INDEX || m == STR_RINDEX)
        work_fail(w, "substring not found");
    return value_int(-1);
}

static struct value count(struct work *w, struct value s, const struct value *a)
{
    struct value what = need_string(w, a[0]);
    uint32_t offset, n = 0;
    if (!part(w, &s, a[1], a[2], &offset))
        return value_int(0);
    if (what.len == 0)
        return value_int(string_chars(w, s) + 1);
    for (uint32_t at = 0; (at = string_search(w, s, at, what)) != UINT32_MAX; at += what.len)
        n++;
    return value_int(n);
}

static struct value starts_or_ends(struct work *w, struct value s, enum method m,
                                   const struct value *a)
{
    uint32_t offset;
    bool (*test)(struct value, struct value) = m == STR_STARTSWITH ? string_starts : string_ends;
    if (a[0].kind != KIND_TUPLE)
        need_string(w, a[0]);
    if (!part(w, &s, a[1], a[2], &offset))
        return value_bool(false);
    if (a[0].kind == KIND_STRING)
        return value_bool(test(s, a[0]));
    for (uint32_t i = 0; i < a[0].list->n; i++)
        if (test(s, need_string(w, a[0].list->items[i])))
            return value_bool(true);
    return value_bool(false);
}

static struct value partition(struct work *w, struct value s, enum method m, struct value separator)
{
    struct list *l = list_new(w, 3);
    if (need_string(w, separator).len == 0)
        work_fail(w, "empty separator");
    uint32_t at = m == STR_PARTITION ? string_search(w, s, 0, separator)
                                     : string_search_back(w, s, s.len, separator);
    bool found = at != UINT32_MAX;
    uint32_t end = found ? at + separator.len : s.len;
    if (!found)
        at = end = m == STR_PARTITION ? s.len : 0;
    list_push(w, l, string_slice(s, 0, at));
    list_push(w, l, string_slice(s, at, end - at));
    list_push(w, l, string_slice(s, end, s.len - end));
    return value_tuple(l);
}

static struct value expand_tabs(struct work *w, struct value s, int64_t size)
{
    struct text *t = text_new(w);
    int64_t column = 0;
    int32_t cp;
    if (size > 1024)
        work_fail(w, "expandtabs: more than 1024 columns");
    work_step(w, s.len);
    for (uint32_t at = 0, n; at < s.len; at += n) {
        n = (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
        if (cp == '\t') {
            int64_t spaces = size > 0 ? size - column % size : 0;
            column += spaces;
            work_step(w, (uint64_t)spaces);
            while (spaces-- > 0)
                text_append(w, t, " ", 1, string_from_template(s, at));
        } else {
            text_append_string(w, t, string_slice(s, at, n));
            column = cp == '\n' || cp == '\r' ? 0 : column + 1;
        }
    }
    return text_string(t);
}

static struct value zfill(struct work *w, struct value s, int64_t width)
{
    uint32_t sign = s.len > 0 && strchr("+-", string_bytes(s)[0]) ? 1 : 0;
    struct value digits = string_slice(s, sign, s.len - sign);
    digits = string_pad(w, digits, width - sign, string_literal(w, "0"), '>');
    struct text *t = text_new(w);
    text_append_string(w, t, string_slice(s, 0, sign));
    text_append_string(w, t, digits);
    return text_string(t);
}

static bool is_alnum(int32_t cp)
{
    return unicode_is_alpha(cp) || unicode_is_digit(cp);
}

static bool all_are(struct value s, bool (*test)(int32_t), bool of_empty)
{
    int32_t cp;
    for (uint32_t at = 0; at < s.len;) {
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
        if (cp < 0 || !test(cp))
            return false;
    }
    return s.len > 0 || of_empty;
}

static bool is_title(struct value s)
{
    bool some = false, in_word = false;
    int32_t cp;
    for (uint32_t at = 0; at < s.len;) {
        at += (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
        bool cased = cp >= 0 && unicode_is_cased(cp);
        if (cased && in_word != unicode_is_lower(cp))
            return false;
        some |= cased;
        in_word = cased;
    }
    return some;
}

static struct value test(struct work *w, struct value s, enum method m)
{
    work_bytes(w, s.len * 8ull);
    switch (m) {
    case STR_ISALNUM: return value_bool(all_are(s, is_alnum, false));
    case STR_ISALPHA: return value_bool(all_are(s, unicode_is_alpha, false));
    case STR_ISASCII: return value_bool(string_is_ascii(w, s));
    case STR_ISDECIMAL:
    case STR_ISDIGIT:
    case STR_ISNUMERIC: return value_bool(all_are(s, unicode_is_digit, false));
    case STR_ISPRINTABLE: return value_bool(all_are(s, unicode_is_printable, true));
    case STR_ISSPACE: return value_bool(all_are(s, unicode_is_space, false));
    case STR_ISTITLE: return value_bool(is_title(s));
    case STR_ISLOWER: return value_bool(string_is_case(s, false));
    default: return value_bool(string_is_case(s, true));
    }
}

static struct value justify(struct work *w, struct value s, enum method m, const struct value *a)
{
    struct value fill = a[1].kind == KIND_MISSING ? string_literal(w, " ") : need_string(w, a[1]);
    if (string_chars(w, fill) != 1)
        work_fail(w, "The fill character must be exactly one character long");
    return string_pad(w, s, argument_int(w, a[0], 0), fill,
                      m == STR_LJUST   ? '<'
                      : m == STR_RJUST ? '>'
                                       : '^');
}

static struct value without(struct work *w, struct value s, enum method m, struct value part_of)
{
    need_string(w, part_of);
    if (m == STR_REMOVEPREFIX && string_starts(s, part_of))
        return string_slice(s, part_of.len, s.len - part_of.len);
    if (m == STR_REMOVESUFFIX && string_ends(s, part_of))
        return string_slice(s, 0, s.len - part_of.len);
    return s;
}

static int sides(enum method m)
{
    return m == STR_STRIP ? STRIP_LEFT | STRIP_RIGHT : m == STR_LSTRIP ? STRIP_LEFT : STRIP_RIGHT;
}

static struct value escaped_if(struct work *w, struct value s, struct value v)
{
    return s.flags & VALUE_MARKUP ? value_escape(w, v) : v;
}

static struct value join(struct work *w, struct value s, struct value items)
{
    if (!(s.flags & VALUE_MARKUP))
        return string_join(w, s, items);
    struct list *l = walk_list(w, items);
    for (uint32_t i = 0; i < l->n; i++)
        l->items[i] = value_escape(w, l->items[i]);
    return string_join(w, s, value_list(l));
}

static struct value call(struct work *w, struct value s, enum method m, const struct value *a)
{
    switch (m) {
    case STR_CAPITALIZE: return string_capitalize(w, s);
    case STR_CASEFOLD:
    case STR_LOWER: return string_lower(w, s);
    case STR_UPPER: return string_upper(w, s);
    case STR_SWAPCASE: return string_swapcase(w, s);
    case STR_TITLE: return string_title(w, s);
    case STR_CENTER:
    case STR_LJUST:
    case STR_RJUST: return justify(w, s, m, a);
    case STR_COUNT: return count(w, s, a);
    case STR_FIND:
    case STR_INDEX:
    case STR_RFIND:
    case STR_RINDEX: return find(w, s, m, a);
    case STR_STARTSWITH:
    case STR_ENDSWITH: return starts_or_ends(w, s, m, a);
    case STR_EXPANDTABS: return expand_tabs(w, s, argument_int(w, a[0], 8));
    case STR_JOIN: return join(w, s, a[0]);
    case STR_STRIP:
    case STR_LSTRIP:
    case STR_RSTRIP: return string_strip(w, s, a[0], sides(m));
    case STR_PARTITION:
    case STR_RPARTITION: return partition(w, s, m, a[0]);
    case STR_REMOVEPREFIX:
    case STR_REMOVESUFFIX: return without(w, s, m, a[0]);
    case STR_REPLACE:
        return string_replace(w, s, need_string(w, a[0]), escaped_if(w, s, need_string(w, a[1])),
                              argument_int(w, a[2], -1));
    case STR_SPLIT: return value_list(string_split(w, s, a[0], argument_int(w, a[1], -1)));
    case STR_RSPLIT: return value_list(string_rsplit(w, s, a[0], argument_int(w, a[1], -1)));
    case STR_SPLITLINES: return value_list(string_splitlines(w, s, argument_bool(w, a[0], false)));
    case STR_ZFILL: return zfill(w, s, argument_int(w, a[0], 0));
    default: return test(w, s, m);
    }
}

struct value str_method_call(struct work *w, struct value s, enum method m,
                             const struct arguments *a)
{
    struct value given[MAX_PARAMETERS];
    struct value v;
    if (m == STR_FORMAT) {
        v = format_braces(w, s, a);
    } else {
        arguments_bind(w, a, method_name(m), signature(m), given);
        v = call(w, s, m, given);
    }
    if (v.kind == KIND_STRING)
        v.flags = s.flags;
    return v;
}
