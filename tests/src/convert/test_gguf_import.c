/* SPDX-License-Identifier: MIT
 *
 * A model from its GGUF file against the same from its folder, and against the original's values.
 */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gguf_file.h"
#include "gguf_twins.h"
#include "json.h"
#include "model_folder.h"
#include "session.h"
#include "tiny_model.h"

static const char *folder;

/* ---- the same bytes ------------------------------------------------------------------ */

struct image {
    void *bytes;
    size_t size;
    struct safetensors st;
};

/* -> false: not a model that converts today. */
static bool open_image(struct image *image, const char *path, enum format format, struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    struct convert_options o = {.format = format, .n_threads = 2};
    if (!checkpoint_open(&c, path, err))
        return false;
    image->bytes = convert_to_memory(&c, &o, &image->size, &report, err);
    checkpoint_close(&c);
    if (!image->bytes || !safetensors_parse(&image->st, image->bytes, image->size, path, err))
        fail_msg("%s", err->text);
    return true;
}

static void close_image(struct image *image)
{
    safetensors_close(&image->st);
    munmap(image->bytes, image->size);
}

static void assert_same_weights(const struct image *a, const struct image *b)
{
    assert_int_equal(a->st.n_tensors, b->st.n_tensors);
    for (size_t i = 0; i < a->st.n_tensors; i++) {
        const struct st_tensor *t = &a->st.tensors[i], *u = &b->st.tensors[i];
        assert_string_equal(t->name, u->name);
        if (strncmp(t->name, "tokenizer.", 10) == 0)
            continue;
        if (t->end - t->begin != u->end - u->begin ||
            memcmp(a->st.data + t->begin, b->st.data + u->begin, t->end - t->begin) != 0)
            fail_msg("%s: %s differs", b->st.name, t->name);
    }
}

/* Every miniature whose folder converts. */
static void test_weights_are_those_of_the_folder(void **state)
{
    (void)state;
    static const enum format formats[] = {FORMAT_F32, FORMAT_BF16, FORMAT_QINS4};
    unsigned n = 0;
    struct error err;
    for (size_t i = 0; i < N_GGUF_TWINS; i++) {
        char *gguf = xasprintf("fixtures/gguf/%s.gguf", gguf_twins[i]);
        char *original = xasprintf("fixtures/hf/%s", gguf_twins[i]);
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            struct image a, b;
            if (!open_image(&a, shared_path(original), formats[f], &err)) {
                printf("not compared: %s\n", err.text);
                break;
            }
            if (!open_image(&b, shared_path(gguf), formats[f], &err))
                fail_msg("%s", err.text);
            assert_same_weights(&a, &b);
            close_image(&a);
            close_image(&b);
            n++;
        }
        free(gguf);
        free(original);
    }
    assert_int_equal(n, N_GGUF_TWINS * sizeof formats / sizeof *formats);
}

/* ---- the same function --------------------------------------------------------------- */

/* Of a text of random tokens, Qwen3.5's rule can make much of how its original rounds, too: in
 * qwen3.5-moe one case is 3e-4 to 5e-4 away, by the order of sums. */
static void assert_logits(const struct session *s, const json_t *expected)
{
    const double bound = session_state(s)->n_floats > 0 ? 1e-3 : 1e-4;
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)expected, i,
                       value) if (fabs(session_logits(s)[i] - json_number_value(value)) > bound)
        fail_msg("logit %zu is %g, not %g", i, (double)session_logits(s)[i],
                 json_number_value(value));
}

/* -> how many cases of the file there are. */
static size_t check_cases(const char *gguf, const char *expected)
{
    struct error err;
    struct convert_options o = {.format = FORMAT_F32, .n_threads = 2};
    struct kernels k;
    json_t *all = json_load_file(shared_path(expected), 0, NULL), *example;
    struct model *m = model_open_folder(shared_path(gguf), &o, &err);
    if (!m)
        fail_msg("%s", err.text);
    struct pool *pool = pool_new(2);
    size_t i, n;
    kernels_init(&k, cpu_flags());
    json_array_foreach(json_object_get(all, "cases"), i, example)
    {
        const json_t *prompt = json_object_get(example, "prompt");
        int32_t ids[256];
        assert_true(json_array_size(prompt) <= 256);
        for (n = 0; n < json_array_size(prompt); n++)
            ids[n] = (int32_t)json_integer_value(json_array_get(prompt, n));
        struct session_options so = {.ctx_len = (uint32_t)n, .kv = KV_F32};
        struct session *s = session_new(m, pool, &k, &so, &err);
        if (!s)
            fail_msg("%s", err.text);
        session_sync(s, ids, (uint32_t)n, NULL, NULL);
        assert_logits(s, json_object_get(example, "logits"));
        session_free(s);
    }
    pool_free(pool);
    model_close(m);
    json_decref(all);
    return i;
}

