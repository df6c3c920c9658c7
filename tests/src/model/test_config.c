/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "config.h"
#include "test.h"
#include "tiny_model.h"

#define PHI3_BASE                                                                                  \
    "{\"model_type\":\"phi3\",\"architectures\":[\"Phi3ForCausalLM\"],\"hidden_size\":16,"         \
    "\"intermediate_size\":24,\"num_hidden_layers\":1,\"num_attention_heads\":2,"                  \
    "\"num_key_value_heads\":2,\"vocab_size\":20,\"max_position_embeddings\":64,"                  \
    "\"original_max_position_embeddings\":32,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,"        \
    "\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,2,3,4],\"long_factor\":[5,6,7,8]" \
    "},"                                                                                           \
    "\"hidden_act\":\"silu\",\"tie_word_embeddings\":false}"
#define LLAMA3_ROPE                                                                                \
    "{\"rope_type\":\"llama3\",\"factor\":32.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"  \
    "\"original_max_position_embeddings\":8192}"

static bool parse(struct model_config *c, const char *config, const char *generation,
                  struct error *err)
{
    *err = (struct error){0};
    return config_parse(c, config, strlen(config), "config.json", generation,
                        generation ? strlen(generation) : 0, "generation_config.json", err);
}

/* `base` with `key` set to the JSON text `value`, or without it when that is NULL. Caller frees. */
static char *with(const char *base, const char *key, const char *value)
{
    json_t *config = json_loads(base, 0, NULL);
    assert_non_null(config);
    if (value) {
        json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
        if (!v)
            fail_msg("test: %s", value);
        json_object_set_new(config, key, v);
    } else {
        json_object_del(config, key);
    }
    char *text = json_dumps(config, 0);
    json_decref(config);
    return text;
}

static void assert_refused(const char *base, const char *key, const char *value, const char *why)
{
    struct model_config c;
    struct error err;
    char *config = with(base, key, value);
    if (parse(&c, config, NULL, &err))
        fail_msg("accepted: \"%s\": %s", key, value ? value : "(absent)");
    assert_int_equal(err.code, EX_DATAERR);
    if (!strstr(err.text, why))
        fail_msg("\"%s\": %s: refused with: %s\n without saying: %s", key,
                 value ? value : "(absent)", err.text, why);
    free(config);
}

static struct model_config accepted(const char *base, const char *key, const char *value)
{
    struct model_config c;
    struct error err;
    char *config = with(base, key, value);
    if (!parse(&c, config, NULL, &err))
        fail_msg("\"%s\": %s: %s", key, value ? value : "(absent)", err.text);
    free(config);
    return c;
}

static void test_bases_are_fine(void **state)
{
    (void)state;
    struct model_config c = accepted(TINY_CONFIG, "head_dim", "null");
    assert_string_equal(c.arch->type, "llama");
    assert_int_equal(c.head_dim, 8);
    assert_int_equal(c.rope[0].rot_dim, 8);
    assert_int_equal(c.orig_ctx, 64);
    assert_int_equal(config_kv_dim(&c, 0), 8);
    assert_true(c.tied);
    c = accepted(PHI3_BASE, "partial_rotary_factor", "1.0");
    assert_int_equal(c.rope[ROPE_OF_FULL].kind, ROPE_LONGROPE);
    assert_int_equal(c.orig_ctx, 32);
    assert_true(c.rope[0].long_factor[3] == 8 && c.rope[0].short_factor[1] == 2);
}

static void test_every_field_of_the_arithmetic_is_needed(void **state)
{
    static const char *const keys[] = {
        "model_type",          "hidden_size", "intermediate_size",       "num_hidden_layers",
        "num_attention_heads", "vocab_size",  "max_position_embeddings", "rms_norm_eps",
        "rope_theta",          "hidden_act"};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_refused(PHI3_BASE, keys[i], "null", keys[i]);
        if (strcmp(keys[i], "rope_theta") != 0) { /* older files leave it out: 10000 */
            assert_refused(TINY_CONFIG, keys[i], NULL, keys[i]);
            assert_refused(PHI3_BASE, keys[i], NULL, keys[i]);
        }
        assert_refused(PHI3_BASE, keys[i], "\"7\"", keys[i]);
        assert_refused(PHI3_BASE, keys[i], "[]", keys[i]);
        assert_refused(PHI3_BASE, keys[i], "-1", keys[i]);
    }
    assert_refused(PHI3_BASE, "original_max_position_embeddings", NULL, "original_max");
}

