/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test.h"
#include "transcript.h"

static void expect_rows(const char *text, int width, const char *const *rows, size_t n)
{
    struct rows r = {0};
    rows_update(&r, text, strlen(text), 0, width);
    for (size_t i = 0; i < r.n && i < n; i++) {
        char *row = xstrndup(text + r.rows[i].start, r.rows[i].shown);
        assert_string_equal(row, rows[i]);
        free(row);
    }
    assert_int_equal(r.n, n);
    rows_free(&r);
}
#define ROWS(text, width, ...) do { \
        const char *const rows_[] = {__VA_ARGS__}; \
        expect_rows(text, width, rows_, sizeof rows_ / sizeof *rows_); \
    } while (0)

static void test_words_wrap_by_cells(void **state)
{
    (void)state;
    ROWS("", 10, "");
    ROWS("one two three", 7, "one two", "three");
    ROWS("one two three", 8, "one two", "three");
    ROWS("abcdefghij", 4, "abcd", "efgh", "ij");
    ROWS("a abcdefghij", 4, "a", "abcd", "efgh", "ij");
    ROWS("a\n\nb\n", 4, "a", "", "b", "");
    ROWS("word \nx", 4, "word", "x"); /* the blank that hangs over takes the newline along */
    ROWS("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 5, "\xe4\xb8\xad\xe6\x96\x87", "\xe5\xad\x97");
    ROWS("\xe4\xb8\xad\xe6\x96\x87\xe3\x80\x82", 4, "\xe4\xb8\xad", "\xe6\x96\x87\xe3\x80\x82");
    ROWS("a\tb", 9, "a\tb");
    ROWS("a\tb", 8, "a", "b");
    ROWS("\xe4\xb8\xad\xe6\x96\x87", 1, "\xe4\xb8\xad", "\xe6\x96\x87"); /* wider than the row */
}

static void fill(struct transcript *t, int n)
{
    transcript_init(t);
    transcript_resize(t, 10, 5);
    for (int i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof text, "item %d", i);
        transcript_add(t, i % 2 ? ITEM_ANSWER : ITEM_USER, text, strlen(text));
    }
}

static void shows(struct transcript *t, const char *wanted)
{
    struct shown_row rows[64];
    int n = transcript_rows(t, rows);
    struct buf got = {0};
    for (int i = 0; i < n; i++)
        buf_printf(&got, "%s%.*s|", rows[i].first ? ">" : "", (int)rows[i].n,
                   rows[i].n ? rows[i].text : "");
    assert_string_equal(got.data, wanted);
    buf_free(&got);
}

static void test_it_follows_the_end_until_the_reader_scrolls(void **state)
{
    (void)state;
    struct transcript t;
    fill(&t, 4);
    shows(&t, ">item 1||>item 2||>item 3|");
    transcript_append(&t, " and more", 9);
    shows(&t, "|>item 2||>item 3 and|more|");
    transcript_scroll(&t, -1);
    shows(&t, ">item 1||>item 2||>item 3 and|");
    assert_false(t.unseen);
    transcript_append(&t, "\nnew\nrows", 9);
    shows(&t, ">item 1||>item 2||>item 3 and|");
    assert_true(t.unseen);
    transcript_scroll(&t, 1);
    shows(&t, "|>item 2||>item 3 and|more|");
    assert_false(t.follow);
    transcript_scroll(&t, 100);
    assert_true(t.follow);
    assert_false(t.unseen);
    shows(&t, "|>item 3 and|more|new|rows|");
    transcript_top(&t);
    shows(&t, ">item 0||>item 1||>item 2|");
    transcript_scroll(&t, -100);
    shows(&t, ">item 0||>item 1||>item 2|");
    transcript_free(&t);
}

