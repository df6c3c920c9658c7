/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>
#include <unistd.h>

#include "safetensors.h"
#include "tiny_model.h"

static const char *folder;

/* The header read from a file must meet the same fate as the bytes in memory. */
static void assert_file_agrees(const void *bytes, size_t n, bool ok)
{
    struct safetensors st;
    struct error err;
    char *path = path_join(folder, "file");
    write_bytes(folder, "file", bytes, n);
    assert_int_equal(safetensors_open_header(&st, path, &err), ok);
    if (ok) {
        assert_null(st.data);
        safetensors_close(&st);
    }
    free(path);
}

/* Parses a copy of exactly n bytes, so that a sanitiser sees every read behind them. */
static bool parses(const void *bytes, size_t n, struct error *err)
{
    struct safetensors st;
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    *err = (struct error){0};
    bool ok = safetensors_parse(&st, copy, n, "file", err);
    if (ok) {
        for (size_t i = 0; i < st.n_tensors; i++) {
            assert_true(st.tensors[i].begin <= st.tensors[i].end);
            assert_true(st.data + st.tensors[i].end <= copy + n);
        }
        safetensors_close(&st);
    } else {
        assert_int_equal(err->code, EX_DATAERR);
        assert_true(strlen(err->text) > 0);
    }
    free(copy);
    return ok;
}

static void assert_refused(const char *header, size_t n_data, const char *why)
{
    struct error err;
    uint8_t data[64] = {0};
    assert_true(n_data <= sizeof data);
    struct buf file = st_file(header, data, n_data);
    if (parses(file.data, file.len, &err))
        fail_msg("accepted: %s", header);
    if (!strstr(err.text, why))
        fail_msg("%s\n refused with: %s\n without saying: %s", header, err.text, why);
    assert_file_agrees(file.data, file.len, false);
    buf_free(&file);
}

/* Other files in its place, and headers that would take much more memory than their text. */
static void assert_known(const void *bytes, size_t n, const char *why)
{
    struct error err;
    assert_false(parses(bytes, n, &err));
    if (!strstr(err.text, why))
        fail_msg("%s, without: %s", err.text, why);
    assert_file_agrees(bytes, n, false);
}

static void test_other_files_are_known(void **state)
{
    (void)state;
    static const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    static const char page[] = "\n<!DOCTYPE html><html><head></head><body></body></html>";
    static const char zip[] = "PK\003\004xxxxxxxxxxxxxxxxxxxxxxxxx", zeros[64] = {0};
    assert_known(lfs, sizeof lfs - 1, "git lfs pull");
    assert_known(page, sizeof page - 1, "web page");
    assert_known(zip, sizeof zip - 1, "zip archive");
    assert_known("root:x:0:0:root:/root:/bin/bash\n", 32, "text, not a .qins or safetensors file");
    assert_known(zeros, sizeof zeros, "not finished");
}

static void test_headers_have_bounds(void **state)
{
    (void)state;
    struct buf deep = {0};
    buf_puts(&deep, "{\"a\":[{}");
    for (int i = 0; i < 1000; i++)
        buf_puts(&deep, ",{}");
    buf_puts(&deep, "]}");
    assert_refused(deep.data, 0, "not the JSON of a safetensors file");
    buf_free(&deep);
    buf_puts(&deep, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1");
    for (int i = 0; i < 100; i++)
        buf_puts(&deep, ",1");
    buf_puts(&deep, "],\"data_offsets\":[0,4]}}");
    assert_refused(deep.data, 4, "more than 64 values");
    buf_free(&deep);
}

static void assert_accepted(const char *header, size_t n_data)
{
    struct error err;
    uint8_t data[64] = {0};
    struct buf file = st_file(header, data, n_data);
    if (!parses(file.data, file.len, &err))
        fail_msg("%s: %s", header, err.text);
    assert_file_agrees(file.data, file.len, true);
    buf_free(&file);
}

#define ENTRY(dtype, shape, begin, end)                                                            \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"
#define ONE(dtype, shape, begin, end) "{\"a\":" ENTRY(dtype, shape, begin, end) "}"

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return usage.ru_maxrss / 1024;
#else
    return usage.ru_maxrss;
#endif
}

