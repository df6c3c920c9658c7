/* SPDX-License-Identifier: MIT
 *
 * Rows of text that comes in pieces.
 */
#include <string.h>

#include "flow.h"
#include "test.h"
#include "utf8.h"

/* Blanks at the ends of rows are not seen. */
static void trim_rows(struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->len; i++) {
        while (b->data[i] == '\n' && n && b->data[n - 1] == ' ')
            n--;
        b->data[n++] = b->data[i];
    }
    b->len = n;
    b->data[n] = '\0';
}

static void expect(int width, int line_indent, const char *const *pieces, const char *wanted)
{
    struct flow f = {.line_indent = line_indent};
    struct buf out = {0};
    for (; *pieces; pieces++)
        flow_text(&f, width, *pieces, strlen(*pieces), &out);
    trim_rows(&out);
    assert_string_equal(out.data, wanted);
    flow_free(&f);
    buf_free(&out);
}
#define FLOW(width, line_indent, wanted, ...)                                                      \
    expect(width, line_indent, (const char *const[]){__VA_ARGS__, NULL}, wanted)

static void test_rows_end_between_words(void **state)
{
    (void)state;
    FLOW(9, 0, "one two\n  three\n  four", "one two three four");
    FLOW(9, 2, "A: one\n  two\n  x", "A: ", "one two", "\nx");
    FLOW(9, 0, "one\n\ntwo\n", "one\n\ntwo\n");
    FLOW(9, 2, "one\n\n  two\n", "one\n\ntwo\n"); /* no blanks where there is no text */
    FLOW(9, 2, "123456789\n  x", "123456789\nx"); /* a full row is one row */
    FLOW(9, 0, "123456789\n  a123456\n  789", "123456789a123456789");
    FLOW(12, 0, "a       b ab\n  c", "a\tb a", "b\tc"); /* tab stops of the row */
    FLOW(3, 0, "a b\n  c", "a b c");
    FLOW(8, 0, "\n\n  x", "\t\t\tx"); /* a row on has no room for a whole tab */
    FLOW(1, 0, "a\n  b", "a b");      /* no room: one at least */
}

static void test_wide_letters_go_where_they_fit(void **state)
{
    (void)state;
    FLOW(7, 0, "\u4e2d\u6587\u5b57\n  \u7b26", "\u4e2d\u6587\u5b57\u7b26");
    FLOW(6, 0, "\u4e2d\u6587\n  \u5b57\u3002",
         "\u4e2d\u6587\u5b57\u3002"); /* a full stop keeps its letter */
}

/* What is out cannot be taken back: a word that turns out to be too long is cut there. */
static void test_a_word_that_is_out_stays(void **state)
{
    (void)state;
    FLOW(9, 0, "one two\n  wwwww\n  end", "one two", "wwwww end");
    FLOW(9, 0, "one two\n  three", "one two ", "three");
}

/* Cut anywhere between words, the rows are the same, and none is wider than the terminal. */
static void test_pieces_do_not_matter(void **state)
{
    static const char *const words[] = {
        "a ", "word ", "longer words ", "\u4e2d\u6587 ", "a\u0301 ", "\n", "\t", "x  "};
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 500; round++) {
        int width = 14 + round % 60;
        struct flow at_once = {.line_indent = 2}, pieces = {.line_indent = 2};
        struct buf text = {0}, a = {0}, b = {0};
        for (int i = 0; i < 100; i++) {
            random = random * 1664525 + 1013904223;
            const char *word = words[(random >> 20) % (sizeof words / sizeof *words)];
            buf_puts(&text, word);
            flow_text(&pieces, width, word, strlen(word), &b);
        }
        flow_text(&at_once, width, text.data, text.len, &a);
        trim_rows(&a);
        trim_rows(&b);
        assert_string_equal(a.data, b.data);
        for (char *rest = a.data, *row; (row = strsep(&rest, "\n"));)
            assert_in_range(utf8_width(row, strlen(row)), 0, width);
        flow_free(&at_once);
        flow_free(&pieces);
        buf_free(&text);
        buf_free(&a);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_end_between_words),
        cmocka_unit_test(test_wide_letters_go_where_they_fit),
        cmocka_unit_test(test_a_word_that_is_out_stays),
        cmocka_unit_test(test_pieces_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
