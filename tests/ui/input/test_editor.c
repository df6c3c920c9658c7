/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "editor.h"
#include "test.h"

static void type(struct editor *e, const char *text)
{
    for (; *text; text++)
        editor_type(e, *text);
}

static void check(const struct editor *e, const char *text, size_t caret)
{
    assert_string_equal(e->text.data ? e->text.data : "", text);
    assert_int_equal(e->caret, caret);
}

static void test_typing_and_undo_go_by_words(void **state)
{
    (void)state;
    struct editor e = {0};
    type(&e, "one two");
    check(&e, "one two", 7);
    editor_act(&e, ACT_UNDO);
    check(&e, "one", 3);
    editor_act(&e, ACT_UNDO);
    check(&e, "", 0);
    editor_act(&e, ACT_UNDO);
    check(&e, "", 0);
    editor_free(&e);
}

static void test_emacs_keys(void **state)
{
    (void)state;
    struct editor e = {0};
    editor_insert(&e, "alpha beta\ngamma", 16);
    editor_act(&e, ACT_LINE_START);
    assert_int_equal(e.caret, 11);
    editor_act(&e, ACT_LEFT);
    editor_act(&e, ACT_WORD_LEFT);
    assert_int_equal(e.caret, 6);
    editor_act(&e, ACT_KILL_LINE);
    check(&e, "alpha \ngamma", 6);
    editor_act(&e, ACT_KILL_LINE); /* at its end: the newline too, joined to the cut before */
    check(&e, "alpha gamma", 6);
    editor_act(&e, ACT_YANK);
    check(&e, "alpha beta\ngamma", 11);
    editor_act(&e, ACT_UNDO);
    check(&e, "alpha gamma", 6);
    editor_act(&e, ACT_KILL_WORD_LEFT);
    check(&e, "gamma", 0);
    editor_act(&e, ACT_YANK);
    editor_act(&e, ACT_YANK_OLDER);
    check(&e, "beta\ngamma", 5);
    editor_act(&e, ACT_LINE_END);
    editor_act(&e, ACT_TRANSPOSE);
    check(&e, "beta\ngamam", 10);
    editor_act(&e, ACT_KILL_TO_START);
    check(&e, "beta\n", 5);
    editor_free(&e);
}

static void test_kill_back_to_blank_and_word(void **state)
{
    (void)state;
    struct editor e = {0};
    editor_insert(&e, "see a/b-c", 9);
    editor_act(&e, ACT_KILL_WORD_LEFT);
    check(&e, "see a/b-", 8);
    editor_act(&e, ACT_KILL_BLANK_LEFT);
    check(&e, "see ", 4);
    editor_act(&e, ACT_YANK); /* cuts to the left are joined in their order */
    check(&e, "see a/b-c", 9);
    editor_free(&e);
}

/* e + U+0301; family emoji (7 code points); flag: each is one step and one deletion. */
static void test_movement_is_by_clusters(void **state)
{
    (void)state;
    const char *text = "e\xcc\x81"
                       "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"
                       "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
                       "x";
    struct editor e = {0};
    editor_insert(&e, text, strlen(text));
    editor_act(&e, ACT_LEFT);
    assert_int_equal(e.caret, 3 + 18 + 8);
    editor_act(&e, ACT_LEFT);
    assert_int_equal(e.caret, 3 + 18);
    editor_act(&e, ACT_LEFT);
    assert_int_equal(e.caret, 3);
    editor_act(&e, ACT_BACKSPACE);
    assert_int_equal(e.caret, 0);
    editor_act(&e, ACT_DELETE);
    assert_int_equal(e.text.len, 9);
    editor_free(&e);
}

static void paste(struct editor *e, const char *text, size_t n, size_t step)
{
    editor_paste_start(e);
    for (size_t i = 0; i < n; i += step)
        editor_paste(e, text + i, n - i < step ? n - i : step);
    editor_paste_end(e);
    editor_take_paste(e);
}

