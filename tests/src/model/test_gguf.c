/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "gguf_file.h"
#include "json.h"
#include "tiny_model.h"

static const char *folder;

/* ---- a file with everything in it ---------------------------------------------------- */

enum { F32 = 0, Q8_0 = 8, IQ3_S = 21 };

/* Two tensors, [3][8] F32 and [32] Q8_0, and a value of every kind. */
static struct buf whole_file(void)
{
    struct buf b = {0};
    double d = -0.5;
    gg_start(&b, 2, 12);
    gg_key_string(&b, "general.architecture", "llama");
    gg_key_u32(&b, "a.u32", 7);
    gg_key_f32(&b, "a.f32", 1.5f);
    gg_key(&b, "a.f64", GGUF_F64);
    buf_append(&b, &d, sizeof d);
    gg_key(&b, "a.bool", GGUF_BOOL);
    buf_append(&b, "\1", 1);
    gg_key(&b, "a.i8", GGUF_I8);
    buf_append(&b, "\xff", 1);
    gg_key(&b, "a.u64", GGUF_U64);
    gg_u64(&b, UINT64_MAX);
    gg_key_u16(&b, "a.u16", 65535);
    gg_key_array(&b, "a.strings", GGUF_STRING, 3);
    gg_string(&b, "one");
    gg_string(&b, "");
    gg_u64(&b, 3);
    buf_append(&b, "x\0y", 3);
    gg_key_array(&b, "a.ints", GGUF_I32, 2);
    gg_u32(&b, 5);
    gg_u32(&b, (uint32_t)-6);
    gg_key_array(&b, "a.floats", GGUF_F32, 0);
    gg_key_u32(&b, "general.alignment", 64);
    gg_tensor(&b, "m", 3, 8, F32, 0);
    gg_tensor(&b, "a", 0, 32, Q8_0, 128);
    gg_align(&b, 64);
    for (uint32_t i = 0; i < 128 + 34; i++)
        buf_append(&b, &(uint8_t){(uint8_t)i}, 1);
    return b;
}

/* Parses a copy of exactly n bytes, so that a sanitiser sees every read behind them. */
static bool parses(const void *bytes, size_t n, struct error *err)
{
    struct gguf g;
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    *err = (struct error){0};
    bool ok = gguf_parse(&g, copy, n, "file", err);
    for (size_t i = 0; ok && i < g.n_tensors; i++) {
        assert_true(g.tensors[i].at <= n && g.tensors[i].bytes <= n - g.tensors[i].at);
        assert_true(g.tensors[i].n_weights % g.tensors[i].type->block == 0);
    }
    for (size_t i = 0; ok && i < g.n_values; i++) {
        struct gguf_array a = g.values[i].data;
        while (a.kind == GGUF_STRING && a.n > 0) {
            struct gguf_string s = gguf_take_string(&a);
            assert_true((const uint8_t *)s.data + s.n <= copy + n);
        }
        if (a.kind != GGUF_STRING && a.n > 0)
            gguf_number_at(&a, a.n - 1);
    }
    if (ok) {
        gguf_close(&g);
    } else {
        assert_int_equal(err->code, EX_DATAERR);
        assert_ptr_equal(strstr(err->text, "file: "), err->text);
    }
    free(copy);
    return ok;
}

