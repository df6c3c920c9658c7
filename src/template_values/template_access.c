/* SPDX-License-Identifier: MIT */
#include "template_access.h"

#include <inttypes.h>
#include <string.h>

#include "template_loop.h"
#include "template_map.h"
#include "template_method_names.h"
#include "template_print.h"
#include "template_walk.h"

void value_use(struct work *w, struct value v)
{
    if (v.kind != KIND_UNDEFINED)
        return;
    switch ((enum undefined)v.which) {
    case UNDEFINED_NAME: work_fail(w, "'%.*s' is undefined", (int)v.len, v.name);
    case UNDEFINED_PARAMETER: work_fail(w, "parameter '%.*s' was not provided", (int)v.len, v.name);
    case UNDEFINED_MEMBER: {
        struct value of = {.kind = (uint8_t)v.at};
        if (of.kind == KIND_NONE)
            work_fail(w, "'None' has no attribute '%.*s'", (int)v.len, v.name);
        work_fail(w, "'%s object' has no attribute '%.*s'",
                  of.kind == KIND_VIEW ? "view" : value_type(of), (int)v.len, v.name);
    }
    case UNDEFINED_OTHER: work_fail(w, "%.*s", (int)v.len, v.name);
    }
}

static struct value no_member(struct value of, const char *name, size_t n)
{
    struct value v = value_undefined(UNDEFINED_MEMBER, name, n);
    v.at = of.kind;
    return v;
}

static struct value no_item(struct work *w, struct value of, struct value key)
{
    if (key.kind == KIND_STRING)
        return no_member(of, string_bytes(key), key.len);
    struct text *t = text_new(w);
    text_puts(w, t, value_type(of));
    text_puts(w, t, " object has no element ");
    print_repr(w, t, key);
    return value_undefined(UNDEFINED_OTHER, t->data, t->len);
}

static bool group_attribute(const struct list *l, const char *name, size_t n, struct value *out)
{
    bool grouper = n == 7 && memcmp(name, "grouper", n) == 0;
    if (!l->group || !(grouper || (n == 4 && memcmp(name, "list", n) == 0)))
        return false;
    *out = l->items[grouper ? 0 : 1];
    return true;
}

/* An attribute in Python's sense. */
static bool attribute(struct work *w, struct value of, const char *name, size_t n,
                      struct value *out)
{
    int method = method_find(of, name, n);
    if (method >= 0) {
        struct bound *b = work_take(w, sizeof *b);
        *b = (struct bound){of};
        *out = (struct value){.kind = KIND_METHOD, .which = (uint16_t)method, .bound = b};
        return true;
    }
    if (of.kind == KIND_TUPLE)
        return group_attribute(of.list, name, n, out);
    if (of.kind == KIND_LOOP)
        return loop_attribute(w, of.loop, name, n, out);
    struct value *member = of.kind == KIND_NAMESPACE ? map_get_name(w, of.map, name, n) : NULL;
    if (member)
        *out = *member;
    return member != NULL;
}