static void test_sizes_out_of_range(void **state)
{
    (void)state;
    assert_refused(TINY_CONFIG, "num_hidden_layers", "1000000000", "num_hidden_layers");
    assert_refused(TINY_CONFIG, "num_hidden_layers", "0", "num_hidden_layers");
    assert_refused(TINY_CONFIG, "hidden_size", "4294967296", "hidden_size");
    assert_refused(TINY_CONFIG, "hidden_size", "16.5", "hidden_size");
    assert_refused(TINY_CONFIG, "hidden_size", "17", "multiple");
    assert_refused(TINY_CONFIG, "num_attention_heads", "3", "multiple");
    assert_refused(TINY_CONFIG, "num_key_value_heads", "0", "multiple");
    assert_refused(TINY_CONFIG, "head_dim", "7", "rotated");
    assert_refused(TINY_CONFIG, "head_dim", "100000", "head");
    assert_refused(TINY_CONFIG, "vocab_size", "0", "vocab_size");
    assert_refused(TINY_CONFIG, "rms_norm_eps", "0", "rms_norm_eps");
    assert_refused(TINY_CONFIG, "rope_theta", "-5", "rope_theta");
    assert_int_equal(accepted(TINY_CONFIG, "head_dim", "24").head_dim, 24);
}

static void test_arithmetic_that_we_do_not_have(void **state)
{
    (void)state;
    assert_refused(TINY_CONFIG, "model_type", "\"gpt2\"", "supported; supported: phi3, llama, ");
    assert_refused(TINY_CONFIG, "model_type", "\"granitemoehybrid\"",
                   "supported yet; supported: phi3, ");
    assert_refused(TINY_CONFIG, "architectures", "[\"LlamaForSequenceClassification\"]",
                   "architectures");
    assert_refused(TINY_CONFIG, "architectures", "[\"Phi3ForCausalLM\"]", "architectures");
    assert_refused(TINY_CONFIG, "hidden_act", "\"gelu\"", "silu");
    assert_refused(PHI3_BASE, "attention_bias", "true", "\"attention_bias\" = true");
    assert_refused(PHI3_BASE, "mlp_bias", "true", "\"mlp_bias\" = true");
    assert_refused(TINY_CONFIG, "quantization_config", "{\"bits\":4}", "quantization_config");
    assert_refused(TINY_CONFIG, "sliding_window", "63", "sliding_window");
    assert_refused(TINY_CONFIG, "partial_rotary_factor", "0.5", "partial_rotary_factor");
    assert_refused(TINY_CONFIG, "logit_scale", "2.0",
                   "might change the arithmetic: \"logit_scale\" = 2.0");
    assert_refused(TINY_CONFIG, "tie_word_embeddings", "1", "tie_word_embeddings");
    assert_refused(PHI3_BASE, "interpolate_factor", "2", "interpolate_factor");
    accepted(TINY_CONFIG, "sliding_window", "64");
    accepted(TINY_CONFIG, "sliding_window", "null");
    accepted(TINY_CONFIG, "attention_bias", "false");
    accepted(TINY_CONFIG, "quantization_config", "null");
    accepted(TINY_CONFIG, "architectures", NULL);
    accepted(TINY_CONFIG, "attention_dropout", "0.1");
    accepted(TINY_CONFIG, "pretraining_tp", "2");
}

