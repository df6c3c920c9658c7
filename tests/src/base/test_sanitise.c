/* SPDX-License-Identifier: MIT */
#include "sanitise.h"
#include "test.h"
#include "utf8.h"

#define TEXT(s) (s), sizeof(s) - 1
#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"
#define KISS "\U0001F469\U0001F3FB\u200D\u2764\uFE0F\u200D\U0001F48B\u200D\U0001F468\U0001F3FB"

struct example {
    const char *in;
    size_t n;
    const char *out;
};

static void check_examples(const struct example *e, size_t n, bool one_line)
{
    for (size_t i = 0; i < n; i++) {
        char *got = sanitise_text(e[i].in, e[i].n, one_line);
        assert_string_equal(got, e[i].out);
        free(got);
    }
}

static void test_controls_become_visible(void **state)
{
    (void)state;
    static const struct example e[] = {
        {TEXT("plain\n\ttext"), "plain\n\ttext"},
        {TEXT("\033[2J\033]0;x\a"), "^[[2J^[]0;x^G"},
        {TEXT("a\0b\x7F"), "a^@b^?"},
        {TEXT("\b\v\f\x0E\x0F\x05"), "^H^K^L^N^O^E"},
        {TEXT("safe\rEVIL"), "safe^MEVIL"},
        {TEXT("one\r\ntwo\r"), "one\ntwo^M"},
        {TEXT("\r\r\n"), "^M\n"},
        {TEXT("\xC2\x9B"
              "31m\xC2\x80\xC2\x9F"),
         "\\x9b31m\\x80\\x9f"},
        {TEXT("\x9B[\x90"), "\uFFFD[\uFFFD"},         /* raw C1: not UTF-8 */
        {TEXT("\xC0\x9B["), "\uFFFD\uFFFD["},         /* overlong ESC */
        {TEXT("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD"}, /* surrogate */
        {TEXT("\xE2\x82"), "\uFFFD\uFFFD"},
        {TEXT(""), ""},
    };
    check_examples(e, sizeof e / sizeof *e, false);
}

static void test_what_hides_or_reorders_becomes_visible(void **state)
{
    (void)state;
    static const struct example e[] = {
        {TEXT("a\u202Eb\u2066c\u200E\u061C"), "a<U+202E>b<U+2066>c<U+200E><U+061C>"},
        {TEXT("\u200B\uFEFFx\u200Cy\u200Dz"), "<U+200B><U+FEFF>x<U+200C>y<U+200D>z"},
        {TEXT("\U000E0041\U000E007F"), "<U+E0041><U+E007F>"},
        {TEXT("a\uFE0F b\U000E0100"), "a<U+FE0F> b<U+E0100>"}, /* lone variation selectors */
        {TEXT("\u2028\u2029\u00AD"), "<U+2028><U+2029><U+00AD>"},
        {TEXT("\uE000\U0010FFFF\u0378"), "<U+E000><U+10FFFF><U+0378>"},
        {TEXT("\u3164\u115F"), "<U+3164><U+115F>"}, /* blank letters */
        {TEXT("é\u00A0日本語 Привет עברית"), "é\u00A0日本語 Привет עברית"},
        {TEXT("\u1100"), "\u1100"}, /* nothing is awaited behind a consonant */
        {TEXT("\u0D4E"), "\u0D4E"},
    };
    check_examples(e, sizeof e / sizeof *e, false);
}

static void test_emoji_stay_whole(void **state)
{
    (void)state;
    static const struct example e[] = {
        {TEXT(FAMILY KISS "."), FAMILY KISS "."},
        {TEXT("❤\uFE0F❤\uFE0E"), "❤\uFE0F❤\uFE0E"},
        {TEXT("1\uFE0F\u20E3 #\uFE0F\u20E3 2\u20E3"), "1\uFE0F\u20E3 #\uFE0F\u20E3 2\u20E3"},
        {TEXT("5\uFE0F6"), "5<U+FE0F>6"},
        {TEXT("5\uFE0F"), "5<U+FE0F>"},
        {TEXT("🙂\u200D"), "🙂<U+200D>"},
        {TEXT("🙂\u200Dx"), "🙂<U+200D>x"},
        {TEXT("❤\uFE0F\uFE0F"), "❤\uFE0F<U+FE0F>"},
        {TEXT("\U0001F1E9\U0001F1EA"), "\U0001F1E9\U0001F1EA"},
        {TEXT("\U0001F44B\U0001F3FD"), "\U0001F44B\U0001F3FD"},
        {TEXT("a\U0001F3FD"), "a<U+1F3FD>"},
        {TEXT(FAMILY "\u200D\U0001F466"), FAMILY "<U+200D>\U0001F466"},
    };
    check_examples(e, sizeof e / sizeof *e, false);
}

static void test_marks_are_bounded_and_need_a_base(void **state)
{
    (void)state;
    static const struct example e[] = {
        {TEXT("\u0301a"), "<U+0301>a"},
        {TEXT("a\n\u0301"), "a\n<U+0301>"},
        {TEXT("\033\u0301"), "^[<U+0301>"},
        {TEXT("a\u0301\u0302\u0303\u0304\u0305\u0306"),
         "a\u0301\u0302\u0303\u0304<U+0305><U+0306>"},
        {TEXT("\u1100\u1100\u1100\u1100\u1100\u1161"), "\u1100\u1100\u1100\u1100\u1100<U+1161>"},
    };
    check_examples(e, sizeof e / sizeof *e, false);
}

static void test_one_line_has_one_line(void **state)
{
    (void)state;
    static const struct example e[] = {
        {TEXT("a\nb\tc\033"), "a^Jb^Ic^["},
        {TEXT("a\r\nb"), "a^Jb"},
    };
    check_examples(e, sizeof e / sizeof *e, true);
}

/* ---- properties, over random text ----------------------------------------------------- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static size_t random_text(char *text, size_t max)
{
    static const int32_t special[] = {
        '\r',   '\n',   '\t',   0x1B,   '[',     '1',     '#',     'a',     0x9B,   0x301,  0x302,
        0x200D, 0xFE0F, 0xFE0E, 0x20E3, 0x2764,  0x1F468, 0x1F3FB, 0x1F1E6, 0x202E, 0x1100, 0x1161,
        0x11A8, 0xD4E,  0xFF9E, 0xAC00, 0xE0041, 0x600,   0x903,   0xFFFD,  0x200B, 0xE33,  0x3000};
    size_t n = 0;
    while (n + 4 <= max) {
        uint32_t kind = random_below(10);
        if (kind < 6)
            n += utf8_encode(special[random_below(sizeof special / sizeof *special)], text + n);
        else if (kind < 8)
            text[n++] = (char)random_below(256);
        else if (kind < 9)
            text[n++] = (char)(0x80 + random_below(128));
        else
            n += utf8_encode((int32_t)random_below(0xD800), text + n);
    }
    return n;
}

static void sanitise_in_pieces(const char *text, size_t n, struct buf *out)
{
    struct sanitiser s = {0};
    for (size_t at = 0; at < n;) {
        size_t piece = random_below(4);
        piece = piece < n - at ? piece : n - at;
        sanitise(&s, text + at, piece, out);
        at += piece;
    }
    sanitise_end(&s, out);
}

static void assert_harmless(const char *text, size_t n)
{
    assert_int_equal(strlen(text), n);
    for (size_t at = 0; at < n;) {
        int32_t cp;
        at += utf8_decode(text + at, n - at, &cp);
        assert_true(cp >= 0);
        assert_true(cp >= 0x20 || cp == '\n' || cp == '\t');
        assert_false(cp >= 0x7F && cp < 0xA0);
        assert_false((cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069));
        assert_false(cp == 0x200B || cp == 0xFEFF || cp >= 0xE0000);
    }
}

static void test_random_text_is_harmless_idempotent_and_split_invariant(void **state)
{
    (void)state;
    const char *given = getenv("QINS_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
    printf("seed %llu (QINS_SEED)\n", (unsigned long long)seed);
    random_state = seed;
    for (int round = 0; round < 2000; round++) {
        char text[48];
        size_t n = random_text(text, sizeof text);
        char *once = sanitise_text(text, n, false);
        struct buf pieces = {0};
        sanitise_in_pieces(text, n, &pieces);
        char *twice = sanitise_text(once, strlen(once), false);
        assert_harmless(once, pieces.len);
        assert_string_equal(pieces.data, once);
        assert_string_equal(twice, once);
        for (size_t at = 0; at < pieces.len;) {
            size_t cluster = utf8_cluster(once + at, pieces.len - at);
            assert_true(cluster < 4 * UTF8_CLUSTER_MAX);
            at += cluster;
        }
        buf_free(&pieces);
        free(once);
        free(twice);
    }
}

/* Byte by byte each character is decided alone; in one piece the usual letters are taken by the
 * run. */
static void test_runs_of_letters_are_their_letters(void **state)
{
    (void)state;
    static const char *const before[] = {"",
                                         "a",
                                         "\u1100",
                                         "\u0600",
                                         "\U0001F468",
                                         "\U0001F468\u200D",
                                         "e\u0301",
                                         "\u1100\u1100\u1100\u1100\u1100",
                                         "\u0D4E\u0D4E\u0D4E\u0D4E\u0D4E"};
    static const char *const behind[] = {"",       "\u0301", "\uFE0F\u20E3",
                                         "\u200D", "\u1161", "\u0903"};
    for (int32_t cp = 0x20; cp < 0x10000; cp += cp < 0x3400 || cp >= 0xD700 ? 1 : 13) {
        char text[32];
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        for (size_t i = 0; i < sizeof before / sizeof *before; i++)
            for (size_t k = 0; k < sizeof behind / sizeof *behind; k++) {
                size_t n = strlen(strcpy(text, before[i]));
                n += utf8_encode(cp, text + n);
                n = strlen(strcpy(text + n, behind[k])) + n;
                struct sanitiser s = {0};
                struct buf bytes = {0};
                for (size_t at = 0; at < n; at++)
                    sanitise(&s, text + at, 1, &bytes);
                sanitise_end(&s, &bytes);
                char *whole = sanitise_text(text, n, false);
                assert_string_equal(whole, bytes.data);
                buf_free(&bytes);
                free(whole);
            }
    }
}

static void test_characters_behind_a_letter(void **state)
{
    (void)state;
    for (int32_t cp = 0; cp < 0x110000; cp += cp < 0x3100 ? 1 : 17) {
        char text[8] = "a";
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        size_t n = 1 + utf8_encode(cp, text + 1);
        char *once = sanitise_text(text, n, false),
             *twice = sanitise_text(once, strlen(once), false);
        assert_harmless(once, strlen(once));
        assert_string_equal(once, twice);
        free(once);
        free(twice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls_become_visible),
        cmocka_unit_test(test_what_hides_or_reorders_becomes_visible),
        cmocka_unit_test(test_emoji_stay_whole),
        cmocka_unit_test(test_marks_are_bounded_and_need_a_base),
        cmocka_unit_test(test_one_line_has_one_line),
        cmocka_unit_test(test_random_text_is_harmless_idempotent_and_split_invariant),
        cmocka_unit_test(test_runs_of_letters_are_their_letters),
        cmocka_unit_test(test_characters_behind_a_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
