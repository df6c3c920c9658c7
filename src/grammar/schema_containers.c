/* SPDX-License-Identifier: MIT
 *
 * Objects and arrays of a JSON schema.
 */
#include <stdlib.h>
#include <string.h>

#include "schema_reader.h"

/* ---- arrays --------------------------------------------------------------------------- */

static struct part comma(struct schema *s)
{
    struct part p = part_json_space(&s->json);
    p = part_then(s->g, p, part_text(s->g, ",", 1));
    return part_then(s->g, p, part_json_space(&s->json));
}

/* What opens, what is inside, what closes. */
static struct part around(struct schema *s, const char *open, struct part inside, const char *close)
{
    struct part p = part_text(s->g, open, 1);
    p = part_then(s->g, p, part_json_space(&s->json));
    p = part_then(s->g, p, inside);
    p = part_then(s->g, p, part_json_space(&s->json));
    return part_then(s->g, p, part_text(s->g, close, 1));
}

/* Items by their places: all of them, as far as there may be so many. */
static bool read_prefix(struct schema *s, const json_t *prefix, int32_t most, struct part *out,
                        int32_t *n)
{
    size_t i, before = schema_enter(s, "prefixItems", 0);
    json_t *one;
    bool ok = json_is_array(prefix) || SCHEMA_WRONG(s, "this is not a list");
    json_array_foreach((json_t *)prefix, i, one)
    {
        if (!ok || *n == most)
            break;
        struct part item;
        size_t inner = schema_enter(s, NULL, i);
        ok = schema_part(s, one, &item);
        schema_leave(s, inner);
        if (ok && *n > 0)
            *out = part_then(s->g, *out, comma(s));
        if (ok)
            *out = *n > 0 ? part_then(s->g, *out, item) : item;
        ++*n;
    }
    schema_leave(s, before);
    return ok;
}

/* The schema of items behind the prefix; NULL: there are none. */
static const json_t *rest_schema(const json_t *items, bool has_prefix, int32_t n_missing)
{
    if (!items)
        return !has_prefix || n_missing > 0 ? json_true() : NULL;
    return json_is_false(items) ? NULL : items;
}

bool schema_array(struct schema *s, const json_t *schema, struct part *out)
{
    const json_t *prefix = json_object_get(schema, "prefixItems");
    const json_t *items = json_object_get(schema, "items");
    int32_t min, max, n = 0;
    uint32_t rule;
    struct part inside = part_empty(s->g);
    if (!schema_counts(s, schema, "minItems", "maxItems", &min, &max) ||
        (prefix && !read_prefix(s, prefix, max, &inside, &n)))
        return false;
    items = rest_schema(items, prefix != NULL, min - n);
    if (!items && min > n)
        return SCHEMA_WRONG(s, "\"minItems\" is %d, but there are items for %d alone", min, n);
    if (items && (max == ENDLESS || max > n)) {
        size_t before = schema_enter(s, "items", 0);
        bool ok = schema_rule(s, items, &rule);
        schema_leave(s, before);
        if (!ok)
            return false;
        min = min > n ? min - n : 0;
        max = max == ENDLESS ? ENDLESS : max - n;
        if (n == 0) {
            inside = part_json_list(&s->json, rule, min, max);
        } else {
            struct part more = comma(s);
            more = part_then(s->g, more, part_call(s->g, rule));
            inside = part_then(s->g, inside, part_repeat(s->g, more, min, max));
        }
    }
    *out = around(s, "[", inside, "]");
    return true;
}

/* ---- objects -------------------------------------------------------------------------- */

struct member {
    const char *key;
    bool required;
    uint32_t rule; /* key and value */
};

struct members {
    struct member *list;
    size_t n, cap;
    bool has_others;
    uint32_t other; /* rule: a key that is none of these, and a value */
};

static const json_t *of_others(const json_t *schema)
{
    const json_t *others = json_object_get(schema, "additionalProperties");
    return others && !json_is_false(others) ? others : NULL;
}

/* The rule of `key ":" value`. */
static uint32_t member_rule(struct schema *s, struct part key, struct part value)
{
    uint32_t rule = schema_new_rule(s);
    struct part p = part_then(s->g, key, part_text(s->g, ":", 1));
    p = part_then(s->g, p, part_json_space(&s->json));
    grammar_define(s->g, rule, part_then(s->g, p, value));
    return rule;
}

static bool add_member(struct schema *s, const char *key, const json_t *schema, struct members *m)
{
    struct part value;
    if (!schema_part(s, schema, &value))
        return false;
    json_t *name = json_string(key);
    struct part text = part_json_literal(&s->json, name);
    json_decref(name);
    m->list = xgrow(m->list, m->n, &m->cap, sizeof *m->list);
    m->list[m->n++] = (struct member){key, false, member_rule(s, text, value)};
    return true;
}

static bool add_properties(struct schema *s, const json_t *properties, struct members *m)
{
    const char *key;
    json_t *value;
    size_t before = schema_enter(s, "properties", 0);
    bool ok = !properties || json_is_object(properties) || SCHEMA_WRONG(s, "this is not an object");
    json_object_foreach((json_t *)properties, key, value)
    {
        size_t inner = schema_enter(s, key, 0);
        ok = ok && (json_is_false(value) || add_member(s, key, value, m));
        schema_leave(s, inner);
    }
    schema_leave(s, before);
    return ok;
}

