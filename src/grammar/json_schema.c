/* SPDX-License-Identifier: MIT */
#include "json_schema.h"

#include <stdlib.h>
#include <string.h>

#include "grammar_finish.h"
#include "json.h"
#include "schema_keywords.h"
#include "schema_merge.h"
#include "schema_reader.h"

enum { MAX_DEPTH = 64, MAX_MERGED = 1000, MAX_NAME = 120 };

/* ---- places --------------------------------------------------------------------------- */

bool schema_wrong(struct schema *s, char *message)
{
    error_set(s->err, EX_DATAERR, "%s: %.400s: %s", s->name, s->at.data, message);
    free(message);
    return false;
}

size_t schema_enter(struct schema *s, const char *key, size_t i)
{
    size_t before = s->at.len;
    buf_puts(&s->at, "/");
    if (!key)
        buf_printf(&s->at, "%zu", i);
    for (; key && *key; key++)
        buf_append(&s->at,
                   *key == '~'   ? "~0"
                   : *key == '/' ? "~1"
                                 : key,
                   *key == '~' || *key == '/' ? 2 : 1);
    return before;
}

void schema_leave(struct schema *s, size_t before)
{
    s->at.len = before;
    s->at.data[before] = '\0';
}

uint32_t schema_new_rule(struct schema *s)
{
    return grammar_rule(s->g, s->at.data, s->at.len < MAX_NAME ? s->at.len : MAX_NAME);
}

bool schema_rule(struct schema *s, const json_t *schema, uint32_t *rule)
{
    struct part part;
    *rule = schema_new_rule(s);
    if (!schema_part(s, schema, &part))
        return false;
    grammar_define(s->g, *rule, part);
    return true;
}

/* ---- references ----------------------------------------------------------------------- */

/* "a~1b" up to the next slash -> "a/b" */
static void take_token(const char **at, struct buf *out)
{
    out->len = 0;
    buf_append(out, "", 0);
    for (; **at && **at != '/'; ++*at) {
        bool escaped = **at == '~' && ((*at)[1] == '0' || (*at)[1] == '1');
        *at += escaped;
        buf_append(out, !escaped ? *at : **at == '0' ? "~" : "/", 1);
    }
}

static const json_t *member_of(const json_t *value, const char *token)
{
    if (!json_is_array(value))
        return json_object_get(value, token);
    char *end;
    unsigned long i = strtoul(token, &end, 10);
    return *token && !*end ? json_array_get(value, i) : NULL;
}

static const json_t *target_of(struct schema *s, const char *pointer)
{
    const json_t *value = s->root;
    struct buf token = {0};
    const char *at = pointer + 1;
    while (value && *at == '/') {
        at++;
        take_token(&at, &token);
        value = member_of(value, token.data);
    }
    buf_free(&token);
    return *at ? NULL : value;
}

static const json_t *resolve(struct schema *s, const json_t *ref)
{
    const char *pointer = json_string_value(ref);
    if (!pointer || *pointer != '#') {
        SCHEMA_WRONG(s, "\"$ref\": only places in this schema are known: \"#/$defs/name\"");
        return NULL;
    }
    const json_t *target = target_of(s, pointer);
    if (!target)
        SCHEMA_WRONG(s, "\"$ref\": there is no \"%.200s\"", pointer);
    return target;
}

static bool call_ref(struct schema *s, const json_t *ref, struct part *out)
{
    const json_t *target = resolve(s, ref);
    const char *pointer = json_string_value(ref);
    size_t i = 0;
    if (!target)
        return false;
    while (i < s->n_refs && strcmp(s->refs[i].pointer, pointer) != 0)
        i++;
    if (i == s->n_refs) {
        s->refs = xgrow(s->refs, s->n_refs, &s->cap_refs, sizeof *s->refs);
        s->refs[s->n_refs++] = (struct schema_ref){
            xstrdup(pointer), target,
            grammar_rule(s->g, pointer, strlen(pointer) < MAX_NAME ? strlen(pointer) : MAX_NAME)};
    }
    *out = part_call(s->g, s->refs[i].rule);
    return true;
}

