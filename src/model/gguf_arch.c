/* SPDX-License-Identifier: MIT */
#include "gguf_arch.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---------------------------------------------------------------------------- */

enum { MAX_KEY = 160 };

static void key_name(char out[MAX_KEY], const struct gguf_arch *arch, const char *key)
{
    snprintf(out, MAX_KEY, "%s.%s", arch->name, key);
}

bool gguf_arch_u32(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                   bool optional, uint32_t *out, struct error *err)
{
    char name[MAX_KEY];
    key_name(name, arch, key);
    return gguf_get_u32(&s->parts[0], name, optional, out, err);
}

bool gguf_arch_number(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                      bool optional, double *out, struct error *err)
{
    char name[MAX_KEY];
    key_name(name, arch, key);
    return gguf_get_number(&s->parts[0], name, optional, out, err);
}

const struct gguf_value *gguf_arch_value(const struct gguf_split *s, const struct gguf_arch *arch,
                                         const char *key)
{
    char name[MAX_KEY];
    key_name(name, arch, key);
    return gguf_value(&s->parts[0], name);
}

const struct gguf_field gguf_common_fields[] = {
    {"block_count", "num_hidden_layers", GGUF_SIZE, true},
    {"context_length", "max_position_embeddings", GGUF_SIZE, true},
    {"embedding_length", "hidden_size", GGUF_SIZE, true},
    {"feed_forward_length", "intermediate_size", GGUF_SIZE, true},
    {"attention.head_count", "num_attention_heads", GGUF_SIZE, true},
    {"attention.head_count_kv", "num_key_value_heads", GGUF_SIZE, false},
    {"attention.key_length", "head_dim", GGUF_SIZE, false},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps", GGUF_NUMBER, false},
    {0},
};

/* ---- what only some architectures need ----------------------------------------------- */

/* "layer_types" from flags of sliding layers, else three of four: OLMo 3 and EXAONE 4. */
bool gguf_set_layer_types(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                          struct error *err)
{
    struct gguf_array flags = {0};
    uint32_t n_layers;
    char name[MAX_KEY];
    key_name(name, arch, "attention.sliding_window_pattern");
    if (!gguf_arch_u32(s, arch, "block_count", false, &n_layers, err) ||
        !gguf_get_array(&s->parts[0], name, true, GGUF_WANT_BOOLS, &flags, err))
        return false;
    if (flags.n != 0 && flags.n != n_layers)
        return error_set(err, EX_DATAERR, "%s: key \"%s\": %llu flags for %u layers",
                         s->parts[0].name, name, (unsigned long long)flags.n, n_layers);
    if (n_layers > 4096)
        return true; /* refused with the config */
    json_t *types = json_array();
    for (uint32_t i = 0; i < n_layers; i++) {
        bool slides = flags.n ? gguf_integer_at(&flags, i) != 0 : i % 4 != 3;
        json_array_append_new(types, json_string(slides ? "sliding_attention" : "full_attention"));
    }
    json_object_set_new(config, "layer_types", types);
    return true;
}

static bool has_window(const json_t *config)
{
    return json_is_integer(json_object_get(config, "sliding_window"));
}

/* OLMo 3 is OLMo 2 with a window. */
static bool finish_olmo2(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                         struct error *err)
{
    if (!has_window(config)) {
        json_object_del(config, "sliding_window");
        return true;
    }
    json_object_set_new(config, "model_type", json_string("olmo3"));
    json_object_set_new(config, "architectures", json_pack("[s]", "Olmo3ForCausalLM"));
    return gguf_set_layer_types(s, arch, config, err);
}

static bool finish_exaone4(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                           struct error *err)
{
    return !has_window(config) || gguf_set_layer_types(s, arch, config, err);
}

/* A file cannot say it: it is the size of a head, but that of hidden_size / heads in the largest of
 * the family, known by the number of its layers. */
