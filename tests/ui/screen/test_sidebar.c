/* SPDX-License-Identifier: MIT
 *
 * the sidebar's lines and graphs
 */
#include <math.h>
#include <string.h>

#include "sidebar.h"
#include "test.h"
#include "utf8.h"

static struct sidebar_line lines[SIDEBAR_MAX_LINES];

static int lines_of(const struct status *f, int height)
{
    static struct options o;
    options_free(&o);
    options_init(&o);
    return sidebar_lines(f, &o, 0, "", height, lines);
}

/* The value beside a label; NULL: no such line. */
static const char *value(int n, const char *label)
{
    for (int i = 0; i < n; i++)
        if (strcmp(lines[i].label, label) == 0)
            return lines[i].value;
    return NULL;
}

static const struct status answered = {
    .state = STATE_READY,
    .stop = STOP_END,
    .n_ctx_used = 1000,
    .ctx_len = 4096,
    .kv_bytes = 393216000, /* Phi-3.5: 1,000 tokens in 2 x 32 layers x 3,072 x 2 bytes */
    .last = {.n_prompt = 512,
             .n_reused = 300,
             .n_tokens = 101,
             .tokens_per_s = 10,
             .first_token_ms = 1040,
             .prompt_ms = 1000,
             .generate_ms = 10000},
    .all = {.n_tokens = 300, .ms = 40000},
    .model_bytes = 2130000000,
    .f32_bytes = 15290000000,
};

static void test_the_last_answer(void **state)
{
    (void)state;
    int n = lines_of(&answered, 60);
    assert_string_equal(value(n, "Last answer"), "10.0 tok/s");
    assert_string_equal(value(n, "All answers"), "7.5 tok/s");
    assert_string_equal(value(n, "First token"), "1.0 s");
    assert_string_equal(value(n, "Prompt"), "512, 300 cached");
    assert_string_equal(value(n, "  read at"), "212 tok/s"); /* what was cached took no time */
    assert_string_equal(value(n, "Stopped by"), "end of answer");
    assert_string_equal(value(n, "KV cache"), "393 MB");
    assert_string_equal(value(n, "As FP32"), "15.3 GB, 7.2x");
    assert_null(value(n, "Speed")); /* it is over */
    assert_string_equal(value(n, "Sampling"), "default");
}

static void test_what_came_from_the_disk_is_told(void **state)
{
    (void)state;
    struct status f = answered;
    f.last.n_kept = f.last.n_reused;
    int n = lines_of(&f, 60);
    assert_string_equal(value(n, "Prompt"), "512, 300 from disk");
    assert_string_equal(value(n, "  read at"), "212 tok/s");
}

static void test_a_prompt_that_was_not_read_to_its_end(void **state)
{
    (void)state;
    struct status f = answered;
    f.last.n_tokens = 0;
    f.stop = STOP_CANCELLED;
    assert_null(value(lines_of(&f, 60), "  read at"));
}

static void test_the_prompt(void **state)
{
    (void)state;
    struct status f = {.state = STATE_READING,
                       .done = 300,
                       .total = 500,
                       .n_read_before = 100,
                       .reading_ms = 1000};
    int n = lines_of(&f, 60);
    assert_non_null(value(n, "Reading prompt 300/500"));
    assert_string_equal(value(n, "Reading"), "200 tok/s"); /* what was cached took no time */
    assert_string_equal(value(n, "Time left"), "1.0 s");
    assert_string_equal(value(n, "From the cache"), "100 tokens");
}