static void test_values(void **state)
{
    (void)state;
    struct buf b = whole_file();
    struct gguf g;
    struct error err;
    struct gguf_string s;
    struct gguf_array a;
    uint32_t n = 0;
    double d = 0;
    bool yes = false;
    assert_true(gguf_parse(&g, b.data, b.len, "file", &err));
    assert_int_equal(g.version, 3);
    assert_int_equal(g.alignment, 64);
    assert_true(gguf_get_string(&g, "general.architecture", false, &s, &err));
    assert_true(gguf_string_is(s, "llama"));
    assert_true(gguf_get_u32(&g, "a.u32", false, &n, &err) && n == 7);
    assert_true(gguf_get_u32(&g, "a.u16", false, &n, &err) && n == 65535);
    assert_true(gguf_get_number(&g, "a.u32", false, &d, &err) && d == 7);
    assert_true(gguf_get_number(&g, "a.i8", false, &d, &err) && d == -1);
    assert_true(gguf_get_number(&g, "a.f32", false, &d, &err) && d == 1.5);
    assert_true(gguf_get_number(&g, "a.f64", false, &d, &err) && d == -0.5);
    assert_true(gguf_get_bool(&g, "a.bool", false, &yes, &err) && yes);
    assert_true(gguf_get_array(&g, "a.ints", false, GGUF_WANT_INTEGERS, &a, &err));
    assert_true(a.n == 2 && gguf_integer_at(&a, 0) == 5 && gguf_integer_at(&a, 1) == -6);
    assert_true(gguf_get_array(&g, "a.ints", false, GGUF_WANT_NUMBERS, &a, &err));
    assert_true(gguf_get_array(&g, "a.floats", false, GGUF_WANT_NUMBERS, &a, &err) && a.n == 0);
    assert_true(gguf_get_array(&g, "a.strings", false, GGUF_WANT_STRINGS, &a, &err) && a.n == 3);
    assert_true(gguf_string_is(gguf_take_string(&a), "one"));
    assert_int_equal(gguf_take_string(&a).n, 0);
    s = gguf_take_string(&a);
    assert_true(s.n == 3 && memcmp(s.data, "x\0y", 3) == 0 && a.n == 0);
    gguf_close(&g);
    buf_free(&b);
}

static void test_what_a_value_is_not(void **state)
{
    (void)state;
    struct buf b = whole_file();
    struct gguf g;
    struct error err;
    struct gguf_string s;
    struct gguf_array a;
    uint32_t n = 42;
    double d = 42;
    bool yes = true;
    assert_true(gguf_parse(&g, b.data, b.len, "file", &err));
    assert_true(gguf_get_u32(&g, "none", true, &n, &err) && n == 42);
    assert_true(gguf_get_bool(&g, "none", true, &yes, &err) && yes);
    assert_false(gguf_get_u32(&g, "none", false, &n, &err));
    assert_string_equal(err.text, "file: key \"none\" is missing");
    assert_false(gguf_get_u32(&g, "a.u64", false, &n, &err));
    assert_non_null(strstr(err.text, "is not in 0..4294967295"));
    assert_false(gguf_get_u32(&g, "a.i8", false, &n, &err));
    assert_non_null(strstr(err.text, "-1 is not in"));
    assert_false(gguf_get_u32(&g, "a.f32", false, &n, &err));
    assert_non_null(strstr(err.text, "is f32, not integer"));
    assert_false(gguf_get_number(&g, "a.bool", false, &d, &err));
    assert_false(gguf_get_bool(&g, "a.u32", false, &yes, &err));
    assert_false(gguf_get_string(&g, "a.strings", true, &s, &err));
    assert_non_null(strstr(err.text, "key \"a.strings\" at offset"));
    assert_non_null(strstr(err.text, "is an array of string, not string"));
    assert_false(gguf_get_array(&g, "a.u32", false, GGUF_WANT_INTEGERS, &a, &err));
    assert_false(gguf_get_array(&g, "a.floats", false, GGUF_WANT_INTEGERS, &a, &err));
    assert_false(gguf_get_array(&g, "a.ints", false, GGUF_WANT_STRINGS, &a, &err));
    gguf_close(&g);
    buf_free(&b);
}

static void test_tensors(void **state)
{
    (void)state;
    struct buf b = whole_file();
    struct gguf g;
    struct error err;
    char *path = path_join(folder, "whole.gguf");
    write_bytes(folder, "whole.gguf", b.data, b.len);
    for (int from_file = 0; from_file < 2; from_file++) {
        assert_true(from_file ? gguf_open(&g, path, &err)
                              : gguf_parse(&g, b.data, b.len, "file", &err));
        const struct gguf_tensor *m = gguf_tensor(&g, "m"), *a = gguf_tensor(&g, "a");
        assert_true(m && a && !gguf_tensor(&g, "ma"));
        assert_true(m->n_dims == 2 && m->shape[0] == 3 && m->shape[1] == 8 && m->n_weights == 24);
        assert_true(a->n_dims == 1 && a->shape[0] == 32 && a->bytes == 34);
        assert_string_equal(a->type->name, "Q8_0");
        assert_int_equal(m->at, b.len - 128 - 34);
        assert_int_equal(a->at, b.len - 34);
        gguf_close(&g);
    }
    assert_true(gguf_is_file(path));
    free(path);
    buf_free(&b);
}

