/* SPDX-License-Identifier: MIT
 *
 * Where experts stand in a checkpoint: the forms that published models have, by their names and
 * shapes.
 */
#include "source_view.h"
#include "test.h"

enum { N = 4, ROWS = 6, COLS = 64 };

struct world {
    struct source_tensor tensors[4];
    size_t n;
};

static const struct source_tensor *find(const void *world, const char *name)
{
    const struct world *w = world;
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->tensors[i].name, name) == 0)
            return &w->tensors[i];
    return NULL;
}

static void add(struct world *w, const char *name, const char *type, uint32_t n_dims, uint64_t a,
                uint64_t b, uint64_t c, uint64_t d)
{
    struct source_tensor t = {.name = name, .type_name = type, .n_dims = n_dims};
    t.type = strcmp(type, "U8") == 0 ? NULL : gguf_type_named(type);
    const uint64_t shape[] = {a, b, c, d};
    memcpy(t.shape, shape, sizeof shape);
    w->tensors[w->n++] = t;
}

static struct model_config config_of(const char *arch)
{
    return (struct model_config){.arch = arch_find(arch), .dim = COLS};
}

/* Gate (part 0) or up (1) of layer 2. */
static struct weight weight_of(uint32_t part, bool is_bias)
{
    struct weight w = {.role = is_bias ? ROLE_BIAS : ROLE_EXPERT_GATE_UP,
                       .bias_of = ROLE_EXPERT_GATE_UP,
                       .layer = 2,
                       .part = part,
                       .n_experts = N,
                       .is_vector = is_bias,
                       .rows = is_bias ? 1 : ROWS,
                       .cols = is_bias ? ROWS : COLS};
    snprintf(w.name, sizeof w.name, "model.layers.2.mlp.experts.%s_proj.%s", part ? "up" : "gate",
             is_bias ? "bias" : "weight");
    return w;
}

static bool view(struct source_view *v, const struct world *world, const char *arch,
                 const struct weight *w, uint32_t part, struct error *err)
{
    struct model_config c = config_of(arch);
    const struct source_tensors tensors = {find, world, "F32, F16, BF16"};
    return source_view_find(v, &c, w, part, &tensors, err);
}

static void assert_view(const struct world *world, const char *arch, const struct weight *w,
                        uint32_t part, size_t tensor, uint64_t first, uint32_t step,
                        uint32_t n_turned)
{
    struct source_view v;
    struct error err;
    if (!view(&v, world, arch, w, part, &err))
        fail_msg("%s", err.text);
    assert_ptr_equal(v.tensor, &world->tensors[tensor]);
    assert_int_equal(v.first, first);
    assert_int_equal(v.step, step);
    assert_int_equal(v.n_turned, n_turned);
}

static void test_a_tensor_for_each(void **state)
{
    (void)state;
    struct world w = {0};
    struct weight up = weight_of(1, false);
    add(&w, "model.layers.2.mlp.experts.2.up_proj.weight", "BF16", 2, ROWS, COLS, 0, 0);
    add(&w, "model.layers.2.mlp.experts.3.up_proj.weight", "BF16", 2, ROWS, COLS, 0, 0);
    assert_view(&w, "qwen3_moe", &up, 2, 0, 0, 1, 0);
    assert_view(&w, "qwen3_moe", &up, 3, 1, 0, 1, 0);
    struct source_view v;
    struct error err;
    assert_false(view(&v, &w, "qwen3_moe", &up, 1, &err));
    assert_string_equal(err.text,
                        "tensor \"model.layers.2.mlp.experts.1.up_proj.weight\" is missing");
    assert_null(v.tensor);
}

static void test_one_for_all(void **state)
{
    (void)state;
    struct world w = {0};
    struct weight up = weight_of(1, false);
    add(&w, "model.layers.2.mlp.experts.up_proj.weight", "MXFP4", 3, N, ROWS, COLS, 0);
    assert_view(&w, "gpt_oss", &up, 3, 0, 3 * ROWS, 1, 0);
}

static void test_gate_and_up_in_one(void **state)
{
    (void)state;
    struct world w = {0};
    struct weight gate = weight_of(0, false), up = weight_of(1, false);
    add(&w, "model.layers.2.mlp.experts.gate_up_proj", "BF16", 3, N, 2 * ROWS, COLS, 0);
    assert_view(&w, "qwen3_moe", &gate, 3, 0, 3 * 2 * ROWS, 1, 0);
    assert_view(&w, "qwen3_moe", &up, 3, 0, 3 * 2 * ROWS + ROWS, 1, 0);
}

/* As gpt-oss has them without MXFP4: rows are columns, gate and up in turn. */
static void test_turned(void **state)
{
    (void)state;
    struct world w = {0};
    struct weight up = weight_of(1, false), bias = weight_of(1, true);
    add(&w, "model.layers.2.mlp.experts.gate_up_proj", "BF16", 3, N, COLS, 2 * ROWS, 0);
    add(&w, "model.layers.2.mlp.experts.gate_up_proj_bias", "BF16", 2, N, 2 * ROWS, 0, 0);
    assert_view(&w, "gpt_oss", &up, 2, 0, 2 * 2 * ROWS + 1, 2, 2 * ROWS);
    assert_view(&w, "gpt_oss", &bias, 2, 1, 2 * 2 * ROWS + 1, 2, 0);
}

static void test_blocks_and_scales(void **state)
{
    (void)state;
    struct world w = {0};
    struct weight gate = weight_of(0, false);
    struct source_view v;
    struct error err;
    add(&w, "model.layers.2.mlp.experts.gate_up_proj_blocks", "U8", 4, N, 2 * ROWS, 2, 16);
    add(&w, "model.layers.2.mlp.experts.gate_up_proj_scales", "U8", 3, N, 2 * ROWS, 2, 0);
    assert_view(&w, "gpt_oss", &gate, 1, 0, 2 * ROWS, 2, 0);
    assert_true(view(&v, &w, "gpt_oss", &gate, 1, &err));
    assert_ptr_equal(v.scales, &w.tensors[1]);
    w.tensors[1].shape[2] = 1;
    assert_false(view(&v, &w, "gpt_oss", &gate, 1, &err));
    assert_non_null(strstr(err.text,
                           "_scales\": shape [4, 12, 1], but config.json makes it [4, 12, "
                           "2]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tensor_for_each),  cmocka_unit_test(test_one_for_all),
        cmocka_unit_test(test_gate_and_up_in_one), cmocka_unit_test(test_turned),
        cmocka_unit_test(test_blocks_and_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
