/* SPDX-License-Identifier: MIT */
#include "template_methods.h"

#include <string.h>

#include "template_loop.h"
#include "template_map.h"
#include "template_method_names.h"
#include "template_print.h"
#include "template_str_methods.h"

static struct signature signature(enum method m)
{
    switch (m) {
    case LIST_APPEND:
    case LIST_COUNT:
    case LIST_EXTEND:
    case LIST_REMOVE: return (struct signature){"/object", 1};
    case LIST_INDEX: return (struct signature){"/value,/start,/stop", 1};
    case LIST_INSERT: return (struct signature){"/index,/object", 2};
    case LIST_POP: return (struct signature){"/index", 0};
    case DICT_GET:
    case DICT_POP:
    case DICT_SETDEFAULT: return (struct signature){"/key,/default", 1};
    default: return (struct signature){"", 0};
    }
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void remove_at(struct work *w, struct list *l, uint32_t i)
{
    l->n--;
    work_step(w, 1 + (l->n - i) / 8);
    memmove(l->items + i, l->items + i + 1, (l->n - i) * sizeof *l->items);
}

static struct value pop_item(struct work *w, struct list *l, int64_t i)
{
    i = i < 0 ? i + l->n : i;
    if (i < 0 || i >= l->n)
        work_fail(w, l->n ? "pop index out of range" : "pop from empty list");
    struct value v = l->items[i];
    remove_at(w, l, (uint32_t)i);
    return v;
}

static void insert(struct work *w, struct list *l, int64_t i, struct value v)
{
    i = i < 0 ? i + l->n : i;
    uint32_t at = i < 0 ? 0 : i > l->n ? l->n : (uint32_t)i;
    list_push(w, l, v);
    work_step(w, 1 + (l->n - at) / 8);
    memmove(l->items + at + 1, l->items + at, (l->n - 1 - at) * sizeof *l->items);
    l->items[at] = v;
}

static uint32_t index_of(struct work *w, const struct list *l, struct value v, int64_t from,
                         int64_t to)
{
    from = from < 0 ? from + l->n : from;
    to = to < 0 ? to + l->n : to;
    for (int64_t i = from < 0 ? 0 : from; i < to && i < l->n; i++)
        if (value_equal(w, l->items[i], v))
            return (uint32_t)i;
    struct value repr = value_repr(w, v);
    work_fail(w, "%.*s is not in list", (int)(repr.len < 100 ? repr.len : 100), string_bytes(repr));
}

static int64_t count(struct work *w, const struct list *l, struct value v)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < l->n; i++)
        n += value_equal(w, l->items[i], v);
    return n;
}

static void extend(struct work *w, struct list *l, struct value with)
{
    struct list *more = walk_list(w, with);
    for (uint32_t i = 0; i < more->n; i++)
        list_push(w, l, more->items[i]);
}

static void reverse(struct work *w, struct list *l)
{
    work_step(w, l->n / 4);
    for (uint32_t i = 0; i < l->n / 2; i++) {
        struct value v = l->items[i];
        l->items[i] = l->items[l->n - 1 - i];
        l->items[l->n - 1 - i] = v;
    }
}

static struct value list_method(struct work *w, struct value self, enum method m,
                                const struct value *a)
{
    struct list *l = self.list;
    switch (m) {
    case LIST_COPY: return value_list(walk_list(w, self));
    case LIST_COUNT: return value_int(count(w, l, a[0]));
    case LIST_INDEX:
        return value_int(
            index_of(w, l, a[0], argument_int(w, a[1], 0), argument_int(w, a[2], INT64_MAX)));
    case LIST_POP: return pop_item(w, l, argument_int(w, a[0], -1));
    case LIST_APPEND: list_push(w, l, a[0]); break;
    case LIST_CLEAR: l->n = 0; break;
    case LIST_EXTEND: extend(w, l, a[0]); break;
    case LIST_INSERT: insert(w, l, argument_int(w, a[0], 0), a[1]); break;
    case LIST_REMOVE: remove_at(w, l, index_of(w, l, a[0], 0, INT64_MAX)); break;
    default: reverse(w, l); break;
    }
    return value_none();
}

/* ---- mappings ------------------------------------------------------------------------------- */

static struct value view(struct map *m, enum view which)
{
    return (struct value){.kind = KIND_VIEW, .which = (uint16_t)which, .map = m};
}

static struct value pop_key(struct work *w, struct map *m, struct value key, struct value missing)
{
    struct value *found = map_get(w, m, key), v = missing;
    if (found) {
        v = *found;
        map_remove(w, m, key);
    } else if (missing.kind == KIND_MISSING) {
        struct value repr = value_repr(w, key);
        work_fail(w, "no key %.*s", (int)(repr.len < 100 ? repr.len : 100), string_bytes(repr));
    }
    return v;
}

static struct value map_method(struct work *w, struct value self, enum method m,
                               const struct value *a)
{
    struct map *map = self.map;
    struct value missing = a[1].kind == KIND_MISSING ? value_none() : a[1], *found;
    switch (m) {
    case DICT_GET: found = map_get(w, map, a[0]); return found ? *found : missing;
    case DICT_ITEMS: return view(map, VIEW_ITEMS);
    case DICT_KEYS: return view(map, VIEW_KEYS);
    case DICT_VALUES: return view(map, VIEW_VALUES);
    case DICT_COPY: {
        struct map *copy = map_new(w);
        map_update(w, copy, self);
        return value_map(copy);
    }
    case DICT_POP: return pop_key(w, map, a[0], a[1]);
    case DICT_SETDEFAULT:
        if (!map_get(w, map, a[0]))
            map_set(w, map, a[0], missing);
        return *map_get(w, map, a[0]);
    default: *map = (struct map){0}; return value_none();
    }
}

void arguments_update_map(struct work *w, struct map *m, const struct arguments *a,
                          const char *what)
{
    if (a->positional->n > 1)
        work_fail(w, "%s expected at most 1 argument, got %u", what, a->positional->n);
    if (a->positional->n)
        map_update(w, m, a->positional->items[0]);
    for (uint32_t i = 0; i < a->n_keywords; i++)
        map_set(w, m, string_of(w, a->keywords[i].name, a->keywords[i].n, true),
                a->keywords[i].value);
}

struct value method_call(struct work *w, struct value method, const struct arguments *a)
{
    struct value given[MAX_PARAMETERS], self = method.bound->self;
    enum method m = method.which;
    if (m < LIST_APPEND)
        return str_method_call(w, self, m, a);
    if (m == LOOP_CYCLE)
        return loop_cycle(w, self.loop, a->positional);
    if (m == LOOP_CHANGED)
        return loop_changed(w, self.loop, a->positional);
    if (m == DICT_UPDATE) {
        arguments_update_map(w, self.map, a, "update");
        return value_none();
    }
    arguments_bind(w, a, method_name(m), signature(m), given);
    return m < DICT_CLEAR ? list_method(w, self, m, given) : map_method(w, self, m, given);
}