/* ---- hostile files ------------------------------------------------------------------- */

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct buf b = whole_file();
    struct error err;
    for (size_t n = 0; n < b.len; n++)
        if (parses(b.data, n, &err))
            fail_msg("accepted: the first %zu of %zu bytes", n, b.len);
    assert_true(parses(b.data, b.len, &err));
    buf_free(&b);
}

static void test_every_byte_may_change(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct buf b = whole_file();
    struct error err;
    for (size_t i = 0; i < b.len; i++) {
        char before = b.data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            b.data[i] = (char)(before ^ 1 << bit);
            parses(b.data, b.len, &err);
        }
        for (size_t v = 0; v < sizeof values; v++) {
            b.data[i] = (char)values[v];
            parses(b.data, b.len, &err);
        }
        b.data[i] = before;
    }
    buf_free(&b);
}

/* A file of these keys and tensors, followed by some data. */
static void assert_refused(struct buf *b, const char *why)
{
    static const uint8_t data[4096];
    struct error err;
    buf_append(b, data, sizeof data);
    if (parses(b->data, b->len, &err))
        fail_msg("accepted, but should be refused: %s", why);
    if (!strstr(err.text, why))
        fail_msg("refused with: %s\n without saying: %s", err.text, why);
    buf_free(b);
}

static void test_start_is_checked(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        uint64_t n_tensors, n_values;
        const char *why;
    } rows[] = {
        {1, 0, 0, "GGUF version 1; versions 2 and 3"},
        {4, 0, 0, "GGUF version 4"},
        {0x03000000, 0, 0, "big-endian"},
        {3, UINT64_MAX, 0, "18446744073709551615 tensors"},
        {3, 200, 0, "200 tensors in a file of 4120 bytes"},
        {3, 0, UINT64_C(1) << 63, "9223372036854775808 keys"},
        {3, 0, 300, "300 keys in a file"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        buf_puts(&b, "GGUF");
        gg_u32(&b, rows[i].version);
        gg_u64(&b, rows[i].n_tensors);
        gg_u64(&b, rows[i].n_values);
        assert_refused(&b, rows[i].why);
    }
    struct buf b = {0};
    buf_puts(&b, "GGML");
    assert_refused(&b, "not a GGUF file");
}

static void test_keys_are_checked(void **state)
{
    (void)state;
    struct buf b = {0};
    gg_start(&b, 0, 2);
    gg_key_u32(&b, "twice", 1);
    gg_key_u32(&b, "twice", 2);
    assert_refused(&b, "key \"twice\" at offset");

    gg_start(&b, 0, 1);
    gg_key_u32(&b, "", 1);
    assert_refused(&b, "offset 24: a key is not 1..65535 bytes");

    gg_start(&b, 0, 1);
    gg_u64(&b, 2);
    buf_append(&b, "a\0", 2);
    assert_refused(&b, "without a NUL");

    gg_start(&b, 0, 1);
    gg_u64(&b, UINT64_MAX - 7);
    assert_refused(&b, "offset 32: a key of 18446744073709551608 bytes");

    gg_start(&b, 0, 1);
    gg_key(&b, "k", 13);
    assert_refused(&b, "key \"k\" at offset 24: unknown kind of value (13)");

    gg_start(&b, 0, 1);
    gg_key_array(&b, "k", GGUF_ARRAY, 1);
    assert_refused(&b, "arrays of arrays");

    gg_start(&b, 0, 1);
    gg_key_array(&b, "k", GGUF_F64, UINT64_C(1) << 61); /* times 8 is 0 */
    assert_refused(&b, "more elements than the file can hold (2305843009213693952)");

    gg_start(&b, 0, 1);
    gg_key_array(&b, "k", GGUF_STRING, 3);
    gg_u64(&b, UINT64_MAX);
    assert_refused(&b, "a string of 18446744073709551615 bytes");

    for (unsigned i = 0; i < 3; i++) {
        static const uint32_t wrong[] = {0, 48, 1u << 21};
        gg_start(&b, 0, 1);
        gg_key_u32(&b, "general.alignment", wrong[i]);
        assert_refused(&b, "is not a power of two");
    }
}

