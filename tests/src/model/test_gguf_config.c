/* SPDX-License-Identifier: MIT
 *
 * What a GGUF file says about a model against the folder that it was made from: config.json as
 * published, and the names and shapes of the tensors.
 */
#include <math.h>

#include "config.h"
#include "gguf_config.h"
#include "gguf_file.h"
#include "gguf_twins.h"
#include "safetensors.h"
#include "tiny_model.h"

static const char *folder;

static bool is_among(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

/* ---- config.json --------------------------------------------------------------------- */

static json_t *config_of(const char *path, json_t **generation, struct error *err)
{
    struct gguf_split s;
    if (!gguf_split_open(&s, path, err))
        return NULL;
    const struct gguf_arch *arch = gguf_arch_of(&s, err);
    json_t *config = arch ? gguf_config(&s, arch, err) : NULL;
    if (generation)
        *generation = config ? gguf_generation_config(&s, err) : NULL;
    gguf_split_close(&s);
    return config;
}

static bool same_value(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b) ? json_number_value(a) == json_number_value(b)
                                                  : json_equal(a, b);
}

/* A rope object of either form without what stands beside it or twice. */
static void assert_same_rope(const char *name, const json_t *published, const json_t *ours)
{
    static const char *const elsewhere[] = {"type", "rope_theta", "partial_rotary_factor", NULL};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)published, key, value)
    {
        const json_t *theirs = json_object_get(ours, key), *other;
        size_t i;
        if (is_among(key, elsewhere))
            continue;
        if (!json_is_array(value) && !same_value(value, theirs))
            fail_msg("%s: rope field \"%s\" differs", name, key);
        json_array_foreach((json_t *)value, i, other)
            assert_true(same_value(other, json_array_get(theirs, i)));
    }
    json_object_foreach((json_t *)ours, key, value) if (!json_object_get(published, key))
        fail_msg("%s: rope field \"%s\" is not published", name, key);
}

static void assert_same_config(const char *name, const json_t *published, const json_t *ours)
{
    static const char *const neutral[] = {
        "torch_dtype",  "transformers_version", "pad_token_id",    "use_sliding_window",
        "eos_token_id", "rope_scaling",         "rope_parameters", NULL};
    const char *key;
    json_t *value;
    const json_t *scaling = json_object_get(published, "rope_scaling");
    if (!scaling)
        scaling = json_object_get(published, "rope_parameters");
    json_object_foreach((json_t *)published, key,
                        value) if (!is_among(key, neutral) && !json_is_null(value) &&
                                   !same_value(value, json_object_get(ours, key)))
        fail_msg("%s: field \"%s\" differs", name, key);
    if (json_object_get(ours, "rope_scaling") || scaling)
        assert_same_rope(name, scaling, json_object_get(ours, "rope_scaling"));
}

/* Gemma 4's folder may leave its rotations out, if they are the usual ones. */
static bool is_gemma4_default(const char *key, const json_t *value)
{
    json_t *usual = json_loads("{\"full_attention\": {\"rope_type\": \"proportional\", "
                               "\"partial_rotary_factor\": 0.25, \"rope_theta\": 1e6}, "
                               "\"sliding_attention\": {\"rope_type\": \"default\", "
                               "\"rope_theta\": 1e4}}",
                               0, NULL);
    bool same = strcmp(key, "rope_parameters") == 0 && json_equal(value, usual);
    json_decref(usual);
    return same;
}

/* Fields that only the file states: they say what is the case without them. */
static void assert_defaults(const char *name, const json_t *published, const json_t *ours)
{
    const char *key;
    json_t *value;
    const json_t *rope = json_object_get(published, "rope_parameters");
    json_int_t head = json_integer_value(json_object_get(ours, "hidden_size")) /
                      json_integer_value(json_object_get(ours, "num_attention_heads"));
    json_object_foreach((json_t *)ours, key, value)
    {
        bool is_default =
            json_object_get(published, key) || strcmp(key, "rope_scaling") == 0 ||
            is_gemma4_default(key, value) || json_is_null(value) || json_is_false(value) ||
            (strcmp(key, "head_dim") == 0 && json_integer_value(value) == head) ||
            (strcmp(key, "rope_theta") == 0 &&
             json_number_value(value) ==
                 (rope ? json_number_value(json_object_get(rope, "rope_theta")) : 10000));
        if (!is_default)
            fail_msg("%s: field \"%s\" is not published", name, key);
    }
}

