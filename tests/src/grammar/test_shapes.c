/* SPDX-License-Identifier: MIT
 *
 * Random schemas and a model that says anything at all: what it is allowed to say is JSON that
 * fits, by a check of its own (JSON Schema 2020-12, "Validation"). More of them by hand:
 *     build/tests/src/test_shapes 10000
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "grammar_texts.h"
#include "json_schema.h"
#include "token_mask.h"
#include "utf8.h"

enum { MAX_TOKENS = 600, MAX_DEPTH = 3 };

static unsigned n_runs = 200;

static const char *const words[] = {
    "\"",     "\",",  "\":",  "\"}", "}",  "]",        ",",   "{",   "[", "{\"",
    "\"a\":", "true", "null", "ab",  "b",  "a",        ", ",  "\n ", " ", "1",
    "10",     "-",    ".5",   "],",  "},", "\xC3\xA9", "\\n", "e",   "0",
};
enum { N_WORDS = sizeof words / sizeof *words, N_TOKENS = 257 + N_WORDS };

static uint64_t seed;

static unsigned below(unsigned end)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % end;
}

/* ---- schemas -------------------------------------------------------------------------- */

static json_t *make_schema(int depth);

static json_t *make_string(void)
{
    json_t *s = json_pack("{s:s}", "type", "string");
    unsigned least = below(4);
    if (below(2))
        json_object_set_new(s, "minLength", json_integer(least));
    if (below(2))
        json_object_set_new(s, "maxLength", json_integer(least + below(5)));
    return s;
}

static json_t *make_number(void)
{
    json_t *s = json_pack("{s:s}", "type", below(2) ? "integer" : "number");
    int least = (int)below(3000) - 1500;
    if (below(2))
        json_object_set_new(s, below(2) ? "minimum" : "exclusiveMinimum", json_integer(least));
    if (below(2))
        json_object_set_new(s, below(2) ? "maximum" : "exclusiveMaximum",
                            json_integer(least + 2 + (int)below(2000)));
    return s;
}

static json_t *make_values(void)
{
    static const char *const values[] = {"\"a\"",         "1",          "-2.5", "null",
                                         "[1,{\"a\":2}]", "\"\\n\\\"\""};
    json_t *list = json_array();
    for (unsigned n = 1 + below(3); n > 0; n--)
        json_array_append_new(list, json_loads(values[below(6)], JSON_DECODE_ANY, NULL));
    return json_pack("{s:o}", "enum", list);
}

static json_t *make_array(int depth)
{
    json_t *s = json_pack("{s:s,s:o}", "type", "array", "items", make_schema(depth - 1));
    unsigned least = below(3);
    if (below(2))
        json_object_set_new(s, "minItems", json_integer(least));
    if (below(2))
        json_object_set_new(s, "maxItems", json_integer(least + below(3)));
    if (below(3) == 0)
        json_object_set_new(s, "prefixItems", json_pack("[o]", make_schema(depth - 1)));
    return s;
}

static json_t *make_object(int depth)
{
    static const char *const names[] = {"a", "ab", "b", "\xC3\xA9", "x\"y", "long name"};
    json_t *s = json_pack("{s:s}", "type", "object"), *properties = json_object();
    json_t *required = json_array();
    for (unsigned i = 0; i < 6; i++) {
        if (below(3) == 0)
            json_object_set_new(properties, names[i], make_schema(depth - 1));
        if (json_object_get(properties, names[i]) && below(2))
            json_array_append_new(required, json_string(names[i]));
    }
    json_object_set_new(s, "properties", properties);
    json_object_set_new(s, "required", required);
    if (below(3) == 0)
        json_object_set_new(s, "additionalProperties",
                            below(2) ? json_false() : make_schema(depth - 1));
    return s;
}

static json_t *make_schema(int depth)
{
    switch (below(depth > 0 ? 10 : 5)) {
    case 0: return make_string();
    case 1: return make_number();
    case 2: return make_values();
    case 3: return json_pack("{s:[ss]}", "type", "boolean", "null");
    case 4: return make_string();
    case 5: return make_array(depth);
    case 6: return json_pack("{s:[oo]}", "anyOf", make_schema(depth - 1), make_schema(depth - 1));
    case 7:
        return json_pack("{s:[{s:s},{s:i}],s:s}", "allOf", "type", "number", "minimum", 3, "type",
                         "integer");
    default: return make_object(depth);
    }
}

/* ---- whether a value fits ------------------------------------------------------------- */

static bool fits(const json_t *schema, const json_t *v);

static bool is_of_type(const char *type, const json_t *v)
{
    double number = json_is_number(v) ? json_number_value(v) : 0.5;
    return (strcmp(type, "string") == 0 && json_is_string(v)) ||
           (strcmp(type, "number") == 0 && json_is_number(v)) ||
           (strcmp(type, "integer") == 0 && number == floor(number)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(v)) ||
           (strcmp(type, "null") == 0 && json_is_null(v)) ||
           (strcmp(type, "array") == 0 && json_is_array(v)) ||
           (strcmp(type, "object") == 0 && json_is_object(v));
}

static double limit(const json_t *schema, const char *key, double otherwise)
{
    const json_t *v = json_object_get(schema, key);
    return v ? json_number_value(v) : otherwise;
}

static bool is_between(const json_t *schema, const char *least, const char *most, double value)
{
    return value >= limit(schema, least, -INFINITY) && value <= limit(schema, most, INFINITY);
}

