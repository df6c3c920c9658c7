/* SPDX-License-Identifier: MIT
 *
 * pages of the program's own text: what is too long goes on under its column
 */
#include <string.h>

#include "page.h"
#include "test.h"

static void shows(const char *text, int width, const char *expected)
{
    struct look_of_text look = {.width = width};
    struct layout layout = {0};
    struct buf out = {0};
    page_layout(&layout, &look, text, strlen(text));
    for (size_t i = 0; i < layout.n; i++)
        buf_printf(&out, "%.*s|\n", (int)layout.lines[i].n,
                   layout.drawn.text.data + layout.lines[i].start);
    assert_string_equal(out.data, expected);
    layout_free(&layout);
    buf_free(&out);
}

static void test_a_column_stays_one(void **state)
{
    (void)state;
    shows("Everywhere\n"
          "  Esc     stop the answer; close\n"
          "  F1, ?   help",
          24,
          "Everywhere|\n"
          "  Esc     stop the|\n"
          "          answer; close|\n"
          "  F1, ?   help|\n");
    /* The last of three columns. */
    shows("  top_p  default  0.9 and some more words", 36,
          "  top_p  default  0.9 and some more|\n"
          "                  words|\n");
}

static void test_a_narrow_screen(void **state)
{
    (void)state;
    shows("  Ctrl-J, Alt-Enter  new line, not sent", 20, /* the column would leave one cell */
          "  Ctrl-J, Alt-Enter |\n"
          "      new line, not|\n"
          "      sent|\n");
    shows("  a  b c", 3,
          "  a|\n"
          " b|\n"
          "c|\n");
}

static void test_other_lines(void **state)
{
    (void)state;
    shows("one two three\n\n  four five six", 9,
          "one two|\n"
          "three|\n"
          "|\n"
          "  four|\n"
          "  five|\n"
          "  six|\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_column_stays_one),
        cmocka_unit_test(test_a_narrow_screen),
        cmocka_unit_test(test_other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
