/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "advice.h"
#include "test.h"

static void test_memory(void **state)
{
    (void)state;
    static const struct {
        uint64_t available;
        const char *ends;
    } cases[] = {
        {0, "SmolLM2-1.7B 1.4."},
        {8000000000, " (8.00 GB free here)."},
        {2200000000, " (2.20 GB free here, enough for Llama-3.2-3B)."},
        {500000000, " (500 MB free here, too little for them)."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = advice_memory(cases[i].available);
        size_t n = strlen(text), n_ends = strlen(cases[i].ends);
        assert_true(n > n_ends);
        assert_string_equal(text + n - n_ends, cases[i].ends);
        assert_memory_equal(text, "A real model takes memory: Qwen3-4B 2.6 GB, ", 44);
        free(text);
    }
}

static void test_models(void **state)
{
    (void)state;
    struct model_entry items[] = {{.name = (char[]){"starter"}},
                                  {.name = (char[]){"broken"}, .problem = (char[]){"empty"}},
                                  {.name = (char[]){"a\033[2J"}},
                                  {.name = (char[]){"ollama:llama3.2:3b"}}};
    static const char *const texts[] = {
        "/model FILE.gguf or FOLDER opens one you have; qins-convert makes it small.",
        "/model FILE.gguf or FOLDER opens one you have; qins-convert makes it small.",
        "One is here already: /model a^[[2J",
        "/model lists 2 that are here already, such as a^[[2J.",
    };
    for (size_t n = 1; n <= 4; n++) {
        char *text = advice_models(&(struct model_list){.items = items, .n = n});
        assert_string_equal(text, texts[n - 1]);
        free(text);
    }
}

/* Sizes as README.md has them; 0.75 GB per minute are 100 Mbit/s. */
static void test_three_sizes_are_offered_if_there_is_no_other(void **state)
{
    (void)state;
    struct model_entry items[] = {{.name = (char[]){"starter"}}, {.name = (char[]){"mine"}}};
    static const char *const texts[] = {
        ("Real models to download (once; the time is that at 100 Mbit/s), and the memory they take "
         "(2.00 GB are free); /model lists them too:"),
        "/model qwen2.5-0.5b  1.0 GB,  1 min  0.4 GB",
        "/model smollm2       3.4 GB,  5 min  1.4 GB",
        "/model qwen3-4b      8.0 GB, 11 min  2.7 GB, too much",
    };
    char *lines[N_ADVICE];
    advice_lines(lines, &(struct model_list){.items = items, .n = 1}, true, 2000000000);
    for (int i = 0; i < N_ADVICE; i++) {
        assert_string_equal(lines[i], texts[i]);
        free(lines[i]);
    }
    advice_lines(lines, &(struct model_list){.items = items, .n = 2}, true, 0);
    assert_string_equal(lines[1], "One is here already: /model mine");
    assert_null(lines[2]);
    free(lines[0]);
    free(lines[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_three_sizes_are_offered_if_there_is_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