static void test_pastes_are_cleaned_and_one_undo(void **state)
{
    (void)state;
    static const char text[] = "a\r\nb\rc\033[2J\x07\tz\xc3\xa9\xc2\x9b\xff\0q";
    for (size_t step = 1; step < sizeof text; step++) {
        struct editor e = {0};
        type(&e, "<");
        paste(&e, text, sizeof text - 1, step);
        check(&e, "<a\nb\nc[2J\tz\xc3\xa9\xef\xbf\xbdq", 17);
        editor_act(&e, ACT_UNDO);
        check(&e, "<", 1);
        editor_free(&e);
    }
}

static void test_long_pastes_are_folded(void **state)
{
    (void)state;
    struct editor e = {0};
    char lines[41];
    for (int i = 0; i < 40; i++)
        lines[i] = i % 4 == 3 ? '\n' : 'a';
    paste(&e, lines, 32, 5); /* 8 lines */
    assert_int_equal(e.text.len, 32);
    editor_clear(&e);
    type(&e, "x ");
    paste(&e, lines, 36, 5); /* 9 */
    type(&e, " y");
    assert_non_null(strstr(e.text.data, "[pasted\xc2\xa0"
                                        "9\xc2\xa0lines,\xc2\xa0"
                                        "36\xc2\xa0"
                                        "bytes]"));
    char *whole = editor_expand(&e);
    assert_int_equal(strlen(whole), 40);
    assert_memory_equal(whole + 2, lines, 36);
    free(whole);
    size_t behind = e.caret - 2;
    editor_act(&e, ACT_LEFT);
    editor_act(&e, ACT_LEFT);
    assert_int_equal(e.caret, behind);
    editor_act(&e, ACT_LEFT); /* one step over it */
    assert_int_equal(e.caret, 2);
    editor_act(&e, ACT_WORD_RIGHT); /* one word */
    assert_int_equal(e.caret, behind);
    editor_act(&e, ACT_KILL_WORD_LEFT);
    check(&e, "x  y", 2);
    editor_act(&e, ACT_YANK);
    editor_act(&e, ACT_BACKSPACE);
    check(&e, "x  y", 2);
    editor_act(&e, ACT_UNDO);
    editor_act(&e, ACT_UNFOLD);
    assert_int_equal(e.text.len, 40);
    assert_int_equal(e.caret, 38);
    assert_memory_equal(e.text.data + 2, lines, 36);
    editor_act(&e, ACT_UNDO);
    assert_int_equal(e.text.len, behind + 2);
    editor_free(&e);
}

static void test_megabytes_are_pasted_and_more_is_refused(void **state)
{
    (void)state;
    struct editor e = {0};
    size_t n = 3 << 20, row;
    int column;
    char *text = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 60 == 59 ? '\n' : 'a';
    paste(&e, text, n, 4096);
    assert_true(e.text.len < 100);
    assert_int_equal(editor_pasted_lines(&e), 0);
    editor_act(&e, ACT_UNFOLD);
    assert_int_equal(e.text.len, n);
    editor_layout(&e, 70, &row, &column);
    assert_int_equal(row, n / 60);
    assert_false(e.full);
    type(&e, "x");
    editor_layout(&e, 70, &row, &column);
    assert_int_equal(column, n % 60 + 1);
    editor_act(&e, ACT_UNDO);
    editor_act(&e, ACT_UNDO);
    editor_act(&e, ACT_UNDO);
    assert_int_equal(e.text.len, 0);
    editor_paste_start(&e); /* 6 MB: as a whole or not at all */
    editor_paste(&e, text, n);
    editor_paste(&e, text, n);
    editor_paste_end(&e);
    editor_take_paste(&e);
    assert_true(e.full);
    assert_int_equal(e.text.len, 0);
    free(text);
    editor_free(&e);
}