/* Each id that ends an answer is one of the original's. */
static void assert_ends(const char *name, const json_t *ids)
{
    char *path = xasprintf("fixtures/hf/%s/expected.json", name);
    json_t *expected = json_load_file(shared_path(path), 0, NULL), *id, *stop;
    size_t i, k;
    assert_true(json_array_size(ids) >= 1);
    json_array_foreach((json_t *)ids, i, id)
    {
        bool found = false;
        json_array_foreach(json_object_get(expected, "stop"), k, stop) found |=
            json_equal(id, stop);
        if (!found)
            fail_msg("%s: %lld does not end an answer", name, (long long)json_integer_value(id));
    }
    json_decref(expected);
    free(path);
}

/* Layers with a state are told in other words: what is read of them must be the same. */
static void assert_same_model(const char *name, const json_t *published, const json_t *ours)
{
    struct model_config a, b;
    struct error err;
    if (!config_read(&a, published, name, NULL, "none", &err) ||
        !config_read(&b, ours, name, NULL, "none", &err))
        fail_msg("%s", err.text);
    const uint32_t sizes[][2] = {{a.dim, b.dim},
                                 {a.ffn_dim, b.ffn_dim},
                                 {a.n_layers, b.n_layers},
                                 {a.n_heads, b.n_heads},
                                 {a.n_kv_heads, b.n_kv_heads},
                                 {a.head_dim, b.head_dim},
                                 {a.rope[ROPE_OF_FULL].rot_dim, b.rope[ROPE_OF_FULL].rot_dim},
                                 {a.vocab, b.vocab},
                                 {a.max_ctx, b.max_ctx},
                                 {a.conv_taps, b.conv_taps},
                                 {a.delta_k_heads, b.delta_k_heads},
                                 {a.delta_v_heads, b.delta_v_heads},
                                 {a.delta_k_dim, b.delta_k_dim},
                                 {a.delta_v_dim, b.delta_v_dim},
                                 {a.tied, b.tied},
                                 {a.mixer_bias, b.mixer_bias},
                                 {a.experts.n, b.experts.n},
                                 {a.experts.n_used, b.experts.n_used},
                                 {a.experts.dim, b.experts.dim},
                                 {a.experts.beside_dim, b.experts.beside_dim},
                                 {a.experts.normalise, b.experts.normalise},
                                 {a.experts.choice_bias, b.experts.choice_bias}};
    assert_ptr_equal(a.arch, b.arch);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i][0] != sizes[i][1])
            fail_msg("%s: size %zu is %u, not %u", name, i, sizes[i][1], sizes[i][0]);
    assert_memory_equal(a.layers, b.layers, sizeof a.layers);
    assert_true(a.norm_eps == b.norm_eps && a.rope[0].theta == b.rope[0].theta &&
                a.experts.scale == b.experts.scale && a.score_scale == b.score_scale);
}

static bool has_states(const char *name)
{
    return strncmp(name, "lfm2", 4) == 0 || strncmp(name, "qwen3.5", 7) == 0;
}

