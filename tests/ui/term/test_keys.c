/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "keys.h"
#include "test.h"

/* What keys_next makes of bytes, as text: "key " for each key, "<paste>" around pastes. */
static void log_keys(struct keys *k, struct buf *out)
{
    struct input in;
    while (keys_next(k, &in)) {
        if (in.type == INPUT_PASTE_START)
            buf_puts(out, "{");
        else if (in.type == INPUT_PASTE_END)
            buf_puts(out, "} ");
        else if (in.type == INPUT_PASTE)
            buf_append(out, in.text, in.n);
        else if (in.type == INPUT_FOCUS)
            buf_puts(out, in.is_here ? "+ " : "- ");
        else if (in.type == INPUT_KEY)
            buf_printf(out, "%x ", (unsigned)in.key);
    }
}

__attribute__((format(printf, 3, 4))) static void expect(const char *bytes, size_t n,
                                                         const char *format, ...)
{
    char wanted[256];
    va_list args;
    va_start(args, format);
    vsnprintf(wanted, sizeof wanted, format, args);
    va_end(args);
    for (size_t step = n; step >= 1; step = step == 1 ? 0 : 1) { /* at once, byte by byte */
        struct keys k = {0};
        struct buf got = {0};
        buf_puts(&got, "");
        for (size_t i = 0; i < n; i += step) {
            keys_feed(&k, bytes + i, step);
            log_keys(&k, &got);
        }
        assert_string_equal(got.data, wanted);
        buf_free(&got);
        keys_free(&k);
    }
}
#define EXPECT(bytes, ...) expect(bytes, sizeof(bytes) - 1, __VA_ARGS__)

static void test_characters_and_control_keys(void **state)
{
    (void)state;
    EXPECT("a\xc3\xa9\xf0\x9f\x98\x80", "61 e9 1f600 ");
    EXPECT("\x01\x1f\r\n\t\x7f\b", "%x %x %x %x %x %x %x ", K_CTRL | 'a', K_CTRL | '_', K_ENTER,
           K_CTRL | 'j', K_TAB, K_BACKSPACE, K_CTRL | 'h');
    EXPECT("a\xff\xc0\x9b"
           "b",
           "61 62 "); /* invalid bytes are no keys */
    EXPECT("\xc2\x9b"
           "1A",
           "31 41 "); /* nor is a C1 control */
}

static void test_sequences_of_many_terminals(void **state)
{
    (void)state;
    EXPECT("\033[A\033OB\033[1;3C\033[1;5D", "%x %x %x %x ", K_UP, K_DOWN, K_ALT | K_RIGHT,
           K_CTRL | K_LEFT);
    EXPECT("\033[3~\033[5~\033[6~\033[1~\033[4~\033[7~", "%x %x %x %x %x %x ", K_DELETE, K_PAGE_UP,
           K_PAGE_DOWN, K_HOME, K_END, K_HOME);
    EXPECT("\033OP\033[11~\033[[A\033[15~\033[19~", "%x %x %x %x %x ", K_F1, K_F1, K_F1, K_F1 + 4,
           K_F1 + 7);
    EXPECT("\033b\033\x7f\033\r\0331", "%x %x %x %x ", K_ALT | 'b', K_ALT | K_BACKSPACE,
           K_ALT | K_ENTER, K_ALT | '1');
    EXPECT("\033[13;2u\033[27;2;13~\033[97;5u\033[Z", "%x %x %x %x ", K_SHIFT | K_ENTER,
           K_SHIFT | K_ENTER, K_CTRL | 'a', K_SHIFT | K_TAB);
    EXPECT("\033\033[D", "%x ", K_ALT | K_LEFT);
    /* kitty's codes, left on by another program: its specification, "functional key definitions" */
    EXPECT("\033[57399u\033[57409u\033[57414u\033[57417u\033[57426u", "%x %x %x %x %x ", '0', '.',
           K_ENTER, K_LEFT, K_DELETE);
    EXPECT("\033[98;2u\033[98:66;2u\033[49:33;2u\033[98;1:1u", "%x %x %x %x ", 'B', 'B', '!', 'b');
    EXPECT("\033[57441u\033[57358u\033[55296u\033[1114112ux", "78 "); /* Shift alone, Caps Lock */
}

static void test_replies_and_noise_are_swallowed(void **state)
{
    (void)state;
    EXPECT("a\033[?62;1c\033[I\033[O\033[<0;3;4M\033[M !!b", "61 + - 62 ");
    EXPECT("a\033]52;c;AAAA\a\033]11;rgb:0/0/0\033\\\033P1$r0m\033\\b", "61 62 ");
}