static bool set_query_scalar(const struct gguf_split *s, const struct gguf_arch *arch,
                             json_t *config, uint32_t layers_of_largest, struct error *err)
{
    uint32_t n_layers, dim, n_heads, head_dim = 0;
    if (!gguf_arch_u32(s, arch, "block_count", false, &n_layers, err) ||
        !gguf_arch_u32(s, arch, "embedding_length", false, &dim, err) ||
        !gguf_arch_u32(s, arch, "attention.head_count", false, &n_heads, err) ||
        !gguf_arch_u32(s, arch, "attention.key_length", false, &head_dim, err))
        return false;
    uint32_t scalar = n_layers == layers_of_largest && n_heads ? dim / n_heads : head_dim;
    json_object_set_new(config, "query_pre_attn_scalar", json_integer(scalar));
    return true;
}

static bool finish_gemma2(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                          struct error *err)
{
    return set_query_scalar(s, arch, config, 46, err);
}

static bool finish_gemma3(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                          struct error *err)
{
    return set_query_scalar(s, arch, config, 62, err);
}

/* YaRN between fractions of dimensions, which a file does not say. */
static bool finish_gpt_oss(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                           struct error *err)
{
    json_t *rope = json_object_get(config, "rope_scaling");
    (void)s, (void)arch, (void)err;
    if (json_is_object(rope))
        json_object_set_new(rope, "truncate", json_false());
    return true;
}

static json_t *types_of_layers(const struct gguf_array *has_state, uint32_t n, bool if_zero,
                               const char *type)
{
    json_t *types = json_array();
    for (uint32_t i = 0; i < n; i++) {
        bool is_zero = gguf_integer_at(has_state, i) == 0;
        json_array_append_new(types, json_string(is_zero == if_zero ? type : "full_attention"));
    }
    return types;
}

/* One number for each layer, at "ARCH.key". -> false: refused; n 0: the key is absent. */
static bool get_per_layer(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                          enum gguf_wanted want, struct gguf_array *out, uint32_t *n_layers,
                          struct error *err)
{
    char name[MAX_KEY];
    key_name(name, arch, key);
    if (!gguf_arch_u32(s, arch, "block_count", false, n_layers, err) ||
        !gguf_get_array(&s->parts[0], name, true, want, out, err))
        return false;
    return out->n == 0 || out->n == *n_layers ||
           error_set(err, EX_DATAERR, "%s: key \"%s\": %llu values for %u layers", s->parts[0].name,
                     name, (unsigned long long)out->n, *n_layers);
}

enum { GATING_SIGMOID = 2 };

/* Layers without heads of keys and values are convolutions. */
static bool finish_lfm2(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                        struct error *err)
{
    struct gguf_array heads = {0};
    uint32_t n_layers;
    if (!get_per_layer(s, arch, "attention.head_count_kv", GGUF_WANT_INTEGERS, &heads, &n_layers,
                       err))
        return false;
    uint32_t router = GATING_SIGMOID;
    if (!gguf_arch_u32(s, arch, "expert_gating_func", true, &router, err))
        return false;
    if (router != GATING_SIGMOID)
        return error_set(err, EX_DATAERR, "%s: key \"%s.expert_gating_func\" is %u, not %d",
                         s->parts[0].name, arch->name, router, GATING_SIGMOID);
    if (heads.n > 0)
        json_object_set_new(config, "layer_types", types_of_layers(&heads, n_layers, true, "conv"));
    json_object_set(config, "norm_eps", json_object_get(config, "rms_norm_eps"));
    json_object_del(config, "rms_norm_eps");
    return true;
}