static void test_tensors_are_checked(void **state)
{
    (void)state;
    static const struct {
        uint64_t rows, cols;
        uint32_t type;
        uint64_t offset;
        const char *why;
    } rows[] = {
        {1, 8, 4, 0, "tensor \"t\" at offset 24: unknown type (4)"},
        {1, 8, 1000, 0, "unknown type (1000)"},
        {1, 31, Q8_0, 0, "not whole blocks of its type (31)"},
        {1, 0, F32, 0, "an empty dimension"},
        {UINT64_C(1) << 32, UINT64_C(1) << 32, F32, 0, "its shape overflows 64 bits"},
        {UINT64_C(1) << 31, UINT64_C(1) << 32, F32, 0, "its size overflows 64 bits"},
        {UINT64_C(1) << 30, (UINT64_C(1) << 32) - 1, F32, 0,
         "18446744069414584320 bytes at offset"},
        {1, 8, F32, 32, "its data leave a hole"},
        {1, 8, F32, 8, "its data are not aligned (8)"},
        {64, 32, F32, 0, "8192 bytes at offset"},
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gg_start(&b, 1, 0);
        gg_tensor(&b, "t", rows[i].rows, rows[i].cols, rows[i].type, rows[i].offset);
        assert_refused(&b, rows[i].why);
    }
    gg_start(&b, 2, 0);
    gg_tensor(&b, "t", 2, 32, F32, 0);
    gg_tensor(&b, "u", 1, 8, F32, 128);
    assert_refused(&b, "tensor \"u\" at offset 65: its data overlap those of another tensor (128)");

    gg_start(&b, 2, 0);
    gg_tensor(&b, "t", 1, 8, F32, 0);
    gg_tensor(&b, "t", 1, 8, F32, 32);
    assert_refused(&b, "tensor \"t\" stands twice");

    gg_start(&b, 1, 0);
    gg_string(&b, "t");
    gg_u32(&b, 5);
    assert_refused(&b, "more than 4 dimensions (5)");

    gg_start(&b, 1, 0);
    gg_tensor(&b, "a name of 64 bytes, one more than ggml allows, so that it is bad", 1, 8, F32, 0);
    assert_refused(&b, "the name of a tensor is not 1..63 bytes");
}

/* Longer than what is read at first, so that reading goes on. */
static void test_long_header(void **state)
{
    (void)state;
    enum { N = 300000 };
    struct buf b = {0};
    struct gguf g;
    struct gguf_array a = {0};
    struct error err;
    char word[32];
    gg_start(&b, 0, 1);
    gg_key_array(&b, "words", GGUF_STRING, N);
    for (unsigned i = 0; i < N; i++) {
        snprintf(word, sizeof word, "word %u", i);
        gg_string(&b, word);
    }
    char *path = path_join(folder, "long.gguf");
    write_bytes(folder, "long.gguf", b.data, b.len);
    assert_true(b.len > 4 << 20);
    assert_true(gguf_open(&g, path, &err));
    assert_true(gguf_get_array(&g, "words", false, GGUF_WANT_STRINGS, &a, &err));
    for (unsigned i = 0; i < N - 1; i++)
        gguf_take_string(&a);
    assert_true(gguf_string_is(gguf_take_string(&a), "word 299999"));
    gguf_close(&g);
    write_bytes(folder, "long.gguf", b.data, b.len - 1);
    assert_false(gguf_open(&g, path, &err));
    assert_non_null(strstr(err.text, "truncated file?"));
    free(path);
    buf_free(&b);
}

