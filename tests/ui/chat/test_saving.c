/* SPDX-License-Identifier: MIT
 *
 * saving: what the chat does while the disk fails
 */
#include <dirent.h>

#include "failing_disk.h"
#include "saving.h"
#include "test.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = path_join(temp_folder(), "qins");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    *strrchr(folder, '/') = '\0';
    remove_folder(folder);
    free(folder);
    return 0;
}

static int count_set_aside(void)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));)
        n += strstr(e->d_name, ".damaged-") != NULL;
    if (dir)
        closedir(dir);
    return n;
}

static void say(struct conversation *c, const char *text)
{
    conversation_add(c, c->n % 2 ? CHAT_ASSISTANT : CHAT_USER, text, strlen(text));
}

static int count_conversations(struct saving *s)
{
    struct store_list list = {0};
    struct error err;
    if (!saving_store(s, &err) || !store_find(s->store, "", 1000, &list, &err))
        fail_msg("%s", err.text);
    int n = (int)list.n;
    store_list_free(&list);
    return n;
}

/* Wherever the disk stops answering: it is told once, and saved when the disk answers again, into
 * the same file and the same conversation. */
static void test_a_disk_that_does_not_answer_for_a_while(void **state)
{
    (void)state;
    static const int errors[] = {EIO, ENOSPC, EROFS};
    struct saving s = {.folder = xstrdup(folder)};
    struct conversation c = {0};
    say(&c, "the first");
    assert_true(saving_now(&s, &c));
    for (int round = 0; round < 6; round++) {
        bool failed = true, anew = round % 2; /* the file is opened in that moment, too */
        int n_failures = 0;
        for (int after = 0; failed; after++) {
            if (anew) {
                store_close(s.store);
                s.store = NULL;
            }
            say(&c, "more");
            disk_will_fail(after, errors[round / 2]);
            bool saved = saving_now(&s, &c);
            char *news = saving_news(&s);
            assert_true(saved == !news);
            n_failures += !saved;
            assert_true(saved || saving_now(&s, &c) == false);
            assert_null(s.news.data); /* it is not told again */
            failed = disk_is_well();
            assert_true(saving_now(&s, &c));
            free(news);
        }
        assert_true(n_failures > 1);
    }
    assert_int_equal(count_set_aside(), 0);
    assert_int_equal(count_conversations(&s), 1);
    conversation_free(&c);
    saving_free(&s);
}

/* So it is with a new conversation: it is not saved twice. */
static void test_a_new_conversation_on_such_a_disk(void **state)
{
    (void)state;
    struct saving s = {.folder = xstrdup(folder)};
    struct conversation c = {0};
    int n = 1;
    say(&c, "the first");
    assert_true(saving_now(&s, &c));
    for (bool failed = true; failed; n++) {
        conversation_free(&c);
        saving_release(&s);
        say(&c, "another");
        disk_will_fail(n - 1, EIO);
        saving_now(&s, &c);
        saving_now(&s, &c);
        failed = disk_is_well();
        assert_true(saving_now(&s, &c));
    }
    assert_true(n > 10);
    assert_int_equal(count_conversations(&s), n);
    assert_int_equal(count_set_aside(), 0);
    conversation_free(&c);
    saving_free(&s);
}

static void write_over(const char *name, long at, const char *text)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    for (int i = 0; i < 200; i++)
        assert_true(fputs(text, f) >= 0);
    fclose(f);
    free(path);
}

static void test_a_damaged_file_gives_way(void **state)
{
    (void)state;
    for (long at = 0; at <= 4096; at += 4096) { /* what it is; a page of it */
        struct saving s = {.folder = xstrdup(folder)};
        struct conversation c = {0};
        say(&c, "the first");
        assert_true(saving_now(&s, &c));
        store_close(s.store);
        s.store = NULL;
        write_over("conversations.db", at, "nonsense");
        say(&c, "more");
        assert_true(saving_now(&s, &c));
        assert_int_equal(count_set_aside(), 1 + (at > 0));
        assert_int_equal(count_conversations(&s), 1);
        char *news = saving_news(&s);
        assert_non_null(strstr(news, "damaged"));
        free(news);
        conversation_free(&c);
        saving_free(&s);
    }
}

/* Twenty times what the last time took, but a second at least. */
static void test_slow_disks_are_asked_less(void **state)
{
    (void)state;
    static const double cases[][2] = {{0, 1000}, {49, 1000}, {51, 1020}, {5000, 100000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct saving s = {.took_ms = cases[i][0]};
        double start = now_ms();
        saving_later(&s);
        assert_true(s.due >= start + cases[i][1] && s.due <= now_ms() + cases[i][1]);
        double due = s.due;
        saving_later(&s); /* more text moves nothing */
        assert_true(s.due >= due && s.due <= due);
    }
    struct saving s = {.folder = xstrdup(folder)};
    struct conversation c = {0};
    say(&c, "text");
    double start = now_ms();
    assert_true(saving_now(&s, &c));
    assert_true(s.took_ms > 0 && s.took_ms <= now_ms() - start);
    conversation_free(&c);
    saving_free(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    disk_stand_before();
    const struct CMUnitTest tests[] = {
        TEST(test_a_disk_that_does_not_answer_for_a_while),
        TEST(test_a_new_conversation_on_such_a_disk),
        TEST(test_slow_disks_are_asked_less),
        TEST(test_a_damaged_file_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