static bool finish_qwen35(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                          struct error *err)
{
    struct gguf_array flags = {0};
    uint32_t n_layers, all, n_heads;
    if (!get_per_layer(s, arch, "attention.recurrent_layers", GGUF_WANT_BOOLS, &flags, &n_layers,
                       err) ||
        !gguf_arch_u32(s, arch, "ssm.inner_size", false, &all, err) ||
        !gguf_arch_u32(s, arch, "ssm.time_step_rank", false, &n_heads, err))
        return false;
    if (n_heads == 0 || all % n_heads != 0)
        return error_set(err, EX_DATAERR,
                         "%s: key \"%s.ssm.inner_size\": %u is not a multiple of "
                         "ssm.time_step_rank %u",
                         s->parts[0].name, arch->name, all, n_heads);
    json_object_set_new(config, "linear_value_head_dim", json_integer(all / n_heads));
    if (flags.n > 0)
        json_object_set_new(config, "layer_types",
                            types_of_layers(&flags, n_layers, false, "linear_attention"));
    return true;
}

/* ---- rows ---------------------------------------------------------------------------- */

static const struct gguf_field llama_fields[] = {
    {"attn_q.bias", "attention_bias", GGUF_HAS_TENSOR, false},
    {"ffn_up.bias", "mlp_bias", GGUF_HAS_TENSOR, false},
    {0},
};

static const struct gguf_field biased_attention[] = {
    {"attn_q.bias", "attention_bias", GGUF_HAS_TENSOR, false},
    {0},
};

static const struct gguf_field window[] = {
    {"attention.sliding_window", "sliding_window", GGUF_WINDOW, false},
    {0},
};

static const struct gguf_field gemma2_fields[] = {
    {"attention.sliding_window", "sliding_window", GGUF_SIZE, true},
    {"attn_logit_softcapping", "attn_logit_softcapping", GGUF_NUMBER, true},
    {"final_logit_softcapping", "final_logit_softcapping", GGUF_NUMBER, true},
    {0},
};

static const struct gguf_field gemma3_fields[] = {
    {"attention.sliding_window", "sliding_window", GGUF_SIZE, true},
    {"rope.freq_base_swa", "rope_local_base_freq", GGUF_NUMBER, false},
    {0},
};

static const struct gguf_field gemma4_fields[] = {
    {"attention.sliding_window", "sliding_window", GGUF_SIZE, true},
    {"attention.key_length", "global_head_dim", GGUF_SIZE, true},
    {"attention.key_length_swa", "head_dim", GGUF_SIZE, true},
    {"attention.shared_kv_layers", "num_kv_shared_layers", GGUF_SIZE, false},
    {"embedding_length_per_layer_input", "hidden_size_per_layer_input", GGUF_SIZE, false},
    {"final_logit_softcapping", "final_logit_softcapping", GGUF_NUMBER, false},
    {"expert_count", "num_experts", GGUF_SIZE, false},
    {"expert_used_count", "top_k_experts", GGUF_SIZE, false},
    {"expert_feed_forward_length", "moe_intermediate_size", GGUF_SIZE, false},
    {0},
};

static const struct gguf_field granite_fields[] = {
    {"attention.scale", "attention_multiplier", GGUF_NUMBER, true},
    {"embedding_scale", "embedding_multiplier", GGUF_NUMBER, true},
    {"residual_scale", "residual_multiplier", GGUF_NUMBER, true},
    {"logit_scale", "logits_scaling", GGUF_NUMBER, true},
    {"attn_q.bias", "attention_bias", GGUF_HAS_TENSOR, false},
    {"ffn_up.bias", "mlp_bias", GGUF_HAS_TENSOR, false},
    {0},
};

static const struct gguf_field stablelm_fields[] = {
    {"attention.layer_norm_epsilon", "layer_norm_eps", GGUF_NUMBER, true},
    {"use_parallel_residual", "use_parallel_residual", GGUF_FLAG, false},
    {"attn_q.bias", "use_qkv_bias", GGUF_HAS_TENSOR, false},
    {"attn_q_norm.weight", "qk_layernorm", GGUF_HAS_TENSOR, false},
    {0},
};

static const struct gguf_field starcoder2_fields[] = {
    {"attention.layer_norm_epsilon", "norm_epsilon", GGUF_NUMBER, true},
    {0},
};

