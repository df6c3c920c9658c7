/* SPDX-License-Identifier: MIT
 *
 * Which words of a text may name a file: by the rules that qins-tui(1) states.
 */
#include "mention.h"

#include <string.h>

#include "test.h"

/* All paths of a text, each behind a '|'. */
static void expect(const char *text, const char *paths)
{
    struct buf found = {0};
    struct mention m;
    for (size_t at = 0; mention_next(text, strlen(text), &at, &m);)
        if (!m.open)
            buf_printf(&found, "|%.*s", (int)m.n_path, text + m.path);
    buf_puts(&found, "");
    assert_string_equal(found.data, paths);
    buf_free(&found);
}

static void test_words_that_begin_with_it(void **state)
{
    (void)state;
    expect("@a.c", "|a.c");
    expect("see @src/a.c and\n@~/b (@c)", "|src/a.c|~/b|c)");
    expect("@\"my notes.txt\" @'it is \"one\".txt'", "|my notes.txt|it is \"one\".txt");
    expect("@../x @/y @dir/", "|../x|/y|dir/");
    expect("@\xc3\xa4.txt\x02 4711[pasted]\x03", "|\xc3\xa4.txt");
}

static void test_others_are_none(void **state)
{
    (void)state;
    expect("ana@example.org", "");
    expect("`@a` \\@b a@b", "");
    expect("@ b @@c @@ -1,3 +1,4 @@", "");
    expect("@\"never closed", "");
    expect("@\"over\na line\" @b", "|b");
    expect("", "");
}

static void test_signs_of_the_sentence(void **state)
{
    (void)state;
    const char *text = "@a.c).";
    size_t at = 0;
    struct mention m;
    assert_true(mention_next(text, strlen(text), &at, &m));
    assert_int_equal(m.n_path, 5);
    assert_true(mention_shorten(text, &m));
    assert_true(mention_shorten(text, &m));
    assert_int_equal(m.n_path, 3);
    assert_int_equal(m.to, 4);
    assert_false(mention_shorten(text, &m));
}

static void expect_before(const char *text, const char *path)
{
    struct mention m;
    bool is = mention_before(text, strlen(text), &m);
    assert_int_equal(is, path != NULL);
    if (is) {
        assert_int_equal(m.n_path, strlen(path));
        assert_memory_equal(text + m.path, path, m.n_path);
    }
}

static void test_the_one_that_is_typed(void **state)
{
    (void)state;
    expect_before("see @sr", "sr");
    expect_before("@", "");
    expect_before("@\"my no", "my no");
    expect_before("@\"", "");
    expect_before("@a b", NULL);
    expect_before("@\"a b\"", NULL);
    expect_before("a@", NULL);
    expect_before("", NULL);
    expect_before("@\"x\n@y", "y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_that_begin_with_it),
        cmocka_unit_test(test_others_are_none),
        cmocka_unit_test(test_signs_of_the_sentence),
        cmocka_unit_test(test_the_one_that_is_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
