/* SPDX-License-Identifier: MIT
 *
 * Targets by RFC 3986 (what a URI may hold, percent-encoding) and the rules of OSC 8 (bytes 32 to
 * 126 alone); URLs in texts as their writers meant them, by hand.
 */
#include <string.h>

#include "layout.h"
#include "test.h"
#include "web_link.h"

static void expect_target(const char *s, const char *wanted)
{
    struct buf out = {0};
    buf_puts(&out, "before");
    assert_int_equal(web_link_target(s, strlen(s), &out), wanted != NULL);
    assert_string_equal(out.data + strlen("before"), wanted ? wanted : "");
    buf_free(&out);
}

static void test_targets(void **state)
{
    (void)state;
    expect_target("http://a.example", "http://a.example");
    expect_target("HTTPS://a.example/x?y=1&z=%20#k", "HTTPS://a.example/x?y=1&z=%20#k");
    expect_target("mailto:me@a.example", "mailto:me@a.example");
    expect_target("http://[::1]:80/", "http://[::1]:80/");
    expect_target("https://a.example/字 x", "https://a.example/%E5%AD%97%20x");
    expect_target("http://münchen.example/", "http://m%C3%BCnchen.example/");
    expect_target("http://a/\"<>\\^`{|}", "http://a/%22%3C%3E%5C%5E%60%7B%7C%7D");
    expect_target("http://a/\033]8;;\a\x7f\x9b", "http://a/%1B]8;;%07%7F%9B");
    static const char *const others[] = {"",
                                         "http://",
                                         "http:///x",
                                         "http://?",
                                         "mailto:",
                                         "file:///etc/passwd",
                                         "javascript:alert(1)",
                                         "ftp://a.example",
                                         "data:text/html,x",
                                         "/relative",
                                         "#part",
                                         " http://a.example",
                                         "x-http://a.example"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect_target(others[i], NULL);
}

static void test_bounds_of_targets(void **state)
{
    (void)state;
    char url[3000] = "http://a.example/";
    memset(url + strlen(url), 'x', sizeof url - strlen(url));
    struct buf out = {0};
    assert_true(web_link_target(url, 2083, &out));
    assert_int_equal(out.len, 2083);
    assert_false(web_link_target(url, 2084, &out));
    memset(url + 17, ' ', sizeof url - 17); /* three bytes each */
    assert_false(web_link_target(url, 2083, &out));
    assert_true(web_link_target(url, 17 + 688, &out));
    assert_false(web_link_target(url, 17 + 689, &out));
    assert_int_equal(out.len, 2083 + 17 + 3 * 688);
    buf_free(&out);
}

/* All URLs of a text, each in brackets. */
static void expect_found(const char *s, const char *wanted)
{
    struct buf out = {0};
    size_t start;
    buf_puts(&out, "");
    for (size_t at = 0, n; (n = web_link_find(s, strlen(s), at, &start)); at = start + n)
        buf_printf(&out, "[%.*s]", (int)n, s + start);
    assert_string_equal(out.data, wanted);
    buf_free(&out);
}

static void test_urls_in_text(void **state)
{
    (void)state;
    expect_found("", "");
    expect_found("see http://a.example.", "[http://a.example]");
    expect_found("(http://a.example/b_(c)) and <https://d.example>, ok",
                 "[http://a.example/b_(c)][https://d.example]");
    expect_found("[x](http://a.example/y)", "[http://a.example/y]");
    expect_found("([http://a.example/b[1](c)].) http://a.example/b)[x]),",
                 "[http://a.example/b[1](c)][http://a.example/b)[x]]");
    expect_found("\"http://a.example/'q'\"; Https://B.example/?x=1&y=2!",
                 "[http://a.example/'q][Https://B.example/?x=1&y=2]");
    expect_found("在http://a.example/字。http://b.example，或",
                 "[http://a.example/][http://b.example]");
    expect_found("https://de.example/wiki/Übung «http://a.example»",
                 "[https://de.example/wiki/Übung][http://a.example]");
    expect_found("**http://a.example** _http://b.example_", "[http://a.example][http://b.example]");
    expect_found("xhttp://a.example http:// http://) http://. http://字", "");
    expect_found("http://a.example/\033[31m \x9bhttp://b.example",
                 "[http://a.example/][http://b.example]");
}

/* What took time as the square of its length would not end here. */
static void test_long_texts(void **state)
{
    (void)state;
    struct buf text = {0};
    size_t start, n_found = 0;
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "http://))http://a)");
    for (size_t at = 0, n; (n = web_link_find(text.data, text.len, at, &start)); at = start + n)
        n_found++;
    assert_true(n_found <= text.len / 10);
    text.len = 0;
    buf_puts(&text, "http://a.example/");
    for (int i = 0; i < 2083; i++)
        buf_puts(&text, "x");
    const size_t end = text.len;
    buf_puts(&text, " http://b.example"); /* the first is too long, not what comes */
    assert_int_equal(web_link_find(text.data, text.len, 0, &start), strlen("http://b.example"));
    assert_int_equal(start, end + 1);
    text.len = 0;
    buf_puts(&text, "http://a");
    for (int i = 0; i < 2000; i++)
        buf_puts(&text, i % 2 ? ")" : "]");
    for (int i = 0; i < 20000; i++)
        assert_int_equal(web_link_find(text.data, text.len, 0, &start), strlen("http://a"));
    buf_free(&text);
}

static void test_links_of_a_layout(void **state)
{
    (void)state;
    const struct look_of_text look = {.width = 20};
    struct layout l = {0};
    struct styled text = {0};
    const char *plain = "see http://a.example/with/a/long/path and http://a.example";
    layout_add_plain(&l, &text, STYLE_TEXT, plain, strlen(plain));
    layout_paragraph(&l, &look, &text, NULL, NULL);
    struct buf got = {0};
    for (size_t i = 0; i < l.drawn.n; i++) {
        const struct run *run = &l.drawn.runs[i];
        const size_t end = i + 1 < l.drawn.n ? run[1].start : l.drawn.text.len;
        if (run->link)
            buf_printf(&got, "%.*s=%s ", (int)(end - run->start), l.drawn.text.data + run->start,
                       layout_url(&l, run));
    }
    assert_string_equal(got.data, "http://a.example/with/a/long/path="
                                  "http://a.example/with/a/long/path "
                                  "http://a.example=http://a.example ");
    buf_free(&got);
    layout_clear(&l);
    const char *url = "http://a.example/";
    const uint32_t one = layout_link(&l, url, strlen(url)), two = layout_link(&l, url, strlen(url));
    assert_true(one && two && one != two);
    assert_int_equal(layout_link(&l, "file:///x", 9), 0);
    uint32_t link = 1;
    for (int i = 0; i < 1000000 && link; i++) /* of a hostile text: they have an end */
        link = layout_link(&l, url, strlen(url));
    assert_int_equal(link, 0);
    assert_true(l.urls.len < 300 << 10);
    layout_free(&l);
    styled_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),           cmocka_unit_test(test_bounds_of_targets),
        cmocka_unit_test(test_urls_in_text),      cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_links_of_a_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
