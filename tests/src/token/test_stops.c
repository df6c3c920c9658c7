/* SPDX-License-Identifier: MIT */
#include "stops.h"
#include "test.h"

static struct stops list(const char *text)
{
    struct stops s;
    if (!stops_parse(&s, text))
        fail_msg("not taken: %s", text);
    return s;
}

/* What comes out of a text that arrives in pieces of `piece` bytes; -> stopped? */
static bool run(const struct stops *stops, const char *text, size_t piece, struct buf *out)
{
    struct stopper s = {.stops = *stops};
    size_t n = strlen(text);
    bool stopped = false;
    for (size_t at = 0; at < n && !stopped; at += piece)
        stopped = stopper_push(&s, text + at, piece < n - at ? piece : n - at, out);
    if (!stopped)
        stopper_end(&s, out);
    assert_int_equal(s.n_passed, out->len);
    stopper_free(&s);
    return stopped;
}

/* Expected: what stands before the stop text that is complete first. */
static void test_texts_in_pieces_of_all_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *stops, *text, *out;
        bool stopped;
    } cases[] = {
        {"", "abc", "abc", false},
        {"b", "abc", "a", true},
        {"abc", "ababc", "ab", true},
        {"abc", "ababd", "ababd", false},
        {"abc", "ab", "ab", false}, /* held to the end, then it is text */
        {"a", "aaa", "", true},
        {"aab", "aaab", "a", true}, /* begins anew inside of itself */
        {"[\"abcd\", \"bc\"]", "xabcd", "xa", true},
        {"[\"bcd\", \"abcd\"]", "xabcd", "x", true}, /* both end here: the longer one */
        {"[\"\\n\\n\", \"User:\"]", "Yes.\nUse\n\nUser:", "Yes.\nUse", true},
        {"[\"\xc3\xa9t\"]", "\xc3\xa9\xc3\xa9t\xc3\xa9", "\xc3\xa9", true},
        {"ananas", "anananananas!", "ananan", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stops stops = list(cases[i].stops);
        for (size_t piece = 1; piece <= strlen(cases[i].text); piece++) {
            struct buf out = {0};
            bool stopped = run(&stops, cases[i].text, piece, &out);
            if (stopped != cases[i].stopped || out.len != strlen(cases[i].out) ||
                (out.len && memcmp(out.data, cases[i].out, out.len) != 0))
                fail_msg("%s in %s by %zu: %s", cases[i].stops, cases[i].text, piece, out.data);
            buf_free(&out);
        }
    }
}

/* Nothing is kept back that cannot begin a stop text. */
static void test_no_more_than_needed_is_held(void **state)
{
    (void)state;
    struct stopper s = {.stops = list("[\"###\", \"#x\"]")};
    static const struct {
        const char *text;
        size_t shown;
    } steps[] = {{"a", 1}, {"#", 1}, {"b", 3}, {"##", 3}, {"y", 6}, {"c##", 7}};
    struct buf out = {0};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_false(stopper_push(&s, steps[i].text, strlen(steps[i].text), &out));
        assert_int_equal(out.len, steps[i].shown);
    }
    assert_true(stopper_push(&s, "x", 1, &out));
    assert_string_equal(out.data, "a#b##yc#");
    buf_free(&out);
    stopper_free(&s);
}

static void test_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {"[",      "[]x",  "[1]",           "[\"\"]",
                                      "[null]", "\xff", "[\"\xc0\x80\"]"};
    struct stops s = {0};
    struct buf text = {0};
    char longest[MAX_STOP_BYTES + 2];
    memset(longest, 'a', sizeof longest);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(stops_parse(&s, bad[i]));
    s = (struct stops){0};
    assert_true(stops_add(&s, longest, MAX_STOP_BYTES));
    assert_false(stops_add(&s, longest, MAX_STOP_BYTES + 1));
    s = list("[\"a\\\"b\", \"\\n\"]");
    stops_format(&s, &text);
    assert_string_equal(text.data, "[\"a\\\"b\", \"\\n\"]");
    buf_free(&text);
    assert_int_equal(list("[]").n, 0);
    assert_int_equal(list("").n, 0);
    assert_int_equal(list("a, b").n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_in_pieces_of_all_sizes),
        cmocka_unit_test(test_no_more_than_needed_is_held),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