struct value value_attribute(struct work *w, struct value of, const char *name, size_t n)
{
    struct value v;
    value_use(w, of);
    if (attribute(w, of, name, n, &v))
        return v;
    struct value *member = of.kind == KIND_MAP ? map_get_name(w, of.map, name, n) : NULL;
    return member ? *member : no_member(of, name, n);
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool in_range(int64_t i, int64_t n, int64_t *out)
{
    *out = i < 0 ? i + n : i;
    return *out >= 0 && *out < n;
}

static bool string_item(struct work *w, struct value s, int64_t i, struct value *out)
{
    uint32_t n = string_chars(w, s);
    if (!in_range(i, n, &i))
        return false;
    uint32_t at = string_offset(w, s, (uint32_t)i);
    struct walk walk = {s, at};
    return walk_next(w, &walk, out);
}

static bool item(struct work *w, struct value of, struct value key, struct value *out)
{
    int64_t i;
    if (of.kind == KIND_MAP) {
        struct value *v = value_hashable(key) ? map_get(w, of.map, key) : NULL;
        if (v)
            *out = *v;
        return v != NULL;
    }
    if (!value_as_int(key, &i))
        return false;
    if (of.kind == KIND_STRING)
        return string_item(w, of, i, out);
    if ((of.kind == KIND_LIST || of.kind == KIND_TUPLE) && in_range(i, of.list->n, &i)) {
        *out = of.list->items[i];
        return true;
    }
    if (of.kind == KIND_RANGE && in_range(i, of.range->n, &i)) {
        *out = range_item(of.range, i);
        return true;
    }
    return false;
}

struct value value_item(struct work *w, struct value of, struct value key)
{
    struct value v;
    value_use(w, of);
    if (item(w, of, key, &v))
        return v;
    if (key.kind == KIND_STRING && attribute(w, of, string_bytes(key), key.len, &v))
        return v;
    return no_item(w, of, key);
}

static bool is_digits(struct value s)
{
    for (uint32_t i = 0; i < s.len; i++)
        if (string_bytes(s)[i] < '0' || string_bytes(s)[i] > '9')
            return false;
    return s.len > 0 && s.len < 10;
}

static struct value path_part(struct value s)
{
    int64_t i = 0;
    if (!is_digits(s))
        return s;
    for (uint32_t k = 0; k < s.len; k++)
        i = i * 10 + string_bytes(s)[k] - '0';
    return value_int(i);
}

static struct value item_or(struct work *w, struct value of, struct value key, struct value missing)
{
    struct value v = value_item(w, of, key);
    return v.kind == KIND_UNDEFINED && missing.kind != KIND_MISSING ? missing : v;
}

struct value value_path(struct work *w, struct value of, struct value path, struct value missing)
{
    if (path.kind == KIND_NONE || path.kind == KIND_MISSING)
        return of;
    if (path.kind != KIND_STRING)
        return item_or(w, of, path, missing);
    for (uint32_t at = 0, end; at <= path.len; at = end + 1) {
        const char *dot = memchr(string_bytes(path) + at, '.', path.len - at);
        end = dot ? (uint32_t)(dot - string_bytes(path)) : path.len;
        of = item_or(w, of, path_part(string_slice(path, at, end - at)), missing);
    }
    return of;
}

/* ---- slices --------------------------------------------------------------------------------- */

static int64_t bound(struct work *w, struct value v, int64_t n, int64_t step, int64_t missing)
{
    int64_t i;
    if (v.kind == KIND_MISSING || v.kind == KIND_NONE)
        return missing;
    if (!value_as_int(v, &i))
        work_fail(w, "slice indices must be integers or None or have an __index__ method");
    if (i < 0)
        i = i < -n ? -1 : i + n;
    if (step > 0)
        return i < 0 ? 0 : i > n ? n : i;
    return i < -1 ? -1 : i >= n ? n - 1 : i;
}

static struct value slice_string(struct work *w, struct value s, struct range r)
{
    if (r.n == 0)
        return string_slice(s, 0, 0);
    if (r.step == 1) {
        uint32_t at = string_offset(w, s, (uint32_t)r.start);
        struct value rest = string_slice(s, at, s.len - at);
        return string_slice(rest, 0, string_offset(w, rest, (uint32_t)r.n));
    }
    struct list *chars = walk_list(w, s);
    struct text *t = text_new(w);
    for (int64_t i = 0; i < r.n; i++)
        text_append_string(w, t, chars->items[r.start + i * r.step]);
    struct value v = text_string(t);
    v.flags = s.flags;
    return v;
}

static struct value slice_items(struct work *w, struct value of, struct range r)
{
    struct list *l = list_new(w, (uint32_t)r.n);
    work_step(w, 1 + (uint64_t)r.n / 4);
    for (int64_t i = 0; i < r.n; i++)
        list_push(w, l, of.list->items[r.start + i * r.step]);
    of.list = l;
    return of;
}

static struct value slice_range(struct work *w, const struct range *of, struct range r)
{
    struct range *sliced = work_take(w, sizeof *sliced);
    *sliced = (struct range){of->start + r.start * of->step, 0, of->step * r.step, r.n};
    sliced->stop = sliced->start + sliced->n * sliced->step;
    return (struct value){.kind = KIND_RANGE, .range = sliced};
}

struct value value_slice(struct work *w, struct value of, struct value start, struct value stop,
                         struct value step)
{
    uint32_t length;
    value_use(w, of);
    if (of.kind == KIND_MAP || of.kind == KIND_VIEW || !value_length(w, of, &length))
        work_fail(w, "'%s' object is not subscriptable", value_type(of));
    struct range r = {.step = 1};
    if (step.kind != KIND_MISSING && step.kind != KIND_NONE && !value_as_int(step, &r.step))
        work_fail(w, "slice indices must be integers or None or have an __index__ method");
    if (r.step == 0)
        work_fail(w, "slice step cannot be zero");
    int64_t n = length;
    r.step = r.step > n + 1 ? n + 1 : r.step < -n - 1 ? -n - 1 : r.step;
    r.start = bound(w, start, n, r.step, r.step > 0 ? 0 : n - 1);
    r.stop = bound(w, stop, n, r.step, r.step > 0 ? n : -1);
    int64_t span = r.step > 0 ? r.stop - r.start : r.start - r.stop;
    int64_t stride = r.step > 0 ? r.step : -r.step;
    r.n = span > 0 ? (span + stride - 1) / stride : 0;
    if (of.kind == KIND_STRING)
        return slice_string(w, of, r);
    if (of.kind == KIND_RANGE)
        return slice_range(w, of.range, r);
    return slice_items(w, of, r);
}
