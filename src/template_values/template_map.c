/* SPDX-License-Identifier: MIT */
#include "template_map.h"

#include <math.h>
#include <string.h>

#include "template_text.h"

enum { SMALL_MAP = 8 };

bool value_truth(struct work *w, struct value v)
{
    (void)w;
    switch ((enum kind)v.kind) {
    case KIND_MISSING:
    case KIND_UNDEFINED:
    case KIND_NONE: return false;
    case KIND_BOOL: return v.yes;
    case KIND_INT: return v.i != 0;
    case KIND_FLOAT: return v.f != 0;
    case KIND_STRING: return v.len > 0;
    case KIND_LIST:
    case KIND_TUPLE: return v.list->n > 0;
    case KIND_MAP:
    case KIND_VIEW: return v.map->n > 0;
    case KIND_RANGE: return v.range->n > 0;
    default: return true;
    }
}

static bool lists_equal(struct work *w, const struct list *a, const struct list *b)
{
    if (a == b)
        return true;
    if (a->n != b->n)
        return false;
    work_enter_value(w);
    bool same = true;
    for (uint32_t i = 0; i < a->n && i < b->n && same; i++)
        same = value_equal(w, a->items[i], b->items[i]);
    work_leave_value(w);
    return same;
}

static bool maps_equal(struct work *w, const struct map *a, const struct map *b)
{
    if (a == b)
        return true;
    if (a->n != b->n)
        return false;
    work_enter_value(w);
    bool same = true;
    for (uint32_t i = 0; i < a->n && same; i++) {
        const struct value *other = map_get(w, b, a->entries[i].key);
        same = other && value_equal(w, a->entries[i].value, *other);
    }
    work_leave_value(w);
    return same;
}

static bool ranges_equal(const struct range *a, const struct range *b)
{
    return a->n == b->n &&
           (a->n == 0 || (a->start == b->start && (a->n == 1 || a->step == b->step)));
}

static int numbers_order(struct value a, struct value b)
{
    int64_t x, y;
    if (value_as_int(a, &x) && value_as_int(b, &y))
        return x < y ? -1 : x > y;
    double f = value_as_float(a), g = value_as_float(b);
    return f < g ? -1 : f > g ? 1 : f == g ? 0 : 2; /* 2: not a number */
}

static int strings_order(struct work *w, struct value a, struct value b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    work_step(w, n / 64);
    int order = memcmp(string_bytes(a), string_bytes(b), n);
    return order ? (order > 0) - (order < 0) : (a.len > b.len) - (a.len < b.len);
}

bool value_equal(struct work *w, struct value a, struct value b)
{
    work_step(w, 1);
    if (value_is_number(a) && value_is_number(b))
        return numbers_order(a, b) == 0;
    if (a.kind != b.kind)
        return false;
    switch ((enum kind)a.kind) {
    case KIND_STRING: return a.len == b.len && strings_order(w, a, b) == 0;
    case KIND_LIST:
    case KIND_TUPLE: return lists_equal(w, a.list, b.list);
    case KIND_MAP: return maps_equal(w, a.map, b.map);
    case KIND_RANGE: return ranges_equal(a.range, b.range);
    case KIND_UNDEFINED:
    case KIND_NONE: return true;
    case KIND_VIEW: return a.which == b.which && maps_equal(w, a.map, b.map);
    case KIND_FUNCTION: return a.which == b.which;
    default: return a.any == b.any;
    }
}

static int lists_order(struct work *w, const struct list *a, const struct list *b, const char *op)
{
    work_enter_value(w);
    uint32_t i = 0;
    while (i < a->n && i < b->n && value_equal(w, a->items[i], b->items[i]))
        i++;
    int order = i < a->n && i < b->n ? value_order(w, a->items[i], b->items[i], op)
                                     : (a->n > b->n) - (a->n < b->n);
    work_leave_value(w);
    return order;
}

int value_order(struct work *w, struct value a, struct value b, const char *op)
{
    work_step(w, 1);
    if (value_is_number(a) && value_is_number(b))
        return numbers_order(a, b);
    if (a.kind == b.kind && a.kind == KIND_STRING)
        return strings_order(w, a, b);
    if (a.kind == b.kind && (a.kind == KIND_LIST || a.kind == KIND_TUPLE))
        return lists_order(w, a.list, b.list, op);
    work_fail(w, "'%s' not supported between instances of '%s' and '%s'", op, value_type(a),
              value_type(b));
}

/* ---- mappings ------------------------------------------------------------------------------- */

