/* SPDX-License-Identifier: MIT */
#include "template_loop.h"

#include <string.h>

#include "template_map.h"

void loop_start(struct loop *l, struct work *w, struct value of)
{
    *l = (struct loop){.walk = walk_start(w, of), .index0 = -1, .length = -1};
}

static bool fetch(struct work *w, struct loop *l, struct value *out)
{
    if (l->rest) {
        if (l->n_rest_used == l->rest->n)
            return false;
        *out = l->rest->items[l->n_rest_used++];
        return true;
    }
    while (walk_next(w, &l->walk, out))
        if (!l->passes || l->passes(w, l, *out))
            return true;
    return false;
}

static bool peek(struct work *w, struct loop *l)
{
    if (l->after.kind == KIND_MISSING && !fetch(w, l, &l->after))
        l->after.kind = KIND_MISSING;
    return l->after.kind != KIND_MISSING;
}

bool loop_next(struct work *w, struct loop *l)
{
    struct value item = l->after;
    l->after.kind = KIND_MISSING;
    if (item.kind == KIND_MISSING && !fetch(w, l, &item))
        return false;
    l->index0++;
    l->before = l->current;
    l->current = item;
    return true;
}

static int64_t length(struct work *w, struct loop *l)
{
    uint32_t n;
    if (l->length >= 0)
        return l->length;
    if (!l->passes && value_length(w, l->walk.of, &n)) {
        l->length = n;
        return n;
    }
    struct list *rest = list_new(w, 0);
    struct value item;
    while (fetch(w, l, &item))
        list_push(w, rest, item);
    l->rest = rest;
    l->n_rest_used = 0;
    l->length = rest->n + l->index0 + 1 + (l->after.kind != KIND_MISSING);
    return l->length;
}

static struct value item_or_undefined(struct value v, const char *why)
{
    return v.kind != KIND_MISSING ? v : value_undefined(UNDEFINED_OTHER, why, strlen(why));
}

bool loop_attribute(struct work *w, struct loop *l, const char *name, size_t n, struct value *out)
{
    static const char *const names[] = {"index",  "index0",   "revindex", "revindex0",
                                        "first",  "last",     "length",   "depth",
                                        "depth0", "previtem", "nextitem"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names &&
           !(strlen(names[i]) == n && memcmp(names[i], name, n) == 0))
        i++;
    switch (i) {
    case 0: *out = value_int(l->index0 + 1); return true;
    case 1: *out = value_int(l->index0); return true;
    case 2: *out = value_int(length(w, l) - l->index0); return true;
    case 3: *out = value_int(length(w, l) - l->index0 - 1); return true;
    case 4: *out = value_bool(l->index0 == 0); return true;
    case 5: *out = value_bool(!peek(w, l)); return true;
    case 6: *out = value_int(length(w, l)); return true;
    case 7: *out = value_int(l->depth0 + 1); return true;
    case 8: *out = value_int(l->depth0); return true;
    case 9: *out = item_or_undefined(l->before, "there is no previous item"); return true;
    case 10:
        peek(w, l);
        *out = item_or_undefined(l->after, "there is no next item");
        return true;
    default: return false;
    }
}

struct value loop_cycle(struct work *w, const struct loop *l, const struct list *values)
{
    if (values->n == 0)
        work_fail(w, "no items for cycling given");
    return values->items[l->index0 % values->n];
}

struct value loop_changed(struct work *w, struct loop *l, struct list *values)
{
    struct value now = value_tuple(values);
    bool changed = !value_equal(w, l->last_changed, now);
    if (changed)
        l->last_changed = value_tuple(walk_list(w, now));
    return value_bool(changed);
}