static void test_longrope(void **state)
{
    (void)state;
    static const char key[] = "rope_scaling";
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"short_factor\":[1,2,3],"
                   "\"long_factor\":[5,6,7,8]}",
                   "short_factor");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"short_factor\":[1,2,3,4],"
                   "\"long_factor\":[5,6,7,0]}",
                   "long_factor");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"short_factor\":[1,2,3,4],"
                   "\"long_factor\":[5,6,7,1e300]}",
                   "long_factor");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"short_factor\":[1,2,3,\"4\"],"
                   "\"long_factor\":[5,6,7,8]}",
                   "short_factor");
    assert_refused(PHI3_BASE, key, "{\"type\":\"longrope\",\"short_factor\":[1,2,3,4]}",
                   "long_factor");
    assert_refused(PHI3_BASE, key, "{\"short_factor\":[1,2,3,4],\"long_factor\":[5,6,7,8]}",
                   "rope_type");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"short_mscale\":1.2,\"short_factor\":[1,2,3,4],"
                   "\"long_factor\":[5,6,7,8]}",
                   "short_mscale");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"factor\":3,\"short_factor\":[1,2,3,4],"
                   "\"long_factor\":[5,6,7,8]}",
                   "factor");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"rope_type\":\"default\","
                   "\"short_factor\":[1,2,3,4],\"long_factor\":[5,6,7,8]}",
                   "contradicts");
    assert_refused(PHI3_BASE, key,
                   "{\"type\":\"longrope\",\"original_max_position_embeddings\":16,"
                   "\"short_factor\":[1,2,3,4],\"long_factor\":[5,6,7,8]}",
                   "two values");
    assert_refused(PHI3_BASE, key, "\"longrope\"", "not an object");
    assert_refused(PHI3_BASE, key, "{\"type\":\"linear\",\"factor\":0.5}", "factor");
    assert_refused(PHI3_BASE, key, "{\"type\":\"dynamic\",\"factor\":2}", "dynamic");
    accepted(PHI3_BASE, key,
             "{\"type\":\"su\",\"factor\":2,\"short_factor\":[1,2,3,4],"
             "\"long_factor\":[5,6,7,8]}");
    assert_refused(PHI3_BASE, "partial_rotary_factor", "0.75", "short_factor"); /* 3 factors then */
    assert_refused(PHI3_BASE, "partial_rotary_factor", "1.5", "partial_rotary_factor");
    assert_int_equal(accepted(PHI3_BASE, key, "null").rope[0].kind, ROPE_PLAIN);
}

static void test_llama3_scaling(void **state)
{
    (void)state;
    static const char key[] = "rope_scaling";
    struct model_config c = accepted(TINY_CONFIG, key, LLAMA3_ROPE);
    assert_int_equal(c.rope[0].kind, ROPE_LLAMA3);
    assert_int_equal(c.orig_ctx, 8192);
    assert_true(c.rope[0].factor == 32 && c.rope[0].low == 1 && c.rope[0].high == 4);
    static const char *const fields[] = {"factor", "low_freq_factor", "high_freq_factor",
                                         "original_max_position_embeddings"};
    for (size_t i = 0; i < 4; i++) {
        char *rope = with(LLAMA3_ROPE, fields[i], NULL);
        assert_refused(TINY_CONFIG, key, rope, fields[i]);
        free(rope);
    }
    char *equal = with(LLAMA3_ROPE, "high_freq_factor", "1.0");
    assert_refused(TINY_CONFIG, key, equal, "low < high");
    free(equal);
    char *more = with(LLAMA3_ROPE, "attention_factor", "1.0");
    assert_refused(TINY_CONFIG, key, more, "attention_factor");
    free(more);
}

static void test_rope_parameters_of_newer_files(void **state)
{
    (void)state;
    static const char key[] = "rope_parameters";
    char *base = with(TINY_CONFIG, "rope_theta", NULL);
    assert_true(accepted(base, key, "{\"rope_type\":\"default\",\"rope_theta\":5e5}")
                    .rope[ROPE_OF_FULL]
                    .theta == 5e5f);
    assert_true(accepted(base, key, "{\"rope_type\":\"default\"}").rope[0].theta == 1e4f);
    assert_refused(TINY_CONFIG, key, "{\"rope_type\":\"default\",\"rope_theta\":5e5}",
                   "two values");
    assert_refused(TINY_CONFIG, key, "{\"rope_type\":\"default\",\"beta_fast\":3}", "beta_fast");
    assert_refused(PHI3_BASE, key, "{\"rope_type\":\"default\"}", "contradict");
    free(base);
}