/* ---- schemas that are several at once ------------------------------------------------- */

static json_t *keep_made(struct schema *s, json_t *made)
{
    json_array_append_new(s->made, made);
    return made;
}

static json_t *without(struct schema *s, const json_t *schema, const char *key)
{
    json_t *copy = keep_made(s, json_copy((json_t *)schema));
    json_object_del(copy, key);
    return copy;
}

/* -> NULL: they cannot be one */
static const json_t *merge(struct schema *s, const json_t *a, const json_t *b)
{
    const char *keyword;
    json_t *merged = ++s->n_merged <= MAX_MERGED ? schema_merge(a, b, &keyword) : NULL;
    if (merged)
        return keep_made(s, merged);
    if (s->n_merged > MAX_MERGED)
        SCHEMA_WRONG(s, "schemas are joined in more than %d places", MAX_MERGED);
    else
        SCHEMA_WRONG(s,
                     "two schemas have to hold at once here, and what they say of \"%s\" cannot "
                     "be joined",
                     keyword);
    return NULL;
}

/* A schema without "$ref" that says the same. */
static const json_t *follow(struct schema *s, const json_t *schema)
{
    const json_t *ref;
    while (schema && (ref = json_object_get(schema, "$ref"))) {
        const json_t *target = resolve(s, ref);
        schema = target ? merge(s, without(s, schema, "$ref"), target) : NULL;
    }
    return schema;
}

/* ... without "allOf". */
static const json_t *flatten(struct schema *s, const json_t *schema)
{
    const json_t *all;
    while (schema && (all = json_object_get(schema, "allOf"))) {
        size_t i;
        json_t *one;
        if (!json_is_array(all)) {
            SCHEMA_WRONG(s, "\"allOf\" is not a list");
            return NULL;
        }
        schema = follow(s, without(s, schema, "allOf"));
        json_array_foreach((json_t *)all, i, one)
        {
            const json_t *part = schema ? follow(s, one) : NULL;
            schema = part ? merge(s, schema, part) : NULL;
        }
    }
    return schema;
}

/* Whether something but these two (which may be NULL) restricts it; *which: what does. */
static bool restricts(const json_t *schema, const char *but, const char *or_but, const char **which)
{
    json_t *value;
    json_object_foreach((json_t *)schema, *which, value)
    {
        if (schema_keyword(*which) != KEYWORD_NOTE && (!but || strcmp(*which, but) != 0) &&
            (!or_but || strcmp(*which, or_but) != 0))
            return true;
    }
    return false;
}

static bool any_of(struct schema *s, const json_t *schema, const char *key, struct part *out)
{
    const json_t *list = json_object_get(schema, key);
    const char *which;
    bool alone = !restricts(schema, key, NULL, &which), ok = true;
    size_t i, before = schema_enter(s, key, 0);
    json_t *one;
    if (json_array_size(list) == 0)
        ok = SCHEMA_WRONG(s, "this is not a list with schemas");
    const json_t *rest = alone ? NULL : without(s, schema, key);
    json_array_foreach((json_t *)list, i, one)
    {
        struct part part;
        size_t inner = schema_enter(s, NULL, i);
        const json_t *both = one;
        if (ok && rest) {
            both = follow(s, one);
            both = both ? merge(s, rest, both) : NULL;
        }
        ok = ok && both && schema_part(s, both, &part);
        schema_leave(s, inner);
        if (!ok)
            break;
        *out = i > 0 ? part_or(s->g, *out, part) : part;
    }
    schema_leave(s, before);
    return ok;
}

