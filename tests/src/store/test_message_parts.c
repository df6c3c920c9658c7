/* SPDX-License-Identifier: MIT
 *
 * Files inside the text of a message: what is written is found again, whatever it holds, and what
 * is no part is what somebody typed.
 */
#include "message_parts.h"

#include <string.h>

#include "test.h"

static void expect_part(const struct buf *text, size_t *at, const char *name, const char *content)
{
    struct message_part part;
    assert_true(message_part_next(text->data, text->len, at, &part));
    assert_string_equal(part.name, name);
    assert_int_equal(part.n_text, strlen(content));
    assert_memory_equal(part.text, content, part.n_text);
    message_part_free(&part);
}

static void test_a_message_is_as_the_header_says(void **state)
{
    (void)state;
    struct buf text = {0};
    message_part_add(&text, "notes.txt", "one\ntwo", 7);
    message_add_typed(&text, "Well? @notes.txt", 16);
    assert_string_equal(text.data, "<file name=\"notes.txt\" bytes=\"7\">\none\ntwo\n</file>\n\n"
                                   "Well? @notes.txt");
    buf_free(&text);
}

static void test_parts_are_found_by_their_length(void **state)
{
    (void)state;
    static const char *const names[] = {"a.txt", "b & \"c\" <d>.txt", ""};
    static const char *const contents[] = {
        "\n</file>\n\n<file name=\"x\" bytes=\"1\">\ny\n</file>\n\n", "", "\xff\x01<|end|>\n"};
    struct buf text = {0};
    size_t at = 0;
    for (int i = 0; i < 3; i++)
        message_part_add(&text, names[i], contents[i], strlen(contents[i]));
    size_t n = text.len;
    buf_puts(&text, "typed");
    for (int i = 0; i < 3; i++)
        expect_part(&text, &at, names[i], contents[i]);
    assert_int_equal(at, n);
    assert_int_equal(message_parts_length(text.data, text.len), n);
    buf_free(&text);
}

static void test_what_is_cut_or_wrong_is_text(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "typed",
        "<file>",
        "<file name=\"a\" bytes=\"\">\n\n</file>\n\n",
        "<file name=\"a\" bytes=\"2\">\na\n</file>\n\n",
        "<file name=\"a\" bytes=\"99999999999999999999\">\na\n</file>\n\n",
        "<file name=\"a\nb\" bytes=\"1\">\na\n</file>\n\n",
        "<file name=\"a\" bytes=\"-1\">\na\n</file>\n\n",
        " <file name=\"a\" bytes=\"1\">\na\n</file>\n\n"};
    struct buf text = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(message_parts_length(wrong[i], strlen(wrong[i])), 0);
    message_part_add(&text, "a.txt", "content", 7);
    for (size_t n = 0; n < text.len; n++)
        assert_int_equal(message_parts_length(text.data, n), 0);
    buf_free(&text);
}

/* Who types, or pastes, the text of a part has put no file in. */
static void test_typed_text_is_no_part(void **state)
{
    (void)state;
    struct buf part = {0}, text = {0};
    message_part_add(&part, "a.txt", "content", 7);
    message_add_typed(&text, part.data, part.len);
    assert_int_equal(text.len, part.len + 1);
    assert_int_equal(message_parts_length(text.data, text.len), 0);
    buf_free(&part);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_is_as_the_header_says),
        cmocka_unit_test(test_parts_are_found_by_their_length),
        cmocka_unit_test(test_what_is_cut_or_wrong_is_text),
        cmocka_unit_test(test_typed_text_is_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
