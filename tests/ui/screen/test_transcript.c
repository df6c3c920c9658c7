/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sanitise.h"
#include "test.h"
#include "transcript.h"
#include "wrap.h"

static void expect_rows(const char *text, int width, const char *const *rows, size_t n)
{
    struct rows r = {0};
    rows_update(&r, text, strlen(text), 0, width);
    for (size_t i = 0; i < r.n && i < n; i++) {
        char *row = xstrndup(text + r.rows[i].start, r.rows[i].shown);
        assert_string_equal(row, rows[i]);
        free(row);
    }
    assert_int_equal(r.n, n);
    rows_free(&r);
}
#define ROWS(text, width, ...)                                                                     \
    do {                                                                                           \
        const char *const rows_[] = {__VA_ARGS__};                                                 \
        expect_rows(text, width, rows_, sizeof rows_ / sizeof *rows_);                             \
    } while (0)

static void test_words_wrap_by_cells(void **state)
{
    (void)state;
    ROWS("", 10, "");
    ROWS("one two three", 7, "one two", "three");
    ROWS("one two three", 8, "one two", "three");
    ROWS("abcdefghij", 4, "abcd", "efgh", "ij");
    ROWS("a abcdefghij", 4, "a", "abcd", "efgh", "ij");
    ROWS("a\n\nb\n", 4, "a", "", "b", "");
    ROWS("word \nx", 4, "word", "x"); /* the blank that hangs over takes the newline along */
    ROWS("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 5, "\xe4\xb8\xad\xe6\x96\x87", "\xe5\xad\x97");
    ROWS("\xe4\xb8\xad\xe6\x96\x87\xe3\x80\x82", 4, "\xe4\xb8\xad", "\xe6\x96\x87\xe3\x80\x82");
    ROWS("a\tb", 9, "a\tb");
    ROWS("a\tb", 8, "a", "b");
    ROWS("\xe4\xb8\xad\xe6\x96\x87", 1, "\xe4\xb8\xad", "\xe6\x96\x87"); /* wider than the row */
}

static void fill(struct transcript *t, int n)
{
    transcript_init(t);
    transcript_resize(t, 10, 5);
    for (int i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof text, "item %d", i);
        transcript_add(t, i % 2 ? ITEM_ANSWER : ITEM_USER, text, strlen(text));
        if (i < n - 1)
            transcript_finish(t, NULL);
    }
}

static void shows(struct transcript *t, const char *wanted)
{
    struct shown_row rows[64];
    int n = transcript_rows(t, rows);
    struct buf got = {0};
    for (int i = 0; i < n; i++) {
        const struct line *line = rows[i].layout ? &rows[i].layout->lines[rows[i].line] : NULL;
        buf_printf(&got, "%s%.*s%s|", rows[i].first ? ">" : "", line ? (int)line->n : 0,
                   line && line->n ? rows[i].layout->drawn.text.data + line->start : "",
                   rows[i].mark ? rows[i].mark : "");
    }
    assert_string_equal(got.data, wanted);
    buf_free(&got);
}

static void test_it_follows_the_end_until_the_reader_scrolls(void **state)
{
    (void)state;
    struct transcript t;
    fill(&t, 4);
    shows(&t, ">item 1||>item 2||>item 3|");
    transcript_append(&t, " and more", 9);
    shows(&t, "|>item 2||>item 3 and|more|");
    transcript_scroll(&t, -1);
    shows(&t, ">item 1||>item 2||>item 3 and|");
    assert_false(t.unseen);
    transcript_append(&t, "\nnew\nrows", 9);
    shows(&t, ">item 1||>item 2||>item 3 and|");
    assert_true(t.unseen);
    transcript_scroll(&t, 1);
    shows(&t, "|>item 2||>item 3 and|more|");
    assert_false(t.follow);
    transcript_scroll(&t, 100);
    assert_true(t.follow);
    assert_false(t.unseen);
    shows(&t, "|>item 3 and|more|new|rows|");
    transcript_top(&t);
    shows(&t, ">item 0||>item 1||>item 2|");
    transcript_scroll(&t, -100);
    shows(&t, ">item 0||>item 1||>item 2|");
    transcript_free(&t);
}