/* ---- one schema ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum keyword keyword; /* those of this type */
} types[] = {
    {"object", KEYWORD_OF_OBJECTS}, {"array", KEYWORD_OF_ARRAYS}, {"string", KEYWORD_OF_STRINGS},
    {"number", KEYWORD_OF_NUMBERS}, {"integer", KEYWORD_OF_ALL},  {"boolean", KEYWORD_OF_ALL},
    {"null", KEYWORD_OF_ALL},
};
enum { N_TYPES = sizeof types / sizeof *types };

static bool fits_type(const json_t *value, const char *type)
{
    static const char *const of_type[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null"};
    const char *is = of_type[json_typeof(value)];
    return strcmp(is, type) == 0 || (json_is_integer(value) && strcmp(type, "number") == 0);
}

static bool fits_types(const json_t *value, const json_t *type)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)type, i, one)
    {
        if (json_is_string(one) && fits_type(value, json_string_value(one)))
            return true;
    }
    return !type || (json_is_string(type) && fits_type(value, json_string_value(type)));
}

/* One of the list's values; `only`, if it is not NULL, is the only one that counts. */
static bool values(struct schema *s, const json_t *schema, const json_t *list, const json_t *only,
                   struct part *out)
{
    const json_t *type = json_object_get(schema, "type");
    size_t i, n = 0;
    json_t *value;
    json_array_foreach((json_t *)list, i, value)
    {
        if (!fits_types(value, type) || (only && !json_equal(only, value)))
            continue;
        struct part part = part_json_literal(&s->json, value);
        *out = n++ > 0 ? part_or(s->g, *out, part) : part;
    }
    return n > 0 || SCHEMA_WRONG(s, "no value fits");
}

static bool value_list(struct schema *s, const json_t *schema, struct part *out)
{
    const json_t *list = json_object_get(schema, "enum"), *only = json_object_get(schema, "const");
    json_t *rest = without(s, schema, list && only ? "const" : "");
    const char *which, *key = list ? "enum" : "const";
    if (restricts(rest, key, "type", &which))
        return SCHEMA_WRONG(s, "\"%s\" beside \"%s\" is not known here", which, key);
    if (list && !json_is_array(list))
        return SCHEMA_WRONG(s, "\"enum\" is not a list");
    if (!list)
        list = keep_made(s, json_pack("[O]", only));
    return values(s, schema, list, only, out);
}

static bool of_type(struct schema *s, const json_t *schema, const char *type, struct part *out)
{
    struct part other;
    if (strcmp(type, "object") == 0)
        return schema_object(s, schema, out);
    if (strcmp(type, "array") == 0)
        return schema_array(s, schema, out);
    if (strcmp(type, "string") == 0)
        return schema_string(s, schema, out);
    if (strcmp(type, "number") == 0 || strcmp(type, "integer") == 0)
        return schema_number(s, schema, *type == 'i', out);
    if (strcmp(type, "boolean") == 0) {
        *out = part_text(s->g, "true", 4);
        other = part_text(s->g, "false", 5);
        *out = part_or(s->g, *out, other);
        return true;
    }
    if (strcmp(type, "null") != 0)
        return SCHEMA_WRONG(s,
                            "\"type\": \"%.40s\" is none of object, array, string, number, "
                            "integer, boolean, null",
                            type);
    *out = part_text(s->g, "null", 4);
    return true;
}

static bool of_types(struct schema *s, const json_t *schema, const json_t *list, struct part *out)
{
    size_t i;
    json_t *type;
    json_array_foreach((json_t *)list, i, type)
    {
        struct part part;
        if (!json_is_string(type))
            return SCHEMA_WRONG(s, "\"type\" is neither a name nor a list of names");
        if (!of_type(s, schema, json_string_value(type), &part))
            return false;
        *out = i > 0 ? part_or(s->g, *out, part) : part;
    }
    return json_array_size(list) > 0 || SCHEMA_WRONG(s, "\"type\": nothing is of all these types");
}