/* 20 MB of lists, and as many entries as there may be: the file and 64 MB at most. */
static void test_headers_take_little_memory(void **state)
{
    enum { HEADER = 20 << 20 };
    struct buf lists = {0}, entries = {0};
    struct error err;
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    buf_puts(&lists, "{");
    for (int i = 0; lists.len < HEADER; i++) {
        buf_printf(&lists, "%s\"t%d\":{", i ? "," : "", i);
        for (int k = 0; k < 15; k++) {
            buf_printf(&lists, "%s\"%d\":[0", k ? "," : "", k);
            for (int v = 0; v < 60; v++)
                buf_puts(&lists, ",0");
            buf_puts(&lists, "]");
        }
        buf_puts(&lists, "}");
    }
    buf_puts(&lists, "}");
    buf_puts(&entries, "{");
    for (int i = 0; i < 200000; i++)
        buf_printf(&entries, "%s\"t%d\":" ENTRY("U8", "[0]", "0", "0"), i ? "," : "", i);
    buf_puts(&entries, "}");
    struct buf files[] = {st_file(lists.data, "", 0), st_file(entries.data, "", 0)};
    long before = peak_kib();
    for (int i = 0; i < 2; i++) {
        struct safetensors st;
        if (safetensors_parse(&st, files[i].data, files[i].len, "file", &err))
            safetensors_close(&st);
        else
            assert_int_equal(i, 0); /* no "dtype" */
        buf_free(&files[i]);
    }
    assert_true(peak_kib() - before < 64 << 10);
    buf_free(&lists);
    buf_free(&entries);
}

static void test_files_that_are_too_short(void **state)
{
    (void)state;
    struct error err;
    uint8_t zeros[9] = {0};
    for (size_t n = 0; n <= 9; n++) {
        assert_false(parses(zeros, n, &err));
        assert_file_agrees(zeros, n, false);
    }
}

static void test_header_lengths_that_lie(void **state)
{
    static const uint64_t lengths[] = {
        0, 1, 1u << 31, 1ull << 32, 1ull << 63, UINT64_MAX, UINT64_MAX - 8, 100000001, 3};
    (void)state;
    struct error err;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t file[10] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
        memcpy(file, &lengths[i], 8);
        assert_false(parses(file, sizeof file, &err));
        assert_true(lengths[i] < 3 || strstr(err.text, "not a .qins or safetensors file"));
        assert_file_agrees(file, sizeof file, false);
    }
}

static void test_headers_that_are_no_header(void **state)
{
    (void)state;
    assert_refused("{}", 0, "no tensors");
    assert_refused("{\"__metadata__\":{\"a\":\"b\"}}", 0, "no tensors");
    assert_refused(" {}", 0, "does not start");
    assert_refused("[]", 0, "does not start");
    assert_refused(ONE("F32", "[1]", "0", "4") "x", 4, "JSON");
    assert_refused("{\"a\":1}", 0, "not an object");
    assert_refused("{\"a\":{}}", 0, "dtype");
    assert_refused("{\"__metadata__\":{\"k\":1}}", 0, "metadata");
    assert_refused("{\"__metadata__\":[]}", 0, "metadata");
    assert_refused("{\"__metadata__\":{\"k\":\"a\\u0000b\"}}", 0, "metadata");
    assert_refused("{\"a\\u0000\":1}", 0, "JSON");
    struct error err;
    const char raw_nul[] = "\x05\0\0\0\0\0\0\0{\"a\0}";
    assert_false(parses(raw_nul, sizeof raw_nul - 1, &err));
}

static void test_deep_nesting(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_puts(&b, "{\"__metadata__\":{\"a\":");
    for (int i = 0; i < 100000; i++)
        buf_puts(&b, "[");
    assert_refused(b.data, 0, "JSON");
    buf_free(&b);
}

static void test_padding_of_many_megabytes_is_padding(void **state)
{
    (void)state;
    struct error err;
    size_t n = 50 << 20;
    struct buf b = st_file(ONE("F32", "[1]", "0", "4"), "", 0);
    uint64_t length = n;
    b.data = xrealloc(b.data, n + 12, 1);
    memset(b.data + b.len, ' ', n + 12 - b.len);
    memcpy(b.data, &length, 8);
    assert_true(parses(b.data, n + 12, &err));
    free(b.data);
}