static void test_a_nearly_full_context(void **state)
{
    (void)state;
    static const struct {
        uint32_t used, of;
        bool warns;
        const char *text;
    } cases[] = {
        {0, 0, false, "0 %"},
        {3276, 4096, false, "79 %"},
        {3277, 4096, true, "80 %!"},
        {4095, 4096, true, "99 %!"},
        {4096, 4096, true, "100 %!"},
        {400, 500, true, "80 %!"},
        {4000000000, 4294967295, true, "93 %!"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct status f = {.n_ctx_used = cases[i].used, .ctx_len = cases[i].of};
        int n = lines_of(&f, 60), bar = 0;
        assert_int_equal(status_context_warns(&f), cases[i].warns);
        while (bar < n && lines[bar].kind != LINE_BAR)
            bar++;
        assert_string_equal(lines[bar].value, cases[i].text);
        assert_int_equal(lines[bar].warn, cases[i].warns);
    }
}

static void test_the_context_of_a_conversation_that_was_opened(void **state)
{
    (void)state;
    struct status f = {.state = STATE_READY, .ctx_len = 4096, .n_ctx_before = 3500};
    int n = lines_of(&f, 60);
    assert_string_equal(value(n, "Context"), "~3500 / 4096");
    assert_string_equal(value(n, "KV cache"), "-"); /* the model has read nothing of it yet */
    assert_true(status_context_warns(&f));
    f.n_ctx_used = 100;
    n = lines_of(&f, 60);
    assert_string_equal(value(n, "Context"), "100 / 4096");
    assert_false(status_context_warns(&f));
}

/* A model that thinks has two lines more, which go first; then the state tells of it. */
static void test_thinking(void **state)
{
    (void)state;
    struct status f = answered;
    static struct sidebar_line before[SIDEBAR_MAX_LINES];
    f.can_think = (struct thinking_info){.kind = "think", .can_switch = true};
    int n = lines_of(&f, 60);
    assert_string_equal(value(n, "Thinking"), "auto");
    assert_string_equal(value(n, "Think limit"), "none");
    assert_string_equal(value(n, "Ready"), "");
    for (int height = 0; height < 60; height++) {
        int n_before = lines_of(&answered, height);
        memcpy(before, lines, sizeof lines);
        assert_null(value(n_before, "Thinking"));
        n = lines_of(&f, height);
        assert_in_range(n, 0, height);
        for (int i = 0; i < n_before; i++)
            assert_string_equal(lines[i].label, before[i].label);
        if (n)
            assert_string_equal(value(n, "Ready"), value(n, "Thinking") ? "" : "think auto");
    }
    f.state = STATE_ANSWERING;
    f.thinking = true;
    n = lines_of(&f, 21);
    assert_string_equal(lines[0].label, "Thinking");
    assert_string_equal(lines[0].value, "think auto");
    f.state = STATE_READING;
    f.done = f.total = 123456;
    n = lines_of(&f, 21);
    assert_string_equal(lines[0].value, ""); /* no room */
}

/* The limit holds from the next answer on, whatever streams; other sliders from the next token. */
static void test_the_limit_of_thinking_waits_for_an_answer(void **state)
{
    (void)state;
    struct status f = answered;
    f.can_think.kind = "think";
    f.state = STATE_ANSWERING;
    f.changed = 1u << (N_SLIDERS - 1);
    int n = lines_of(&f, 60);
    assert_string_equal(value(n, "Think limit"), "*none");
    assert_string_equal(value(n, "Sampling"), "* next answer");
    f.changed |= 1;
    n = lines_of(&f, 60);
    assert_string_equal(value(n, "Sampling"), "* next token");
}

static void test_changes_are_marked_until_they_hold(void **state)
{
    (void)state;
    struct status f = answered;
    f.changed = 1u << 1;
    int n = lines_of(&f, 60);
    assert_string_equal(value(n, "Top-p"), "*0.9");
    assert_string_equal(value(n, "Temperature"), "0.7");
    assert_string_equal(value(n, "Sampling"), "* next answer");
    f.state = STATE_ANSWERING;
    n = lines_of(&f, 60);
    assert_string_equal(value(n, "Sampling"), "* next token");
    assert_null(value(n, "Stopped by")); /* of the answer before */
}

/* Where there is no sidebar, its line says what is chosen, typed and not yet in use. */
static void test_the_status_line(void **state)
{
    (void)state;
    struct status f = answered;
    struct buf line = {0};
    struct options options;
    options_init(&options);
    sidebar_status(&f, &options, 1, "", &line);
    assert_non_null(strstr(line.data, "[top-p 0.9]"));
    line.len = 0;
    sidebar_status(&f, &options, 1, "0.5", &line);
    assert_non_null(strstr(line.data, "[top-p 0.5_]"));
    f.changed = 1u << 1;
    line.len = 0;
    sidebar_status(&f, &options, 1, "", &line);
    assert_non_null(strstr(line.data, "[top-p *0.9]"));
    options_free(&options);
    buf_free(&line);
}

/* A clock that jumps, a machine that slept: no number is negative or infinite. */
static void test_impossible_numbers(void **state)
{
    (void)state;
    static const float bad[] = {-1, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct status f = answered;
        f.last.tokens_per_s = f.last.first_token_ms = f.now_tokens_per_s = bad[i];
        f.reading_ms = f.all.ms = (double)bad[i];
        f.last.prompt_ms = f.last.generate_ms = bad[i];
        spark_add(&f.speed, (double)bad[i]);
        struct buf report = {0};
        for (f.state = STATE_LOADING; f.state <= STATE_COMPARING; f.state++) {
            int n = lines_of(&f, 60);
            for (int j = 0; j < n; j++)
                assert_true(!strpbrk(lines[j].value, "-") || strcmp(lines[j].value, "-") == 0);
            for (int j = 0; j < n; j++)
                assert_false(strstr(lines[j].value, "inf") || strstr(lines[j].value, "nan"));
        }
        status_report(&f, true, &report);
        assert_false(strstr(report.data, "inf") || strstr(report.data, "nan"));
        buf_free(&report);
    }
}

static void test_it_fits(void **state)
{
    (void)state;
    struct status f = answered;
    spark_add(&f.speed, 1);
    spark_add(&f.rss, 1);
    for (f.state = STATE_LOADING; f.state <= STATE_COMPARING; f.state++)
        for (int height = -1; height < 60; height++) {
            int n = lines_of(&f, height);
            assert_true(n <= (height > 0 ? height : 0));
            if (height >= 2)
                assert_non_null(value(n, "Temperature"));
        }
}

/* ---- graphs --------------------------------------------------------------------------- */

static void shows(const struct spark *s, int cells, enum spark_signs signs, bool zoom,
                  const char *expected)
{
    struct buf out = {0};
    spark_row(s, cells, signs, zoom, &out);
    assert_string_equal(out.data, expected);
    buf_free(&out);
}

static void test_graphs(void **state)
{
    (void)state;
    struct spark s = {0};
    shows(&s, 3, SPARK_BRAILLE, false, "   ");
    shows(&s, 3, SPARK_BLOCKS, true, "   ");
    for (int i = 0; i <= 8; i++)
        spark_add(&s, i);
    shows(&s, 10, SPARK_BLOCKS, false, "  ▁▂▃▄▅▆▇█");
    shows(&s, 4, SPARK_BLOCKS, false, "▅▆▇█"); /* 5 of 8 on: the newest are at the right */
    shows(&s, 10, SPARK_ASCII, false, "  _.-=+*##");
    /* Pairs (-, 0) (1, 2) (3, 4) (5, 6) (7, 8) of 8: heights (0, 0) (1, 1) (2, 2) (3, 3) (4, 4). */
    shows(&s, 5, SPARK_BRAILLE, false, " ⣀⣤⣶⣿");
    spark_add(&s, 0);
    shows(&s, 5, SPARK_BRAILLE, false, "⢀⣠⣴⣾⡇");
}

static void test_graphs_of_what_hardly_moves(void **state)
{
    (void)state;
    struct spark s = {0};
    spark_add(&s, 1000);
    spark_add(&s, 1000);
    shows(&s, 2, SPARK_BLOCKS, true, "▄▄");
    shows(&s, 2, SPARK_BLOCKS, false, "██");
    spark_add(&s, 2000);
    shows(&s, 3, SPARK_BLOCKS, true, "▁▁█");
}

static void test_graphs_have_their_width(void **state)
{
    (void)state;
    struct spark s = {0};
    for (int i = 0; i < 1000; i++) {
        spark_add(&s, (i * 7919) % 101 * 1e30);
        for (int cells = 0; cells < 40; cells += 13)
            for (enum spark_signs signs = SPARK_ASCII; signs <= SPARK_BRAILLE; signs++) {
                struct buf out = {0};
                buf_puts(&out, "");
                spark_row(&s, cells, signs, i % 2, &out);
                assert_int_equal(utf8_width(out.data, out.len), cells);
                buf_free(&out);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_answer),
        cmocka_unit_test(test_what_came_from_the_disk_is_told),
        cmocka_unit_test(test_a_prompt_that_was_not_read_to_its_end),
        cmocka_unit_test(test_the_prompt),
        cmocka_unit_test(test_a_nearly_full_context),
        cmocka_unit_test(test_the_context_of_a_conversation_that_was_opened),
        cmocka_unit_test(test_thinking),
        cmocka_unit_test(test_the_limit_of_thinking_waits_for_an_answer),
        cmocka_unit_test(test_changes_are_marked_until_they_hold),
        cmocka_unit_test(test_the_status_line),
        cmocka_unit_test(test_impossible_numbers),
        cmocka_unit_test(test_it_fits),
        cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_graphs_of_what_hardly_moves),
        cmocka_unit_test(test_graphs_have_their_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