static void test_resize_keeps_the_text_at_the_top(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 10, 3);
    const char *text = "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj";
    transcript_add(&t, ITEM_ANSWER, text, strlen(text));
    transcript_top(&t);
    transcript_scroll(&t, 2);
    shows(&t, "eeee ffff|gggg hhhh|iiii jjjj|");
    transcript_scroll(&t, -1);
    shows(&t, "cccc dddd|eeee ffff|gggg hhhh|");
    transcript_resize(&t, 4, 3);
    shows(&t, "cccc|dddd|eeee|");
    transcript_resize(&t, 1, 1);
    transcript_resize(&t, 10, 3);
    shows(&t, "cccc dddd|eeee ffff|gggg hhhh|");
    transcript_free(&t);
}

static void test_text_passes_the_sanitiser_and_marks_follow(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 40, 9);
    transcript_add(&t, ITEM_ANSWER, "a\033", 2);
    transcript_append(&t, "[2J\xc2", 4);
    transcript_append(&t, "\x9b!\n\n", 4);
    transcript_finish(&t, "[stopped]");
    shows(&t, ">a^[[2J\\x9b!|[stopped]|"); /* newlines at the end are not shown */
    transcript_free(&t);
}

/* A million tokens in one paragraph and one cluster after another: linear, or this takes hours. */
static void test_streaming_is_linear(void **state)
{
    (void)state;
    struct transcript t;
    struct shown_row rows[64];
    transcript_init(&t);
    transcript_resize(&t, 80, 20);
    transcript_add(&t, ITEM_ANSWER, "", 0);
    for (int i = 0; i < 200000; i++) {
        static const char *const pieces[] = {"word ", "\xe4\xb8\xad", "x", "\xcc\x81"};
        const char *piece = pieces[i < 100000 ? i % 3 : 2 + (i & 1)];
        transcript_append(&t, piece, strlen(piece));
        if (i % 64 == 0)
            transcript_rows(&t, rows);
    }
    assert_int_equal(transcript_rows(&t, rows), 20);
    transcript_free(&t);
}

/* What the screen shows, row by row, at any place. */
static char *whole(struct transcript *t)
{
    struct buf all = {0};
    struct shown_row *rows = xcalloc(5000, sizeof *rows);
    t->height = 5000;
    int n = transcript_rows(t, rows);
    for (int i = 0; i < n; i++) {
        const struct line *line = rows[i].layout ? &rows[i].layout->lines[rows[i].line] : NULL;
        const struct styled *drawn = line ? &rows[i].layout->drawn : NULL;
        for (size_t r = 0; line && r < drawn->n; r++)
            if (drawn->runs[r].start >= line->start && drawn->runs[r].start < line->start + line->n)
                buf_printf(&all, "{%d@%u}", drawn->runs[r].style,
                           drawn->runs[r].start - line->start);
        buf_append(&all, line ? drawn->text.data + line->start : "", line ? line->n : 0);
        buf_puts(&all, "\n");
    }
    free(rows);
    return all.data;
}