static void test_config_is_the_published_one(void **state)
{
    (void)state;
    struct error err;
    for (size_t i = 0; i < N_GGUF_TWINS; i++) {
        char *gguf = xasprintf("fixtures/gguf/%s.gguf", gguf_twins[i]);
        char *config = xasprintf("fixtures/hf/%s/config.json", gguf_twins[i]);
        json_t *published = json_load_file(shared_path(config), 0, NULL), *generation = NULL;
        json_t *ours = config_of(shared_path(gguf), &generation, &err);
        if (!ours)
            fail_msg("%s", err.text);
        if (has_states(gguf_twins[i])) {
            assert_same_model(gguf_twins[i], published, ours);
        } else {
            assert_same_config(gguf_twins[i], published, ours);
            assert_defaults(gguf_twins[i], published, ours);
        }
        assert_ends(gguf_twins[i], json_object_get(generation, "eos_token_id"));
        json_decref(published);
        json_decref(generation);
        json_decref(ours);
        free(gguf);
        free(config);
    }
}

/* ---- tensors ------------------------------------------------------------------------- */

static bool is_factor(const char *name)
{
    return strncmp(name, "rope_", 5) == 0;
}

static const struct gguf_tensor *find_published(const struct gguf *g, const struct gguf_arch *arch,
                                                const char *published)
{
    char name[128];
    for (size_t i = 0; i < g->n_tensors; i++)
        if (gguf_published_name(arch, g->tensors[i].name, name, sizeof name) &&
            strcmp(name, published) == 0)
            return &g->tensors[i];
    return NULL;
}

/* They stand in other shapes: test_gguf_import compares their weights. */
static bool is_of_experts(const char *name)
{
    return strstr(name, ".experts.") || (strstr(name, "_exps.") && !strstr(name, ".scale"));
}

