/* SPDX-License-Identifier: MIT
 *
 * picker: filter, selection, scrolling, questions, columns
 */
#include <string.h>

#include "keys.h"
#include "picker.h"
#include "test.h"

static void fill(struct picker *p, int n)
{
    char title[32];
    for (int i = 0; i < n; i++) {
        snprintf(title, sizeof title, "item %d", i);
        struct picker_item *item = picker_add(p, i, title, strlen(title));
        picker_text(&item->columns[1], i % 2 ? "odd" : "even");
    }
    picker_ready(p);
}

static enum picker_result type(struct picker *p, const char *text)
{
    enum picker_result r = PICKER_HANDLED;
    for (; *text; text++)
        r = picker_key(p, *text);
    return r;
}

static void test_words_filter(void **state)
{
    (void)state;
    struct picker p;
    picker_init(&p, "Items", "none");
    fill(&p, 20);
    assert_int_equal(p.n_shown, 20);
    assert_int_equal(type(&p, "ITEM 1 odd"), PICKER_FILTERED);
    assert_int_equal(p.n_shown, 6); /* 1 11 13 15 17 19 */
    assert_int_equal(picker_selected(&p)->key, 1);
    type(&p, "x");
    assert_null(picker_selected(&p));
    assert_int_equal(picker_key(&p, K_ENTER), PICKER_HANDLED);
    picker_key(&p, K_BACKSPACE);
    assert_int_equal(p.n_shown, 6);
    picker_key(&p, K_CTRL | 'w');
    assert_string_equal(p.filter.data, "ITEM 1 ");
    picker_key(&p, K_CTRL | 'u');
    assert_int_equal(p.n_shown, 20);
    assert_int_equal(picker_key(&p, K_CTRL | 'u'), PICKER_FILTERED); /* nothing left to erase */
    assert_int_equal(picker_key(&p, K_ESC), PICKER_CLOSED);
    assert_int_equal(picker_key(&p, K_CTRL | 'r'), PICKER_OTHER);
    picker_free(&p);
}

static void test_the_selected_item_is_always_shown(void **state)
{
    (void)state;
    static const int32_t keys[] = {K_DOWN, K_PAGE_DOWN, K_END, K_UP, K_PAGE_UP, K_HOME, K_DOWN};
    struct picker p;
    struct picker_row rows[40];
    picker_init(&p, "Items", "none");
    fill(&p, 50);
    picker_text(&p.items[7].detail, "below");
    picker_text(&p.items[49].detail, "below");
    for (int height = 1; height < 40; height++) {
        for (int k = 0; k < 7 * 40; k++) {
            picker_key(&p, keys[k % 7 ? k * 5 % 7 : k % 7]);
            picker_scroll(&p, height);
            int n = picker_rows(&p, height, rows), seen = 0;
            assert_true(n <= height);
            for (int i = 0; i < n; i++)
                seen += rows[i].selected && !rows[i].detail;
            assert_int_equal(seen, 1);
        }
    }
    picker_free(&p);
}

static void test_texts_are_sanitised(void **state)
{
    (void)state;
    struct picker p;
    picker_init(&p, "Items", "none");
    struct picker_item *item = picker_add(&p, 1, "a\033[2J\nb", 7);
    picker_text(&item->detail, "x\ry");
    picker_ready(&p);
    assert_string_equal(p.items[0].columns[0], "a^[[2J^Jb");
    assert_string_equal(p.items[0].detail, "x^My");
    picker_free(&p);
}

static void test_questions(void **state)
{
    (void)state;
    struct picker p;
    picker_init(&p, "Items", "none");
    fill(&p, 3);
    picker_ask(&p, "Delete?", NULL);
    assert_int_equal(picker_key(&p, 'n'), PICKER_HANDLED);
    assert_null(p.question);
    picker_ask(&p, "Delete?", NULL);
    assert_int_equal(picker_key(&p, 'y'), PICKER_ANSWERED);
    picker_ask(&p, "Name:", "old");
    picker_key(&p, K_BACKSPACE);
    picker_key(&p, 0xe9);
    assert_int_equal(picker_key(&p, K_ENTER), PICKER_ANSWERED);
    assert_string_equal(p.answer.data, "ol\xc3\xa9");
    picker_ask(&p, "Name:", "old");
    assert_int_equal(picker_key(&p, K_ESC), PICKER_HANDLED);
    assert_null(p.question);
    assert_int_equal(p.filter.len, 0);
    picker_free(&p);
}

static void test_columns_fit(void **state)
{
    (void)state;
    struct picker p;
    struct picker_column c[PICKER_COLUMNS];
    picker_init(&p, "Items", "none");
    struct picker_item *item = picker_add(&p, 1, "title", 5);
    picker_text(&item->columns[1], "yesterday");
    picker_text(&item->columns[2], "\xe6\xbc\xa2\xe5\xad\x97"); /* four cells */
    picker_ready(&p);
    for (int width = 0; width < 200; width++) {
        picker_layout(&p, width, c);
        int end = 0;
        for (int i = 0; i < PICKER_COLUMNS; i++) {
            assert_true(c[i].cells == 0 || c[i].at >= end);
            if (c[i].cells)
                end = c[i].at + c[i].cells;
        }
        assert_true(end <= width);
        assert_int_equal(c[1].cells, width >= 24 + 11 ? 9 : 0);
        assert_int_equal(c[3].cells, 0);
    }
    assert_int_equal(c[2].cells, 4);
    picker_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_filter),
        cmocka_unit_test(test_the_selected_item_is_always_shown),
        cmocka_unit_test(test_texts_are_sanitised),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_columns_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
