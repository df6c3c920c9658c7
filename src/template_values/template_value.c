/* SPDX-License-Identifier: MIT */
#include "template_value.h"

struct value value_undefined(enum undefined why, const char *name, size_t n)
{
    return (struct value){
        .kind = KIND_UNDEFINED, .which = (uint16_t)why, .name = name, .len = (uint32_t)n};
}

struct value value_list(struct list *l)
{
    return (struct value){.kind = KIND_LIST, .list = l};
}

struct value value_tuple(struct list *l)
{
    return (struct value){.kind = KIND_TUPLE, .list = l};
}

struct value value_map(struct map *m)
{
    return (struct value){.kind = KIND_MAP, .map = m};
}

struct value value_iterator(struct work *w, struct value of)
{
    struct iterator *i = work_take(w, sizeof *i);
    *i = (struct iterator){.of = of};
    return (struct value){.kind = KIND_ITERATOR, .iterator = i};
}

const char *value_type(struct value v)
{
    static const char *const views[] = {"dict_keys", "dict_values", "dict_items"};
    switch ((enum kind)v.kind) {
    case KIND_MISSING:
    case KIND_UNDEFINED: return "Undefined";
    case KIND_NONE: return "NoneType";
    case KIND_BOOL: return "bool";
    case KIND_INT: return "int";
    case KIND_FLOAT: return "float";
    case KIND_STRING: return v.flags & VALUE_MARKUP ? "Markup" : "str";
    case KIND_LIST: return "list";
    case KIND_TUPLE: return "tuple";
    case KIND_MAP: return "dict";
    case KIND_VIEW: return views[v.which];
    case KIND_RANGE: return "range";
    case KIND_ITERATOR: return "generator";
    case KIND_NAMESPACE: return "Namespace";
    case KIND_FUNCTION: return "function";
    case KIND_METHOD: return "builtin_function_or_method";
    case KIND_MACRO: return "Macro";
    case KIND_LOOP: return "LoopContext";
    }
    return "";
}

bool value_is_number(struct value v)
{
    return v.kind == KIND_BOOL || v.kind == KIND_INT || v.kind == KIND_FLOAT;
}

double value_as_float(struct value v)
{
    return v.kind == KIND_FLOAT ? v.f : v.kind == KIND_INT ? (double)v.i : v.yes;
}

bool value_as_int(struct value v, int64_t *out)
{
    if (v.kind != KIND_INT && v.kind != KIND_BOOL)
        return false;
    *out = v.kind == KIND_INT ? v.i : v.yes;
    return true;
}

struct list *list_new(struct work *w, uint32_t cap)
{
    struct list *l = work_take(w, sizeof *l);
    *l = (struct list){.cap = cap};
    if (cap)
        l->items = work_take_array(w, cap, sizeof *l->items);
    return l;
}

void list_push(struct work *w, struct list *l, struct value v)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 4;
        l->items = work_grow_array(w, l->items, l->n, cap, sizeof *l->items);
        l->cap = cap;
    }
    l->items[l->n++] = v;
}