/* However a text is cut into tokens, and whatever was drawn in between, the rows are the same. */
static void test_streamed_rows_equal_rows_at_once(void **state)
{
    static const char *const pieces[] = {
        "a",
        "bc",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\xe4\xb8\xad",
        "\xcc\x81",
        "\t",
        "- ",
        "1. ",
        "> ",
        "# ",
        "**",
        "`",
        "```",
        "\n```c\n",
        "\n```\n",
        "|",
        "\n|---|---|\n",
        "[x](y)",
        "~~",
        "---",
        "\n- ",
        "&amp;",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
        "    ",
        "word word word word word word word ",
        "\r\n",
        "\r",
        "\r\n\r\n",
        "\r\n```\r\n",
        "\033",
        "\xff",
        "\xe2\x80\x8d",
    };
    (void)state;
    uint32_t random = 3;
    for (int round = 0; round < 300; round++) {
        struct transcript at_once, streamed;
        struct shown_row rows[64];
        struct buf text = {0};
        transcript_init(&at_once);
        transcript_init(&streamed);
        transcript_resize(&at_once, 1 + round % 40, 4);
        transcript_resize(&streamed, 1 + round % 40, 4);
        for (int i = 0; i < (round % 10 ? 60 : 3000); i++) {
            random = random * 1664525 + 1013904223;
            buf_puts(&text, pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        transcript_add(&at_once, ITEM_ANSWER, text.data, text.len);
        transcript_finish(&at_once, NULL);
        transcript_add(&streamed, ITEM_ANSWER, "", 0);
        for (size_t at = 0, n; at < text.len; at += n) {
            random = random * 1664525 + 1013904223;
            n = 1 + (random >> 20) % (round % 3 ? 9 : 300);
            n = n < text.len - at ? n : text.len - at;
            transcript_append(&streamed, text.data + at, n);
            if ((random >> 28) == 0)
                transcript_rows(&streamed, rows);
        }
        transcript_finish(&streamed, NULL);
        char *a = whole(&at_once), *b = whole(&streamed);
        assert_string_equal(a, b);
        free(a);
        free(b);
        buf_free(&text);
        transcript_free(&at_once);
        transcript_free(&streamed);
    }
}

static void finish(struct transcript *t, enum item_kind kind, const char *text)
{
    transcript_add(t, kind, text, strlen(text));
    transcript_finish(t, NULL);
}

static const char *found(struct transcript *t)
{
    static char status[40];
    while (transcript_search_step(t, 100))
        continue;
    transcript_search_status(t, status, sizeof status);
    return status;
}

static void test_search(void **state)
{
    (void)state;
    struct transcript t;
    struct shown_row rows[64];
    struct hits hits = {0};
    long here;
    transcript_init(&t);
    transcript_resize(&t, 12, 4);
    finish(&t, ITEM_USER, "Where is the **Fox**?");
    for (int i = 0; i < 10; i++)
        finish(&t, ITEM_ANSWER,
               "the quick brown **fo**x jumps over\n\n> a quoted thing that wraps, fox");
    transcript_top(&t);
    transcript_find(&t, "fox", 3);
    assert_string_equal(found(&t), "1/21");
    transcript_find_next(&t, -1);
    assert_string_equal(found(&t), "21/21"); /* around the start; the marks of bold are no text */
    transcript_find_next(&t, 1);
    transcript_find_next(&t, 1);
    assert_string_equal(found(&t), "2/21");
    int n = transcript_rows(&t, rows), marked = 0;
    for (int i = 0; i < n; i++) {
        transcript_hits(&t, &rows[i], &hits, &here);
        marked += hits.n > 0 && here == 0;
    }
    assert_true(marked > 0);
    hits_free(&hits);
    transcript_find(&t, "Fox", 3); /* a capital: exact */
    assert_string_equal(found(&t), "1/1");
    transcript_find(&t, "that wraps", 10); /* over the end of a row, without the quote's bar */
    assert_string_equal(found(&t), "1/10");
    transcript_resize(&t, 30, 4);
    assert_string_equal(found(&t), "1/10");
    finish(&t, ITEM_ANSWER, "and that wraps too");
    assert_string_equal(found(&t), "1/11");
    transcript_find(&t, "nowhere", 7);
    assert_string_equal(found(&t), "not found");
    transcript_find(&t, "", 0);
    assert_string_equal(found(&t), "");
    transcript_free(&t);
}

static void test_jumping_between_messages(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 20, 3);
    finish(&t, ITEM_USER, "one");
    finish(&t, ITEM_ANSWER, "two\n\nmore\n\nof\n\nit");
    finish(&t, ITEM_NOTE, "note");
    finish(&t, ITEM_USER, "three\nmore\nof\nit");
    assert_int_equal(transcript_current(&t), 3);
    transcript_jump(&t, -1);
    assert_int_equal(transcript_current(&t), 1); /* notes are no messages */
    shows(&t, ">two||more|");
    transcript_jump(&t, -1);
    transcript_jump(&t, -1);
    assert_int_equal(transcript_current(&t), 0);
    transcript_jump(&t, 1);
    shows(&t, ">two||more|");
    transcript_free(&t);
}

static void test_raw_and_back_keeps_the_place(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 20, 2);
    finish(&t, ITEM_ANSWER, "# Head\n\nplain **bold**\n\nlast\n\nend");
    transcript_top(&t);
    transcript_scroll(&t, 2);
    shows(&t, "plain bold||");
    struct look_of_text look = t.look;
    transcript_set_look(&t, &look, true);
    shows(&t, "plain **bold**||");
    transcript_set_look(&t, &look, false);
    shows(&t, "plain bold||");
    transcript_free(&t);
}