static void test_escape_alone_needs_the_time_out(void **state)
{
    (void)state;
    struct keys k = {0};
    struct input in;
    keys_feed(&k, "\033", 1);
    assert_false(keys_next(&k, &in));
    assert_true(keys_waiting(&k));
    keys_timeout(&k);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.key, K_ESC);
    assert_false(keys_waiting(&k));
    keys_feed(&k, "\033[1;", 4); /* a sequence that stays a start is dropped whole */
    assert_false(keys_next(&k, &in));
    keys_timeout(&k);
    assert_false(keys_next(&k, &in));
    keys_feed(&k, "x", 1);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.key, 'x');
    keys_feed(&k, "\033\033", 2); /* two quick Escapes are two */
    keys_timeout(&k);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.key, K_ESC);
    keys_free(&k);
}

static void test_pastes_are_literal(void **state)
{
    (void)state;
    EXPECT("a\033[200~/quit\r\n\033[A\xff\033[201~b", "61 {/quit\r\n\033[A\xff} 62 ");
    EXPECT("\033[200~\033[20\033[201~", "{\033[20} ");
}

static void test_a_paste_without_end_can_be_ended(void **state)
{
    (void)state;
    struct keys k = {0};
    struct buf got = {0};
    keys_feed(&k, "\033[200~abc\033[2", 12);
    log_keys(&k, &got);
    assert_string_equal(got.data, "{abc");
    keys_end_paste(&k);
    log_keys(&k, &got);
    assert_string_equal(got.data, "{abc\033[2} ");
    keys_feed(&k, "x", 1);
    log_keys(&k, &got);
    assert_string_equal(got.data, "{abc\033[2} 78 ");
    buf_free(&got);
    keys_free(&k);
}

static void test_terminfo_adds_sequences(void **state)
{
    (void)state;
    struct keys k = {0};
    struct input in;
    keys_add(&k, "\033[xy", K_F1 + 8);
    keys_add(&k, "x", K_F1); /* not a sequence */
    keys_add(&k, NULL, K_F1);
    keys_feed(&k, "\033[xy", 4);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.key, K_F1 + 8);
    keys_free(&k);
}

/* Random bytes: no crash, no hang, and everything is consumed after a time-out. */
static void test_noise_is_survived(void **state)
{
    (void)state;
    struct keys k = {0};
    struct buf sink = {0};
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char bytes[16];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = "\033\033[O];~M<0129A\xc3\xff"[random >> 28];
        }
        keys_feed(&k, bytes, random >> 16 & 15);
        log_keys(&k, &sink);
        sink.len = 0;
    }
    keys_end_paste(&k);
    log_keys(&k, &sink);
    for (int i = 0; i < 10000 && keys_waiting(&k); i++) {
        keys_timeout(&k);
        log_keys(&k, &sink);
    }
    assert_false(keys_waiting(&k));
    buf_free(&sink);
    keys_free(&k);
}

static void test_the_mouse(void **state)
{
    (void)state;
    static const char report[] = "\033[<65;200;3M";
    struct keys k = {0};
    struct input in;
    for (size_t i = 0; i + 1 < sizeof report - 1; i++) { /* in pieces */
        keys_feed(&k, report + i, 1);
        assert_false(keys_next(&k, &in));
    }
    keys_feed(&k, "M", 1);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.type, INPUT_MOUSE);
    assert_int_equal(in.button, MOUSE_WHEEL_DOWN);
    assert_int_equal(in.column, 199);
    assert_int_equal(in.row, 2);
    static const char noise[] = "\033[<0;5;5m\033[<0;5M\033[<;;M\033[<0;0;0M\033[<1;2;3;4M"
                                "\033[<99999999999;1x\033[<0;-1;2M\033[Mabc";
    keys_feed(&k, noise, sizeof noise - 1);
    assert_false(
        keys_next(&k, &in)); /* releases and what is no report: nothing, and nothing typed */
    keys_feed(&k, "x", 1);
    assert_true(keys_next(&k, &in));
    assert_int_equal(in.key, 'x');
    keys_free(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_mouse),
        cmocka_unit_test(test_characters_and_control_keys),
        cmocka_unit_test(test_sequences_of_many_terminals),
        cmocka_unit_test(test_replies_and_noise_are_swallowed),
        cmocka_unit_test(test_escape_alone_needs_the_time_out),
        cmocka_unit_test(test_pastes_are_literal),
        cmocka_unit_test(test_a_paste_without_end_can_be_ended),
        cmocka_unit_test(test_terminfo_adds_sequences),
        cmocka_unit_test(test_noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
