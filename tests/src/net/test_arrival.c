/* SPDX-License-Identifier: MIT
 *
 * arrival: what one thread writes, another one may read when it is told so, and not before.
 */
#include "arrival.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { BYTES = 100000, STEP = 700, HEADER = 16, SOON_MS = 20, LATE_MS = 10000 };

static const char *folder;
static char *coming[2], *whole[2];
static const char *const names[2] = {"a", "b"};
static struct arrival *a;
static struct error err;

static uint8_t byte_at(int file, size_t i)
{
    return (uint8_t)(i * 31 + i / 251 + (size_t)file * 7);
}

static void announce(int file)
{
    struct buf header = {0};
    for (size_t i = 0; i < HEADER; i++)
        buf_append(&header, &(char){(char)byte_at(file, i)}, 1);
    arrival_add(a, names[file], BYTES, "0123", &header);
    assert_null(header.data);
}

static int set_up(void **state)
{
    (void)state;
    folder = temp_folder();
    a = arrival_new();
    for (int i = 0; i < 2; i++) {
        coming[i] = xasprintf("%s/%s.incomplete", folder, names[i]);
        whole[i] = path_join(folder, names[i]);
        announce(i);
    }
    arrival_begin(a, folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arrival_free(a);
    for (int i = 0; i < 2; i++) {
        free(coming[i]);
        free(whole[i]);
    }
    remove_folder(folder);
    return 0;
}

static int open_coming(int file)
{
    int fd = open(coming[file], O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void write_up_to(int file, int fd, size_t n)
{
    uint8_t bytes[BYTES];
    for (size_t i = 0; i < n; i++)
        bytes[i] = byte_at(file, i);
    assert_int_equal(write_whole(fd, bytes, n, 0), n);
}

static void finish(int file, int fd)
{
    write_up_to(file, fd, BYTES);
    arrival_grow(a, names[file], fd, BYTES);
    close(fd);
    assert_int_equal(rename(coming[file], whole[file]), 0);
    arrival_whole(a, names[file], whole[file]);
}

static void check_bytes(int file, size_t from, size_t n)
{
    uint8_t bytes[BYTES];
    int fd = arrival_open(arrival_find(a, names[file]), &err);
    assert_true(fd >= 0);
    assert_int_equal(read_whole(fd, bytes, n, from), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], byte_at(file, from + i));
    close(fd);
}

/* ---- tests ---------------------------------------------------------------------------- */

static void test_bytes_are_there_when_they_have_come(void **state)
{
    (void)state;
    assert_string_equal(arrival_folder(a, LATE_MS), folder);
    assert_int_equal(arrival_bytes(a), 2 * BYTES);
    assert_int_equal(arrival_find(a, "b")->begin, BYTES);
    assert_null(arrival_find(a, "c"));
    assert_int_equal(arrival_wait(a, 0, SOON_MS), ARRIVAL_THERE);
    assert_int_equal(arrival_wait(a, 1, SOON_MS), ARRIVAL_COMES);
    assert_int_equal(arrival_open(arrival_find(a, "a"), &err), -1);
    int fd = open_coming(0);
    write_up_to(0, fd, 5000);
    arrival_grow(a, "a", fd, 5000);
    assert_int_equal(arrival_come(a), 5000);
    assert_int_equal(arrival_wait(a, 5000, SOON_MS), ARRIVAL_THERE);
    assert_int_equal(arrival_wait(a, 5001, SOON_MS), ARRIVAL_COMES);
    check_bytes(0, 100, 4900);
    finish(0, fd);
    check_bytes(0, 0, BYTES);
    assert_int_equal(arrival_wait(a, BYTES, SOON_MS), ARRIVAL_THERE);
    assert_int_equal(arrival_open(arrival_find(a, "b"), &err), -1);
    finish(1, open_coming(1));
    assert_int_equal(arrival_wait(a, 2 * BYTES, SOON_MS), ARRIVAL_THERE);
    assert_int_equal(arrival_wait(a, ARRIVAL_END, SOON_MS), ARRIVAL_COMES);
    arrival_end(a, true);
    assert_int_equal(arrival_wait(a, ARRIVAL_END, SOON_MS), ARRIVAL_THERE);
}

static void test_bytes_that_are_taken_back(void **state)
{
    (void)state;
    arrival_take_back(a, "a"); /* none were there */
    assert_int_equal(arrival_wait(a, 1, SOON_MS), ARRIVAL_COMES);
    int fd = open_coming(0);
    arrival_grow(a, "a", fd, 1);
    arrival_take_back(a, "a");
    assert_int_equal(arrival_wait(a, 1, LATE_MS), ARRIVAL_LOST);
    finish(0, fd);
    finish(1, open_coming(1));
    arrival_end(a, true);
    assert_int_equal(arrival_wait(a, ARRIVAL_END, LATE_MS), ARRIVAL_LOST);
}

static void test_a_download_that_fails(void **state)
{
    (void)state;
    finish(0, open_coming(0));
    arrival_end(a, false);
    assert_int_equal(arrival_wait(a, 1, LATE_MS), ARRIVAL_LOST);
    assert_int_equal(arrival_wait(a, ARRIVAL_END, LATE_MS), ARRIVAL_LOST);
}

static void test_a_file_with_another_header(void **state)
{
    (void)state;
    int fd = open_coming(0);
    write_up_to(1, fd, BYTES); /* another file's bytes */
    arrival_whole(a, "a", coming[0]);
    assert_int_equal(arrival_wait(a, 1, LATE_MS), ARRIVAL_LOST);
    close(fd);
}

static void test_a_file_of_another_length(void **state)
{
    (void)state;
    int fd = open_coming(0);
    write_up_to(0, fd, BYTES - 1);
    arrival_whole(a, "a", coming[0]);
    assert_int_equal(arrival_wait(a, 1, LATE_MS), ARRIVAL_LOST);
    close(fd);
}

static void test_a_file_that_changes_afterwards(void **state)
{
    (void)state;
    const struct arriving_file *f = arrival_find(a, "a");
    assert_false(arrival_unchanged(f, &err));
    finish(0, open_coming(0));
    assert_true(arrival_unchanged(f, &err));
    int fd = open(whole[0], O_RDWR);
    assert_int_equal(futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}), 0);
    close(fd);
    assert_false(arrival_unchanged(f, &err));
    assert_non_null(strstr(err.text, "changed while it was being converted"));
}

