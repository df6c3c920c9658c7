/* SPDX-License-Identifier: MIT
 *
 * What becomes of marks in what curses writes. Sequences as the description of OSC 8 has them; the
 * program on a terminal is links.py.
 */
#include <locale.h>
#include <string.h>

#include "hyperlinks.h"
#include "test.h"
#include "utf8.h"

/* A cell as curses writes it. */
static void put_cell(const struct hyperlinks *h, const char *text, int number, int column,
                     struct buf *out)
{
    wchar_t marks[HYPERLINK_MARKS];
    char bytes[4];
    buf_puts(out, text);
    if (!number)
        return;
    hyperlinks_mark(h, number, column, marks);
    for (int i = 0; i < HYPERLINK_MARKS; i++)
        buf_append(out, bytes, utf8_encode((int32_t)marks[i], bytes));
}

static void expect(const struct hyperlinks *h, struct buf *in, const char *wanted)
{
    struct buf out = {0};
    buf_puts(&out, "");
    hyperlinks_write(h, in->data, in->len, &out);
    assert_string_equal(out.data, wanted);
    buf_free(&out);
    in->len = 0;
}

#define A "\033]8;id=q1;http://a.example\033\\"
#define B "\033]8;id=q2;http://b.example\033\\"
#define END "\033]8;;\033\\"

static void check_writing(struct hyperlinks *h)
{
    struct buf in = {0};
    const int a = hyperlinks_add(h, "http://a.example", 1);
    const int b = hyperlinks_add(h, "http://b.example", 2);
    buf_puts(&in, "\033[2;3Hplain 字é\r\n");
    expect(h, &in, "\033[2;3Hplain 字é\r\n");
    put_cell(h, "x", 0, 0, &in);
    put_cell(h, "字", a, 1, &in);
    put_cell(h, "e\xcc\x81", a, 3, &in);
    put_cell(h, " ", a, 4, &in);
    put_cell(h, "b", b, 5, &in);
    put_cell(h, "y", 0, 6, &in);
    expect(h, &in, "x" A "字e\xcc\x81 " B "b" END "y");
    put_cell(h, "a", a, 0, &in);
    buf_puts(&in, "\033[1;4m"); /* colours do not end it, moves and what erases do */
    put_cell(h, "a", a, 1, &in);
    buf_puts(&in, "\033[K");
    put_cell(h, "a", a, 0, &in);
    buf_puts(&in, "\n");
    put_cell(h, "a", a, 0, &in);
    buf_puts(&in, "\033(B\0337");
    put_cell(h, "b", b, 0, &in);
    expect(h, &in, A "a\033[1;4ma" END "\033[K" A "a" END "\n" A "a" END "\033(B\0337" B "b" END);
    buf_puts(&in, "\033[");
    expect(h, &in, "\033[");
    buf_free(&in);
    hyperlinks_free(h);
}

static void test_writing(void **state)
{
    (void)state;
    struct hyperlinks h = {0};
    assert_true(hyperlinks_open(&h, wcwidth));
    check_writing(&h);
    h = (struct hyperlinks){.first_mark = 0xfe00, .n_marks = 16, .n = 128}; /* older libraries */
    check_writing(&h);
}

/* Each link and column parity has marks of its own, and they are read as the same link. */
static void check_marks(struct hyperlinks *h)
{
    struct buf in = {0}, wanted = {0}, before = {0};
    char url[40];
    for (int i = 0; i < h->n; i++) {
        snprintf(url, sizeof url, "http://%d.example", i);
        assert_int_equal(hyperlinks_add(h, url, (uint32_t)i), i + 1);
        put_cell(h, "x", i + 1, 0, &in);
        hyperlink_begin(url, (uint32_t)i, &wanted);
        buf_puts(&wanted, "xx" END);
        put_cell(h, "x", i + 1, 1, &before);
        assert_int_equal(in.len, before.len);
        assert_memory_not_equal(in.data, before.data, in.len);
        buf_append(&in, before.data, before.len);
        expect(h, &in, wanted.data);
        before.len = wanted.len = 0;
    }
    assert_int_equal(hyperlinks_add(h, "http://more.example", 0), 0);
    buf_free(&in);
    buf_free(&wanted);
    buf_free(&before);
    hyperlinks_free(h);
}

static void test_marks(void **state)
{
    (void)state;
    struct hyperlinks h = {0};
    assert_true(hyperlinks_open(&h, wcwidth));
    check_marks(&h);
    h = (struct hyperlinks){.first_mark = 0xfe00, .n_marks = 16, .n = 128};
    check_marks(&h);
}

/* A number is given to another link only when the terminal has no cell of the first any more. */
static void test_numbers_are_used_again(void **state)
{
    (void)state;
    struct hyperlinks h = {.first_mark = 0xfe00, .n_marks = 16, .n = 2};
    assert_int_equal(hyperlinks_add(&h, "http://a.example", 1), 1);
    assert_int_equal(hyperlinks_add(&h, "http://a.example", 1), 1);
    assert_int_equal(hyperlinks_add(&h, "http://a.example", 2), 2); /* the same target elsewhere */
    assert_int_equal(hyperlinks_add(&h, "http://b.example", 1), 0);
    hyperlinks_shown(&h);
    hyperlinks_erase(&h);
    assert_int_equal(hyperlinks_add(&h, "http://b.example", 1), 0);
    assert_int_equal(hyperlinks_add(&h, "http://a.example", 2), 2);
    hyperlinks_shown(&h);
    hyperlinks_erase(&h);
    assert_int_equal(hyperlinks_add(&h, "http://b.example", 1), 1);
    hyperlinks_erase(&h); /* a frame that was not shown */
    assert_int_equal(hyperlinks_add(&h, "http://c.example", 1), 1);
    hyperlinks_free(&h);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_numbers_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
