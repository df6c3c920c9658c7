/* SPDX-License-Identifier: MIT
 *
 * vi's keys where bash's vi mode has no say (readline.py compares the rest): lines, undo, '.'
 */
#include <string.h>
#include <time.h>

#include "editor.h"
#include "keys.h"
#include "test.h"
#include "vi.h"

/* '\033' is Esc, '\022' Ctrl-R, '\n' a line end. */
static void press(struct editor *e, const char *keys)
{
    for (; *keys; keys++) {
        int32_t key = *keys == '\033'   ? K_ESC
                      : *keys == '\022' ? K_CTRL | 'r'
                      : *keys == '\n'   ? K_CTRL | 'j'
                                        : *keys;
        if (vi_key(e, key))
            continue;
        if (key == (K_CTRL | 'j'))
            editor_act(e, ACT_NEWLINE);
        else if (key >= ' ' && key < K_NONE)
            editor_type(e, key);
    }
}

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *text;
        size_t caret;
    } cases[] = {
        /* lines */
        {"a\nb\nc\033kdd", "a\nc", 2},
        {"a\nb\nc\033dd", "a\nb", 2},
        {"a\nb\nc\033dkp", "a\nb\nc", 2},
        {"a\nb\nc\033ggddp", "b\na\nc", 2},
        {"a\nb\nc\033ggddGp", "b\nc\na", 4},
        {"a\nb\nc\033ggyyP", "a\na\nb\nc", 0},
        {"a\nb\nc\033gg2ddp", "c\na\nb", 2},
        {"a\nb\nc\033ggdGix", "x", 1},
        {"one\n  two\033ggjccnew\033", "one\nnew", 6},
        {"one\n  two\033^ix", "one\n  xtwo", 7},
        {"one\n  two\0330ix\033", "one\nx  two", 4},
        {"one\ntwo\033ggonew\033", "one\nnew\ntwo", 6},
        {"one\ntwo\033Onew\033", "one\nnew\ntwo", 6},
        {"one two\nthree\033ggwdwix", "onex \nthree", 4}, /* dw leaves the line end */
        {"one\ntwo\033gg$lllx", "on\ntwo", 1},            /* not beyond the line */
        {"a\n\nb\033kddix", "a\nxb", 3},
        {"yank\033yyp", "yank\nyank", 5},
        /* undo: an insertion is one unit, with the command that began it */
        {"one two\033u", "", 0},
        {"one two\0330cwthree four\033u", "one two", 0},
        {"one two\0330dwu", "one two", 0},
        {"one\033oa\nb\nc\033u", "one", 2},
        {"one two\0330dwdwuu", "one two", 0},
        {"one two\0330dwdwuu\022", "two", 0},
        {"one two\0330dwdwuu2\022", "", 0},
        /* '.' */
        {"one two three\0330cwx\033w.w.", "x x x", 4},
        {"a b c d\0330dw..", "d", 0},
        {"a b c d\0330xl.l.", "   d", 2},
        {"one\033Ax\033..", "onexxx", 5},
        {"one\nx\033oy\nz\033.", "one\nx\ny\nz\ny\nz", 12},
        {"abcdef\0330fc;rX0.", "XbXdef", 0},
        /* what means nothing is not typed */
        {"one\033QZqmK", "one", 2},
        {"one\033dQx", "on", 1},
        {"one\0332\033x", "on", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct editor e = {.vi.on = true};
        press(&e, cases[i].keys);
        if (strcmp(e.text.data ? e.text.data : "", cases[i].text) != 0 || e.caret != cases[i].caret)
            print_error("keys %s: \"%s\" %zu, expected \"%s\" %zu\n", cases[i].keys,
                        e.text.data ? e.text.data : "", e.caret, cases[i].text, cases[i].caret);
        assert_string_equal(e.text.data ? e.text.data : "", cases[i].text);
        assert_int_equal(e.caret, cases[i].caret);
        editor_free(&e);
    }
}

static void test_esc_goes_further_only_from_normal_mode(void **state)
{
    (void)state;
    struct editor e = {.vi.on = true};
    assert_true(vi_key(&e, K_ESC));  /* insert -> normal */
    assert_false(vi_key(&e, K_ESC)); /* stops the answer */
    assert_true(vi_key(&e, 'd'));
    assert_true(vi_key(&e, K_ESC)); /* the operator is off */
    assert_false(vi_key(&e, K_ENTER));
    assert_false(vi_key(&e, K_TAB));
    assert_false(vi_key(&e, K_F1));
    editor_clear(&e); /* sent: the next text begins in insert mode */
    assert_false(e.vi.normal);
    e.vi.on = false;
    assert_false(vi_key(&e, K_ESC));
    editor_free(&e);
}