/* Long lines are cut; each part is sanitised for itself, and together they are the text sanitised.
 */
static void test_parts_are_sanitised_as_the_whole(void **state)
{
    static const char *const pieces[] = {
        "\u0e01",     "\u0e34", "\u0e48",     "\u0915",     "\u094d", "\u093f", "\u1100",
        "\uac00",     "\u0600", /* they join */
        "\U0001f469", "\u200d", "\U0001f467", "\U0001f3fd", "1",      "\ufe0f", "\u20e3",
        "\r",         "\r\n",   "\033",       "\u202e",     "\xff",   "\u4e2d",
    };
    enum { N_PIECES = sizeof pieces / sizeof *pieces, ROWS_MAX = 20000 };
    (void)state;
    uint32_t random = 5;
    for (int round = 0; round < 40; round++) {
        struct transcript t;
        struct buf text = {0}, got = {0}, wanted = {0};
        while (text.len < 60000) {
            random = random * 1664525 + 1013904223;
            const char *piece = pieces[(random >> 16) % (round % 2 ? 9 : N_PIECES)];
            if (text.len % 7 && (*piece == '\r' || *piece == '\033'))
                continue; /* rare, for lines to be long */
            buf_puts(&text, piece);
        }
        transcript_init(&t);
        transcript_resize(&t, 80, ROWS_MAX);
        transcript_add(&t, ITEM_USER, text.data, text.len);
        transcript_finish(&t, NULL);
        struct shown_row *rows = xcalloc(ROWS_MAX, sizeof *rows);
        for (int i = 0, n = transcript_rows(&t, rows); i < n; i++)
            if (rows[i].layout)
                buf_append(&got,
                           rows[i].layout->drawn.text.data +
                               rows[i].layout->lines[rows[i].line].start,
                           rows[i].layout->lines[rows[i].line].n);
        char *whole = sanitise_text(text.data, text.len, false);
        for (const char *c = whole; *c; c++)
            if (*c != '\n')
                buf_append(&wanted, c, 1);
        assert_true(t.items[0].blocks.n > 3);
        assert_string_equal(got.data, wanted.data);
        free(whole);
        free(rows);
        buf_free(&text);
        buf_free(&got);
        buf_free(&wanted);
        transcript_free(&t);
    }
}

/* Texts whose sanitising is slow, and one of a great many blocks: opening them is work on what is
 * shown. */
static void test_opening_is_work_on_what_is_shown(void **state)
{
    static const char *const lines[] = {
        "\u092a\u094d\u0930\u0915\u093e\u0936 \u0939\u093f\u0928\u094d\u0926\u0940 ", /* goes on in
                                                                                         one line */
        "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\n\n",
        "ab\n\n",
        "```\nx\n```\n",
        "- \033[2J\r\n",
    };
    enum { BYTES = 2 << 20, HEIGHT = 40 };
    (void)state;
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
        struct transcript t;
        struct shown_row rows[HEIGHT];
        struct buf text = {0};
        size_t looked_at = 0;
        while (text.len < BYTES)
            buf_puts(&text, lines[l]);
        transcript_init(&t);
        transcript_resize(&t, 80, HEIGHT);
        transcript_add(&t, ITEM_ANSWER, text.data, text.len);
        transcript_finish(&t, NULL);
        assert_int_equal(t.cleaned_bytes, 0);
        assert_int_equal(transcript_rows(&t, rows), HEIGHT);
        for (size_t c = 0; c < t.items[0].blocks.n_chunks; c++)
            looked_at += t.items[0].blocks.chunks[c].blocks != NULL;
        assert_in_range(t.cleaned_bytes, 1, HEIGHT * 1024);
        assert_in_range(looked_at, 1, 3);
        buf_free(&text);
        transcript_free(&t);
    }
}

