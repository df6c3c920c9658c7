/* SPDX-License-Identifier: MIT
 *
 * What a model thinks, in the transcript: its line, its text while it is open, the reader's place.
 */
#include <string.h>

#include "aside.h"
#include "reader.h"
#include "test.h"
#include "transcript.h"

enum { ROWS_MAX = 20000 };

static void open_transcript(struct transcript *t, int width, int height)
{
    transcript_init(t);
    transcript_resize(t, width, height);
}

static void think(struct transcript *t, const char *text)
{
    transcript_think(t, text, strlen(text));
}

static void say(struct transcript *t, const char *text)
{
    transcript_append(t, text, strlen(text));
}

/* An answer with a thought, closed, and its user's message. */
static void exchange(struct transcript *t, const char *asked, const char *thought, const char *said)
{
    transcript_add(t, ITEM_USER, asked, strlen(asked));
    transcript_finish(t, NULL);
    transcript_add(t, ITEM_ANSWER, "", 0);
    if (thought)
        think(t, thought);
    transcript_thought(t, "Thought");
    say(t, said);
    transcript_finish(t, NULL);
}

/* Rows with '|' behind each; "<line>" closed, "<line:" open, '>' before the first row of an item.
 */
static char *rows_of(struct transcript *t)
{
    static struct shown_row rows[ROWS_MAX];
    struct buf got = {0};
    for (int n = transcript_rows(t, rows), i = 0; i < n; i++) {
        const struct line *line = rows[i].layout ? &rows[i].layout->lines[rows[i].line] : NULL;
        buf_puts(&got, rows[i].first ? ">" : "");
        if (rows[i].thought)
            buf_printf(&got, "<%s%s", rows[i].thought->line, rows[i].thought->open ? ":" : ">");
        if (line && line->n)
            buf_append(&got, rows[i].layout->drawn.text.data + line->start, line->n);
        buf_printf(&got, "%s|", rows[i].mark ? rows[i].mark : "");
    }
    buf_puts(&got, "");
    return got.data ? got.data : xstrdup("");
}

static void shows(struct transcript *t, const char *wanted)
{
    char *got = rows_of(t);
    assert_string_equal(got, wanted);
    free(got);
}

static void test_a_line_stands_for_it_until_it_is_open(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 12);
    exchange(&t, "Why?", "\n\nlet me see\n\nit bends\n\n", "It **bends**.");
    shows(&t, ">Why?||><Thought>|It bends.|");
    transcript_open(&t, 1, true);
    shows(&t, ">Why?||><Thought:|| let me see|| |"
              "| it bends||It bends.|");
    transcript_open(&t, 1, false);
    shows(&t, ">Why?||><Thought>|It bends.|");
    transcript_free(&t);
}

static void test_what_is_blank_is_no_thought(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 12);
    exchange(&t, "Why?", "\n\n \t\r\n", "So.");
    transcript_open(&t, 1, true);
    shows(&t, ">Why?||>So.|");
    assert_int_equal(transcript_current_thought(&t), SIZE_MAX);
    transcript_free(&t);
}

/* A rule that neither a quotation nor an answer has, also without Unicode and without frames. */
static void test_the_rule_on_any_terminal(void **state)
{
    static const struct {
        bool unicode, bare;
        const char *row;
    } cases[] = {{true, false, "\u250a hm"}, {false, false, "| hm"}, {true, true, "> hm"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct look_of_text look = {
            .width = 20, .unicode = cases[i].unicode, .bare = cases[i].bare};
        struct layout l = {0};
        aside_layout(&l, &look, "hm", 2, true, true);
        assert_int_equal(l.n, 2);
        assert_int_equal(l.lines[0].n, strlen(cases[i].row));
        assert_memory_equal(l.drawn.text.data, cases[i].row, l.lines[0].n);
        assert_int_equal(l.lines[0].prefix, strlen(cases[i].row) - 2); /* not found, not copied */
        assert_int_equal(l.drawn.runs[l.drawn.n - 1].style, STYLE_THINKING);
        assert_int_equal(l.lines[1].n, 0);
        layout_free(&l);
    }
}

static void test_it_is_sanitised_and_no_markdown(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 30, 12);
    exchange(&t, "?", "a \033[2J **b**\n```\n> c\n", "So.");
    transcript_open(&t, 1, true);
    shows(&t, ">?||><Thought:|| a ^[[2J **b**|| ```|| > c||So.|");
    transcript_free(&t);
}

