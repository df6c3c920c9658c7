/* SPDX-License-Identifier: MIT */
#include "schema_merge.h"

#include <string.h>

#include "schema_keywords.h"

/* How two values of a keyword become one. -> new reference; NULL: they do not. */
typedef json_t *merge_function(const json_t *a, const json_t *b);

static json_t *largest(const json_t *a, const json_t *b)
{
    if (!json_is_number(a) || !json_is_number(b))
        return NULL;
    return json_deep_copy(json_number_value(a) >= json_number_value(b) ? a : b);
}

static json_t *smallest(const json_t *a, const json_t *b)
{
    if (!json_is_number(a) || !json_is_number(b))
        return NULL;
    return json_deep_copy(json_number_value(a) <= json_number_value(b) ? a : b);
}

static bool has(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one)
    {
        if (json_equal(one, value))
            return true;
    }
    return false;
}

static json_t *as_list(const json_t *value)
{
    return json_is_array(value) ? json_deep_copy(value) : json_pack("[o]", json_deep_copy(value));
}

static json_t *common_values(const json_t *a, const json_t *b)
{
    json_t *x = as_list(a), *y = as_list(b), *result = json_array(), *one;
    size_t i;
    json_array_foreach(x, i, one)
    {
        if (has(y, one))
            json_array_append(result, one);
    }
    json_decref(x);
    json_decref(y);
    return result;
}

/* An integer is a number too. */
static json_t *common_types(const json_t *a, const json_t *b)
{
    json_t *result = common_values(a, b), *integer = json_string("integer");
    json_t *number = json_string("number"), *x = as_list(a), *y = as_list(b);
    bool is_both = (has(x, integer) && has(y, number)) || (has(x, number) && has(y, integer));
    if (is_both && !has(result, integer) && !has(result, number))
        json_array_append(result, integer);
    json_decref(x);
    json_decref(y);
    json_decref(integer);
    json_decref(number);
    return result;
}

static json_t *all_values(const json_t *a, const json_t *b)
{
    json_t *result = as_list(a), *y = as_list(b), *one;
    size_t i;
    json_array_foreach(y, i, one)
    {
        if (!has(result, one))
            json_array_append(result, one);
    }
    json_decref(y);
    return result;
}

static json_t *both(const json_t *a, const json_t *b)
{
    return json_pack("{s:[oo]}", "allOf", json_deep_copy(a), json_deep_copy(b));
}

static json_t *all_members(const json_t *a, const json_t *b)
{
    if (!json_is_object(a) || !json_is_object(b))
        return NULL;
    json_t *result = json_deep_copy(a), *value;
    const char *key;
    json_object_foreach((json_t *)b, key, value)
    {
        const json_t *have = json_object_get(result, key);
        json_object_set_new(result, key,
                            have && !json_equal(have, value) ? both(have, value)
                                                             : json_deep_copy(value));
    }
    return result;
}

static const struct {
    const char *keyword;
    merge_function *merge;
} rows[] = {
    {"type", common_types},         {"enum", common_values},       {"required", all_values},
    {"properties", all_members},    {"$defs", all_members},        {"definitions", all_members},
    {"minimum", largest},           {"exclusiveMinimum", largest}, {"maximum", smallest},
    {"exclusiveMaximum", smallest}, {"minLength", largest},        {"maxLength", smallest},
    {"minItems", largest},          {"maxItems", smallest},        {"items", both},
    {"allOf", all_values},
};

static merge_function *function_of(const char *keyword)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].keyword, keyword) == 0)
            return rows[i].merge;
    return NULL;
}

/* What one says of all other members would be of fewer in the other's company. */
static bool says_of_others(const json_t *s, const json_t *other)
{
    return (json_object_get(s, "additionalProperties") && json_object_get(other, "properties")) ||
           (json_object_get(s, "items") && json_object_get(other, "prefixItems"));
}

json_t *schema_merge(const json_t *a, const json_t *b, const char **keyword)
{
    json_t *value;
    if (json_is_true(a) || json_is_true(b))
        return json_deep_copy(json_is_true(a) ? b : a);
    *keyword = "allOf";
    if (!json_is_object(a) || !json_is_object(b))
        return NULL;
    *keyword = json_object_get(a, "items") || json_object_get(b, "items") ? "prefixItems"
                                                                          : "additionalProperties";
    if (says_of_others(a, b) || says_of_others(b, a))
        return NULL;
    json_t *result = json_deep_copy(a);
    json_object_foreach((json_t *)b, *keyword, value)
    {
        const json_t *have = json_object_get(result, *keyword);
        merge_function *merge = function_of(*keyword);
        if (have && schema_keyword(*keyword) == KEYWORD_NOTE)
            continue;
        json_t *merged = !have || json_equal(have, value) ? json_deep_copy(value)
                         : merge                          ? merge(have, value)
                                                          : NULL;
        if (!merged) {
            json_decref(result);
            return NULL;
        }
        json_object_set_new(result, *keyword, merged);
    }
    return result;
}
