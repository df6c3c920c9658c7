/* SPDX-License-Identifier: MIT
 *
 * Tokenizers of GGUF files. Expected ids: shared/vectors/gguf-vocab, by llama.cpp, and
 * shared/fixtures, where transformers made them from the same tokenizer's tokenizer.json.
 */
#include <jansson.h>

#include "gguf_vocab.h"
#include "test.h"
#include "tokenizer_gguf.h"

static struct tokenizer *open_gguf(const char *path)
{
    struct gguf g;
    struct error err;
    if (!gguf_open(&g, path, &err))
        fail_msg("%s", err.text);
    struct tokenizer *t = gguf_tokenizer(&g, &err);
    if (!t)
        fail_msg("%s", err.text);
    gguf_close(&g);
    return t;
}

/* ---- llama.cpp's texts --------------------------------------------------------------------- */

static void check_line(const struct tokenizer *t, const char *text, size_t n, char *line,
                       const char *name)
{
    struct ids ids = {0};
    struct text_span span = {text, n, false};
    size_t i = 0;
    assert_true(tokenizer_encode(t, &span, 1, &ids));
    for (char *end, *at = line;; at = end) {
        long id = strtol(at, &end, 10);
        if (end == at)
            break;
        if (i >= ids.n || ids.ids[i] != id)
            fail_msg("%s: id %zu of \"%.*s\" is not %ld", name, i, (int)n, text, id);
        i++;
    }
    assert_int_equal(i, ids.n);
    ids_free(&ids);
}

static void check_vocab(const char *name)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    char command[1200], path[256], *line = NULL;
    size_t cap = 0;
    int n_texts = 0;
    const char *folder = temp_folder();
    struct buf in = {0};
    struct error err;
    snprintf(path, sizeof path, "%s/vocab.gguf", folder);
    snprintf(command, sizeof command, "zstd -dqf '%s/%s.gguf.zst' -o '%s'",
             shared_path("vectors/gguf-vocab"), name, path);
    assert_int_equal(system(command), 0);
    struct tokenizer *t = open_gguf(path);
    remove_folder(folder);
    snprintf(command, sizeof command, "%s/%s.inp", shared_path("vectors/gguf-vocab"), name);
    assert_true(read_file(&in, command, 1 << 20, &err));
    snprintf(command, sizeof command, "%s/%s.out", shared_path("vectors/gguf-vocab"), name);
    FILE *f = fopen(command, "r");
    assert_non_null(f);
    for (const char *at = in.data, *end; at; at = end ? end + sizeof separator - 1 : NULL) {
        end = strstr(at, separator);
        if (getline(&line, &cap, f) <= 0)
            break;
        check_line(t, at, end ? (size_t)(end - at) : strlen(at), line, name);
        n_texts++;
    }
    assert_true(n_texts >= 46);
    fclose(f);
    free(line);
    buf_free(&in);
    tokenizer_free(t);
}