static void test_names(void **state)
{
    (void)state;
    assert_refused(
        "{\"a\":" ENTRY("U8", "[1]", "0", "1") ",\"a\":" ENTRY("U8", "[1]", "1", "2") "}", 2,
        "duplicate");
    /* the same letter, composed and decomposed: two names */
    assert_accepted("{\"\xc3\xa9\":" ENTRY("U8", "[1]", "0",
                                           "1") ",\"e\xcc\x81\":" ENTRY("U8", "[1]", "1", "2") "}",
                    2);
    assert_accepted("{\"%n%s\\u001b[2J\":" ENTRY("U8", "[1]", "0", "1") "}", 1);
    assert_refused("{\"%n%s%s%s\":" ENTRY("U8", "[2]", "0", "1") "}", 1, "%n%s");
    struct buf b = {0};
    buf_puts(&b, "{\"");
    for (int i = 0; i < 1 << 20; i++)
        buf_puts(&b, "x");
    buf_puts(&b, "\":" ENTRY("U8", "[2]", "0", "1") "}");
    assert_refused(b.data, 1, "xxx"); /* a name of 1 MB, in a short message */
    buf_free(&b);
}

static void test_offsets(void **state)
{
    (void)state;
    assert_refused(
        "{\"a\":" ENTRY("U8", "[4]", "0", "4") ",\"b\":" ENTRY("U8", "[4]", "2", "6") "}", 6,
        "inside");
    assert_refused(
        "{\"a\":" ENTRY("U8", "[4]", "0", "4") ",\"b\":" ENTRY("U8", "[4]", "0", "4") "}", 4,
        "inside");
    assert_refused(
        "{\"a\":" ENTRY("U8", "[4]", "0", "4") ",\"b\":" ENTRY("U8", "[4]", "5", "9") "}", 9,
        "hole");
    assert_refused(ONE("U8", "[1]", "1", "2"), 2, "hole");
    assert_refused(ONE("U8", "[1]", "0", "1"), 2, "behind the last");
    assert_refused(ONE("U8", "[1]", "1", "0"), 1, "begin");
    assert_refused(ONE("U8", "[2]", "0", "2"), 1, "follow");
    assert_refused(ONE("U8", "[1]", "0", "18446744073709551615"), 1, "JSON");
    assert_refused(ONE("U8", "[1]", "0", "9223372036854775807"), 1, "follow");
    assert_refused(ONE("U8", "[1]", "-1", "0"), 1, "data_offsets");
    assert_refused(ONE("U8", "[1]", "0.0", "1"), 1, "data_offsets");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1,
                   "data_offsets");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "data_offsets");
}

static void test_shapes(void **state)
{
    (void)state;
    assert_refused(ONE("F32", "[2]", "0", "4"), 4, "fill");
    assert_refused(ONE("F32", "[1]", "0", "2"), 2, "fill");
    assert_refused(ONE("F32", "[4294967296,4294967296]", "0", "4"), 4, "overflow");
    assert_refused(ONE("F32", "[4611686018427387904,2]", "0", "0"), 0, "fill");
    assert_refused(ONE("U8", "[-1]", "0", "1"), 1, "dimension");
    assert_refused(ONE("U8", "[1.5]", "0", "1"), 1, "dimension");
    assert_refused(ONE("U8", "[1e30]", "0", "1"), 1, "dimension");
    assert_refused(ONE("U8", "[\"1\"]", "0", "1"), 1, "dimension");
    assert_refused(ONE("U8", "[1,1,1,1,1,1,1,1,1]", "0", "1"), 1, "shape");
    assert_refused(ONE("U8", "1", "0", "1"), 1, "shape");
    assert_accepted(ONE("F32", "[]", "0", "4"), 4);
    assert_accepted(ONE("F32", "[0,3]", "0", "0"), 0);
    assert_accepted(ONE("F32", "[1,1,1,1,1,1,1,1]", "0", "4"), 4);
}

