/* SPDX-License-Identifier: MIT */
#include "model.h"
#include "test.h"

static struct model *open_folder(const char *folder, enum format format)
{
    struct error err = {0};
    struct convert_options o = {.format = format, .n_threads = 2};
    struct model *m = model_open_folder(shared_path(folder), &o, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

static void test_every_supported_folder_opens_in_every_format(void **state)
{
    static const char *const folders[] = {"fixtures/phi3", "fixtures/phi3-cross", "fixtures/phi4",
                                          "fixtures/llama", "models/stories260K",
                                          "models/stories260K-phi3"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        for (enum format f = 0; f < N_FORMATS; f++) {
            struct model *m = open_folder(folders[i], f);
            assert_int_equal(m->format, f);
            assert_true(m->tokenizer_bytes > 0);
            model_close(m);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_supported_folder_opens_in_every_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