static void test_vectors(void **state)
{
    (void)state;
    static const char *const names[] = {"phi-3", "llama-bpe",    "gpt-2",
                                        "qwen2", "deepseek-llm", "gemma-4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_vocab(names[i]);
}

/* ---- the same tokenizer as tokenizer.json and in GGUF --------------------------------------- */

static void check_chats(const struct tokenizer *t, const json_t *chats, const char *name)
{
    for (size_t i = 0; i < json_array_size(chats); i++) {
        const json_t *c = json_array_get(chats, i), *text = json_object_get(c, "text");
        const json_t *expected = json_object_get(c, "every_special");
        struct text_span span = {json_string_value(text), json_string_length(text), true};
        struct ids ids = {0};
        if (!text || !expected)
            continue;
        assert_true(tokenizer_encode(t, &span, 1, &ids));
        bool same = ids.n == json_array_size(expected);
        for (size_t k = 0; same && k < ids.n; k++)
            same = ids.ids[k] == json_integer_value(json_array_get(expected, k));
        if (!same)
            fail_msg("%s: other ids for chat %zu", name, i);
        ids_free(&ids);
    }
}

static void check_twin(const char *name)
{
    char path[1200];
    struct error err;
    struct buf json = {0};
    snprintf(path, sizeof path, "%s/%s/expected.json", shared_path("fixtures/hf"), name);
    json_t *expected = json_load_file(path, 0, NULL);
    assert_non_null(expected);
    const json_t *chats = json_object_get(expected, "chats");
    snprintf(path, sizeof path, "%s/%s/tokenizer.json", shared_path("fixtures/hf"), name);
    assert_true(read_file(&json, path, 1 << 24, &err));
    struct tokenizer *t = tokenizer_new(json.data, json.len, name, 0, &err);
    if (!t)
        fail_msg("%s", err.text);
    check_chats(t, chats, name);
    tokenizer_free(t);
    snprintf(path, sizeof path, "%s/%s.gguf", shared_path("fixtures/gguf"), name);
    if (gguf_is_file(path)) {
        t = open_gguf(path);
        check_chats(t, chats, path);
        tokenizer_free(t);
    }
    buf_free(&json);
    json_decref(expected);
}

static void test_fixtures(void **state)
{
    (void)state;
    static const char *const names[] = {
        "exaone4", "gemma2",       "gemma3",      "gemma4",        "gpt-oss",        "granite",
        "lfm2",    "llama-yarn",   "llama3-rope", "ministral3",    "mistral-window", "olmo2",
        "olmo3",   "phi3-mini-4k", "phi4-mini",   "qwen2",         "qwen3",          "qwen3.5",
        "smollm3", "stablelm",     "starcoder2",  "llama-gqa-tied"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_twin(names[i]);
}

/* ---- what is not known ---------------------------------------------------------------------- */

static struct gguf_vocab tiny(void)
{
    static const struct bytes tokens[] = {{"a", 1}, {"b", 1}, {"ab", 2}, {"", 0}, {"<s>", 3}};
    static const struct bytes merges[] = {{"a b", 3}, {"x y", 3}};
    static const int32_t types[] = {1, 1, 1, 1, 3};
    return (struct gguf_vocab){.model = {"gpt2", 4},
                               .pre = {"gpt-2", 5},
                               .n_tokens = 5,
                               .n_merges = 2,
                               .tokens = tokens,
                               .types = types,
                               .merges = merges,
                               .bos = 4,
                               .eos = -1,
                               .unk = -1,
                               .add_bos = 1,
                               .add_eos = -1,
                               .add_space_prefix = -1};
}

static void test_unknown_kinds_are_refused(void **state)
{
    (void)state;
    struct error err;
    struct gguf_vocab v = tiny();
    struct tokenizer *t = tokenizer_from_gguf(&v, "x.gguf", &err);
    if (!t)
        fail_msg("%s", err.text);
    struct ids ids = {0};
    struct text_span span = {"ab<s>", 5, true};
    tokenizer_push_prefix(t, &ids);
    assert_true(tokenizer_encode(t, &span, 1, &ids));
    assert_true(ids.n == 3 && ids.ids[0] == 4 && ids.ids[1] == 2 && ids.ids[2] == 4);
    ids_free(&ids);
    tokenizer_free(t);
    v.pre = (struct bytes){"afmoe", 5};
    assert_null(tokenizer_from_gguf(&v, "x.gguf", &err));
    assert_non_null(strstr(err.text, "x.gguf: tokenizer.ggml.pre \"afmoe\" is not known"));
    v.model = (struct bytes){"bert", 4};
    assert_null(tokenizer_from_gguf(&v, "x.gguf", &err));
    assert_non_null(strstr(err.text, "tokenizer.ggml.model is \"bert\""));
    v = tiny();
    v.n_tokens = 0;
    assert_null(tokenizer_from_gguf(&v, "x.gguf", &err));
    v = tiny();
    static const struct bytes bad[] = {{"ab", 2}};
    v.merges = bad;
    v.n_merges = 1;
    assert_null(tokenizer_from_gguf(&v, "x.gguf", &err));
    assert_non_null(strstr(err.text, "merge 0 is not a pair"));
}

/* Every pattern of the table is one. */
static void test_patterns_compile(void **state)
{
    (void)state;
    static const char *const names[] = {"llama-bpe",      "glm4",
                                        "qwen2",          "qwen35",
                                        "ufakzeka",       "minicpm5",
                                        "laguna",         "seed-coder",
                                        "bailingmoe",     "exaone-moe",
                                        "jais-2",         "tekken",
                                        "gpt-4o",         "granite-embed-multi-97m",
                                        "tiny_aya",       "kimi-k2",
                                        "youtu",          "deepseek-llm",
                                        "deepseek-coder", "deepseek-v3",
                                        "spark2_5",       "falcon",
                                        "starcoder",      "mpt",
                                        "chameleon",      "bloom",
                                        "viking",         "superbpe",
                                        "default",        "gemma4"};
    struct error err;
    struct gguf_vocab v = tiny();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        v.pre = (struct bytes){names[i], strlen(names[i])};
        struct tokenizer *t = tokenizer_from_gguf(&v, names[i], &err);
        if (!t)
            fail_msg("%s", err.text);
        tokenizer_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_unknown_kinds_are_refused),
        cmocka_unit_test(test_patterns_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