static const struct gguf_field lfm2_fields[] = {
    {"shortconv.l_cache", "conv_L_cache", GGUF_SIZE, true},
    {0},
};

#define QWEN35_FIELDS                                                                              \
    {"ssm.conv_kernel", "linear_conv_kernel_dim", GGUF_SIZE, true},                                \
        {"ssm.state_size", "linear_key_head_dim", GGUF_SIZE, true},                                \
        {"ssm.group_count", "linear_num_key_heads", GGUF_SIZE, true},                              \
        {"ssm.time_step_rank", "linear_num_value_heads", GGUF_SIZE, true},                         \
    {                                                                                              \
        "full_attention_interval", "full_attention_interval", GGUF_SIZE, false                     \
    }

static const struct gguf_field qwen35_fields[] = {QWEN35_FIELDS, {0}};

#define EXPERT_FIELDS(n_key)                                                                       \
    {"expert_count", n_key, GGUF_SIZE, true},                                                      \
    {                                                                                              \
        "expert_used_count", "num_experts_per_tok", GGUF_SIZE, true                                \
    }

static const struct gguf_field lfm2_moe_fields[] = {
    {"shortconv.l_cache", "conv_L_cache", GGUF_SIZE, true},
    EXPERT_FIELDS("num_experts"),
    {"expert_feed_forward_length", "moe_intermediate_size", GGUF_SIZE, true},
    {"leading_dense_block_count", "num_dense_layers", GGUF_SIZE, true},
    {0},
};

static const struct gguf_field qwen35_moe_fields[] = {
    QWEN35_FIELDS,
    EXPERT_FIELDS("num_experts"),
    {"expert_feed_forward_length", "moe_intermediate_size", GGUF_SIZE, true},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size", GGUF_SIZE, true},
    {0},
};

static const struct gguf_rename lfm2_names[] = {
    {"token_embd_norm", "model.embedding_norm"},
    {"output_norm", "model.embedding_norm"},
    {"attn_norm", "operator_norm"},
    {"attn_q_norm", "self_attn.q_layernorm"},
    {"attn_k_norm", "self_attn.k_layernorm"},
    {"attn_output", "self_attn.out_proj"},
    {"shortconv.in_proj", "conv.in_proj"},
    {"shortconv.conv", "conv.conv"},
    {"shortconv.out_proj", "conv.out_proj"},
    {"ffn_norm", "ffn_norm"},
    {"ffn_gate", "feed_forward.w1"},
    {"ffn_up", "feed_forward.w3"},
    {"ffn_down", "feed_forward.w2"},
    {"ffn_gate_inp", "feed_forward.gate"},
    {"exp_probs_b.bias", "feed_forward.expert_bias"},
    {"ffn_gate_exps", "feed_forward.experts.w1"},
    {"ffn_up_exps", "feed_forward.experts.w3"},
    {"ffn_down_exps", "feed_forward.experts.w2"},
    {0},
};
static const struct gguf_rename qwen35_names[] = {
    {"attn_qkv", "linear_attn.in_proj_qkv"}, {"attn_gate", "linear_attn.in_proj_z"},
    {"ssm_beta", "linear_attn.in_proj_b"},   {"ssm_alpha", "linear_attn.in_proj_a"},
    {"ssm_conv1d", "linear_attn.conv1d"},    {"ssm_a", "linear_attn.A_log"},
    {"ssm_dt.bias", "linear_attn.dt_bias"},  {"ssm_norm", "linear_attn.norm"},
    {"ssm_out", "linear_attn.out_proj"},     {0},
};

static const struct gguf_field qwen2_moe_fields[] = {
    EXPERT_FIELDS("num_experts"),
    {"expert_feed_forward_length", "moe_intermediate_size", GGUF_SIZE, false},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size", GGUF_SIZE, false},
    {0},
};