static void test_stop_tokens(void **state)
{
    (void)state;
    struct model_config c;
    struct error err;
    assert_true(parse(&c, TINY_CONFIG, NULL, &err));
    assert_int_equal(c.n_stop, 1);
    assert_int_equal(c.stop[0], 2);
    assert_int_equal(c.bos, 1);
    assert_true(parse(&c, TINY_CONFIG, "{\"eos_token_id\":[7,1,0],\"temperature\":0.7}", &err));
    assert_int_equal(c.n_stop, 4); /* and the config's own */
    assert_int_equal(c.stop[0], 7);
    assert_int_equal(c.stop[3], 2);
    assert_int_equal(c.bos, 1);
    assert_false(parse(&c, TINY_CONFIG, "{\"eos_token_id\":[7,20]}", &err)); /* vocab is 20 */
    assert_false(parse(&c, TINY_CONFIG, "{\"eos_token_id\":-1}", &err));
    assert_false(parse(&c, TINY_CONFIG, "{\"eos_token_id\":\"2\"}", &err));
    assert_false(parse(&c, TINY_CONFIG, "[]", &err));
    assert_false(parse(&c, TINY_CONFIG, "{", &err));
    assert_refused(TINY_CONFIG, "bos_token_id", "20", "bos_token_id");
    assert_int_equal(accepted(TINY_CONFIG, "bos_token_id", "null").bos, -1);
}

static void test_all_unknown_fields_are_named_at_once(void **state)
{
    struct model_config c;
    struct error err;
    (void)state;
    char *a = with(TINY_CONFIG, "logit_scale", "2.5"), *b = with(a, "qk_layernorm", "true");
    char *d = with(b, "rope_scaling", "{\"rope_type\":\"linear\",\"factor\":2,\"twist\":3}");
    char *e = with(d, "new_thing", "{\"a\":1}"), *f = with(e, "old_thing", "null");
    char *g = with(f, "no_thing", "false"), *h = with(g, "transformers.js_config", "{\"a\":1}");
    assert_false(parse(&c, h, NULL, &err));
    static const char *const named[] = {"\"logit_scale\" = 2.5", "\"qk_layernorm\" = true",
                                        "\"rope_scaling.twist\" = 3", "\"new_thing\" = {"};
    for (size_t i = 0; i < 4; i++)
        if (!strstr(err.text, named[i]))
            fail_msg("%s: without %s", err.text, named[i]);
    assert_null(strstr(err.text, "old_thing"));
    assert_null(strstr(err.text, "no_thing"));
    assert_null(strstr(err.text, "transformers.js"));
    char *all[] = {a, b, d, e, f, g, h};
    for (size_t i = 0; i < 7; i++)
        free(all[i]);
}

static void test_the_text_part_of_a_larger_model(void **state)
{
    (void)state;
    static const char outer[] = "{\"model_type\":\"sees\",\"vision_config\":{\"depth\":7},"
                                "\"eos_token_id\":3,\"text_config\":{}}";
    struct model_config c = accepted(outer, "text_config", TINY_CONFIG), plain;
    struct error err;
    assert_true(parse(&plain, TINY_CONFIG, NULL, &err));
    assert_true(c.is_text_part && !plain.is_text_part);
    assert_int_equal(c.dim, plain.dim);
    assert_int_equal(c.n_stop, 2);
    assert_int_equal(c.stop[1], 3);
    char *with_text = with(outer, "text_config", TINY_CONFIG);
    assert_refused(with_text, "quantization_config", "{\"bits\":4}", "quantization_config");
    char *untied = with(TINY_CONFIG, "tie_word_embeddings", NULL);
    char *with_untied = with(outer, "text_config", untied);
    assert_false(accepted(with_untied, "tie_word_embeddings", "false").tied);
    assert_true(accepted(with_untied, "tie_word_embeddings", "true").tied);
    free(with_text);
    free(untied);
    free(with_untied);
}

