/* SPDX-License-Identifier: MIT
 *
 * A conversation as Markdown, read by md4c: whatever a message leaves open, the next one is a text
 * of its own.
 */
#include <md4c.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "test.h"

/* Words in emphasis, as the parser sees them. */
struct seen {
    int emphasis;
    struct buf words;
};

static int enter_span(MD_SPANTYPE type, void *detail, void *user)
{
    (void)detail;
    ((struct seen *)user)->emphasis += type == MD_SPAN_EM;
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *user)
{
    (void)detail;
    ((struct seen *)user)->emphasis -= type == MD_SPAN_EM;
    return 0;
}

static int block(MD_BLOCKTYPE type, void *detail, void *user)
{
    (void)type, (void)detail, (void)user;
    return 0;
}

static int text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *user)
{
    struct seen *seen = user;
    (void)type;
    if (seen->emphasis) {
        buf_append(&seen->words, s, n);
        buf_puts(&seen->words, " ");
    }
    return 0;
}

static void read_back(const struct conversation *c, struct seen *seen)
{
    static const MD_PARSER parser = {.enter_block = block,
                                     .leave_block = block,
                                     .enter_span = enter_span,
                                     .leave_span = leave_span,
                                     .text = text};
    const char *folder = temp_folder();
    char *path = path_join(folder, "c.md");
    struct error err;
    struct buf file = {0};
    if (!export_file(c, path, false, true, &err) || !read_file(&file, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    assert_int_equal(md_parse(file.data, (MD_SIZE)file.len, &parser, seen), 0);
    buf_puts(&seen->words, "");
    buf_free(&file);
    free(path);
    remove_folder(folder);
}

static void test_messages_do_not_swallow_each_other(void **state)
{
    static const char *const answers[] = {
        "```c\nint x;",
        "~~~~\na\n~~~",
        "text\n````\n```\n",
        "- item\n  ```sh\n  ls",
        "1. one\n\n   ~~~\n   two",
        "<!-- a comment",
        "<script>\nif (a) {",
        "<pre>\n\nx",
        "<style>",
        "<textarea>\n\n\n",
        "<?php echo",
        "<![CDATA[ x",
        "    indented code",
        "> quote\n> ```\n> x",
        "| a | b |\n|---|---|\n| 1",
        "- list",
        "a\r\n```\r\nb",
        "`open",
        "**open *and",
        "[link](http://a",
        "[ref]: ",
        "text  ",
        "text\\",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct conversation c = {0};
        struct seen seen = {0};
        conversation_add(&c, CHAT_USER, "*first*", 7);
        conversation_add(&c, CHAT_ASSISTANT, answers[i], strlen(answers[i]));
        conversation_add(&c, CHAT_USER, "*second*", 8);
        conversation_add(&c, CHAT_ASSISTANT, "*third*", 7);
        read_back(&c, &seen);
        if (!strstr(seen.words.data, "first ") || !strstr(seen.words.data, "second ") ||
            !strstr(seen.words.data, "third "))
            fail_msg("behind \"%s\" only these are texts: %s", answers[i], seen.words.data);
        buf_free(&seen.words);
        conversation_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_do_not_swallow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