static size_t assert_tensors(const char *file, const struct gguf *g, const struct gguf_arch *arch)
{
    struct safetensors st;
    struct error err;
    size_t n = 0;
    if (!safetensors_open_header(&st, file, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < st.n_tensors; i++) {
        const struct st_tensor *want = &st.tensors[i];
        if (is_of_experts(want->name))
            continue;
        n++;
        const struct gguf_tensor *t = find_published(g, arch, want->name);
        if (!t)
            fail_msg("%s: nothing becomes %s", g->name, want->name);
        const bool is_conv = want->n_dims == 3 && want->shape[1] == 1; /* [channels][1][taps] */
        assert_int_equal(t->n_dims, want->n_dims - is_conv);
        for (uint32_t d = 0; d < t->n_dims; d++)
            assert_int_equal(t->shape[d], want->shape[d + (is_conv && d > 0)]);
    }
    safetensors_close(&st);
    return n;
}

static void test_tensors_are_the_published_ones(void **state)
{
    (void)state;
    struct error err;
    for (size_t i = 0; i < N_GGUF_TWINS; i++) {
        struct gguf_split s;
        char *gguf = xasprintf("fixtures/gguf/%s.gguf", gguf_twins[i]);
        char *single = xasprintf("fixtures/hf/%s/model.safetensors", gguf_twins[i]);
        assert_true(gguf_split_open(&s, shared_path(gguf), &err));
        const struct gguf_arch *arch = gguf_arch_of(&s, &err);
        assert_non_null(arch);
        size_t n, n_others = 0;
        n = assert_tensors(shared_path(single), &s.parts[0], arch);
        for (size_t t = 0; t < s.parts[0].n_tensors; t++)
            n_others +=
                is_factor(s.parts[0].tensors[t].name) || is_of_experts(s.parts[0].tensors[t].name);
        assert_int_equal(n + n_others, s.parts[0].n_tensors);
        gguf_split_close(&s);
        free(gguf);
        free(single);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct gguf_split s;
    struct error err;
    char out[128];
    assert_true(gguf_split_open(&s, shared_path("fixtures/gguf/llama-gqa-tied.gguf"), &err));
    const struct gguf_arch *arch = gguf_arch_of(&s, &err);
    assert_true(gguf_published_name(arch, "blk.10.ffn_down.bias", out, sizeof out));
    assert_string_equal(out, "model.layers.10.mlp.down_proj.bias");
    static const char *const none[] = {"blk.0.ffn_down",
                                       "blk.01.ffn_down.weight",
                                       "blk.+1.ffn_down.weight",
                                       "blk. 1.ffn_down.weight",
                                       "blk.0.token_embd.weight",
                                       "ffn_down.weight",
                                       "blk.4294967296.ffn_down.weight",
                                       "blk.0.ffn_down.scale",
                                       "blk.0.ffn_gate_expert.weight",
                                       "rope_freqs.weight",
                                       ".weight"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (gguf_published_name(arch, none[i], out, sizeof out))
            fail_msg("%s became %s", none[i], out);
    gguf_split_close(&s);
}

/* ---- refusals ------------------------------------------------------------------------ */

/* The keys of a llama model, then those of `more`; an embedding alone. */
static struct buf llama_file(uint64_t n_more, const struct buf *more)
{
    static const float data[16];
    struct buf b = {0};
    gg_start(&b, 1, 8 + n_more);
    gg_key_string(&b, "general.architecture", "llama");
    gg_key_u32(&b, "llama.block_count", 2);
    gg_key_u32(&b, "llama.context_length", 64);
    gg_key_u32(&b, "llama.embedding_length", 16);
    gg_key_u32(&b, "llama.feed_forward_length", 24);
    gg_key_u32(&b, "llama.attention.head_count", 2);
    gg_key_f32(&b, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    gg_key_u32(&b, "tokenizer.ggml.eos_token_id", UINT32_MAX);
    buf_append(&b, more->data, more->len);
    gg_tensor(&b, "token_embd.weight", 1, 16, 0, 0);
    gg_align(&b, 32);
    buf_append(&b, data, sizeof data);
    return b;
}

/* Refused with why; NULL: accepted, the config is *out if wanted. */
static void assert_config(uint64_t n_more, struct buf *more, const char *why, json_t **out)
{
    struct error err;
    struct buf b = llama_file(n_more, more);
    char *path = path_join(folder, "m.gguf");
    write_bytes(folder, "m.gguf", b.data, b.len);
    json_t *config = config_of(path, NULL, &err);
    if (!config != !!why)
        fail_msg("%s", config ? why : err.text);
    if (why && !strstr(err.text, why))
        fail_msg("refused with: %s\n without saying: %s", err.text, why);
    if (out)
        *out = config;
    else
        json_decref(config);
    free(path);
    buf_free(&b);
    buf_free(more);
}

static void test_keys_that_nobody_knows(void **state)
{
    (void)state;
    struct buf more = {0};
    assert_config(0, &more, NULL, NULL);
    gg_key_u32(&more, "llama.expert_count", 0);
    assert_config(1, &more, NULL, NULL);
    gg_key_u32(&more, "llama.expert_count", 8);
    gg_key_f32(&more, "llama.attention.clamp_kqv", 1);
    gg_key_u32(&more, "general.anything", 1);
    assert_config(3, &more, "not known: \"llama.attention.clamp_kqv\", \"llama.expert_count\"",
                  NULL);
}

static void test_rope_keys(void **state)
{
    (void)state;
    struct buf more = {0};
    json_t *config;
    gg_key_string(&more, "llama.rope.scaling.type", "su");
    assert_config(1, &more, "rope.scaling.type \"su\" is not supported", NULL);
    gg_key_u32(&more, "llama.rope.scaling.type", 1);
    assert_config(1, &more, "not a string", NULL);
    gg_key_u32(&more, "llama.rope.dimension_count", 4);
    assert_config(1, &more, "rope.dimension_count\": 4, but a head has 8", NULL);
    gg_key_string(&more, "llama.rope.scaling.type", "yarn");
    gg_key_f32(&more, "llama.rope.scaling.attn_factor", 2);
    assert_config(2, &more, "attn_factor 2 is not supported", NULL);
    gg_key_f32(&more, "llama.rope.scale_linear", 4); /* of early files */
    assert_config(1, &more, NULL, &config);
    const json_t *rope = json_object_get(config, "rope_scaling");
    assert_string_equal(json_string_value(json_object_get(rope, "rope_type")), "linear");
    assert_true(json_number_value(json_object_get(rope, "factor")) == 4);
    assert_null(json_object_get(config, "eos_token_id"));
    json_decref(config);
}

/* ---- Gemma 4's sizes by layer ---------------------------------------------------------- */

struct gemma4 {
    uint32_t ffn[4], n_kv[4]; /* [layer] */
    bool has_v[4];
    uint32_t n_shared;
};

static void gg_sizes(struct buf *b, const char *key, const uint32_t sizes[4])
{
    gg_key_array(b, key, GGUF_U32, 4);
    for (int i = 0; i < 4; i++)
        gg_u32(b, sizes[i]);
}

/* Four layers, every other one sliding. */
static struct buf gemma4_file(const struct gemma4 *g)
{
    static const float data[5 * 16];
    struct buf b = {0};
    char name[64];
    uint32_t n_tensors = 1;
    for (int i = 0; i < 4; i++)
        n_tensors += g->has_v[i];
    gg_start(&b, n_tensors, 15);
    gg_key_string(&b, "general.architecture", "gemma4");
    gg_key_u32(&b, "gemma4.block_count", 4);
    gg_key_u32(&b, "gemma4.context_length", 64);
    gg_key_u32(&b, "gemma4.embedding_length", 16);
    gg_sizes(&b, "gemma4.feed_forward_length", g->ffn);
    gg_key_u32(&b, "gemma4.attention.head_count", 4);
    gg_sizes(&b, "gemma4.attention.head_count_kv", g->n_kv);
    gg_key_f32(&b, "gemma4.attention.layer_norm_rms_epsilon", 1e-6f);
    gg_key_u32(&b, "gemma4.attention.sliding_window", 16);
    gg_key_u32(&b, "gemma4.attention.key_length", 8);
    gg_key_u32(&b, "gemma4.attention.value_length", 8);
    gg_key_u32(&b, "gemma4.attention.value_length_swa", 4);
    gg_key_u32(&b, "gemma4.attention.key_length_swa", 4);
    gg_key_u32(&b, "gemma4.attention.shared_kv_layers", g->n_shared);
    gg_key_array(&b, "gemma4.attention.sliding_window_pattern", GGUF_BOOL, 4);
    buf_append(&b, "\1\0\1\0", 4);
    gg_tensor(&b, "token_embd.weight", 1, 16, 0, 0);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "blk.%d.attn_v.weight", i);
        if (g->has_v[i])
            gg_tensor(&b, name, 1, 16, 0, 64 * (1 + (uint64_t)i));
    }
    gg_align(&b, 32);
    buf_append(&b, data, sizeof data);
    return b;
}

static json_t *gemma4_config(const struct gemma4 *g, struct error *err)
{
    struct buf b = gemma4_file(g);
    char *path = path_join(folder, "gemma4.gguf");
    write_bytes(folder, "gemma4.gguf", b.data, b.len);
    json_t *config = config_of(path, NULL, err);
    free(path);
    buf_free(&b);
    return config;
}

static json_int_t integer_of(const json_t *config, const char *key)
{
    return json_integer_value(json_object_get(config, key));
}

static void test_sizes_by_layer(void **state)
{
    (void)state;
    struct error err;
    struct gemma4 g = {{24, 24, 48, 48}, {2, 1, 2, 1}, {true, false, false, false}, 2};
    json_t *config = gemma4_config(&g, &err);
    if (!config)
        fail_msg("%s", err.text);
    assert_int_equal(integer_of(config, "intermediate_size"), 24);
    assert_int_equal(integer_of(config, "head_dim"), 4);
    assert_int_equal(integer_of(config, "global_head_dim"), 8);
    assert_int_equal(integer_of(config, "num_key_value_heads"), 2);
    assert_int_equal(integer_of(config, "num_global_key_value_heads"), 1);
    assert_int_equal(integer_of(config, "num_kv_shared_layers"), 2);
    assert_true(json_is_true(json_object_get(config, "attention_k_eq_v")));
    assert_true(json_is_true(json_object_get(config, "use_double_wide_mlp")));
    json_decref(config);
    g = (struct gemma4){{24, 24, 24, 24}, {2, 2, 2, 2}, {true, true, false, false}, 2};
    config = gemma4_config(&g, &err);
    if (!config)
        fail_msg("%s", err.text);
    assert_null(json_object_get(config, "attention_k_eq_v"));
    assert_null(json_object_get(config, "use_double_wide_mlp"));
    assert_null(json_object_get(config, "num_global_key_value_heads"));
    json_decref(config);
}

static void test_sizes_by_layer_that_make_no_sense(void **state)
{
    (void)state;
    static const struct {
        struct gemma4 g;
        const char *why;
    } bad[] = {
        {{{24, 48, 24, 24}, {2, 2, 2, 2}, {true, true, true, true}, 0}, "feed_forward_length"},
        {{{24, 24, 24, 48}, {2, 2, 2, 2}, {true, true, true, true}, 2}, "feed_forward_length"},
        {{{24, 24, 24, 24}, {2, 2, 1, 2}, {true, true, true, true}, 0}, "head_count_kv"},
        {{{24, 24, 24, 24}, {2, 0, 2, 2}, {true, true, true, true}, 0}, "head_count_kv"},
        {{{24, 24, 24, 24}, {2, 2, 2, 2}, {true, true, true, true}, 4}, "block_count"},
    };
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *config = gemma4_config(&bad[i].g, &err);
        if (config)
            fail_msg("%zu: accepted", i);
        if (!strstr(err.text, bad[i].why))
            fail_msg("%zu: refused with: %s", i, err.text);
    }
}

/* Factors by the wavelengths, as transformers computes them (modeling_rope_utils.py). */
static void llama3_factors(float out[64], double theta, double factor, double orig)
{
    const double low_wave = orig / 1, high_wave = orig / 4;
    for (int i = 0; i < 64; i++) {
        double wave = 2 * 3.14159265358979323846 * pow(theta, i / 64.0);
        double smooth = (orig / wave - 1) / (4.0 - 1);
        out[i] = wave < high_wave  ? 1
                 : wave > low_wave ? (float)factor
                                   : (float)(1 / ((1 - smooth) / factor + smooth));
    }
}

/* A model with heads of 128 and rope_freqs; NULL: refused. */
static json_t *config_with_factors(const float factors[64], struct error *err)
{
    struct buf b = {0};
    static const float embed[256];
    gg_start(&b, 2, 8);
    gg_key_string(&b, "general.architecture", "llama");
    gg_key_u32(&b, "llama.block_count", 2);
    gg_key_u32(&b, "llama.context_length", 131072);
    gg_key_u32(&b, "llama.embedding_length", 256);
    gg_key_u32(&b, "llama.feed_forward_length", 24);
    gg_key_u32(&b, "llama.attention.head_count", 2);
    gg_key_f32(&b, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    gg_key_f32(&b, "llama.rope.freq_base", 500000);
    gg_tensor(&b, "token_embd.weight", 1, 256, 0, 0);
    gg_tensor(&b, "rope_freqs.weight", 0, 64, 0, sizeof embed);
    gg_align(&b, 32);
    buf_append(&b, embed, sizeof embed);
    buf_append(&b, factors, 64 * sizeof *factors);
    char *path = path_join(folder, "factors.gguf");
    write_bytes(folder, "factors.gguf", b.data, b.len);
    json_t *config = config_of(path, NULL, err);
    free(path);
    buf_free(&b);
    return config;
}

static void test_rule_of_llama3_is_found_again(void **state)
{
    (void)state;
    static const struct {
        double factor, orig;
    } models[] = {{8, 8192}, {32, 8192}, {4, 64}, {16, 65536}};
    struct error err;
    float factors[64];
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        llama3_factors(factors, 500000, models[i].factor, models[i].orig);
        json_t *config = config_with_factors(factors, &err);
        if (!config)
            fail_msg("%s", err.text);
        const json_t *rope = json_object_get(config, "rope_scaling");
        assert_string_equal(json_string_value(json_object_get(rope, "rope_type")), "llama3");
        assert_true(json_number_value(json_object_get(rope, "factor")) == models[i].factor);
        assert_int_equal(
            json_integer_value(json_object_get(rope, "original_max_position_embeddings")),
            models[i].orig);
        json_decref(config);
    }
    for (int i = 0; i < 64; i++) {
        float before = factors[i];
        factors[i] *= 1.01f;
        if (config_with_factors(factors, &err))
            fail_msg("accepted, though factor %d is another", i);
        assert_non_null(strstr(err.text, "another kind than Llama 3's"));
        factors[i] = before;
    }
}

static void test_values_are_checked(void **state)
{
    (void)state;
    struct buf more = {0};
    gg_key_array(&more, "llama.attention.head_count_kv", GGUF_I32, 2);
    gg_u32(&more, 1);
    gg_u32(&more, 2);
    assert_config(1, &more, "layers of different sizes", NULL);
    gg_key_array(&more, "llama.attention.head_count_kv", GGUF_I32, 0);
    assert_config(1, &more, "an empty array", NULL);
    gg_key_f32(&more, "llama.attention.head_count_kv", 1);
    assert_config(1, &more, "not an integer", NULL);
    gg_key_f32(&more, "llama.rope.freq_base", __builtin_nanf(""));
    assert_config(1, &more, "not a finite number", NULL);
    gg_key_u32(&more, "llama.attention.key_length", 8);
    gg_key_u32(&more, "llama.attention.value_length", 4);
    assert_config(2, &more, "differs from attention.key_length", NULL);
}

static void test_recommended_sampling(void **state)
{
    (void)state;
    struct error err;
    struct buf more = {0};
    gg_key_f32(&more, "general.sampling.temp", 0.6f);
    gg_key(&more, "general.sampling.top_k", GGUF_I32);
    gg_u32(&more, 20);
    struct buf b = llama_file(2, &more);
    char *path = path_join(folder, "m.gguf");
    write_bytes(folder, "m.gguf", b.data, b.len);
    json_t *generation = NULL, *config = config_of(path, &generation, &err);
    assert_true(config && json_is_true(json_object_get(generation, "do_sample")));
    assert_true(json_number_value(json_object_get(generation, "temperature")) == 0.6);
    assert_true(json_number_value(json_object_get(generation, "top_k")) == 20);
    assert_null(json_object_get(generation, "top_p"));
    json_decref(config);
    json_decref(generation);
    free(path);
    buf_free(&b);
    buf_free(&more);
}

static void test_shortest(void **state)
{
    (void)state;
    assert_true(gguf_shortest(0.22f) == 0.22);
    assert_true(gguf_shortest(1e-6f) == 1e-6);
    assert_true(gguf_shortest(500000.0f) == 500000);
    assert_true(gguf_shortest(16777216.0f) == 16777216);
    for (uint32_t bits = 1; bits < 0x7f800000; bits += 999983) {
        float f;
        memcpy(&f, &bits, sizeof f);
        assert_true((float)gguf_shortest(f) == f);
    }
}

int main(void)
{
    folder = temp_folder();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_is_the_published_one),
        cmocka_unit_test(test_tensors_are_the_published_ones),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_keys_that_nobody_knows),
        cmocka_unit_test(test_rope_keys),
        cmocka_unit_test(test_sizes_by_layer),
        cmocka_unit_test(test_sizes_by_layer_that_make_no_sense),
        cmocka_unit_test(test_rule_of_llama3_is_found_again),
        cmocka_unit_test(test_values_are_checked),
        cmocka_unit_test(test_recommended_sampling),
        cmocka_unit_test(test_shortest),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder(folder);
    return failed;
}
