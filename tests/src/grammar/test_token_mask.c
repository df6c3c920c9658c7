/* SPDX-License-Identifier: MIT
 *
 * Which tokens a grammar allows: beside each token tried by itself, byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gbnf.h"
#include "grammar_texts.h"
#include "json_schema.h"
#include "token_mask.h"

/* clang-format off */
static const char *const words[] = {
    "a", "b", "ab", "aba", "\"", "\",", "\": ", "\"}", "\"]", "a\"", "ab\",", "{", "{\"",
    "{\"a\":", "}", "}}", "[", "[[", "]", "],", "]]", ",", ", ", " ", " a", " \"", " {", "\n",
    "\n\n", "\n ", "1", "12", "-1", "0.5", ".", "e", "true", "false", "null", "tr", "\xC3\xA9",
    "\xE2\x82", "\xE2\x82\xAC", "\\", "\\n", "\\u00", "\":[{\"", "a\":1,\"", "yes", " yes",
    "no", "yesno",
};
/* clang-format on */
enum { N_WORDS = sizeof words / sizeof *words, END = 256 + N_WORDS, N_TOKENS };

struct fixture {
    struct tokenizer *t;
    struct token_trie *trie;
};

/* No word is half a character: that is no text of a tokenizer.json. */
static const char *word(size_t i)
{
    return strcmp(words[i], "\xE2\x82") == 0 ? "half" : words[i];
}