static size_t n_characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static bool items_fit(const json_t *schema, const json_t *list)
{
    const json_t *prefix = json_object_get(schema, "prefixItems");
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)list, i, item)
    {
        const json_t *own = i < json_array_size(prefix) ? json_array_get(prefix, i)
                                                        : json_object_get(schema, "items");
        if (own && !fits(own, item))
            return false;
    }
    return is_between(schema, "minItems", "maxItems", (double)json_array_size(list));
}

static bool members_fit(const json_t *schema, const json_t *object)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach((json_t *)object, key, value)
    {
        const json_t *own = json_object_get(properties, key);
        own = own ? own : others;
        if (own && !fits(own, value))
            return false;
    }
    json_array_foreach(json_object_get(schema, "required"), i, value)
    {
        if (!json_object_get(object, json_string_value(value)))
            return false;
    }
    return true;
}

/* How many of the schemas fit. */
static size_t count_fitting(const json_t *list, const json_t *v)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += fits(json_array_get(list, i), v);
    return n;
}

static bool type_fits(const json_t *type, const json_t *v)
{
    bool any = !type || (json_is_string(type) && is_of_type(json_string_value(type), v));
    for (size_t i = 0; i < json_array_size(type); i++)
        any |= is_of_type(json_string_value(json_array_get(type, i)), v);
    return any;
}

static bool is_among(const json_t *list, const json_t *v)
{
    bool any = !list;
    for (size_t i = 0; i < json_array_size(list); i++)
        any |= json_equal(json_array_get(list, i), v);
    return any;
}

static bool fits(const json_t *schema, const json_t *v)
{
    const json_t *any = json_object_get(schema, "anyOf"), *all = json_object_get(schema, "allOf");
    double number = json_is_number(v) ? json_number_value(v) : 0;
    if (json_is_boolean(schema))
        return json_is_true(schema);
    if (!type_fits(json_object_get(schema, "type"), v) ||
        !is_among(json_object_get(schema, "enum"), v) || (any && !count_fitting(any, v)) ||
        (all && count_fitting(all, v) < json_array_size(all)))
        return false;
    if (json_is_string(v))
        return is_between(schema, "minLength", "maxLength",
                          (double)n_characters(json_string_value(v)));
    if (json_is_number(v))
        return is_between(schema, "minimum", "maximum", number) &&
               number > limit(schema, "exclusiveMinimum", -INFINITY) &&
               number < limit(schema, "exclusiveMaximum", INFINITY);
    return json_is_array(v)    ? items_fit(schema, v)
           : json_is_object(v) ? members_fit(schema, v)
                               : true;
}

/* ---- a model that says anything ------------------------------------------------------- */

/* One of those allowed; those that close something more often, or few texts would end. -> -1: none
 */
static int32_t choose(const uint32_t *bits)
{
    int32_t list[N_TOKENS];
    unsigned n = 0, n_closing = 0;
    for (int32_t id = N_TOKENS - 1; id >= 0; id--) {
        if (bits[id / 32] >> id % 32 & 1)
            list[n++] = id;
        if (id == 256) /* words come first */
            n_closing = n;
    }
    if (n == 0)
        return -1;
    return list[below(n_closing && below(2) ? n_closing : n)];
}

/* -> true: it came to an end. */
static bool write_answer(struct token_mask *m, const struct tokenizer *t, struct buf *out)
{
    out->len = 0;
    buf_append(out, "", 0);
    for (int i = 0; i < MAX_TOKENS; i++) {
        const uint32_t *bits = token_mask_allowed(m);
        assert_non_null(bits);
        if (token_mask_may_end(m) && below(2))
            return true;
        int32_t id = choose(bits);
        if (id < 0)
            assert_true(token_mask_may_end(m));
        if (id < 0)
            return true;
        assert_true(token_mask_push(m, id));
        tokenizer_token_bytes(t, id, out);
    }
    return false;
}

static void check(const json_t *schema, const char *text, const struct buf *answer)
{
    json_error_t where;
    json_t *v = json_loadb(answer->data, answer->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    if (!v)
        fail_msg("%s\n%s\nis no JSON: %s", text, answer->data, where.text);
    if (!fits(schema, v))
        fail_msg("%s\n%s\ndoes not fit", text, answer->data);
    json_decref(v);
}

static void test_random(void **state)
{
    (void)state;
    struct tokenizer *t = tokenizer_of(words, N_WORDS);
    struct token_trie *trie = token_trie_new(t, N_TOKENS);
    struct buf answer = {0};
    unsigned n_ended = 0, n_answers = 0;
    for (unsigned run = 0; run < n_runs; run++) {
        seed = run + 1;
        json_t *schema = make_schema(MAX_DEPTH);
        char *text = json_dumps(schema, JSON_ENCODE_ANY);
        struct error err;
        struct grammar *g = json_schema_read(text, strlen(text), "s", &err);
        if (!g)
            fail_msg("%s\n%s", text, err.text);
        struct token_mask *m = token_mask_new(trie, g);
        for (int i = 0; i < 3; i++, n_answers++) {
            token_mask_begin(m, false);
            if (write_answer(m, t, &answer)) {
                check(schema, text, &answer);
                n_ended++;
            }
        }
        token_mask_free(m);
        grammar_free(g);
        json_decref(schema);
        free(text);
    }
    print_message("%u of %u answers came to an end\n", n_ended, n_answers);
    assert_true(n_ended > n_answers * 9 / 10);
    buf_free(&answer);
    token_trie_free(trie);
    tokenizer_free(t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    if (argc > 1)
        n_runs = (unsigned)atoi(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