/* Which layers slide and which do not rotate, by each way to say it. */
static void test_layers(void **state)
{
    (void)state;
    char *base = with(TINY_CONFIG, "num_hidden_layers", "4"),
         *c1 = with(base, "architectures", NULL);
    struct model_config c;
    char *mistral = with(c1, "model_type", "\"mistral\"");
    c = accepted(mistral, "sliding_window", "9");
    assert_int_equal(c.window, 9);
    for (int i = 0; i < 4; i++)
        assert_int_equal(c.layers[i], LAYER_SLIDING);
    assert_int_equal(accepted(mistral, "sliding_window", "null").layers[0], 0);
    assert_int_equal(accepted(mistral, "sliding_window", "64").window, 0); /* all of the context */
    char *qwen = with(c1, "model_type", "\"qwen2\""), *q1 = with(qwen, "sliding_window", "9");
    char *q2 = with(q1, "max_window_layers", "3");
    assert_int_equal(accepted(q2, "use_sliding_window", "false").window, 0);
    c = accepted(q2, "use_sliding_window", "true");
    assert_true(!c.layers[2] && c.layers[3] == LAYER_SLIDING && c.qkv_bias && !c.out_bias);
    assert_refused(q2, "layer_types", "[\"sliding_attention\"]", "list of 4");
    assert_refused(q2, "layer_types",
                   "[\"full_attention\",\"full_attention\",\"conv\",\"full_attention\"]", "conv");
    assert_refused(q2, "layer_types",
                   "[\"full_attention\",\"full_attention\",\"full_attention\","
                   "\"sliding_attention\"]",
                   "no \"sliding_window\""); /* use_sliding_window is false */
    char *exaone = with(c1, "model_type", "\"exaone4\""), *e1 = with(exaone, "sliding_window", "9");
    c = accepted(e1, "sliding_window_pattern", "\"LLG\"");
    assert_true(c.layers[1] == LAYER_SLIDING && c.layers[2] == LAYER_NO_ROPE &&
                c.layers[3] == LAYER_SLIDING);
    assert_refused(e1, "sliding_window_pattern", "\"LLX\"", "sliding_window_pattern");
    assert_int_equal(accepted(exaone, "sliding_window", "null").layers[3], 0);
    char *smol = with(c1, "model_type", "\"smollm3\"");
    assert_int_equal(accepted(smol, "no_rope_layer_interval", "2").layers[1], LAYER_NO_ROPE);
    c = accepted(smol, "no_rope_layers", "[0,1,1,1]");
    assert_true(c.layers[0] == LAYER_NO_ROPE && !c.layers[1] && !c.layers[3]);
    assert_refused(smol, "no_rope_layers", "[0,1,2,1]", "no_rope_layers");
    char *all[] = {base, c1, mistral, qwen, q1, q2, exaone, e1, smol};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

#define GEMMA4                                                                                     \
    "{\"model_type\":\"gemma4_text\",\"architectures\":[\"Gemma4ForCausalLM\"],"                   \
    "\"hidden_size\":16,\"intermediate_size\":24,\"num_hidden_layers\":5,"                         \
    "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":8,\"global_head_dim\":16,"   \
    "\"vocab_size\":20,\"vocab_size_per_layer_input\":20,\"hidden_size_per_layer_input\":4,"       \
    "\"max_position_embeddings\":64,\"sliding_window\":8,\"num_kv_shared_layers\":2,"              \
    "\"layer_types\":[\"sliding_attention\",\"full_attention\",\"sliding_attention\","             \
    "\"sliding_attention\",\"full_attention\"]}"

static void test_sizes_by_layer(void **state)
{
    (void)state;
    struct model_config c = accepted(GEMMA4, "attention_k_eq_v", "false");
    static const uint32_t head_dim[] = {8, 16, 8, 8, 16}, kv_layer[] = {0, 1, 2, 2, 1};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(c.shapes[i].head_dim, head_dim[i]);
        assert_int_equal(c.shapes[i].kv_layer, kv_layer[i]);
        assert_int_equal(c.shapes[i].n_kv_heads, 2);
        assert_int_equal(c.shapes[i].ffn_dim, 24);
        assert_int_equal(config_qkv_dim(&c, (uint32_t)i), (i < 3 ? 8 : 4) * head_dim[i]);
    }
    assert_int_equal(c.rope[ROPE_OF_FULL].rot_dim, 16);
    assert_int_equal(c.rope[ROPE_OF_FULL].n_freqs, 2);
    assert_int_equal(c.rope[ROPE_OF_SLIDING].rot_dim, 8);
    assert_float_equal(c.score_scale, 1, 0);
    assert_float_equal(c.per_layer_scale, 2, 0);
    c = accepted(GEMMA4, "use_double_wide_mlp", "true");
    assert_int_equal(c.shapes[2].ffn_dim, 24);
    assert_int_equal(c.shapes[3].ffn_dim, 48);
    assert_int_equal(config_widths(&c).ffn, 48);
    c = accepted(GEMMA4, "num_global_key_value_heads", "1"); /* only if keys are values */
    assert_int_equal(c.shapes[1].n_kv_heads, 2);
    char *k_is_v = with(GEMMA4, "attention_k_eq_v", "true");
    c = accepted(k_is_v, "num_global_key_value_heads", "1");
    assert_true(c.shapes[1].v_is_k && !c.shapes[0].v_is_k);
    assert_int_equal(c.shapes[1].n_kv_heads, 1);
    assert_int_equal(c.shapes[0].n_kv_heads, 2);
    free(k_is_v);
    c = accepted(GEMMA4, "per_layer_config", "{\"1\":{\"head_dim\":32},\"4\":{\"head_dim\":32}}");
    assert_int_equal(c.shapes[4].head_dim, 32);
    c = accepted(GEMMA4, "layer_types",
                 "[\"sliding_attention\",\"full_attention\",\"sliding_attention\","
                 "\"sliding_attention\",\"sliding_attention\"]");
    assert_false(c.layers[4] & LAYER_SLIDING); /* the last one never slides */
    char *with_experts = with(GEMMA4, "enable_moe_block", "true"), *more, *all;
    more = with(with_experts, "num_experts", "8");
    all = with(more, "top_k_experts", "2");
    c = accepted(all, "moe_intermediate_size", "12"); /* beside the dense part */
    assert_true(c.layers[4] & LAYER_EXPERTS);
    assert_int_equal(c.shapes[4].ffn_dim, 24);
    free(with_experts);
    free(more);
    free(all);
    assert_int_equal(accepted(GEMMA4, "use_bidirectional_attention", "\"vision\"").n_layers, 5);
}