static void test_up_and_down_keep_the_column_then_use_history(void **state)
{
    (void)state;
    struct editor e = {0};
    size_t row;
    int column;
    editor_remember(&e, "first");
    editor_remember(&e, "second");
    editor_remember(&e, "second");
    editor_insert(&e, "abcdef\nxy\nuvwxyz", 16);
    editor_layout(&e, 40, &row, &column);
    assert_int_equal(row, 2);
    assert_int_equal(column, 6);
    editor_act(&e, ACT_UP);
    assert_int_equal(e.caret, 9);
    editor_act(&e, ACT_UP);
    assert_int_equal(e.caret, 6);
    editor_act(&e, ACT_UP);
    check(&e, "second", 6);
    editor_act(&e, ACT_UP);
    editor_act(&e, ACT_UP);
    check(&e, "first", 5);
    editor_act(&e, ACT_DOWN);
    editor_act(&e, ACT_DOWN);
    check(&e, "abcdef\nxy\nuvwxyz", 16); /* the draft comes back */
    editor_act(&e, ACT_DOWN);
    check(&e, "abcdef\nxy\nuvwxyz", 16);
    editor_free(&e);
}

static void test_down_walks_over_wrapped_rows(void **state)
{
    (void)state;
    struct editor e = {0};
    size_t row;
    int column;
    editor_insert(&e, "aaaaaaaaaabbbbbbbbbbcc", 22);
    e.caret = 5;
    editor_layout(&e, 10, &row, &column);
    assert_int_equal(row, 0);
    editor_act(&e, ACT_DOWN);
    assert_int_equal(e.caret, 15);
    editor_act(&e, ACT_DOWN);
    assert_int_equal(e.caret, 22);
    editor_act(&e, ACT_UP);
    assert_int_equal(e.caret, 15);
    editor_free(&e);
}

/* Layout after an edit must equal layout from scratch. */
static void test_layout_of_edits_equals_layout_anew(void **state)
{
    (void)state;
    struct editor e = {0};
    uint32_t random = 7;
    for (int i = 0; i < 3000; i++) {
        size_t row, row2;
        int column;
        random = random * 1664525 + 1013904223;
        static const enum action acts[] = {
            ACT_LEFT,      ACT_RIGHT,           ACT_UP,       ACT_DOWN, ACT_BACKSPACE,
            ACT_DELETE,    ACT_KILL_WORD,       ACT_YANK,     ACT_UNDO, ACT_NEWLINE,
            ACT_WORD_LEFT, ACT_KILL_BLANK_LEFT, ACT_TRANSPOSE};
        if (random >> 31)
            editor_type(&e, "abc d \xe4\xb8\xad"[random >> 20 & 7] & 0x7f);
        else
            editor_act(&e, acts[(random >> 20) % (sizeof acts / sizeof *acts)]);
        if (random >> 18 & 1) {
            char wide[] = "\xe4\xb8\xad";
            editor_insert(&e, wide, 3);
        }
        editor_layout(&e, 7, &row, &column);
        struct rows anew = {0};
        rows_update(&anew, e.text.data, e.text.len, 0, 7);
        assert_int_equal(anew.n, e.rows.n);
        for (size_t r = 0; r < anew.n; r++) {
            assert_int_equal(anew.rows[r].start, e.rows.rows[r].start);
            assert_int_equal(anew.rows[r].shown, e.rows.rows[r].shown);
        }
        row2 = rows_find(&anew, e.caret);
        assert_int_equal(row, row2);
        rows_free(&anew);
    }
    editor_free(&e);
}

/* ---- random edits against the plainest editor there is -------------------------------- */

struct naive { /* a text, a caret, and copies of all texts that were */
    char text[4096];
    size_t n, caret;
};

static void naive_replace(struct naive *m, size_t at, size_t n_removed, const char *s, size_t n)
{
    char out[4096];
    memcpy(out, m->text, at);
    memcpy(out + at, s, n);
    memcpy(out + at + n, m->text + at + n_removed, m->n - at - n_removed);
    m->n = m->n - n_removed + n;
    memcpy(m->text, out, m->n);
    m->caret = at + n;
}

/* Words of ASCII letters; one byte a character. */
static bool naive_word(const struct naive *m, size_t at)
{
    char c = (char)(m->text[at] | 32);
    return c >= 'a' && c <= 'z';
}

