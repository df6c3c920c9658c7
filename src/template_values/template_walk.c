/* SPDX-License-Identifier: MIT */
#include "template_walk.h"

#include "template_map.h"
#include "template_text.h"
#include "utf8.h"

bool walk_can(struct value v)
{
    switch ((enum kind)v.kind) {
    case KIND_UNDEFINED:
    case KIND_STRING:
    case KIND_LIST:
    case KIND_TUPLE:
    case KIND_MAP:
    case KIND_VIEW:
    case KIND_RANGE:
    case KIND_ITERATOR: return true;
    default: return false;
    }
}

struct walk walk_start(struct work *w, struct value v)
{
    if (!walk_can(v))
        work_fail(w, "'%s' object is not iterable", value_type(v));
    return (struct walk){.of = v};
}

struct value range_item(const struct range *r, int64_t i)
{
    return value_int(r->start + i * r->step);
}

static struct value view_item(struct work *w, const struct entry *e, enum view view)
{
    if (view != VIEW_ITEMS)
        return view == VIEW_KEYS ? e->key : e->value;
    struct list *pair = list_new(w, 2);
    list_push(w, pair, e->key);
    list_push(w, pair, e->value);
    return value_tuple(pair);
}

static bool next_char(struct walk *walk, struct value *out)
{
    int32_t cp;
    struct value s = walk->of;
    uint32_t at = (uint32_t)walk->at;
    if (at >= s.len)
        return false;
    uint32_t n = (uint32_t)utf8_decode(string_bytes(s) + at, s.len - at, &cp);
    *out = string_slice(s, at, n);
    walk->at += n;
    return true;
}

/* An iterator remembers where it is, whoever walks through it. */
static bool next_of_iterator(struct work *w, struct iterator *i, struct value *out)
{
    struct walk inner = {i->of, i->at};
    bool more = walk_next(w, &inner, out);
    i->at = inner.at;
    return more;
}

bool walk_next(struct work *w, struct walk *walk, struct value *out)
{
    struct value v = walk->of;
    work_step(w, 1);
    switch ((enum kind)v.kind) {
    case KIND_STRING: return next_char(walk, out);
    case KIND_ITERATOR: return next_of_iterator(w, v.iterator, out);
    case KIND_LIST:
    case KIND_TUPLE:
        if (walk->at >= v.list->n)
            return false;
        *out = v.list->items[walk->at++];
        return true;
    case KIND_MAP:
        if (walk->at >= v.map->n)
            return false;
        *out = v.map->entries[walk->at++].key;
        return true;
    case KIND_VIEW:
        if (walk->at >= v.map->n)
            return false;
        *out = view_item(w, &v.map->entries[walk->at++], v.which);
        return true;
    case KIND_RANGE:
        if (walk->at >= (uint64_t)v.range->n)
            return false;
        *out = range_item(v.range, (int64_t)walk->at++);
        return true;
    default: return false;
    }
}

struct list *walk_list(struct work *w, struct value v)
{
    struct walk walk = walk_start(w, v);
    struct list *l = list_new(w, 0);
    struct value item;
    while (walk_next(w, &walk, &item))
        list_push(w, l, item);
    return l;
}

bool value_length(struct work *w, struct value v, uint32_t *out)
{
    switch ((enum kind)v.kind) {
    case KIND_UNDEFINED: *out = 0; return true;
    case KIND_STRING: *out = string_chars(w, v); return true;
    case KIND_LIST:
    case KIND_TUPLE: *out = v.list->n; return true;
    case KIND_MAP:
    case KIND_VIEW: *out = v.map->n; return true;
    case KIND_RANGE: *out = (uint32_t)v.range->n; return true;
    default: return false;
    }
}

void map_update(struct work *w, struct map *m, struct value from)
{
    struct value pair;
    if (from.kind == KIND_UNDEFINED)
        work_fail(w, "pairs of key and value expected, not an undefined value");
    if (from.kind == KIND_MAP || from.kind == KIND_NAMESPACE) {
        for (uint32_t i = 0; i < from.map->n; i++)
            map_set(w, m, from.map->entries[i].key, from.map->entries[i].value);
        return;
    }
    for (struct walk walk = walk_start(w, from); walk_next(w, &walk, &pair);) {
        struct list *two = walk_list(w, pair);
        if (two->n != 2)
            work_fail(w, "a pair of key and value expected, not %u values", two->n);
        map_set(w, m, two->items[0], two->items[1]);
    }
}