static void test_sizes_by_layer_that_make_no_sense(void **state)
{
    (void)state;
    assert_refused(GEMMA4, "num_kv_shared_layers", "5", "num_kv_shared_layers");
    assert_refused(GEMMA4, "num_kv_shared_layers", "4", "layer 1 shares"); /* no full one before */
    assert_refused(GEMMA4, "global_head_dim", "0", "layer 1");
    assert_refused(GEMMA4, "global_head_dim", "4096", "layer 1");
    assert_refused(GEMMA4, "per_layer_config", "{\"7\":{\"head_dim\":16}}", "per_layer_config.7");
    assert_refused(GEMMA4, "per_layer_config", "{\"x\":{\"head_dim\":16}}", "per_layer_config.x");
    assert_refused(GEMMA4, "per_layer_config", "{\"0\":{\"num_key_value_heads\":3}}", "layer 0");
    assert_refused(GEMMA4, "per_layer_config", "{\"1\":{\"no_such\":3}}", "no_such");
    assert_refused(GEMMA4, "per_layer_config", "{\"1\":{\"head_dim\":32}}", "layer 4 shares");
    assert_refused(GEMMA4, "per_layer_config", "{\"0\":{\"head_dim\":32}}", "several sizes");
    assert_refused(GEMMA4, "per_layer_config", "7", "per_layer_config");
    assert_refused(GEMMA4, "hidden_size_per_layer_input", "1000000", "hidden_size_per_layer_input");
    assert_refused(GEMMA4, "vocab_size_per_layer_input", "19", "vocab_size_per_layer_input");
    assert_refused(GEMMA4, "use_bidirectional_attention", "\"all\"", "use_bidirectional_attention");
    assert_refused(GEMMA4, "rope_parameters", "{\"rope_type\":\"default\",\"rope_theta\":1e4}",
                   "heads of another size");
}

