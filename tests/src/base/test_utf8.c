/* SPDX-License-Identifier: MIT */
#include "test.h"
#include "utf8.h"

/* Expected values: RFC 3629, UAX #29 (GraphemeBreakTest.txt cases), UTS #51, wcwidth. */

#define TEXT(s) (s), sizeof(s) - 1

static int32_t decode(const char *s, size_t n, size_t *used)
{
    int32_t cp;
    *used = utf8_decode(s, n, &cp);
    return cp;
}

static void test_decode_follows_rfc_3629(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n;
        int32_t cp;
    } cases[] = {
        {TEXT("\0"), 0},
        {TEXT("A"), 'A'},
        {TEXT("\xC2\x80"), 0x80},
        {TEXT("\xDF\xBF"), 0x7FF},
        {TEXT("\xE0\xA0\x80"), 0x800},
        {TEXT("\xED\x9F\xBF"), 0xD7FF},
        {TEXT("\xEE\x80\x80"), 0xE000},
        {TEXT("\xEF\xBF\xBF"), 0xFFFF},
        {TEXT("\xF0\x90\x80\x80"), 0x10000},
        {TEXT("\xF4\x8F\xBF\xBF"), 0x10FFFF},
        {TEXT("\xC0\x9B"), -1}, /* overlong ESC */
        {TEXT("\xC1\xBF"), -1},
        {TEXT("\xE0\x9F\xBF"), -1},
        {TEXT("\xF0\x8F\xBF\xBF"), -1},
        {TEXT("\xED\xA0\x80"), -1},     /* surrogate */
        {TEXT("\xF4\x90\x80\x80"), -1}, /* above 10FFFF */
        {TEXT("\xF8\x88\x80\x80\x80"), -1},
        {TEXT("\x80"), -1},
        {TEXT("\xFF"), -1},
        {TEXT("\xE2\x82"), -1}, /* ends too early */
        {TEXT("\xE2\x82X"), -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t used;
        assert_int_equal(decode(cases[i].s, cases[i].n, &used), cases[i].cp);
        assert_int_equal(used, cases[i].cp < 0 ? 1 : cases[i].n);
        char bytes[4];
        if (cases[i].cp < 0)
            continue;
        assert_int_equal(utf8_encode(cases[i].cp, bytes), cases[i].n);
        assert_memory_equal(bytes, cases[i].s, cases[i].n);
    }
}

/* Every strict prefix of a valid character can be completed, nothing else can. */
static void test_complete_cuts_only_what_can_be_completed(void **state)
{
    (void)state;
    static const int32_t points[] = {0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        char text[8] = "ab";
        size_t n = utf8_encode(points[i], text + 2);
        for (size_t part = 1; part < n; part++)
            assert_int_equal(utf8_complete(text, 2 + part), 2);
        assert_int_equal(utf8_complete(text, 2 + n), 2 + n);
        assert_int_equal(utf8_complete(text + 2, 1), 0);
    }
    static const struct {
        const char *s;
        size_t n;
    } broken[] = {{TEXT("a\x80")},         {TEXT("a\xC0")},        {TEXT("a\xF5")},
                  {TEXT("a\xE0\x80")},     {TEXT("a\xED\xA0")},    {TEXT("a\xF0\x8F")},
                  {TEXT("a\xF4\x90")},     {TEXT("\x80\x80\x80")}, {TEXT("a\xE2\x82\x41")},
                  {TEXT("a\xFF\xFF\xFF")}, {TEXT("\xC3\xA9\x80")}};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(utf8_complete(broken[i].s, broken[i].n), broken[i].n);
    assert_int_equal(utf8_complete("", 0), 0);
}

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"
#define KISS "\U0001F469\U0001F3FB\u200D\u2764\uFE0F\u200D\U0001F48B\u200D\U0001F468\U0001F3FB"
#define SCOTLAND "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"

static void test_clusters_and_their_width(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n, cluster;
        int width;
    } cases[] = {
        {TEXT("ab"), 1, 1},
        {TEXT("\r\n"), 2, 0},
        {TEXT("\n\r"), 1, 0},
        {TEXT("e\u0301x"), 3, 1},
        {TEXT("\u0301"), 2, 0},
        {TEXT("日本"), 3, 2},
        {TEXT("\u1112\u1161\u11AB\u1112"), 9, 2}, /* Hangul L V T */
        {TEXT("\u0915\u093F\u0915"), 6, 2},       /* Devanagari ka + spacing i */
        {TEXT("\u0B95\u0BC6\u0BBE"), 6, 2},       /* Tamil: a letter and two signs, cut */
        {TEXT("\u0BBE"), 3, 1},                   /* and the rest of it */
        {TEXT("\u1100\u1100\u1161"), 3, 2},       /* leading consonants are wide each */
        {TEXT("a\U0001F3FD"), 1, 1},              /* a skin tone on no picture */
        {TEXT("🙂🙂"), 4, 2},
        {TEXT("❤x"), 3, 1},
        {TEXT("❤\uFE0Fx"), 6, 2},
        {TEXT("1\uFE0F\u20E3x"), 7, 2}, /* keycap */
        {TEXT("1\u20E3"), 4, 1},
        {TEXT("\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7"), 8, 2}, /* two flags */
        {TEXT("\U0001F1E9x"), 4, 1},
        {TEXT("\U0001F44B\U0001F3FD."), 8, 2}, /* skin tone */
        {TEXT(FAMILY "x"), sizeof FAMILY - 1, 2},
        {TEXT("❤\u200D🔥"), 10, 2},
        {TEXT(KISS "x"), sizeof KISS - 1, 2},
        {TEXT(SCOTLAND "x"), sizeof SCOTLAND - 1, 2},
        {TEXT("\x80x"), 1, 1},
        {TEXT("a\x80"), 1, 1},
        {TEXT("\0x"), 1, 0},
        {TEXT("\uFDFD"), 3, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = utf8_cluster(cases[i].s, cases[i].n);
        if (n != cases[i].cluster || utf8_cluster_width(cases[i].s, n) != cases[i].width)
            fail_msg("case %zu: %zu bytes, width %d", i, n, utf8_cluster_width(cases[i].s, n));
    }
    assert_int_equal(utf8_width(TEXT("a日e\u0301" FAMILY "❤\uFE0F.")), 1 + 2 + 1 + 2 + 2 + 1);
}

static void test_a_storm_of_marks_is_cut(void **state)
{
    (void)state;
    char text[1 + 2 * 500] = "a";
    for (int i = 0; i < 500; i++)
        memcpy(text + 1 + 2 * i, "\u0301", 2);
    assert_int_equal(utf8_cluster(text, sizeof text), 1 + 2 * (UTF8_CLUSTER_MAX - 1));
    assert_int_equal(utf8_width(text, sizeof text), 1);
}

/* White_Space of PropList.txt. */
static void test_white_space(void **state)
{
    (void)state;
    static const int32_t spaces[] = {9,      10,     11,     12,     13,     0x20,   0x85,
                                     0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                     0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                     0x2029, 0x202F, 0x205F, 0x3000};
    size_t n = 0;
    for (int32_t cp = -1; cp < 0x110000; cp++)
        if (utf8_is_space(cp))
            assert_int_equal(cp, spaces[n++]);
    assert_int_equal(n, sizeof spaces / sizeof *spaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_follows_rfc_3629),
        cmocka_unit_test(test_complete_cuts_only_what_can_be_completed),
        cmocka_unit_test(test_clusters_and_their_width),
        cmocka_unit_test(test_a_storm_of_marks_is_cut),
        cmocka_unit_test(test_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