bool value_hashable(struct value v)
{
    if (v.kind == KIND_TUPLE)
        for (uint32_t i = 0; i < v.list->n; i++)
            if (v.list->items[i].kind == KIND_TUPLE || !value_hashable(v.list->items[i]))
                return false; /* a tuple in a tuple as a key: nobody needs it */
    return v.kind != KIND_LIST && v.kind != KIND_MAP && v.kind != KIND_VIEW;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    return x ^ x >> 33;
}

static uint64_t hash_bytes(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3ull;
    return mix(h);
}

static uint64_t hash_float(double f)
{
    uint64_t bits;
    if (f == rint(f) && fabs(f) < 0x1p62)
        return mix((uint64_t)(int64_t)f);
    memcpy(&bits, &f, sizeof bits);
    return mix(bits);
}

static uint64_t hash(struct work *w, struct value v)
{
    uint64_t h = v.kind;
    int64_t i;
    if (v.kind == KIND_STRING) {
        work_step(w, v.len / 16);
        return hash_bytes(string_bytes(v), v.len);
    }
    if (value_as_int(v, &i))
        return mix((uint64_t)i);
    if (v.kind == KIND_FLOAT)
        return hash_float(v.f);
    if (!value_hashable(v))
        work_fail(w, "unhashable type: '%s'", value_type(v));
    for (uint32_t k = 0; v.kind == KIND_TUPLE && k < v.list->n; k++)
        h = mix(h * 31 + hash(w, v.list->items[k]));
    return h;
}

struct map *map_new(struct work *w)
{
    struct map *m = work_take(w, sizeof *m);
    *m = (struct map){0};
    return m;
}

static void slot_put(struct map *m, uint32_t entry)
{
    uint32_t i = (uint32_t)m->entries[entry].hash & (m->n_slots - 1);
    while (m->slots[i])
        i = (i + 1) & (m->n_slots - 1);
    m->slots[i] = entry + 1;
}

static void slots_build(struct work *w, struct map *m)
{
    uint32_t n = 4 * SMALL_MAP;
    if (m->n <= SMALL_MAP) {
        m->slots = NULL;
        return;
    }
    while (n < m->cap * 2)
        n *= 2;
    work_step(w, 1 + m->n / 8);
    if (!m->slots || n != m->n_slots)
        m->slots = work_take_array(w, n, sizeof *m->slots);
    m->n_slots = n;
    memset(m->slots, 0, n * sizeof *m->slots);
    for (uint32_t i = 0; i < m->n; i++)
        slot_put(m, i);
}

/* -> the entry, or m->n. */
static uint32_t find(struct work *w, const struct map *m, struct value key, uint64_t h)
{
    if (!m->slots) {
        for (uint32_t i = 0; i < m->n; i++)
            if (m->entries[i].hash == h && value_equal(w, m->entries[i].key, key))
                return i;
        return m->n;
    }
    for (uint32_t i = (uint32_t)h & (m->n_slots - 1); m->slots[i]; i = (i + 1) & (m->n_slots - 1)) {
        uint32_t entry = m->slots[i] - 1;
        if (m->entries[entry].hash == h && value_equal(w, m->entries[entry].key, key))
            return entry;
        work_step(w, 1);
    }
    return m->n;
}

struct value *map_get(struct work *w, const struct map *m, struct value key)
{
    uint64_t h = hash(w, key);
    uint32_t i = find(w, m, key, h);
    return i < m->n ? &m->entries[i].value : NULL;
}

struct value *map_get_name(struct work *w, const struct map *m, const char *name, size_t n)
{
    struct text t = {.data = (char *)(uintptr_t)name, .len = (uint32_t)n};
    return map_get(w, m, text_string(&t));
}

void map_set(struct work *w, struct map *m, struct value key, struct value v)
{
    uint64_t h = hash(w, key);
    uint32_t i = find(w, m, key, h);
    if (i < m->n) {
        m->entries[i].value = v;
        return;
    }
    if (m->n == m->cap) {
        uint32_t cap = m->cap ? m->cap * 2 : 4;
        m->entries = work_grow_array(w, m->entries, m->n, cap, sizeof *m->entries);
        m->cap = cap;
        m->entries[m->n++] = (struct entry){key, v, h};
        slots_build(w, m);
        return;
    }
    m->entries[m->n++] = (struct entry){key, v, h};
    if (m->slots)
        slot_put(m, m->n - 1);
    else
        slots_build(w, m);
}

void map_remove(struct work *w, struct map *m, struct value key)
{
    uint32_t i = find(w, m, key, hash(w, key));
    m->n--;
    work_step(w, 1 + (m->n - i) / 8);
    memmove(m->entries + i, m->entries + i + 1, (m->n - i) * sizeof *m->entries);
    slots_build(w, m);
}