#define LFM2_1_2B                                                                                  \
    "{\"model_type\":\"lfm2\",\"architectures\":[\"Lfm2ForCausalLM\"],\"hidden_size\":2048,"       \
    "\"block_ff_dim\":12288,\"block_auto_adjust_ff_dim\":true,\"block_multiple_of\":256,"          \
    "\"block_ffn_dim_multiplier\":1.0,\"block_dim\":2048,\"block_use_swiglu\":true,"               \
    "\"conv_L_cache\":3,\"conv_bias\":false,\"conv_dim\":2048,\"full_attn_idxs\":[2,5,8,10,12,14]" \
    ","                                                                                            \
    "\"max_position_embeddings\":128000,\"norm_eps\":1e-5,\"num_attention_heads\":32,"             \
    "\"num_heads\":32,\"num_hidden_layers\":16,\"num_key_value_heads\":8,\"rope_theta\":1000000."  \
    "0,"                                                                                           \
    "\"theta\":1000000.0,\"use_pos_enc\":true,\"vocab_size\":65536}"

/* As it was published first. */
static void test_layers_of_lfm2(void **state)
{
    (void)state;
    struct model_config c = accepted(LFM2_1_2B, "use_cache", "true");
    assert_int_equal(config_n_params(&c), 1170340608); /* that its makers say */
    assert_int_equal(c.ffn_dim, 8192);
    assert_true(c.tied);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(config_mixer(&c, i),
                         "..a..a..a.a.a.a."[i] == 'a' ? MIXER_ATTENTION : MIXER_CONV);
    c = accepted(LFM2_1_2B, "intermediate_size", "1"); /* the older name wins */
    assert_int_equal(c.ffn_dim, 8192);
    assert_int_equal(accepted(LFM2_1_2B, "block_auto_adjust_ff_dim", "false").ffn_dim, 12288);
    assert_true(accepted(LFM2_1_2B, "conv_bias", "true").mixer_bias);
    assert_refused(LFM2_1_2B, "full_attn_idxs", "[2,16]", "full_attn_idxs\"[1]");
    assert_refused(LFM2_1_2B, "conv_L_cache", "0", "conv_L_cache");
    assert_refused(LFM2_1_2B, "layer_types", "[\"conv\"]", "list of 16");
    assert_refused(LFM2_1_2B, "block_multiple_of", "0", "block_multiple_of");
}

#define QWEN3_5                                                                                    \
    "{\"model_type\":\"qwen3_5_text\",\"hidden_size\":64,\"intermediate_size\":160,"               \
    "\"num_hidden_layers\":5,\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":32," \
    "\"vocab_size\":512,\"max_position_embeddings\":256,\"hidden_act\":\"silu\","                  \
    "\"rms_norm_eps\":1e-6,\"linear_num_value_heads\":4,\"linear_num_key_heads\":2,"               \
    "\"linear_key_head_dim\":16,\"linear_value_head_dim\":32,\"attn_output_gate\":true,"           \
    "\"mamba_ssm_dtype\":\"float32\",\"mtp_num_hidden_layers\":1,\"rope_parameters\":"             \
    "{\"rope_type\":\"default\",\"rope_theta\":10000000,\"partial_rotary_factor\":0.25,"           \
    "\"mrope_interleaved\":true,\"mrope_section\":[11,11,10]}}"