static const struct gguf_field gpt_oss_fields[] = {
    EXPERT_FIELDS("num_local_experts"),
    {"expert_feed_forward_length", "intermediate_size", GGUF_SIZE, true},
    {"attention.sliding_window", "sliding_window", GGUF_SIZE, true},
    {0},
};

static const struct gguf_field granite_moe_fields[] = {
    EXPERT_FIELDS("num_local_experts"),
    {"attention.scale", "attention_multiplier", GGUF_NUMBER, true},
    {"embedding_scale", "embedding_multiplier", GGUF_NUMBER, true},
    {"residual_scale", "residual_multiplier", GGUF_NUMBER, true},
    {"logit_scale", "logits_scaling", GGUF_NUMBER, true},
    {0},
};

static const struct gguf_rename gpt_oss_names[] = {
    {"attn_sinks.weight", "self_attn.sinks"},
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_gate_inp", "mlp.router"},
    {0},
};

static const struct gguf_rename granite_moe_names[] = {
    {"ffn_gate_inp", "block_sparse_moe.router.layer"},
    {"ffn_gate_exps", "block_sparse_moe.gate_linear"},
    {"ffn_up_exps", "block_sparse_moe.up_linear"},
    {"ffn_down_exps", "block_sparse_moe.output_linear"},
    {0},
};

static const struct gguf_rename phi3_names[] = {{"ffn_up", "mlp.gate_up_proj"}, {0}};
static const struct gguf_rename gemma_names[] = {{"ffn_norm", "pre_feedforward_layernorm"}, {0}};
static const struct gguf_rename gemma4_names[] = {
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"layer_output_scale.weight", "layer_scalar"},
    {"inp_gate", "per_layer_input_gate"},
    {"proj", "per_layer_projection"},
    {"post_norm", "post_per_layer_input_norm"},
    {"ffn_gate_inp", "router.proj"},
    {"ffn_gate_inp.scale", "router.scale"},
    {"ffn_down_exps.scale", "router.per_expert_scale"},
    {"ffn_gate_exps", "experts.gate_proj"},
    {"ffn_up_exps", "experts.up_proj"},
    {"ffn_gate_up_exps.weight", "experts.gate_up_proj"},
    {"ffn_down_exps.weight", "experts.down_proj"},
    {"pre_ffw_norm_2", "pre_feedforward_layernorm_2"},
    {"post_ffw_norm_1", "post_feedforward_layernorm_1"},
    {"post_ffw_norm_2", "post_feedforward_layernorm_2"},
    {0},
};
static const struct gguf_rename starcoder2_names[] = {
    {"ffn_up", "mlp.c_fc"},
    {"ffn_down", "mlp.c_proj"},
    {0},
};

