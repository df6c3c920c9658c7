/* SPDX-License-Identifier: MIT
 *
 * GBNF: what its guide (llama.cpp, grammars/README.md) says of each construct, stated by hand as
 * texts that belong to a grammar and texts that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gbnf.h"
#include "grammar_texts.h"

enum { MOST = 8 };

static const struct {
    const char *grammar;
    const char *yes[MOST], *no[MOST];
} cases[] = {
    {"root ::= \"yes\" | \"no\"", {"yes", "no"}, {"", "y", "yesno", "Yes"}},
    {"root ::= \"a\" \"b\"*", {"a", "ab", "abbbb"}, {"", "b", "aab", "aba"}},
    {"root ::= \"ab\"+", {"ab", "abab"}, {"", "a", "abb"}},
    {"root ::= \"a\"? \"b\"?", {"", "a", "b", "ab"}, {"ba", "aa"}},
    {"root ::= [a-c] [^a-c]", {"ax", "c\xC3\xA9", "b\n"}, {"ab", "dx", "a"}},
    {"root ::= [abc-]{2}", {"a-", "--"}, {"a", "abc", "a,"}},
    {"root ::= \"x\"{2,3}", {"xx", "xxx"}, {"x", "xxxx"}},
    {"root ::= \"x\"{2,}", {"xx", "xxxxx"}, {"x", ""}},
    {"root ::= \"x\"{,2}", {"", "x", "xx"}, {"xxx"}},
    {"root ::= \"x\"{0}", {""}, {"x"}},
    {"root ::= (\"a\" | \"b\" \"c\")* \"d\"", {"d", "aad", "bcabcd"}, {"bd", "a", "cd"}},
    {"root ::= list\nlist ::= item (\",\" item)*\nitem ::= [0-9]+ | \"(\" list \")\"",
     {"1", "1,22", "(1,(2)),3", "((((7))))"},
     {"", "1,", "(1", "()", "1)"}},
    {"root ::= \"(\" root \")\" | \"\"", {"", "()", "((()))"}, {"(", ")", "()()"}},
    {"# a comment\nroot ::= (\n  \"a\" # first\n\n  | \"b\"\n)\n\n", {"a", "b"}, {"ab"}},
    {"root ::= \"a\" |\n  \"b\"\n  | \"c\"", {"a", "b", "c"}, {""}},
    {"root ::= a-b\na-b ::= \"x\"", {"x"}, {"a"}},
    {"root ::= .", {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\n"}, {"", "ab", "\xC3"}},
    {"root ::= [\xC3\xA0-\xC3\xBF]", {"\xC3\xA9", "\xC3\xA0"}, {"a", "\xC4\x80", "\xC3\x9F"}},
    {"root ::= [\\u0800-\\U00010FFF]",
     {"\xE0\xA0\x80", "\xEF\xBF\xBF", "\xF0\x90\xBF\xBF"},
     {"\xDF\xBF", "\xF0\x91\x80\x80", "\xED\xA0\x80"}},
    {"root ::= [^\\x00-\\x7F]", {"\xC2\x80", "\xF4\x8F\xBF\xBF"}, {"a", "\xF4\x90\x80\x80"}},
    {"root ::= \"\\n\\t\\r\\\\\\\"\\x41\\u00e9\"", {"\n\t\r\\\"A\xC3\xA9"}, {"n"}},
    {"root ::= [\\]\\-^]", {"]", "-", "^"}, {"\\", "a"}},
    {"root ::= (\"a\"*)* \"b\"", {"b", "aaab"}, {"a"}},
    {"root ::= a a\na ::= \"x\" | \"\"", {"", "x", "xx"}, {"xxx"}},
    {"root ::= (\"a\"{2}){2}", {"aaaa"}, {"aa", "aaa", "aaaaa"}},
    {"root ::= \"a\" b\nb ::= \"b\" b | \"c\"\n", {"ac", "abbbc"}, {"ab"}},
};

static struct grammar *grammar_of(const char *text)
{
    struct error err;
    struct grammar *g = gbnf_read(text, strlen(text), "g", &err);
    if (!g)
        fail_msg("%s\n%s", text, err.text);
    return g;
}

static void test_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grammar *g = grammar_of(cases[i].grammar);
        for (int k = 0; k < MOST && cases[i].yes[k]; k++)
            if (!accepts(g, cases[i].yes[k]))
                fail_msg("%s does not take \"%s\"", cases[i].grammar, cases[i].yes[k]);
        for (int k = 0; k < MOST && cases[i].no[k]; k++)
            if (accepts(g, cases[i].no[k]))
                fail_msg("%s takes \"%s\"", cases[i].grammar, cases[i].no[k]);
        grammar_free(g);
    }
}

static const struct {
    const char *grammar, *message;
} wrong[] = {
    {"", "g:1:1: there is no rule \"root\""},
    {"a ::= \"x\"", "there is no rule \"root\""},
    {"root ::= \"a\n", "g:1:10: this is not closed: \" is missing"},
    {"root ::= [a", "g:1:10: this is not closed: ] is missing"},
    {"root ::= \"x\"\n  foo", "g:2:6: a rule begins with its name"},
    {"root ::= \"\xC3\xA9\" foo", "g:1:14: there is no rule \"foo\""},
    {"root ::= \"a\"\nroot ::= \"b\"", "g:2:1: \"root\" is defined twice"},
    {"root ::= \"\\q\"", "g:1:11: unknown escape"},
    {"root ::= \"\\x4\"", "g:1:13: 2 hexadecimal digits"},
    {"root ::= [\\uD800]", "is no character"},
    {"root ::= [b-a]", "g:1:11: this range has no characters"},
    {"root ::= []", "no character is in this class"},
    {"root ::= [^\\x00-\\U0010FFFF]", "no character is in this class"},
    {"root ::= \"a\"{3,1}", "at least 3 times, but at most 1"},
    {"root ::= \"a\"{x}", "a repetition is {m}"},
    {"root ::= (\"a\"", "\")\" expected"},
    {"root ::= \"a\" )", "or the end of the line expected"},
    {"root ::= <think>", "tokens by name"},
    {"root ::= \"\xFF\"", "this is not UTF-8"},
    {"root ::= root \"a\" | \"b\"", "\"root\" can begin with itself"},
    {"root ::= a\na ::= \"x\"? b\nb ::= a \"y\" | \"z\"", "can begin with itself"},
    {"root ::= \"a\" root", "\"root\" has no text that ends"},
    {"root ::= \"a\" | b\nb ::= \"b\" b", "\"b\" has no text that ends"},
    {"root ::= \"a\"{1000000}", "too large"},
    {"root ::= ((((\"a\"{99}){99}){99}){99}){99}", "too large"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = {0};
        assert_null(gbnf_read(wrong[i].grammar, strlen(wrong[i].grammar), "g", &err));
        if (!strstr(err.text, wrong[i].message))
            fail_msg("%s: \"%s\" expected, but: %s", wrong[i].grammar, wrong[i].message, err.text);
        assert_int_equal(err.code, EX_DATAERR);
    }
}

/* Neither deep nesting nor size takes the stack, much memory or time. */
static void test_hostile(void **state)
{
    (void)state;
    enum { N = 200000 };
    struct buf deep = {0}, wide = {0};
    struct error err;
    buf_puts(&deep, "root ::= ");
    buf_puts(&wide, "root ::= ");
    for (int i = 0; i < N; i++) {
        buf_puts(&deep, "(");
        buf_puts(&wide, "\"\" ");
    }
    assert_null(gbnf_read(deep.data, deep.len, "g", &err));
    assert_non_null(strstr(err.text, "inside of each other"));
    assert_null(gbnf_read(wide.data, wide.len, "g", &err));
    assert_non_null(strstr(err.text, "too large"));
    buf_free(&deep);
    buf_free(&wide);
}