static void test_it_ends_where_the_text_begins(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 12);
    transcript_add(&t, ITEM_ANSWER, "", 0);
    shows(&t, ">|"); /* it waits */
    think(&t, "\n");
    shows(&t, ">|");
    think(&t, "so\xe4");
    transcript_thought(&t, "Thinking");
    shows(&t, "><Thinking>|");
    assert_true(t.items[0].thought.running);
    transcript_open(&t, 0, true);
    shows(&t, "><Thinking:|| so|"); /* a character that is not whole is not there yet */
    say(&t, "");
    assert_true(t.items[0].thought.running);
    say(&t, "Yes");
    assert_false(t.items[0].thought.running);
    shows(&t, "><Thinking:|| so\uFFFD||Yes|");
    transcript_free(&t);
}

static void test_stopped_within_it(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 12);
    transcript_add(&t, ITEM_ANSWER, "", 0);
    think(&t, "so");
    transcript_thought(&t, "Thought");
    transcript_finish(&t, "[stopped]");
    assert_false(t.items[0].thought.running);
    shows(&t, "><Thought>|[stopped]|");
    transcript_open(&t, 0, true);
    shows(&t, "><Thought:|| so|[stopped]|");
    think(&t, " far"); /* it is continued */
    assert_true(t.items[0].thought.running);
    shows(&t, "><Thought:|| so far|[stopped]|");
    transcript_free(&t);
}

/* What is open above the screen moves nothing on it; what is open below the top pushes down. */
static void test_the_text_being_read_stays(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 3);
    exchange(&t, "one", "a\n\nb", "1\n\n2\n\n3");
    exchange(&t, "two", "c\n\nd", "4\n\n5\n\n6");
    transcript_top(&t);
    transcript_scroll(&t, 5);
    shows(&t, "2||3|");
    transcript_open(&t, 1, true);
    shows(&t, "2||3|");
    transcript_open(&t, 3, true);
    shows(&t, "2||3|");
    transcript_scroll(&t, -5);
    shows(&t, "| || b||");
    transcript_open(&t, 1, false); /* in what is closed: to its line */
    shows(&t, "><Thought>|1||");
    transcript_open(&t, 1, true);
    shows(&t, "><Thought:|| a|| |");
    transcript_bottom(&t);
    shows(&t, "5||6|");
    transcript_open(&t, 3, false);
    shows(&t, "5||6|");
    assert_true(t.follow);
    transcript_scroll(&t, -3);
    shows(&t, "><Thought>|4||");
    transcript_open(&t, 3, true); /* seen from its line on, although the end was near */
    shows(&t, "><Thought:|| c|| |");
    assert_false(t.follow);
    transcript_free(&t);
}

static void test_the_end_of_one_that_goes_on_is_followed(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 3);
    transcript_add(&t, ITEM_ANSWER, "", 0);
    think(&t, "a\nb\nc\nd");
    transcript_thought(&t, "Thinking");
    shows(&t, "><Thinking>|");
    transcript_open(&t, 0, true);
    shows(&t, "| b|| c|| d|");
    think(&t, "\ne");
    shows(&t, "| c|| d|| e|");
    transcript_scroll(&t, -1);
    think(&t, "\nf");
    shows(&t, "| b|| c|| d|");
    assert_true(t.unseen);
    transcript_open(&t, 0, false);
    assert_true(t.follow);
    think(&t, "\ng");
    shows(&t, "><Thinking>|");
    assert_false(t.unseen);
    transcript_free(&t);
}

static void test_other_widths_keep_the_place(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 11, 2);
    exchange(&t, "?", "aaaa bbbb cccc dddd eeee ffff", "So.");
    transcript_top(&t);
    transcript_open(&t, 1, true);
    transcript_scroll(&t, 4);
    shows(&t, "| cccc dddd|| eeee ffff|");
    transcript_resize(&t, 6, 2);
    shows(&t, "| cccc|| dddd|");
    transcript_resize(&t, 2, 2); /* no room for the rule: the text is what matters */
    transcript_resize(&t, 1, 2);
    transcript_resize(&t, 11, 2);
    shows(&t, "| cccc dddd|| eeee ffff|");
    transcript_resize(&t, 11, 1);
    transcript_top(&t);
    transcript_scroll(&t, 2);
    transcript_resize(&t, 40, 1);
    shows(&t, "><Thought:|");
    transcript_free(&t);
}

