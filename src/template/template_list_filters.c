/* SPDX-License-Identifier: MIT */
#include "template_list_filters.h"

#include <string.h>

#include "template_access.h"
#include "template_loop.h"
#include "template_map.h"
#include "template_operators.h"
#include "template_print.h"
#include "template_strings.h"
#include "template_walk.h"

static const struct value missing = {.kind = KIND_MISSING};

static struct value undefined(const char *why)
{
    return value_undefined(UNDEFINED_OTHER, why, strlen(why));
}

/* ---- one of them, or how many --------------------------------------------------------------- */

struct value filter_length(struct work *w, struct value v, const struct value *a)
{
    uint32_t n;
    struct value length;
    (void)a;
    if (v.kind == KIND_LOOP && loop_attribute(w, v.loop, "length", 6, &length))
        return length;
    if (!value_length(w, v, &n))
        work_fail(w, "object of type '%s' has no len()", value_type(v));
    return value_int(n);
}

struct value filter_list(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    return value_list(walk_list(w, v));
}

struct value filter_first(struct work *w, struct value v, const struct value *a)
{
    struct walk walk = walk_start(w, v);
    struct value item;
    (void)a;
    return walk_next(w, &walk, &item) ? item : undefined("No first item, sequence was empty.");
}

struct value filter_last(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    if (v.kind == KIND_ITERATOR)
        work_fail(w, "'generator' object is not reversible");
    struct list *l = v.kind == KIND_LIST || v.kind == KIND_TUPLE ? v.list : walk_list(w, v);
    return l->n ? l->items[l->n - 1] : undefined("No last item, sequence was empty.");
}

struct value filter_reverse(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    if (v.kind == KIND_STRING)
        return value_slice(w, v, missing, missing, value_int(-1));
    struct value l = value_list(walk_list(w, v));
    l = value_slice(w, l, missing, missing, value_int(-1));
    return v.kind == KIND_ITERATOR ? l : value_iterator(w, l);
}

struct value filter_items(struct work *w, struct value v, const struct value *a)
{
    (void)a;
    if (v.kind == KIND_UNDEFINED)
        return value_iterator(w, v);
    if (v.kind != KIND_MAP)
        work_fail(w, "Can only get item pairs from a mapping.");
    return value_iterator(w, (struct value){.kind = KIND_VIEW, .which = VIEW_ITEMS, .map = v.map});
}

/* ---- put together --------------------------------------------------------------------------- */

struct value filter_join(struct work *w, struct value v, const struct value *a)
{
    struct value separator = a[0].kind == KIND_MISSING ? string_literal(w, "") : value_str(w, a[0]);
    struct text *t = text_new(w);
    struct walk walk = walk_start(w, v);
    struct value item;
    for (bool first = true; walk_next(w, &walk, &item); first = false) {
        if (!first)
            text_append_string(w, t, separator);
        print_str(w, t, argument_given(a[1]) ? value_path(w, item, a[1], missing) : item);
    }
    return text_string(t);
}

struct value filter_sum(struct work *w, struct value v, const struct value *a)
{
    struct value sum = a[1].kind == KIND_MISSING ? value_int(0) : a[1], item;
    struct walk walk = walk_start(w, v);
    if (sum.kind == KIND_STRING)
        work_fail(w, "sum() can't sum strings [use ''.join(seq) instead]");
    while (walk_next(w, &walk, &item))
        sum = operator_arithmetic(w, OP_ADD, sum, value_path(w, item, a[0], missing));
    return sum;
}

/* ---- in order ------------------------------------------------------------------------------- */

struct keyed {
    struct value key, value;
};

static struct value fold_case(struct work *w, struct value v, bool case_sensitive)
{
    return v.kind == KIND_STRING && !case_sensitive ? string_lower(w, v) : v;
}

static void merge(struct work *w, struct keyed *a, struct keyed *spare, uint32_t n, bool down)
{
    uint32_t half = n / 2, i = 0, j = half, k = 0;
    if (n < 2)
        return;
    merge(w, a, spare, half, down);
    merge(w, a + half, spare, n - half, down);
    while (i < half && j < n) {
        int order = value_order(w, a[j].key, a[i].key, "<");
        bool right = down ? order == 1 : order < 0;
        spare[k++] = right ? a[j++] : a[i++];
    }
    while (i < half)
        spare[k++] = a[i++];
    memcpy(a, spare, k * sizeof *a);
}

static struct list *sorted(struct work *w, struct keyed *a, uint32_t n, bool down)
{
    struct keyed *spare = work_take_array(w, n, sizeof *spare);
    struct list *l = list_new(w, n);
    merge(w, a, spare, n, down);
    for (uint32_t i = 0; i < n; i++)
        list_push(w, l, a[i].value);
    return l;
}

/* "a,b.c": the values of all of them. */
static struct value sort_key(struct work *w, struct value item, struct value attribute,
                             bool case_sensitive)
{
    if (attribute.kind != KIND_STRING)
        return fold_case(w, value_path(w, item, attribute, missing), case_sensitive);
    struct list *names = string_split(w, attribute, string_literal(w, ","), -1);
    for (uint32_t i = 0; i < names->n; i++)
        names->items[i] =
            fold_case(w, value_path(w, item, names->items[i], missing), case_sensitive);
    return value_list(names);
}

struct value filter_sort(struct work *w, struct value v, const struct value *a)
{
    struct list *l = walk_list(w, v);
    struct keyed *keyed = work_take_array(w, l->n, sizeof *keyed);
    for (uint32_t i = 0; i < l->n; i++) {
        keyed[i].key = sort_key(w, l->items[i], a[2], argument_bool(w, a[1], false));
        keyed[i].value = l->items[i];
    }
    return value_list(sorted(w, keyed, l->n, argument_bool(w, a[0], false)));
}