/* A model of 16 types, in llama.cpp's rotary order. */
static void test_logits_of_all_types(void **state)
{
    (void)state;
    assert_int_equal(check_cases("fixtures/gguf/types.gguf", "fixtures/gguf/types.json"), 3);
}

/* Metadata and weights together make the original's function. */
static void test_logits_are_the_originals(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_GGUF_TWINS; i++) {
        char *gguf = xasprintf("fixtures/gguf/%s.gguf", gguf_twins[i]);
        char *expected = xasprintf("fixtures/hf/%s/expected.json", gguf_twins[i]);
        assert_true(check_cases(gguf, expected) >= 1);
        free(gguf);
        free(expected);
    }
}

/* ---- refusals ------------------------------------------------------------------------ */

static void test_type_that_is_not_read(void **state)
{
    (void)state;
    struct checkpoint c;
    struct error err;
    assert_false(checkpoint_open(&c, shared_path("fixtures/gguf/refused.gguf"), &err));
    assert_int_equal(err.code, EX_DATAERR);
    assert_non_null(strstr(err.text, "tensor \"model.layers.1.mlp.up_proj.weight\": dtype IQ3_S"));
    assert_non_null(strstr(err.text, "supported: F32, F16, BF16, Q8_0, Q4_0"));
}

static bool opens_tiny(struct error *err)
{
    struct checkpoint c;
    char *path = path_join(folder, "tiny.gguf");
    bool ok = checkpoint_open(&c, path, err);
    if (ok)
        checkpoint_close(&c);
    free(path);
    return ok;
}

static void test_tensors_are_those_of_the_model(void **state)
{
    (void)state;
    struct error err;
    tiny_gguf(folder, -1, NULL);
    if (!opens_tiny(&err))
        fail_msg("%s", err.text);
    tiny_gguf(folder, 4, NULL);
    assert_false(opens_tiny(&err));
    assert_non_null(strstr(err.text, "\"model.layers.0.self_attn.v_proj.weight\" is missing"));
    tiny_gguf(folder, -1, "blk.0.ffn_gate_input.weight");
    assert_false(opens_tiny(&err));
    assert_non_null(strstr(err.text, "tensor \"blk.0.ffn_gate_input.weight\" is not part of this"));
    tiny_gguf(folder, -1, "blk.0.attn_q_norm.weight");
    assert_false(opens_tiny(&err));
    assert_non_null(strstr(err.text, "\"model.layers.0.self_attn.q_norm.weight\" is not part of"));
    tiny_gguf(folder, -1, "blk.0.post_attention_norm.weight");
    assert_false(opens_tiny(&err));
    assert_non_null(
        strstr(err.text, "two tensors become \"model.layers.0.post_attention_layernorm.weight\""));
    tiny_gguf(folder, -1, "rope_freqs.weight");
    assert_false(opens_tiny(&err));
    assert_non_null(strstr(err.text, "factor 0 is 0"));
}

static void test_order_of_pairs(void **state)
{
    (void)state;
    /* A head of 6: published 0 1 2 | 3 4 5 stands as 0 3 1 4 2 5. */
    static const uint64_t rows[] = {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11};
    for (uint64_t i = 0; i < 12; i++)
        assert_int_equal(gguf_pair_row(i, 6), rows[i]);
}

int main(void)
{
    folder = temp_folder();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_pairs),
        cmocka_unit_test(test_weights_are_those_of_the_folder),
        cmocka_unit_test(test_logits_of_all_types),
        cmocka_unit_test(test_logits_are_the_originals),
        cmocka_unit_test(test_type_that_is_not_read),
        cmocka_unit_test(test_tensors_are_those_of_the_model),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    return failed;
}