static void test_resize_keeps_the_text_at_the_top(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 10, 3);
    const char *text = "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj";
    transcript_add(&t, ITEM_ANSWER, text, strlen(text));
    transcript_top(&t);
    transcript_scroll(&t, 2);
    shows(&t, "eeee ffff|gggg hhhh|iiii jjjj|");
    transcript_scroll(&t, -1);
    shows(&t, "cccc dddd|eeee ffff|gggg hhhh|");
    transcript_resize(&t, 4, 3);
    shows(&t, "cccc|dddd|eeee|");
    transcript_resize(&t, 1, 1);
    transcript_resize(&t, 10, 3);
    shows(&t, "cccc dddd|eeee ffff|gggg hhhh|");
    transcript_free(&t);
}

static void test_text_passes_the_sanitiser_and_marks_follow(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 40, 9);
    transcript_add(&t, ITEM_ANSWER, "a\033", 2);
    transcript_append(&t, "[2J\xc2", 4);
    transcript_append(&t, "\x9b!\n\n", 4);
    transcript_finish(&t, "[stopped]");
    struct shown_row rows[64];
    int n = transcript_rows(&t, rows);
    assert_int_equal(n, 2); /* newlines at the end are not shown */
    assert_memory_equal(rows[0].text, "a^[[2J\\x9b!", rows[0].n);
    assert_true(rows[1].mark);
    assert_memory_equal(rows[1].text, "[stopped]", 9);
    transcript_free(&t);
}

/* A million tokens in one paragraph and one cluster after another: linear, or this takes hours. */
static void test_streaming_is_linear(void **state)
{
    (void)state;
    struct transcript t;
    struct shown_row rows[64];
    transcript_init(&t);
    transcript_resize(&t, 80, 20);
    transcript_add(&t, ITEM_ANSWER, "", 0);
    for (int i = 0; i < 200000; i++) {
        static const char *const pieces[] = {"word ", "\xe4\xb8\xad", "x", "\xcc\x81"};
        const char *piece = pieces[i < 100000 ? i % 3 : 2 + (i & 1)];
        transcript_append(&t, piece, strlen(piece));
        if (i % 8 == 0)
            transcript_rows(&t, rows);
    }
    assert_int_equal(transcript_rows(&t, rows), 20);
    transcript_free(&t);
}

static void test_streamed_rows_equal_rows_at_once(void **state)
{
    (void)state;
    uint32_t random = 3;
    for (int round = 0; round < 300; round++) {
        struct transcript t;
        struct shown_row rows[64];
        transcript_init(&t);
        transcript_resize(&t, 1 + round % 12, 4);
        transcript_add(&t, ITEM_ANSWER, "", 0);
        for (int i = 0; i < 60; i++) {
            static const char *const pieces[] = {"a", "bc", " ", "  ", "\n", "\xe4\xb8\xad", "\xcc\x81",
                                                 "\t"};
            random = random * 1664525 + 1013904223;
            const char *piece = pieces[random >> 29];
            transcript_append(&t, piece, strlen(piece));
            transcript_rows(&t, rows);
        }
        transcript_finish(&t, NULL);
        transcript_rows(&t, rows);
        const struct item *item = &t.items[0];
        struct rows anew = {0};
        size_t n = item->text.len;
        while (n && item->text.data[n - 1] == '\n')
            n--;
        rows_update(&anew, item->text.data, n, 0, t.width);
        assert_int_equal(anew.n, item->rows.n);
        for (size_t r = 0; r < anew.n; r++)
            assert_memory_equal(&anew.rows[r], &item->rows.rows[r], sizeof anew.rows[r]);
        rows_free(&anew);
        transcript_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_wrap_by_cells),
        cmocka_unit_test(test_it_follows_the_end_until_the_reader_scrolls),
        cmocka_unit_test(test_resize_keeps_the_text_at_the_top),
        cmocka_unit_test(test_text_passes_the_sanitiser_and_marks_follow),
        cmocka_unit_test(test_streaming_is_linear),
        cmocka_unit_test(test_streamed_rows_equal_rows_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