struct value filter_dictsort(struct work *w, struct value v, const struct value *a)
{
    bool by_value = string_is(a[1], "value");
    value_use(w, v);
    if (!by_value && a[1].kind != KIND_MISSING && !string_is(a[1], "key"))
        work_fail(w, "You can only sort by either \"key\" or \"value\"");
    if (v.kind != KIND_MAP)
        work_fail(w, "dictsort: a mapping expected, not %s", value_type(v));
    struct list *pairs =
        walk_list(w, (struct value){.kind = KIND_VIEW, .which = VIEW_ITEMS, .map = v.map});
    struct keyed *keyed = work_take_array(w, pairs->n, sizeof *keyed);
    for (uint32_t i = 0; i < pairs->n; i++) {
        const struct list *pair = pairs->items[i].list;
        keyed[i].key = fold_case(w, pair->items[by_value], argument_bool(w, a[0], false));
        keyed[i].value = pairs->items[i];
    }
    return value_list(sorted(w, keyed, pairs->n, argument_bool(w, a[2], false)));
}

static struct value least(struct work *w, struct value v, const struct value *a, bool most)
{
    struct walk walk = walk_start(w, v);
    struct value best = missing, best_key = missing, item;
    while (walk_next(w, &walk, &item)) {
        struct value key =
            fold_case(w, value_path(w, item, a[1], missing), argument_bool(w, a[0], false));
        int order = best.kind == KIND_MISSING ? 0 : value_order(w, key, best_key, most ? ">" : "<");
        if (best.kind == KIND_MISSING || (most ? order == 1 : order < 0)) {
            best = item;
            best_key = key;
        }
    }
    return best.kind == KIND_MISSING ? undefined("No aggregated item, sequence was empty.") : best;
}

struct value filter_min(struct work *w, struct value v, const struct value *a)
{
    return least(w, v, a, false);
}

struct value filter_max(struct work *w, struct value v, const struct value *a)
{
    return least(w, v, a, true);
}

struct value filter_unique(struct work *w, struct value v, const struct value *a)
{
    struct map *seen = map_new(w);
    struct list *l = list_new(w, 0);
    struct walk walk = walk_start(w, v);
    struct value item;
    while (walk_next(w, &walk, &item)) {
        struct value key =
            fold_case(w, value_path(w, item, a[1], missing), argument_bool(w, a[0], false));
        if (map_get(w, seen, key))
            continue;
        map_set(w, seen, key, value_none());
        list_push(w, l, item);
    }
    return value_iterator(w, value_list(l));
}

/* ---- in groups ------------------------------------------------------------------------------ */

struct value filter_groupby(struct work *w, struct value v, const struct value *a)
{
    bool exact = argument_bool(w, a[2], false);
    struct value otherwise = argument_given(a[1]) ? a[1] : missing, group = missing;
    struct list *l = walk_list(w, v), *groups = list_new(w, 0);
    struct keyed *keyed = work_take_array(w, l->n, sizeof *keyed);
    for (uint32_t i = 0; i < l->n; i++) {
        keyed[i].key = fold_case(w, value_path(w, l->items[i], a[0], otherwise), exact);
        keyed[i].value = l->items[i];
    }
    sorted(w, keyed, l->n, false);
    for (uint32_t i = 0; i < l->n; i++) {
        if (i == 0 || !value_equal(w, keyed[i - 1].key, keyed[i].key)) {
            struct list *pair = list_new(w, 2);
            pair->group = true;
            list_push(w, pair, value_path(w, keyed[i].value, a[0], otherwise));
            group = value_list(list_new(w, 0));
            list_push(w, pair, group);
            list_push(w, groups, value_tuple(pair));
        }
        list_push(w, group.list, keyed[i].value);
    }
    return value_list(groups);
}

static struct list *part(struct work *w, const struct list *l, uint32_t from, uint32_t to,
                         uint32_t n, struct value fill)
{
    struct list *p = list_new(w, n);
    for (uint32_t i = from; i < to; i++)
        list_push(w, p, l->items[i]);
    while (argument_given(fill) && p->n < n)
        list_push(w, p, fill);
    return p;
}

struct value filter_batch(struct work *w, struct value v, const struct value *a)
{
    struct list *l = walk_list(w, v), *batches = list_new(w, 0);
    int64_t n = argument_int(w, a[0], 1);
    if (n < 1 || n > (1 << 20))
        work_fail(w, "batch: a count from 1 to %d expected", 1 << 20);
    for (uint32_t i = 0; i < l->n; i += (uint32_t)n) {
        uint32_t end = l->n - i < n ? l->n : i + (uint32_t)n;
        list_push(w, batches, value_list(part(w, l, i, end, (uint32_t)n, a[1])));
        work_step(w, 1 + (uint64_t)n / 4);
    }
    return value_iterator(w, value_list(batches));
}

struct value filter_slice(struct work *w, struct value v, const struct value *a)
{
    struct list *l = walk_list(w, v), *slices = list_new(w, 0);
    int64_t n = argument_int(w, a[0], 1);
    if (n < 1 || n > (1 << 20))
        work_fail(w, "slice: a count from 1 to %d expected", 1 << 20);
    uint32_t each = l->n / (uint32_t)n, longer = l->n % (uint32_t)n, at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size = each + (i < longer);
        struct value fill = i >= longer ? a[1] : missing;
        list_push(
            w, slices,
            value_list(part(w, l, at, at + size, size + (argument_given(fill) ? 1 : 0), fill)));
        at += size;
        work_step(w, 1);
    }
    return value_iterator(w, value_list(slices));
}