/* What is looked at, not what there is, decides how much is done. */
static void test_only_what_is_seen_is_worked_on(void **state)
{
    (void)state;
    enum { MESSAGES = 10000, LINES = 100000, HEIGHT = 20 };
    struct transcript t;
    struct shown_row rows[HEIGHT];
    size_t looked_at = 0, laid_out = 0;
    transcript_init(&t);
    transcript_resize(&t, 40, HEIGHT);
    for (int i = 0; i < MESSAGES; i++)
        finish(&t, i % 2 ? ITEM_ANSWER : ITEM_USER, "some *text*\033 of a message");
    assert_int_equal(transcript_rows(&t, rows), HEIGHT);
    transcript_scroll(&t, -5);
    transcript_top(&t);
    assert_int_equal(transcript_rows(&t, rows), HEIGHT);
    for (size_t i = 0; i < t.n; i++)
        looked_at += !t.items[i].waits;
    assert_true(looked_at <= 3 * HEIGHT);
    transcript_clear(&t);

    struct buf text = {0};
    for (int i = 0; i < LINES; i++)
        buf_puts(&text, "a line\n\n");
    finish(&t, ITEM_ANSWER, text.data);
    assert_int_equal(transcript_rows(&t, rows), HEIGHT);
    for (size_t c = 0; c < t.items[0].blocks.n_chunks; c++)
        for (size_t i = 0; t.items[0].blocks.chunks[c].blocks && i < CHUNK_BLOCKS; i++)
            laid_out += t.items[0].blocks.chunks[c].blocks[i].layout != NULL;
    assert_true(laid_out <= 2 * HEIGHT && t.items[0].blocks.n == LINES);
    buf_free(&text);
    transcript_free(&t);
}

/* Text that is added, goes on and ends before anybody looks is the text that streams in. */
static void test_text_that_waits_is_the_same_text(void **state)
{
    (void)state;
    struct transcript t;
    transcript_init(&t);
    transcript_resize(&t, 20, 9);
    transcript_add(&t, ITEM_ANSWER, "a\xC3", 2);
    transcript_append(&t, "\xA9\r", 2);
    transcript_finish(&t, "[stopped]");
    shows(&t, ">a\xC3\xA9^M|[stopped]|");
    transcript_add(&t, ITEM_ANSWER, "one", 3);
    transcript_finish(&t, "[stopped]");
    transcript_append(&t, " more", 5); /* it goes on */
    transcript_finish(&t, NULL);
    shows(&t, ">a\xC3\xA9^M|[stopped]||>one more|");
    transcript_add(&t, ITEM_ANSWER, "\xC3", 1);
    transcript_finish(&t, NULL);
    shows(&t, ">a\xC3\xA9^M|[stopped]||>one more||>\xEF\xBF\xBD|");
    transcript_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_wrap_by_cells),
        cmocka_unit_test(test_it_follows_the_end_until_the_reader_scrolls),
        cmocka_unit_test(test_resize_keeps_the_text_at_the_top),
        cmocka_unit_test(test_text_passes_the_sanitiser_and_marks_follow),
        cmocka_unit_test(test_streaming_is_linear),
        cmocka_unit_test(test_streamed_rows_equal_rows_at_once),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_jumping_between_messages),
        cmocka_unit_test(test_raw_and_back_keeps_the_place),
        cmocka_unit_test(test_parts_are_sanitised_as_the_whole),
        cmocka_unit_test(test_opening_is_work_on_what_is_shown),
        cmocka_unit_test(test_only_what_is_seen_is_worked_on),
        cmocka_unit_test(test_text_that_waits_is_the_same_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