/* Without "type": of the types that it speaks of, or of any if it speaks of none. */
static bool of_any_type(struct schema *s, const json_t *schema, struct part *out)
{
    json_t *list = keep_made(s, json_array()), *value;
    const char *key;
    for (int i = 0; i < N_TYPES; i++)
        json_object_foreach((json_t *)schema, key, value)
        {
            if (types[i].keyword != KEYWORD_OF_ALL && schema_keyword(key) == types[i].keyword) {
                json_array_append_new(list, json_string(types[i].name));
                break;
            }
        }
    if (json_array_size(list) > 0)
        return of_types(s, schema, list, out);
    *out = part_json_value(&s->json);
    return true;
}

static bool check_keywords(struct schema *s, const json_t *schema)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)schema, key, value)
    {
        if (schema_keyword(key) == KEYWORD_UNKNOWN)
            return SCHEMA_WRONG(s, "\"%.80s\" is not known here", key);
    }
    return true;
}

static bool read_object(struct schema *s, const json_t *schema, struct part *out)
{
    const json_t *type, *ref = json_object_get(schema, "$ref");
    const char *which;
    if (!check_keywords(s, schema))
        return false;
    if (ref && !restricts(schema, "$ref", NULL, &which))
        return call_ref(s, ref, out);
    schema = flatten(s, follow(s, schema));
    if (!schema || !check_keywords(s, schema))
        return false;
    if (json_object_get(schema, "anyOf"))
        return any_of(s, schema, "anyOf", out);
    if (json_object_get(schema, "oneOf"))
        return any_of(s, schema, "oneOf", out);
    if (json_object_get(schema, "enum") || json_object_get(schema, "const"))
        return value_list(s, schema, out);
    type = json_object_get(schema, "type");
    if (json_is_string(type))
        return of_type(s, schema, json_string_value(type), out);
    return type ? of_types(s, schema, type, out) : of_any_type(s, schema, out);
}

bool schema_part(struct schema *s, const json_t *schema, struct part *out)
{
    bool ok;
    if (s->depth >= MAX_DEPTH)
        return SCHEMA_WRONG(s, "more than %d schemas inside of each other", MAX_DEPTH);
    if (s->g->too_large)
        return SCHEMA_WRONG(s, "the schema is too large");
    s->depth++;
    if (json_is_true(schema)) {
        *out = part_json_value(&s->json);
        ok = true;
    } else if (json_is_object(schema)) {
        ok = read_object(s, schema, out);
    } else {
        ok = SCHEMA_WRONG(s, json_is_false(schema) ? "false: nothing fits"
                                                   : "a schema is an object, true or false");
    }
    s->depth--;
    return ok;
}

/* The whole schema is the first reference; more are found while they are read. */
static bool read_refs(struct schema *s)
{
    struct part part;
    json_t *whole = keep_made(s, json_string("#"));
    bool ok = call_ref(s, whole, &part);
    for (; ok && s->n_defined < s->n_refs; s->n_defined++) {
        const struct schema_ref ref = s->refs[s->n_defined];
        s->at.len = 0;
        buf_puts(&s->at, ref.pointer);
        ok = schema_part(s, ref.target, &part);
        if (ok)
            grammar_define(s->g, ref.rule, part);
    }
    return ok && grammar_finish(s->g, s->refs[0].rule, s->name, s->err);
}

struct grammar *json_schema_read(const char *text, size_t n, const char *name, struct error *err)
{
    struct schema s = {.g = grammar_new(), .name = name, .made = json_array(), .err = err};
    s.json.g = s.g;
    s.root = json_parse(text, n, name, err);
    buf_puts(&s.at, "#");
    bool ok = s.root && read_refs(&s);
    json_decref(s.root);
    json_decref(s.made);
    for (size_t i = 0; i < s.n_refs; i++)
        free(s.refs[i].pointer);
    free(s.refs);
    buf_free(&s.at);
    if (ok)
        return s.g;
    grammar_free(s.g);
    return NULL;
}