static void naive_act(struct naive *m, enum action action)
{
    size_t at = m->caret, to = at;
    switch (action) {
    case ACT_LEFT: m->caret -= at > 0; break;
    case ACT_RIGHT: m->caret += at < m->n; break;
    case ACT_BACKSPACE:
        if (at)
            naive_replace(m, at - 1, 1, "", 0);
        break;
    case ACT_DELETE:
        if (at < m->n)
            naive_replace(m, at, 1, "", 0);
        break;
    case ACT_NEWLINE: naive_replace(m, at, 0, "\n", 1); break;
    case ACT_LINE_START:
        while (m->caret && m->text[m->caret - 1] != '\n')
            m->caret--;
        break;
    case ACT_LINE_END:
        while (m->caret < m->n && m->text[m->caret] != '\n')
            m->caret++;
        break;
    case ACT_KILL_WORD:
        while (to < m->n && !naive_word(m, to))
            to++;
        while (to < m->n && naive_word(m, to))
            to++;
        naive_replace(m, at, to - at, "", 0);
        break;
    case ACT_KILL_TO_START:
        while (to && m->text[to - 1] != '\n')
            to--;
        naive_replace(m, to, at - to, "", 0);
        break;
    default: fail();
    }
}

static void same(const struct editor *e, const struct naive *m)
{
    assert_int_equal(e->text.len, m->n);
    assert_memory_equal(e->text.data ? e->text.data : "", m->text, m->n);
}

static void test_random_edits_equal_the_plainest_editor(void **state)
{
    (void)state;
    static const enum action acts[] = {ACT_LEFT,     ACT_RIGHT,     ACT_BACKSPACE,
                                       ACT_DELETE,   ACT_NEWLINE,   ACT_LINE_START,
                                       ACT_LINE_END, ACT_KILL_WORD, ACT_KILL_TO_START};
    enum { ROUNDS = 200, STEPS = 300 };
    static struct naive texts[STEPS + 1];
    uint32_t random = 3;
    for (int round = 0; round < ROUNDS; round++) {
        struct editor e = {0};
        struct naive m = {0};
        size_t n_texts = 0;
        texts[n_texts++] = m;
        for (int i = 0; i < STEPS; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 30) {
                char c = "abc XYZ ab."[(random >> 20) % 11];
                editor_insert(&e, &c, 1); /* an undo unit of its own */
                naive_replace(&m, m.caret, 0, &c, 1);
            } else {
                enum action action = acts[(random >> 20) % (sizeof acts / sizeof *acts)];
                editor_act(&e, action);
                naive_act(&m, action);
            }
            same(&e, &m);
            assert_int_equal(e.caret, m.caret);
            struct naive *last = &texts[n_texts - 1];
            if (last->n != m.n || memcmp(last->text, m.text, m.n) != 0)
                texts[n_texts++] = m;
        }
        for (size_t i = n_texts - 1; i-- > 0;) { /* all the way back, */
            editor_act(&e, ACT_UNDO);
            same(&e, &texts[i]);
        }
        editor_act(&e, ACT_UNDO);
        same(&e, &texts[0]);
        for (size_t i = 1; i < n_texts; i++) { /* and forth, */
            editor_act(&e, ACT_REDO);
            same(&e, &texts[i]);
        }
        editor_act(&e, ACT_REDO);
        same(&e, &texts[n_texts - 1]);
        editor_act(&e, ACT_UNDO); /* and a change after undoing is the end of redoing */
        editor_insert(&e, "!", 1);
        size_t n = e.text.len;
        editor_act(&e, ACT_REDO);
        assert_int_equal(e.text.len, n);
        editor_free(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing_and_undo_go_by_words),
        cmocka_unit_test(test_emacs_keys),
        cmocka_unit_test(test_kill_back_to_blank_and_word),
        cmocka_unit_test(test_movement_is_by_clusters),
        cmocka_unit_test(test_pastes_are_cleaned_and_one_undo),
        cmocka_unit_test(test_long_pastes_are_folded),
        cmocka_unit_test(test_megabytes_are_pasted_and_more_is_refused),
        cmocka_unit_test(test_up_and_down_keep_the_column_then_use_history),
        cmocka_unit_test(test_down_walks_over_wrapped_rows),
        cmocka_unit_test(test_layout_of_edits_equals_layout_anew),
        cmocka_unit_test(test_random_edits_equal_the_plainest_editor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
