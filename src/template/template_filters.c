/* SPDX-License-Identifier: MIT */
#include "template_filters.h"

#include <string.h>

#include "template_access.h"
#include "template_list_filters.h"
#include "template_map.h"
#include "template_tests.h"
#include "template_text.h"
#include "template_text_filters.h"
#include "template_walk.h"

static struct value filter_map(struct work *w, struct value v, const struct arguments *a);
static struct value filter_select(struct work *w, struct value v, const struct arguments *a);
static struct value filter_reject(struct work *w, struct value v, const struct arguments *a);
static struct value filter_selectattr(struct work *w, struct value v, const struct arguments *a);
static struct value filter_rejectattr(struct work *w, struct value v, const struct arguments *a);

static const struct filter {
    const char *name;
    struct signature signature;
    struct value (*run)(struct work *w, struct value v, const struct value *a);
    struct value (*run_any)(struct work *w, struct value v, const struct arguments *a);
} filters[] = {
    {"abs", {"", 0}, filter_abs, NULL},
    {"batch", {"linecount,fill_with", 1}, filter_batch, NULL},
    {"capitalize", {"", 0}, filter_capitalize, NULL},
    {"center", {"width", 0}, filter_center, NULL},
    {"count", {"", 0}, filter_length, NULL},
    {"d", {"default_value,boolean", 0}, filter_default, NULL},
    {"default", {"default_value,boolean", 0}, filter_default, NULL},
    {"dictsort", {"case_sensitive,by,reverse", 0}, filter_dictsort, NULL},
    {"e", {"", 0}, filter_escape, NULL},
    {"escape", {"", 0}, filter_escape, NULL},
    {"filesizeformat", {"binary", 0}, filter_filesizeformat, NULL},
    {"first", {"", 0}, filter_first, NULL},
    {"float", {"default", 0}, filter_float, NULL},
    {"forceescape", {"", 0}, filter_forceescape, NULL},
    {"format", {"", 0}, NULL, filter_format},
    {"from_json", {"", 0}, filter_from_json, NULL},
    {"groupby", {"attribute,default,case_sensitive", 1}, filter_groupby, NULL},
    {"indent", {"width,first,blank", 0}, filter_indent, NULL},
    {"int", {"default,base", 0}, filter_int, NULL},
    {"items", {"", 0}, filter_items, NULL},
    {"join", {"d,attribute", 0}, filter_join, NULL},
    {"last", {"", 0}, filter_last, NULL},
    {"length", {"", 0}, filter_length, NULL},
    {"list", {"", 0}, filter_list, NULL},
    {"lower", {"", 0}, filter_lower, NULL},
    {"map", {"", 0}, NULL, filter_map},
    {"max", {"case_sensitive,attribute", 0}, filter_max, NULL},
    {"min", {"case_sensitive,attribute", 0}, filter_min, NULL},
    {"reject", {"", 0}, NULL, filter_reject},
    {"rejectattr", {"", 0}, NULL, filter_rejectattr},
    {"replace", {"old,new,count", 2}, filter_replace, NULL},
    {"reverse", {"", 0}, filter_reverse, NULL},
    {"round", {"precision,method", 0}, filter_round, NULL},
    {"safe", {"", 0}, filter_safe, NULL},
    {"select", {"", 0}, NULL, filter_select},
    {"selectattr", {"", 0}, NULL, filter_selectattr},
    {"slice", {"slices,fill_with", 1}, filter_slice, NULL},
    {"sort", {"reverse,case_sensitive,attribute", 0}, filter_sort, NULL},
    {"string", {"", 0}, filter_string, NULL},
    {"sum", {"attribute,start", 0}, filter_sum, NULL},
    {"title", {"", 0}, filter_title, NULL},
    {"tojson", {"ensure_ascii,indent,separators,sort_keys", 0}, filter_tojson, NULL},
    {"trim", {"chars", 0}, filter_trim, NULL},
    {"truncate", {"length,killwords,end,leeway", 0}, filter_truncate, NULL},
    {"unique", {"case_sensitive,attribute", 0}, filter_unique, NULL},
    {"upper", {"", 0}, filter_upper, NULL},
    {"urlencode", {"", 0}, filter_urlencode, NULL},
    {"wordcount", {"", 0}, filter_wordcount, NULL},
};
enum { N_FILTERS = sizeof filters / sizeof *filters };

int filter_find(const char *name, size_t n)
{
    for (int i = 0; i < N_FILTERS; i++)
        if (strlen(filters[i].name) == n && memcmp(filters[i].name, name, n) == 0)
            return i;
    return -1;
}