static const struct gguf_arch archs[] = {
    {"llama",
     "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_act\":\"silu\"}",
     GGUF_PAIRS, llama_fields, NULL, NULL},
    {"phi3",
     "{\"model_type\":\"phi3\",\"architectures\":[\"Phi3ForCausalLM\"],\"hidden_act\":\"silu\"}",
     GGUF_PARTIAL, window, phi3_names, NULL},
    {"qwen2",
     "{\"model_type\":\"qwen2\",\"architectures\":[\"Qwen2ForCausalLM\"],\"hidden_act\":\"silu\"}",
     0, NULL, NULL, NULL},
    {"qwen3",
     "{\"model_type\":\"qwen3\",\"architectures\":[\"Qwen3ForCausalLM\"],\"hidden_act\":\"silu\"}",
     0, biased_attention, NULL, NULL},
    {"qwen2moe",
     "{\"model_type\":\"qwen2_moe\",\"architectures\":[\"Qwen2MoeForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     0, qwen2_moe_fields, NULL, NULL},
    {"qwen3moe",
     "{\"model_type\":\"qwen3_moe\",\"architectures\":[\"Qwen3MoeForCausalLM\"],"
     "\"hidden_act\":\"silu\",\"norm_topk_prob\":true,\"decoder_sparse_step\":1}",
     0, qwen2_moe_fields, NULL, NULL},
    {"gpt-oss",
     "{\"model_type\":\"gpt_oss\",\"architectures\":[\"GptOssForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     0, gpt_oss_fields, gpt_oss_names, finish_gpt_oss},
    {"granitemoe",
     "{\"model_type\":\"granitemoe\",\"architectures\":[\"GraniteMoeForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     GGUF_PAIRS, granite_moe_fields, granite_moe_names, NULL},
    {"gemma2",
     "{\"model_type\":\"gemma2\",\"architectures\":[\"Gemma2ForCausalLM\"],"
     "\"hidden_activation\":\"gelu_pytorch_tanh\"}",
     GGUF_ONE_PLUS, gemma2_fields, gemma_names, finish_gemma2},
    {"gemma3",
     "{\"model_type\":\"gemma3_text\",\"architectures\":[\"Gemma3ForCausalLM\"],"
     "\"hidden_activation\":\"gelu_pytorch_tanh\",\"sliding_window_pattern\":6,"
     "\"rope_local_base_freq\":10000.0}",
     GGUF_ONE_PLUS, gemma3_fields, gemma_names, finish_gemma3},
    {"gemma4",
     "{\"model_type\":\"gemma4_text\",\"architectures\":[\"Gemma4ForCausalLM\"],"
     "\"hidden_activation\":\"gelu_pytorch_tanh\",\"hidden_size_per_layer_input\":0}",
     GGUF_BY_LAYER, gemma4_fields, gemma4_names, gguf_finish_gemma4},
    {"smollm3",
     "{\"model_type\":\"smollm3\",\"architectures\":[\"SmolLM3ForCausalLM\"],\"hidden_act\":"
     "\"silu\","
     "\"no_rope_layer_interval\":4}",
     GGUF_PAIRS, biased_attention, NULL, NULL},
    {"granite",
     "{\"model_type\":\"granite\",\"architectures\":[\"GraniteForCausalLM\"],\"hidden_act\":"
     "\"silu\"}",
     GGUF_PAIRS, granite_fields, NULL, NULL},
    {"olmo2",
     "{\"model_type\":\"olmo2\",\"architectures\":[\"Olmo2ForCausalLM\"],\"hidden_act\":\"silu\"}",
     0, window, NULL, finish_olmo2},
    {"stablelm",
     "{\"model_type\":\"stablelm\",\"architectures\":[\"StableLmForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     GGUF_PARTIAL, stablelm_fields, NULL, NULL},
    {"starcoder2",
     "{\"model_type\":\"starcoder2\",\"architectures\":[\"Starcoder2ForCausalLM\"],"
     "\"hidden_act\":\"gelu_pytorch_tanh\"}",
     0, starcoder2_fields, starcoder2_names, NULL},
    {"exaone4",
     "{\"model_type\":\"exaone4\",\"architectures\":[\"Exaone4ForCausalLM\"],\"hidden_act\":"
     "\"silu\"}",
     0, window, NULL, finish_exaone4},
    {"mistral3",
     "{\"model_type\":\"ministral3\",\"architectures\":[\"Ministral3ForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     GGUF_PAIRS, window, NULL, NULL},
    {"lfm2",
     "{\"model_type\":\"lfm2\",\"architectures\":[\"Lfm2ForCausalLM\"],"
     "\"block_auto_adjust_ff_dim\":false}",
     GGUF_NO_KV, lfm2_fields, lfm2_names, finish_lfm2},
    {"lfm2moe", "{\"model_type\":\"lfm2_moe\",\"architectures\":[\"Lfm2MoeForCausalLM\"]}",
     GGUF_NO_KV, lfm2_moe_fields, lfm2_names, finish_lfm2},
    {"qwen35",
     "{\"model_type\":\"qwen3_5_text\",\"architectures\":[\"Qwen3_5ForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     GGUF_PARTIAL | GGUF_ONE_PLUS | GGUF_DELTA, qwen35_fields, qwen35_names, finish_qwen35},
    {"qwen35moe",
     "{\"model_type\":\"qwen3_5_moe_text\",\"architectures\":[\"Qwen3_5MoeForCausalLM\"],"
     "\"hidden_act\":\"silu\"}",
     GGUF_PARTIAL | GGUF_ONE_PLUS | GGUF_DELTA, qwen35_moe_fields, qwen35_names, finish_qwen35},
};
enum { N_ARCHS = sizeof archs / sizeof *archs };

const struct gguf_arch *gguf_arch_of(const struct gguf_split *s, struct error *err)
{
    struct gguf_string name;
    struct buf all = {0};
    if (!gguf_get_string(&s->parts[0], "general.architecture", false, &name, err))
        return NULL;
    for (size_t i = 0; i < N_ARCHS; i++)
        if (gguf_string_is(name, archs[i].name))
            return &archs[i];
    for (size_t i = 0; i < N_ARCHS; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", archs[i].name);
    error_set(err, EX_DATAERR, "%s: architecture \"%.*s\" is not supported; supported: %s",
              s->parts[0].name, name.n < 60 ? (int)name.n : 60, name.data, all.data);
    buf_free(&all);
    return NULL;
}

/* ---- names of tensors ---------------------------------------------------------------- */

static const struct gguf_rename outside_layers[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"per_layer_token_embd", "model.embed_tokens_per_layer"},
    {"per_layer_model_proj", "model.per_layer_model_projection"},
    {"per_layer_proj_norm", "model.per_layer_projection_norm"},
    {0},
};

static const struct gguf_rename in_layers[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_qkv", "self_attn.qkv_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
    {"ffn_gate_inp", "mlp.gate"},
    {"ffn_gate_exps", "mlp.experts.gate_proj"},
    {"ffn_up_exps", "mlp.experts.up_proj"},
    {"ffn_down_exps", "mlp.experts.down_proj"},
    {"ffn_gate_inp_shexp", "mlp.shared_expert_gate"},
    {"ffn_gate_shexp", "mlp.shared_expert.gate_proj"},
    {"ffn_up_shexp", "mlp.shared_expert.up_proj"},
    {"ffn_down_shexp", "mlp.shared_expert.down_proj"},
    {0},
};

static const char *find(const struct gguf_rename *names, const char *key, size_t n_key)
{
    for (; names && names->key; names++)
        if (strlen(names->key) == n_key && memcmp(names->key, key, n_key) == 0)
            return names->published;
    return NULL;
}

/* "blk.LAYER." -> bytes of it, or 0; a layer as printf writes it. */
static size_t layer_prefix(const char *name, unsigned *layer)
{
    int n = 0;
    char again[32];
    if (sscanf(name, "blk.%9u.%n", layer, &n) != 1 || n == 0)
        return 0;
    snprintf(again, sizeof again, "blk.%u.", *layer);
    return strlen(again) == (size_t)n && strncmp(name, again, (size_t)n) == 0 ? (size_t)n : 0;
}

bool gguf_published_name(const struct gguf_arch *arch, const char *name, char *out, size_t size)
{
    unsigned layer;
    size_t n_prefix = layer_prefix(name, &layer);
    const char *key = name + n_prefix, *ending = strrchr(key, '.');
    const char *whole = find(arch->names, key, strlen(key));
    if (whole && n_prefix)
        return snprintf(out, size, "model.layers.%u.%s", layer, whole) > 0;
    if (!ending || (strcmp(ending, ".weight") != 0 && strcmp(ending, ".bias") != 0))
        return false;
    size_t n_key = (size_t)(ending - key);
    const char *published = find(arch->names, key, n_key);
    if (!published)
        published = find(n_prefix ? in_layers : outside_layers, key, n_key);
    if (!published)
        return false;
    if (n_prefix)
        snprintf(out, size, "model.layers.%u.%s%s", layer, published, ending);
    else
        snprintf(out, size, "%s%s", published, ending);
    return true;
}