static int set_up(void **state)
{
    static const char *list[N_WORDS];
    struct fixture *f = xcalloc(1, sizeof *f);
    for (size_t i = 0; i < N_WORDS; i++)
        list[i] = word(i);
    f->t = tokenizer_of(list, N_WORDS);
    f->trie = token_trie_new(f->t, N_TOKENS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    token_trie_free(f->trie);
    tokenizer_free(f->t);
    free(f);
    return 0;
}

static struct grammar *schema(const char *text)
{
    struct error err;
    struct grammar *g = json_schema_read(text, strlen(text), "s", &err);
    assert_non_null(g);
    return g;
}

static struct grammar *gbnf(const char *text)
{
    struct error err;
    struct grammar *g = gbnf_read(text, strlen(text), "g", &err);
    assert_non_null(g);
    return g;
}

static bool is_allowed(const uint32_t *bits, int32_t id)
{
    return bits[id / 32] >> id % 32 & 1;
}

/* The token's bytes behind `at`, one by one. skips: a space at its beginning does not count. */
static uint32_t step_token(const struct fixture *f, struct recogniser *r, uint32_t at, int32_t id,
                           bool skips)
{
    struct buf bytes = {0};
    tokenizer_token_bytes(f->t, id, &bytes);
    size_t from = skips && bytes.len > 0 && *bytes.data == ' ';
    if (bytes.len == from || tokenizer_is_special(f->t, id))
        at = STATE_DEAD;
    for (size_t i = from; i < bytes.len; i++)
        at = recogniser_step(r, at, (uint8_t)bytes.data[i]);
    buf_free(&bytes);
    return at;
}

/* A way through the grammar; at each place all tokens are compared. */
static void check_grammar(const struct fixture *f, struct grammar *g, unsigned seed, bool skips)
{
    struct token_mask *m = token_mask_new(f->trie, g);
    struct recogniser r;
    recogniser_init(&r, g);
    uint32_t at = recogniser_start(&r);
    token_mask_begin(m, skips);
    for (int step = 0; step < 60; step++) {
        const uint32_t *bits = token_mask_allowed(m);
        int32_t choices[N_TOKENS], n = 0;
        assert_non_null(bits);
        assert_int_equal(token_mask_may_end(m), r.states[at].may_end);
        for (int32_t id = 0; id < N_TOKENS; id++) {
            bool fits = step_token(f, &r, at, id, skips && step == 0) != STATE_DEAD;
            if (fits != is_allowed(bits, id))
                fail_msg("step %d, token %d: %s", step, id, fits ? "refused" : "allowed");
            if (fits)
                choices[n++] = id;
        }
        if (n == 0)
            break;
        seed = seed * 1103515245 + 12345;
        int32_t id = choices[(seed >> 16) % (unsigned)n];
        if (seed >> 30 == 0) /* words more often than bytes */
            id = choices[n - 1];
        at = step_token(f, &r, at, id, skips && step == 0);
        assert_true(token_mask_push(m, id));
    }
    recogniser_free(&r);
    token_mask_free(m);
    grammar_free(g);
}

static void test_each_token(void **state)
{
    const struct fixture *f = *state;
    for (unsigned seed = 0; seed < 6; seed++) {
        check_grammar(f, schema("{\"type\": \"object\"}"), seed, false);
        check_grammar(f, schema("{\"items\": {\"type\": [\"string\", \"number\"]}}"), seed, false);
        check_grammar(f,
                      schema("{\"properties\": {\"a\": {\"type\": \"string\", \"maxLength\": 5},"
                             "\"ab\": {}}, \"additionalProperties\": {\"type\": \"integer\"}}"),
                      seed, false);
        check_grammar(f, gbnf("root ::= (\"a\" | \"ab\" | \"ba\" root \"b\")+"), seed, false);
        check_grammar(f, gbnf("root ::= \" \"? (\"yes\" | \"no\" | \".\" .)*"), seed, true);
        check_grammar(f, gbnf("root ::= \"a\" root \"b\" root | \"b\" root | \"e\""), seed, true);
    }
}

static bool takes(const struct fixture *f, const char *grammar, const int32_t *ids, size_t n)
{
    struct grammar *g = gbnf(grammar);
    struct token_mask *m = token_mask_new(f->trie, g);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = is_allowed(token_mask_allowed(m), ids[i]) && token_mask_push(m, ids[i]);
    ok = ok && token_mask_may_end(m);
    token_mask_free(m);
    grammar_free(g);
    return ok;
}

/* A character may come in tokens of single bytes; half of one may not be the end. */
static void test_split_characters(void **state)
{
    const struct fixture *f = *state;
    const int32_t euro[] = {0xE2, 0x82, 0xAC}, other[] = {0xE2, 0x82, 0x41};
    assert_true(takes(f, "root ::= .", euro, 3));
    assert_true(takes(f, "root ::= [\xE2\x82\xAC]", euro, 3));
    assert_false(takes(f, "root ::= .", euro, 2));
    assert_false(takes(f, "root ::= .", other, 3));
    assert_false(takes(f, "root ::= [\xE2\x82\xAD]", euro, 3));
}

/* No special token is ever text, whatever its name. */
static void test_special(void **state)
{
    const struct fixture *f = *state;
    struct grammar *g = gbnf("root ::= .*");
    struct token_mask *m = token_mask_new(f->trie, g);
    assert_false(is_allowed(token_mask_allowed(m), END));
    assert_true(is_allowed(token_mask_allowed(m), '<'));
    token_mask_free(m);
    grammar_free(g);
}

static void test_text_before(void **state)
{
    const struct fixture *f = *state;
    struct grammar *g = gbnf("root ::= \"ab\" (\"yes\" | \"no\")");
    struct token_mask *m = token_mask_new(f->trie, g);
    assert_true(token_mask_text(m, "abn", 3));
    const uint32_t *bits = token_mask_allowed(m);
    assert_true(is_allowed(bits, 'o'));
    assert_false(is_allowed(bits, 'y'));
    token_mask_begin(m, false);
    assert_false(token_mask_text(m, "ac", 2));
    token_mask_begin(m, false);
    assert_true(is_allowed(token_mask_allowed(m), 'a'));
    token_mask_free(m);
    grammar_free(g);
}

/* Deeper and deeper: what is kept stays bounded, and nothing is forgotten. */
static void test_long(void **state)
{
    const struct fixture *f = *state;
    enum { N = 30000 };
    struct grammar *g = gbnf("root ::= \"a\" root \"b\" | \"e\"");
    struct token_mask *m = token_mask_new(f->trie, g);
    for (int i = 0; i < N; i++)
        assert_true(token_mask_push(m, 'a'));
    assert_true(token_mask_push(m, 'e'));
    for (int i = 0; i < N; i++) {
        assert_false(token_mask_may_end(m));
        if (i % 1000 == 0)
            assert_true(is_allowed(token_mask_allowed(m), 'b'));
        assert_true(token_mask_push(m, 'b'));
    }
    assert_true(token_mask_may_end(m));
    assert_false(is_allowed(token_mask_allowed(m), 'b'));
    token_mask_free(m);
    grammar_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_token), cmocka_unit_test(test_split_characters),
        cmocka_unit_test(test_special),    cmocka_unit_test(test_text_before),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
