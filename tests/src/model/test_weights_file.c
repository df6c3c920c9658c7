/* SPDX-License-Identifier: MIT */
#include "test.h"
#include "tiny_model.h"
#include "weights_file.h"

static struct model_config config_of(const char *text, size_t n)
{
    struct model_config c;
    struct error err;
    if (!config_parse(&c, text, n, "config.json", NULL, 0, "", &err))
        fail_msg("%s", err.text);
    return c;
}

static struct model_config tiny_config(void)
{
    return config_of(TINY_CONFIG, strlen(TINY_CONFIG));
}

static void test_weights_of_a_llama_stand_in_forward_order(void **state)
{
    (void)state;
    struct model_config c = tiny_config();
    struct weight_list list = weight_list(&c, FORMAT_QINS4);
    assert_int_equal(list.n, N_TINY);
    for (unsigned i = 0; i < N_TINY; i++) {
        assert_string_equal(list.items[i].name, tiny_tensors[i].name);
        assert_int_equal(list.items[i].rows, tiny_tensors[i].rows ? tiny_tensors[i].rows : 1);
        assert_int_equal(list.items[i].cols, tiny_tensors[i].cols);
    }
    assert_int_equal(list.items[0].format, FORMAT_QINS8); /* the embedding of a 4-bit model */
    assert_int_equal(list.items[1].format, FORMAT_F32);   /* a norm */
    assert_int_equal(list.items[2].format, FORMAT_QINS4);
    assert_int_equal(list.items[4].part, 2); /* v */
    free(list.items);
}

/* Against the model's own index: the same 195 names, and its sum of bytes. */
static void test_weights_of_phi_3_5_are_those_of_its_index(void **state)
{
    (void)state;
    struct buf config = {0};
    struct error err;
    const char *folder = shared_path("models/phi-3.5-mini-instruct");
    char *path = path_join(folder, "config.json");
    char *index_path = path_join(folder, "model.safetensors.index.json");
    assert_true(read_file(&config, path, 1 << 20, &err));
    json_t *index = json_load_file(index_path, 0, NULL);
    json_t *map = json_object_get(index, "weight_map");
    struct model_config c = config_of(config.data, config.len);
    struct weight_list list = weight_list(&c, FORMAT_BF16);
    uint64_t n_params = 0;
    assert_int_equal(list.n, json_object_size(map));
    for (size_t i = 0; i < list.n; i++) {
        assert_non_null(json_object_get(map, list.items[i].name));
        n_params += (uint64_t)list.items[i].rows * list.items[i].cols;
    }
    json_t *total = json_object_get(json_object_get(index, "metadata"), "total_size");
    assert_int_equal(2 * n_params, json_integer_value(total));
    assert_int_equal(n_params, config_n_params(&c));
    json_decref(index);
    free(list.items);
    free(path);
    free(index_path);
    buf_free(&config);
}

static void test_a_layout_has_no_holes_and_aligned_planes(void **state)
{
    (void)state;
    struct model_config c = tiny_config();
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct file_layout l = file_layout_new(weight_list(&c, f), TENSOR_TOKENIZER, 13);
        json_t *metadata = json_pack("{s:s}", META_VERSION, QINS_FILE_VERSION);
        struct buf header = file_layout_header(&l, metadata);
        struct safetensors st;
        struct error err;
        assert_int_equal(header.len % QINS_PAGE, 0);
        for (uint64_t i = 0; i < l.data_bytes; i++)
            buf_append(&header, "", 1);
        if (!safetensors_parse(&st, header.data, header.len, "layout", &err))
            fail_msg("%s", err.text); /* it checks holes and overlap */
        for (size_t i = 0; i < l.list.n; i++) {
            struct plane p;
            for (enum plane_kind kind = 0; kind < N_PLANES; kind++) {
                if (!weight_plane(&l.list.items[i], kind, &p))
                    continue;
                const struct st_tensor *t = safetensors_find(&st, p.name);
                assert_non_null(t);
                assert_int_equal(t->begin, l.at[i][kind]);
                assert_int_equal(t->end - t->begin, p.bytes);
                assert_int_equal(t->begin % (p.bytes % 64 ? st_dtype_bytes(p.dtype) : 64), 0);
            }
        }
        assert_int_equal(l.tokenizer_bytes, 13);
        assert_int_equal(safetensors_find(&st, TENSOR_TOKENIZER)->begin, l.tokenizer_at);
        safetensors_close(&st);
        buf_free(&header);
        json_decref(metadata);
        file_layout_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_of_a_llama_stand_in_forward_order),
        cmocka_unit_test(test_weights_of_phi_3_5_are_those_of_its_index),
        cmocka_unit_test(test_a_layout_has_no_holes_and_aligned_planes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
