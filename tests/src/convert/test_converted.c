/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "converted.h"
#include "gguf_file.h"
#include "model.h"

static const char *folder, *cache;
static char *source;

/* The tiny model with a vocabulary that makes it large; weights are zero, on disk a hole. */
static void write_large(void)
{
    enum { VOCAB = 1200000 };
    struct buf b = {0};
    uint64_t at = 0;
    gg_start(&b, N_TINY, TINY_KEYS);
    gg_tiny_keys(&b);
    for (int i = 0; i < N_TINY; i++) {
        uint64_t rows = i ? tiny_tensors[i].rows : VOCAB;
        gg_tensor(&b, tiny_gguf_names[i], rows, tiny_tensors[i].cols, 0, at);
        at += ((rows ? rows : 1) * tiny_tensors[i].cols * sizeof(float) + 31) / 32 * 32;
    }
    gg_align(&b, 32);
    write_bytes(folder, "large.gguf", b.data, b.len);
    assert_int_equal(truncate(source, (off_t)(b.len + at)), 0);
    buf_free(&b);
}

static char *convert(enum format format)
{
    struct error err;
    struct convert_options o = {.format = format, .n_threads = 2};
    char *file;
    if (!converted_file(source, &o, &file, &err))
        fail_msg("%s", err.text);
    return file;
}

static unsigned n_kept(void)
{
    char *models = path_join(cache, "qins/models");
    DIR *dir = opendir(models);
    struct dirent *entry;
    unsigned n = 0;
    while (dir && (entry = readdir(dir)))
        n += strstr(entry->d_name, ".qins") != NULL;
    if (dir)
        closedir(dir);
    free(models);
    return n;
}

static int make_folders(void **state)
{
    (void)state;
    folder = temp_folder();
    cache = temp_folder();
    source = path_join(folder, "large.gguf");
    setenv("XDG_CACHE_HOME", cache, 1);
    write_large();
    return 0;
}

static int drop_folders(void **state)
{
    (void)state;
    remove_folder(folder);
    remove_folder(cache);
    free(source);
    return 0;
}

static void test_converted_once(void **state)
{
    (void)state;
    struct error err;
    struct stat before, after;
    char *first = convert(FORMAT_QINS8);
    assert_non_null(first);
    assert_int_equal(stat(first, &before), 0);
    assert_int_equal(before.st_mode & 0777 & ~0644, 0);
    struct model *m = model_open(first, &err);
    if (!m)
        fail_msg("%s", err.text);
    assert_string_equal(m->source, "large");
    model_close(m);

    char *second = convert(FORMAT_QINS8);
    assert_string_equal(second, first);
    assert_int_equal(stat(second, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_true(after.st_mtime == before.st_mtime);
    free(first);
    free(second);
}

static void test_another_format_is_another_file(void **state)
{
    (void)state;
    char *a = convert(FORMAT_QINS8), *b = convert(FORMAT_QINS4);
    assert_string_not_equal(a, b);
    assert_int_equal(n_kept(), 2);
    free(a);
    free(b);
}

static void test_changed_source_is_converted_again(void **state)
{
    (void)state;
    free(convert(FORMAT_QINS4));
    char *before = convert(FORMAT_QINS8);
    struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    assert_int_equal(utimensat(AT_FDCWD, source, times, 0), 0);
    char *after = convert(FORMAT_QINS8);
    assert_string_not_equal(before, after);
    assert_false(is_file(before));
    assert_int_equal(n_kept(), 1);
    free(before);
    free(after);
}

static void test_source_that_is_gone_leaves_nothing(void **state)
{
    (void)state;
    free(convert(FORMAT_QINS8));
    char *moved = path_join(folder, "moved.gguf");
    assert_int_equal(rename(source, moved), 0);
    free(source);
    source = moved;
    char *file = convert(FORMAT_QINS8);
    assert_non_null(strstr(file, "/moved-qins8-"));
    assert_int_equal(n_kept(), 1);
    free(file);
}

static void test_in_memory_without_a_cache(void **state)
{
    (void)state;
    char *blocked = path_join(cache, "qins");
    write_text(cache, "qins", "a file");
    assert_null(convert(FORMAT_QINS8));
    assert_true(is_file(blocked));
    free(blocked);
}

static void test_small_ones_are_not_kept(void **state)
{
    (void)state;
    tiny_gguf(folder, -1, NULL);
    free(source);
    source = path_join(folder, "tiny.gguf");
    assert_null(convert(FORMAT_QINS8));
    assert_int_equal(n_kept(), 0);
}

static bool stop(void *arg, const struct convert_progress *p)
{
    (void)arg;
    (void)p;
    return false;
}

static void test_interrupted(void **state)
{
    (void)state;
    struct error err;
    struct convert_options o = {.format = FORMAT_QINS8, .n_threads = 1, .progress = stop};
    char *file;
    assert_false(converted_file(source, &o, &file, &err));
    assert_int_equal(err.code, EXIT_INTERRUPTED);
    assert_null(file);
    assert_int_equal(n_kept(), 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, make_folders, drop_folders)
    const struct CMUnitTest tests[] = {
        EACH(test_converted_once),
        EACH(test_another_format_is_another_file),
        EACH(test_changed_source_is_converted_again),
        EACH(test_source_that_is_gone_leaves_nothing),
        EACH(test_in_memory_without_a_cache),
        EACH(test_small_ones_are_not_kept),
        EACH(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