static struct member *find_member(struct members *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->list[i].key, key) == 0)
            return &m->list[i];
    return NULL;
}

/* Names that have no schema of their own get that of other members. */
static bool mark_required(struct schema *s, const json_t *schema, struct members *m)
{
    const json_t *required = json_object_get(schema, "required");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const json_t *properties = json_object_get(schema, "properties");
    size_t i;
    json_t *name;
    if (required && !json_is_array(required))
        return SCHEMA_WRONG(s, "\"required\" is not a list of names");
    json_array_foreach((json_t *)required, i, name)
    {
        const char *key = json_string_value(name);
        if (!key)
            return SCHEMA_WRONG(s, "\"required\" is not a list of names");
        if ((json_is_false(others) || json_object_get(properties, key)) && !find_member(m, key))
            return SCHEMA_WRONG(s, "\"%.80s\" is required, but cannot be there", key);
        if (!find_member(m, key) && !add_member(s, key, others ? others : json_true(), m))
            return false;
        find_member(m, key)->required = true;
    }
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that are spelled without escapes. */
static bool is_plain(const char *key)
{
    for (; *key; key++)
        if ((unsigned char)*key < 0x20 || *key == '"' || *key == '\\')
            return false;
    return true;
}

static bool add_others(struct schema *s, const json_t *schema, struct members *m)
{
    const json_t *properties = json_object_get(schema, "properties"), *others = of_others(schema);
    struct part value;
    if (!others)
        return true;
    size_t before = schema_enter(s, "additionalProperties", 0), n = 0;
    bool ok = schema_part(s, others, &value);
    const char **names = xcalloc(m->n + json_object_size(properties) + 1, sizeof *names), *key;
    json_t *of_key;
    for (size_t i = 0; i < m->n; i++)
        if (is_plain(m->list[i].key) && !json_object_get(properties, m->list[i].key))
            names[n++] = m->list[i].key;
    json_object_foreach((json_t *)properties, key, of_key)
    {
        if (is_plain(key))
            names[n++] = key;
    }
    qsort(names, n, sizeof *names, compare_names);
    if (ok)
        m->other = member_rule(s, part_json_other_key(&s->json, names, n), value);
    m->has_others = ok;
    free(names);
    schema_leave(s, before);
    return ok;
}

static struct part call_member(struct schema *s, const struct members *m, size_t i)
{
    return part_call(s->g, i < m->n ? m->list[i].rule : m->other);
}

/* (comma other)* */
static struct part other_members(struct schema *s, const struct members *m)
{
    if (!m->has_others)
        return part_empty(s->g);
    struct part more = comma(s);
    more = part_then(s->g, more, part_call(s->g, m->other));
    return part_repeat(s->g, more, 0, ENDLESS);
}

/* Before the first one that has to be there a comma follows each, behind it one precedes each. */
static struct part with_required(struct schema *s, const struct members *m, size_t first)
{
    struct part all = part_empty(s->g);
    for (size_t i = 0; i < m->n; i++) {
        struct part one = i > first ? comma(s) : call_member(s, m, i);
        if (i != first)
            one = part_then(s->g, one, i > first ? call_member(s, m, i) : comma(s));
        all = part_then(s->g, all, m->list[i].required ? one : part_repeat(s->g, one, 0, 1));
    }
    return part_then(s->g, all, other_members(s, m));
}

/* Any one may be the first: a rule for each place says what may follow there. */
static struct part without_required(struct schema *s, const struct members *m)
{
    uint32_t behind = schema_new_rule(s);
    grammar_define(s->g, behind, other_members(s, m));
    struct part all = part_empty(s->g);
    if (m->has_others)
        all = part_or(s->g, all, part_then(s->g, call_member(s, m, m->n), part_call(s->g, behind)));
    for (size_t i = m->n; i-- > 0;) {
        struct part first = call_member(s, m, i);
        all = part_or(s->g, all, part_then(s->g, first, part_call(s->g, behind)));
        struct part more = comma(s);
        more = part_repeat(s->g, part_then(s->g, more, call_member(s, m, i)), 0, 1);
        more = part_then(s->g, more, part_call(s->g, behind));
        behind = schema_new_rule(s);
        grammar_define(s->g, behind, more);
    }
    return all;
}

bool schema_object(struct schema *s, const json_t *schema, struct part *out)
{
    const json_t *properties = json_object_get(schema, "properties");
    struct members m = {0};
    if (!properties && !json_object_get(schema, "required") &&
        !json_object_get(schema, "additionalProperties")) {
        *out = part_json_object(&s->json);
        return true;
    }
    bool ok = add_properties(s, properties, &m) && mark_required(s, schema, &m) &&
              add_others(s, schema, &m);
    size_t first = 0;
    while (first < m.n && !m.list[first].required)
        first++;
    if (ok)
        *out = around(s, "{", first < m.n ? with_required(s, &m, first) : without_required(s, &m),
                      "}");
    free(m.list);
    return ok;
}