/* 2^30 ways to begin: the recogniser stops, and says so. */
static void test_ambiguous(void **state)
{
    (void)state;
    struct buf text = {0};
    struct recogniser r;
    buf_puts(&text, "root ::= r0\n");
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "r%d ::= r%d \"x\" | r%d \"y\"\n", i, i + 1, i + 1);
    buf_puts(&text, "r30 ::= \"z\"\n");
    struct grammar *g = grammar_of(text.data);
    recogniser_init(&r, g);
    recogniser_start(&r);
    assert_true(r.overflow);
    recogniser_free(&r);
    grammar_free(g);
    buf_free(&text);
}

/* A state that is all that is kept goes on as before. */
static void test_compact(void **state)
{
    (void)state;
    struct grammar *g = grammar_of("root ::= \"(\" root \")\" | \"\"");
    struct recogniser r;
    recogniser_init(&r, g);
    uint32_t at = recogniser_start(&r);
    for (int i = 0; i < 1000; i++) {
        at = recogniser_step(&r, at, '(');
        if (i % 100 == 50)
            at = recogniser_compact(&r, at);
    }
    for (int i = 0; i < 1000; i++) {
        assert_false(r.states[at].may_end);
        at = recogniser_step(&r, at, ')');
        if (i % 100 == 50)
            at = recogniser_compact(&r, at);
    }
    assert_true(r.states[at].may_end);
    assert_int_equal(recogniser_step(&r, at, ')'), STATE_DEAD);
    recogniser_free(&r);
    grammar_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_hostile),   cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