static void test_what_nobody_announced(void **state)
{
    (void)state;
    arrival_grow(NULL, "a", 0, 1);
    arrival_whole(NULL, "a", "a");
    arrival_take_back(NULL, "a");
    arrival_grow(a, "config.json", 0, 1);
    arrival_whole(a, "config.json", "a");
    arrival_take_back(a, "config.json");
    assert_int_equal(arrival_come(a), 0);
    struct arrival *none = arrival_new();
    assert_null(arrival_folder(none, SOON_MS));
    arrival_end(none, true);
    assert_null(arrival_folder(none, LATE_MS));
    arrival_free(none);
}

static void *download(void *arg)
{
    (void)arg;
    for (int file = 0; file < 2; file++) {
        int fd = open_coming(file);
        for (size_t n = STEP; n < BYTES; n += STEP) {
            write_up_to(file, fd, n);
            arrival_grow(a, names[file], fd, n);
        }
        finish(file, fd);
    }
    arrival_end(a, true);
    return NULL;
}

static void test_two_threads(void **state)
{
    (void)state;
    pthread_t thread;
    const double start = now_ms();
    assert_int_equal(pthread_create(&thread, NULL, download, NULL), 0);
    for (size_t at = 0; at < 2 * BYTES; at += 10000) {
        assert_int_equal(arrival_wait(a, at + 10000, LATE_MS), ARRIVAL_THERE);
        check_bytes(at >= BYTES, at % BYTES, 10000);
    }
    assert_int_equal(arrival_wait(a, ARRIVAL_END, LATE_MS), ARRIVAL_THERE);
    pthread_join(thread, NULL);
    assert_true(now_ms() - start < LATE_MS); /* nobody slept through the news */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_are_there_when_they_have_come, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bytes_that_are_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_download_that_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_with_another_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_of_another_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_changes_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_nobody_announced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