/* Random keys: the caret stays at the edge of a character and, in normal mode, on one; a text
 * undone to its beginning and redone is the text. */
static void test_random_keys_keep_the_order(void **state)
{
    (void)state;
    static const char keys[] =
        "hjklwbeWBE0^$xXDCdcyypPiaIAoOur~fFtT;,.123G g\033\033\033\033\nab \xc3";
    uint32_t random = 5;
    struct editor e = {.vi.on = true};
    for (int i = 0; i < 60000; i++) {
        random = random * 1664525 + 1013904223;
        char key = keys[(random >> 16) % (sizeof keys - 1)];
        if (key == '\xc3') {
            if (!vi_key(&e, 0x4e2d))
                editor_type(&e, 0x4e2d);
        } else {
            press(&e, (char[]){key, '\0'});
        }
        assert_true(e.caret <= e.text.len);
        assert_true(e.caret == e.text.len || ((unsigned char)e.text.data[e.caret] & 0xc0) != 0x80);
        if (e.text.len > 3000)
            editor_clear(&e);
        if (e.vi.normal && !e.vi.op && e.caret < e.text.len && e.text.data[e.caret] == '\n')
            assert_true(e.caret == 0 || e.text.data[e.caret - 1] == '\n');
    }
    editor_free(&e);
}

static double ms_since(clock_t before)
{
    return (double)(clock() - before) * 1000 / CLOCKS_PER_SEC;
}

/* What is repeated so often may become long, but soon: keys wait for it. */
static void test_large_counts_take_no_time(void **state)
{
    static const char *const commands[] = {"9999.",  "9999p", "9999~", "9999u",
                                           "d9999w", "9999J", "9999x", "9999ia\033"};
    (void)state;
    struct editor e = {.vi.on = true};
    clock_t before = clock(); /* CPU time: others may keep the machine busy */
    press(&e, "\033i");
    for (int i = 0; i < 400; i++)
        press(&e, "a b ");
    press(&e, "\0330dwP");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        press(&e, commands[i]);
    if (getenv("QINS_TIMES"))
        printf("%.0f ms\n", ms_since(before));
    assert_true(ms_since(before) < 6000); /* 200; 32,000 once, and more with sanitisers */
    editor_free(&e);
}

/* Nor in the longest text: what would not fit is refused at once, what is repeated ends. */
static void test_large_counts_in_a_long_text(void **state)
{
    static const char *const commands[] = {"0p",    "9999p", "0ia b\033", "9999.",
                                           "9999~", "9999P", "yy99999p",  "0x9999."};
    struct buf long_text = {0};
    (void)state;
    struct editor e = {.vi.on = true};
    while (long_text.len < EDITOR_MAX_BYTES - 1000)
        buf_puts(&long_text, "word ");
    editor_set(&e, long_text.data, long_text.len);
    press(&e, "\0330y50w");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        clock_t before = clock();
        e.full = false;
        press(&e, commands[i]);
        if (getenv("QINS_TIMES"))
            printf("%s: %.0f ms\n", commands[i], ms_since(before));
        assert_true(ms_since(before) < 6000); /* 200; more with sanitisers */
        assert_true(e.vi.normal && e.text.len <= EDITOR_MAX_BYTES);
        assert_true(!strchr("pP.", commands[i][strlen(commands[i]) - 1]) || i == 0 || e.full);
    }
    buf_free(&long_text);
    editor_free(&e);
}

/* '~' swaps letters with their marks in place, and can be undone as one. */
static void test_swapped_case(void **state)
{
    static const char text[] = "aB\xc3\xa4 e\xcc\x81!";
    (void)state;
    struct editor e = {.vi.on = true};
    editor_insert(&e, text, sizeof text - 1);
    press(&e, "\03309~");
    assert_memory_equal(e.text.data, "Ab\xc3\x84 E\xcc\x81!", e.text.len);
    press(&e, "u");
    assert_memory_equal(e.text.data, text, sizeof text - 1);
    editor_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_esc_goes_further_only_from_normal_mode),
        cmocka_unit_test(test_random_keys_keep_the_order),
        cmocka_unit_test(test_large_counts_take_no_time),
        cmocka_unit_test(test_large_counts_in_a_long_text),
        cmocka_unit_test(test_swapped_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