/* ---- types --------------------------------------------------------------------------- */

static void assert_values(const struct gguf_tensor *t, FILE *f, const json_t *expected)
{
    uint8_t *raw = malloc(t->bytes), sum[SHA256_DIGEST_LENGTH];
    float *values = malloc(t->n_weights * sizeof *values);
    char hex[2 * sizeof sum + 1];
    assert_int_equal(fseek(f, (long)t->at, SEEK_SET), 0);
    assert_int_equal(fread(raw, 1, t->bytes, f), t->bytes);
    assert_non_null(t->type->widen);
    t->type->widen(values, raw, t->n_weights / t->type->block);
    SHA256((const void *)values, t->n_weights * sizeof *values, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    const json_t *first = json_object_get(expected, "first"), *value;
    size_t i;
    json_array_foreach(first, i, value) assert_true(values[i] == (float)json_number_value(value));
    assert_string_equal(hex, json_string_value(json_object_get(expected, "sha256")));
    free(values);
    free(raw);
}

/* Every value of 16 types as the original implementation has it. */
static void test_types(void **state)
{
    (void)state;
    const char *path = shared_path("fixtures/gguf/types.gguf"), *name;
    json_t *all = json_load_file(shared_path("fixtures/gguf/types.json"), 0, NULL), *expected;
    const json_t *tensors = json_object_get(all, "tensors");
    struct gguf g;
    struct error err;
    FILE *f = fopen(path, "rb");
    assert_true(f && all && gguf_open(&g, path, &err));
    assert_int_equal(json_object_size(tensors), g.n_tensors);
    json_object_foreach((json_t *)tensors, name, expected)
    {
        const struct gguf_tensor *t = gguf_tensor(&g, name);
        const json_t *shape = json_object_get(expected, "shape");
        assert_non_null(t);
        assert_string_equal(t->type->name, json_string_value(json_object_get(expected, "type")));
        assert_int_equal(t->n_dims, json_array_size(shape));
        for (size_t i = 0; i < t->n_dims; i++)
            assert_int_equal(t->shape[i], json_integer_value(json_array_get(shape, i)));
        assert_values(t, f, expected);
    }
    fclose(f);
    gguf_close(&g);
    json_decref(all);
}

static void test_type_that_is_not_read(void **state)
{
    (void)state;
    struct gguf g;
    struct error err;
    assert_true(gguf_open(&g, shared_path("fixtures/gguf/refused.gguf"), &err));
    const struct gguf_tensor *t = gguf_tensor(&g, "blk.1.ffn_up.weight");
    assert_non_null(t);
    assert_string_equal(t->type->name, "IQ3_S");
    assert_null(t->type->widen);
    gguf_close(&g);
}

/* The least of each type's numbers that the table gets wrong would shift all tensors that follow.
 */
static void test_published_files(void **state)
{
    (void)state;
    const char *fixtures = shared_path("fixtures/gguf");
    struct dirent *entry;
    DIR *dir = opendir(fixtures);
    struct gguf g;
    struct error err;
    unsigned n = 0;
    while ((entry = readdir(dir))) {
        if (!strstr(entry->d_name, ".gguf"))
            continue;
        char *path = path_join(fixtures, entry->d_name);
        if (!gguf_open(&g, path, &err))
            fail_msg("%s", err.text);
        assert_true(gguf_value(&g, "general.architecture") && g.n_tensors > 0);
        gguf_close(&g);
        free(path);
        n++;
    }
    closedir(dir);
    assert_true(n >= 25);
}

int main(void)
{
    folder = temp_folder();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_a_value_is_not),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_byte_may_change),
        cmocka_unit_test(test_start_is_checked),
        cmocka_unit_test(test_keys_are_checked),
        cmocka_unit_test(test_tensors_are_checked),
        cmocka_unit_test(test_long_header),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_type_that_is_not_read),
        cmocka_unit_test(test_published_files),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    return failed;
}