static const char *found(struct transcript *t)
{
    static char status[40];
    while (transcript_search_step(t, 100))
        continue;
    transcript_search_status(t, status, sizeof status);
    return status;
}

/* What is not shown is not found; opening and closing keeps the match and the place. */
static void test_search(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 4);
    for (int i = 0; i < 5; i++)
        exchange(&t, "ask", "a fox\n\nand a fox", "one fox");
    transcript_find(&t, "thought", 7); /* the line is no text */
    assert_string_equal(found(&t), "not found");
    transcript_top(&t);
    transcript_find(&t, "fox", 3);
    assert_string_equal(found(&t), "1/5");
    transcript_find_next(&t, 1);
    assert_string_equal(found(&t), "2/5");
    char *before = rows_of(&t);
    transcript_open(&t, 1, true);
    assert_string_equal(found(&t), "4/7");
    transcript_open(&t, 9, true);
    assert_string_equal(found(&t), "4/9");
    shows(&t, before);
    transcript_find_next(&t, -1);
    transcript_find_next(&t, -1);
    assert_string_equal(found(&t), "2/9"); /* within what is open */
    transcript_open(&t, 1, false);
    assert_string_equal(found(&t), "1/7"); /* the next one there is */
    transcript_open(&t, 9, false);
    assert_string_equal(found(&t), "1/5");
    free(before);
    transcript_bottom(&t); /* away from the match: that is where he stays */
    before = rows_of(&t);
    transcript_open(&t, 1, true);
    assert_string_equal(found(&t), "3/7");
    shows(&t, before);
    free(before);
    transcript_free(&t);
}

static void test_the_current_one(void **state)
{
    (void)state;
    struct transcript t;
    open_transcript(&t, 20, 4);
    assert_int_equal(transcript_current_thought(&t), SIZE_MAX);
    exchange(&t, "one", "a", "1\n\n2\n\n3");
    exchange(&t, "two", NULL, "4\n\n5\n\n6");
    exchange(&t, "three", "b", "7");
    assert_int_equal(transcript_current_thought(&t), 5);
    transcript_jump(&t, -1); /* the message before */
    assert_int_equal(transcript_current_thought(&t), 1);
    transcript_top(&t);
    assert_int_equal(transcript_current_thought(&t), 1);
    transcript_free(&t);
}

/* However it is cut into tokens, and whatever is opened and drawn in between, the rows are the
 * same. */
static void test_streamed_rows_equal_rows_at_once(void **state)
{
    static const char *const pieces[] = {
        "a",
        "bc ",
        "\n",
        "\n\n",
        "\xe4\xb8\xad",
        "\xcc\x81",
        "\t",
        "- x\n",
        "# ",
        "\n```c\n",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
        "\r\n",
        "\033",
        "\xff",
        "word word word word word word word ",
    };
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 200; round++) {
        struct transcript once, streamed;
        struct buf text = {0};
        struct shown_row rows[64];
        open_transcript(&once, 1 + round % 40, ROWS_MAX);
        open_transcript(&streamed, 1 + round % 40, 4);
        for (int i = 0; i < (round % 20 ? 60 : 2000); i++) {
            random = random * 1664525 + 1013904223;
            buf_puts(&text, pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        transcript_add(&once, ITEM_ANSWER, "", 0);
        transcript_open(&once, 0, true);
        transcript_think(&once, text.data, text.len);
        transcript_thought(&once, "Thought");
        say(&once, "So.");
        transcript_add(&streamed, ITEM_ANSWER, "", 0);
        for (size_t at = 0, n; at < text.len; at += n) {
            random = random * 1664525 + 1013904223;
            n = 1 + (random >> 20) % 9;
            n = n < text.len - at ? n : text.len - at;
            transcript_think(&streamed, text.data + at, n);
            if ((random >> 28) == 0)
                transcript_rows(&streamed, rows);
            if ((random >> 27) == 1)
                transcript_open(&streamed, 0, !streamed.items[0].thought.open);
        }
        transcript_thought(&streamed, "Thought");
        say(&streamed, "So.");
        transcript_open(&streamed, 0, true);
        transcript_resize(&streamed, 1 + round % 40, ROWS_MAX);
        transcript_top(&streamed);
        char *a = rows_of(&once), *b = rows_of(&streamed);
        assert_string_equal(a, b);
        free(a);
        free(b);
        buf_free(&text);
        transcript_free(&once);
        transcript_free(&streamed);
    }
}

/* A hundred thousand tokens: closed, none of them is looked at; open, only what is on the screen.
 */
static void test_long_thinking_is_little_work(void **state)
{
    enum { TOKENS = 100000, FRAME = 64 };
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct transcript t;
        struct shown_row rows[64];
        open_transcript(&t, 80, 20);
        transcript_add(&t, ITEM_ANSWER, "", 0);
        transcript_open(&t, 0, open);
        for (int i = 0; i < TOKENS; i++) {
            think(&t, i % 100 ? "word " : "\n\nNext: ");
            if (i % FRAME == 0)
                transcript_rows(&t, rows);
        }
        if (!open)
            assert_int_equal(t.cleaned_bytes + t.items[0].thought.blocks.n, 0);
        assert_in_range(t.cleaned_bytes, 0, (size_t)TOKENS * 5 + TOKENS / FRAME * 1000);
        transcript_open(&t, 0, true);
        transcript_top(&t);
        size_t before = t.cleaned_bytes;
        assert_int_equal(transcript_rows(&t, rows), 20);
        assert_in_range(t.cleaned_bytes - before, 0, 20 * 1024);
        transcript_free(&t);
    }
}