static void test_layers_of_qwen3_5(void **state)
{
    (void)state;
    struct model_config c = accepted(QWEN3_5, "use_cache", "true");
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(config_mixer(&c, i), i == 3 ? MIXER_ATTENTION : MIXER_DELTA);
    assert_int_equal(c.rope[0].rot_dim, 8);
    assert_int_equal(config_conv_dim(&c), 2 * 2 * 16 + 4 * 32);
    assert_int_equal(c.conv_taps, 4);
    assert_int_equal(config_mixer(&(struct model_config){.arch = c.arch}, 0), MIXER_ATTENTION);
    c = accepted(QWEN3_5, "full_attention_interval", "2");
    assert_true(config_mixer(&c, 1) == MIXER_ATTENTION && config_mixer(&c, 2) == MIXER_DELTA);
    assert_refused(QWEN3_5, "attn_output_gate", "false", "attn_output_gate");
    assert_refused(QWEN3_5, "linear_value_head_dim", "24", "multiple of 16");
    assert_refused(QWEN3_5, "linear_num_value_heads", "3", "linear_num_key_heads");
    assert_refused(QWEN3_5, "full_attention_interval", "0", "full_attention_interval");
    assert_refused(QWEN3_5, "layer_types", "[\"conv\",\"conv\",\"conv\",\"conv\",\"conv\"]",
                   "linear_attention");
}

static void test_phi_3_5_itself(void **state)
{
    (void)state;
    struct buf config = {0}, generation = {0};
    struct model_config c;
    struct error err;
    const char *folder = shared_path("models/phi-3.5-mini-instruct");
    char *a = path_join(folder, "config.json"), *b = path_join(folder, "generation_config.json");
    assert_true(read_file(&config, a, 1 << 20, &err) && read_file(&generation, b, 1 << 20, &err));
    if (!config_parse(&c, config.data, config.len, a, generation.data, generation.len, b, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c.dim, 3072);
    assert_int_equal(c.head_dim, 96);
    assert_int_equal(c.orig_ctx, 4096);
    assert_int_equal(config_n_params(&c), 3821079552); /* reference/phi-3.5.md, 1.4 */
    static const int32_t stop[] = {32007, 32001, 32000};
    assert_int_equal(c.n_stop, 3);
    assert_memory_equal(c.stop, stop, sizeof stop);
    double sum_short = 0, sum_long = 0; /* checksums of 1.2 */
    for (unsigned i = 0; i < c.rope[0].rot_dim / 2; i++) {
        sum_short += (double)c.rope[0].short_factor[i];
        sum_long += (double)c.rope[0].long_factor[i];
    }
    assert_true(fabs(sum_short - 83.46998918056488) < 1e-9);
    assert_true(fabs(sum_long - 1828.040079832077) < 1e-9);
    buf_free(&config);
    buf_free(&generation);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases_are_fine),
        cmocka_unit_test(test_every_field_of_the_arithmetic_is_needed),
        cmocka_unit_test(test_sizes_out_of_range),
        cmocka_unit_test(test_arithmetic_that_we_do_not_have),
        cmocka_unit_test(test_longrope),
        cmocka_unit_test(test_llama3_scaling),
        cmocka_unit_test(test_rope_parameters_of_newer_files),
        cmocka_unit_test(test_stop_tokens),
        cmocka_unit_test(test_all_unknown_fields_are_named_at_once),
        cmocka_unit_test(test_the_text_part_of_a_larger_model),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_sizes_by_layer),
        cmocka_unit_test(test_sizes_by_layer_that_make_no_sense),
        cmocka_unit_test(test_layers_of_lfm2),
        cmocka_unit_test(test_layers_of_qwen3_5),
        cmocka_unit_test(test_phi_3_5_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