static void test_dtypes(void **state)
{
    (void)state;
    assert_refused(ONE("F33", "[1]", "0", "4"), 4, "F33");
    assert_refused(ONE("f32", "[1]", "0", "4"), 4, "f32");
    assert_refused(ONE("F4", "[3]", "0", "1"), 1, "fill"); /* 12 bits */
    assert_accepted(ONE("F4", "[2]", "0", "1"), 1);
    assert_accepted(ONE("F8_E4M3", "[2]", "0", "2"), 2);
    assert_accepted(ONE("I64", "[1]", "0", "8"), 8);
    assert_accepted(ONE("BOOL", "[1]", "0", "1"), 1);
}

static void test_tensors_are_found_whatever_their_order(void **state)
{
    static const char header[] =
        "{\"b\":" ENTRY("F16", "[2]", "4", "8") ",\"__metadata__\":"
                                                "{\"format\":\"pt\"},\"a\":" ENTRY("BF16", "[2,1]",
                                                                                   "0", "4") "}   ";
    (void)state;
    struct safetensors st;
    struct error err;
    struct buf file = st_file(header, "\1\2\3\4\5\6\7\10", 8);
    assert_true(safetensors_parse(&st, file.data, file.len, "x", &err));
    assert_int_equal(st.n_tensors, 2);
    const struct st_tensor *b = safetensors_find(&st, "b");
    assert_int_equal(b->dtype, ST_F16);
    assert_int_equal(st.data[b->begin], 5);
    assert_int_equal(safetensors_find(&st, "a")->n_dims, 2);
    assert_null(safetensors_find(&st, "c"));
    assert_string_equal(safetensors_meta(&st, "format"), "pt");
    assert_null(safetensors_meta(&st, "b"));
    safetensors_close(&st);
    buf_free(&file);
}

/* Every length and every single byte: refused, or read as something that lies inside the file. */
static void test_no_damage_is_read_beyond_the_file(void **state)
{
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},\"a\":" ENTRY(
        "F32", "[1,2]", "0", "8") ",\"b\":" ENTRY("U8", "[3]", "8", "11") "}";
    (void)state;
    struct error err;
    struct buf file = st_file(header, "0123456789a", 11);
    assert_true(parses(file.data, file.len, &err));
    for (size_t n = 0; n < file.len; n++) {
        assert_false(parses(file.data, n, &err));
        assert_file_agrees(file.data, n, false);
    }
    for (size_t i = 0; i < file.len - 11; i++) {
        uint8_t was = (uint8_t)file.data[i];
        for (unsigned flip = 1; flip < 256; flip++) {
            file.data[i] = (char)(was ^ flip);
            parses(file.data, file.len, &err);
        }
        file.data[i] = (char)was;
    }
    buf_free(&file);
}

static void test_what_is_no_file_is_refused_without_waiting(void **state)
{
    (void)state;
    struct safetensors st;
    struct error err;
    char *fifo = path_join(folder, "fifo"), *gap = path_join(folder, "gap");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_false(safetensors_open(&st, fifo, &err));
    assert_false(safetensors_open(&st, folder, &err));
    assert_false(safetensors_open(&st, "/dev/zero", &err));
    assert_false(safetensors_open(&st, "/proc/self/mem", &err));
    write_text(folder, "gap", "");
    assert_false(safetensors_open(&st, gap, &err));
    if (truncate(gap, (off_t)1 << 40) == 0) /* a terabyte of nothing */
        assert_false(safetensors_open(&st, gap, &err) || safetensors_open_header(&st, gap, &err));
    free(fifo);
    free(gap);
}

static int make_folder(void **state)
{
    (void)state;
    folder = temp_folder();
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_files_are_known),
        cmocka_unit_test(test_headers_have_bounds),
        cmocka_unit_test(test_headers_take_little_memory),
        cmocka_unit_test(test_files_that_are_too_short),
        cmocka_unit_test(test_header_lengths_that_lie),
        cmocka_unit_test(test_headers_that_are_no_header),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_padding_of_many_megabytes_is_padding),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_dtypes),
        cmocka_unit_test(test_tensors_are_found_whatever_their_order),
        cmocka_unit_test(test_no_damage_is_read_beyond_the_file),
        cmocka_unit_test(test_what_is_no_file_is_refused_without_waiting),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