static void test_the_last_words(void **state)
{
    static const struct {
        const char *text;
        int cells;
        const char *words;
    } cases[] = {
        {"so it bends at the surface", 14, "at the surface"},
        {"so it bends at the surface", 13, "the surface"},
        {"so it bends at the surface", 200, "so it bends at the surface"},
        {"- a\n\n- b\t c\r\n", 20, "- a - b c "},
        {"abcdefghijklmnopqrstuvwxyzabcdefghij", 5, "fghij"}, /* a word that is longer */
        {"\xe5\x85\x89\xe5\x9c\xa8\xe6\xb0\xb4\xe4\xb8\xad", 5, "\xe6\xb0\xb4\xe4\xb8\xad"},
        {"a \033[2J", 20, "a ^[[2J"},
        {"", 9, ""},
        {"word", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thought h = {0};
        struct buf words = {0};
        buf_puts(&h.text, cases[i].text);
        thought_words(&h, cases[i].cells, &words);
        assert_string_equal(words.data ? words.data : "", cases[i].words);
        buf_free(&h.text);
        buf_free(&words);
    }
}

/* Messages of another conversation have the same numbers; all of them hear of the option. */
static void test_who_is_open_is_known_by_message(void **state)
{
    (void)state;
    struct reader r;
    struct message first[] = {{.time = 1}, {.time = 1}}, other[] = {{.time = 2}, {.time = 3}};
    const struct conversation c = {.messages = first}, d = {.messages = other};
    reader_init(&r);
    assert_false(reader_is_open(&r, &c, 1));
    reader_fold(&r, &c, 1, true);
    assert_true(reader_is_open(&r, &c, 1));
    assert_false(reader_is_open(&r, &c, 0));
    assert_false(reader_is_open(&r, &d, 1));
    reader_fold(&r, &d, 1, true);
    reader_fold(&r, &c, 1, false);
    assert_false(reader_is_open(&r, &c, 1));
    assert_true(reader_is_open(&r, &d, 1));
    reader_fold_all(&r, true);
    assert_true(reader_is_open(&r, &c, 1));
    reader_fold(&r, &c, 1, false);
    assert_false(reader_is_open(&r, &c, 1));
    reader_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_stands_for_it_until_it_is_open),
        cmocka_unit_test(test_what_is_blank_is_no_thought),
        cmocka_unit_test(test_the_rule_on_any_terminal),
        cmocka_unit_test(test_it_is_sanitised_and_no_markdown),
        cmocka_unit_test(test_it_ends_where_the_text_begins),
        cmocka_unit_test(test_stopped_within_it),
        cmocka_unit_test(test_the_text_being_read_stays),
        cmocka_unit_test(test_the_end_of_one_that_goes_on_is_followed),
        cmocka_unit_test(test_other_widths_keep_the_place),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_the_current_one),
        cmocka_unit_test(test_streamed_rows_equal_rows_at_once),
        cmocka_unit_test(test_long_thinking_is_little_work),
        cmocka_unit_test(test_the_last_words),
        cmocka_unit_test(test_who_is_open_is_known_by_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
