/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "gguf_file.h"
#include "gguf_split.h"
#include "tiny_model.h"

static const char *folder;

/* What a part says, and the one tensor in it. */
struct part {
    const char *file;
    uint16_t no, count;
    int n_all; /* -1: does not say */
    const char *tensor;
};

static const struct part good[] = {
    {"m-00001-of-00003.gguf", 0, 3, 3, "a"},
    {"m-00002-of-00003.gguf", 1, 3, -1, "b"},
    {"m-00003-of-00003.gguf", 2, 3, -1, "c"},
};

static void write_part(const struct part *p)
{
    static const float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct buf b = {0};
    gg_start(&b, 1, p->n_all < 0 ? 2 : 3);
    gg_key_u16(&b, "split.no", p->no);
    gg_key_u16(&b, "split.count", p->count);
    if (p->n_all >= 0)
        gg_key_u32(&b, "split.tensors.count", (uint32_t)p->n_all);
    gg_tensor(&b, p->tensor, 0, 8, 0, 0);
    gg_align(&b, 32);
    buf_append(&b, data, sizeof data);
    write_bytes(folder, p->file, b.data, b.len);
    buf_free(&b);
}

static void write_good(void)
{
    for (unsigned i = 0; i < 3; i++)
        write_part(&good[i]);
}

static bool opens(const char *file, struct gguf_split *s, struct error *err)
{
    char *path = path_join(folder, file);
    bool ok = gguf_split_open(s, path, err);
    free(path);
    return ok;
}

static void assert_refused(const char *file, const char *why)
{
    struct gguf_split s;
    struct error err;
    if (opens(file, &s, &err))
        fail_msg("accepted, but should be refused: %s", why);
    assert_int_equal(err.code, EX_DATAERR);
    if (!strstr(err.text, why))
        fail_msg("refused with: %s\n without saying: %s", err.text, why);
}

static void test_any_part_opens_all(void **state)
{
    (void)state;
    struct gguf_split s;
    struct error err;
    write_good();
    for (unsigned i = 0; i < 3; i++) {
        if (!opens(good[i].file, &s, &err))
            fail_msg("%s", err.text);
        assert_int_equal(s.n_parts, 3);
        for (unsigned k = 0; k < 3; k++) {
            const struct gguf *part;
            const struct gguf_tensor *t = gguf_split_tensor(&s, good[k].tensor, &part);
            assert_non_null(t);
            assert_ptr_equal(part, &s.parts[k]);
        }
        assert_true(gguf_value(&s.parts[0], "split.tensors.count") != NULL);
        gguf_split_close(&s);
    }
}

static void test_one_file(void **state)
{
    (void)state;
    struct gguf_split s;
    struct error err;
    write_part(&(struct part){"one.gguf", 0, 1, -1, "a"});
    assert_true(opens("one.gguf", &s, &err));
    assert_int_equal(s.n_parts, 1);
    gguf_split_close(&s);
}

static void test_parts_are_checked(void **state)
{
    (void)state;
    write_good();
    write_part(&(struct part){"renamed.gguf", 1, 3, -1, "b"});
    assert_refused("renamed.gguf", "whose name has to end in -00002-of-00003.gguf");

    write_part(&(struct part){"m-00002-of-00003.gguf", 2, 3, -1, "b"});
    assert_refused(good[0].file, "says that it is part 3 of 3, not 2 of 3");

    write_part(&(struct part){"m-00002-of-00003.gguf", 1, 4, -1, "b"});
    assert_refused(good[0].file, "says that it is part 2 of 4, not 2 of 3");

    write_part(&(struct part){"m-00002-of-00003.gguf", 1, 3, -1, "a"});
    assert_refused(good[0].file, "tensor \"a\" stands in");

    write_good();
    write_part(&(struct part){good[0].file, 0, 3, 4, "a"});
    assert_refused(good[2].file, "3 tensors in all parts, but split.tensors.count is 4");
    write_part(&(struct part){good[0].file, 0, 3, -1, "a"});
    assert_refused(good[0].file, "key \"split.tensors.count\" is missing");
    write_part(&(struct part){good[0].file, 3, 3, 3, "a"});
    assert_refused(good[0].file, "part 3 (split.no) of 3");
    write_part(&(struct part){good[0].file, 0, 65535, 3, "a"});
    assert_refused(good[0].file, "of 65535 (split.count, at most 1000)");

    write_good();
    char *gone = path_join(folder, good[1].file);
    unlink(gone);
    assert_refused(good[0].file, "m-00002-of-00003.gguf: cannot open");
    free(gone);
}

int main(void)
{
    folder = temp_folder();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_part_opens_all),
        cmocka_unit_test(test_one_file),
        cmocka_unit_test(test_parts_are_checked),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    return failed;
}