struct value filter_run(struct work *w, int filter, struct value v, const struct arguments *a)
{
    const struct filter *f = &filters[filter];
    struct value given[MAX_PARAMETERS];
    if (f->run_any)
        return f->run_any(w, v, a);
    arguments_bind(w, a, f->name, f->signature, given);
    return f->run(w, v, given);
}

enum filter_names filter_names(int filter, uint32_t i)
{
    if (filters[filter].run_any == filter_map)
        return i == 0 ? NAMES_FILTER : NAMES_NOTHING;
    if (filters[filter].run_any == filter_select || filters[filter].run_any == filter_reject)
        return i == 0 ? NAMES_TEST : NAMES_NOTHING;
    if (filters[filter].run_any == filter_selectattr ||
        filters[filter].run_any == filter_rejectattr)
        return i == 1 ? NAMES_TEST : NAMES_NOTHING;
    return NAMES_NOTHING;
}

/* ---- filters that run others ---------------------------------------------------------------- */

static struct arguments arguments_from(struct work *w, const struct arguments *a, uint32_t first)
{
    struct arguments rest = *a;
    rest.positional = list_new(w, a->positional->n);
    for (uint32_t i = first; i < a->positional->n; i++)
        list_push(w, rest.positional, a->positional->items[i]);
    return rest;
}

static int named(struct work *w, const char *what, struct value name,
                 int (*find)(const char *, size_t))
{
    int found = name.kind == KIND_STRING ? find(string_bytes(name), name.len) : -1;
    if (found < 0 && name.kind == KIND_STRING)
        work_fail(w, "No %s named '%.*s'.", what, (int)(name.len < 100 ? name.len : 100),
                  string_bytes(name));
    if (found < 0)
        work_fail(w, "the name of a %s expected, not %s", what, value_type(name));
    return found;
}

static struct value map_attribute(struct work *w, struct value v, const struct arguments *a)
{
    const struct value *path = arguments_keyword(a, "attribute");
    const struct value *otherwise = arguments_keyword(a, "default");
    struct value missing = {.kind = KIND_MISSING}, item;
    struct list *l = list_new(w, 0);
    if (a->n_keywords > (otherwise ? 2u : 1u))
        work_fail(w, "map: unexpected keyword argument");
    if (otherwise && otherwise->kind != KIND_NONE)
        missing = *otherwise;
    for (struct walk walk = walk_start(w, v); walk_next(w, &walk, &item);)
        list_push(w, l, value_path(w, item, *path, missing));
    return value_iterator(w, value_list(l));
}

static struct value filter_map(struct work *w, struct value v, const struct arguments *a)
{
    struct list *l = list_new(w, 0);
    struct value item;
    if (!value_truth(w, v))
        return value_iterator(w, value_list(l));
    if (a->positional->n == 0 && arguments_keyword(a, "attribute"))
        return map_attribute(w, v, a);
    if (a->positional->n == 0)
        work_fail(w, "map requires a filter argument");
    int filter = named(w, "filter", a->positional->items[0], filter_find);
    struct arguments rest = arguments_from(w, a, 1);
    work_enter(w, WORK_MAX_CALLS);
    for (struct walk walk = walk_start(w, v); walk_next(w, &walk, &item);)
        list_push(w, l, filter_run(w, filter, item, &rest));
    work_leave(w);
    return value_iterator(w, value_list(l));
}

static struct value choose(struct work *w, struct value v, const struct arguments *a,
                           bool by_attribute, bool wanted)
{
    struct list *l = list_new(w, 0);
    struct value item, missing = {.kind = KIND_MISSING};
    uint32_t n = a->positional->n, at = by_attribute ? 1 : 0;
    if (!value_truth(w, v))
        return value_iterator(w, value_list(l));
    if (n < at)
        work_fail(w, "Missing parameter for attribute name");
    int test = n > at ? named(w, "test", a->positional->items[at], test_find) : -1;
    struct arguments rest = arguments_from(w, a, at + 1);
    for (struct walk walk = walk_start(w, v); walk_next(w, &walk, &item);) {
        struct value of =
            by_attribute ? value_path(w, item, a->positional->items[0], missing) : item;
        bool passes = test >= 0 ? test_run(w, test, of, &rest) : value_truth(w, of);
        if (passes == wanted)
            list_push(w, l, item);
    }
    return value_iterator(w, value_list(l));
}

static struct value filter_select(struct work *w, struct value v, const struct arguments *a)
{
    return choose(w, v, a, false, true);
}

static struct value filter_reject(struct work *w, struct value v, const struct arguments *a)
{
    return choose(w, v, a, false, false);
}

static struct value filter_selectattr(struct work *w, struct value v, const struct arguments *a)
{
    return choose(w, v, a, true, true);
}

static struct value filter_rejectattr(struct work *w, struct value v, const struct arguments *a)
{
    return choose(w, v, a, true, false);
}
