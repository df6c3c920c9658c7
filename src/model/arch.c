/* SPDX-License-Identifier: MIT */
#include "arch.h"

#include <string.h>

/* ---- what rows have in common ---------------------------------------------------------- */

/* A norm before attention and one before the feed-forward part. */
#define NORMS_BEFORE .attn_norm = "input_layernorm", .ffn_norm = "post_attention_layernorm"
/* A norm of what either adds to the stream. */
#define NORMS_AFTER                                                                                \
    .attn_post_norm = "post_attention_layernorm", .ffn_post_norm = "post_feedforward_layernorm"
#define NORMS_AROUND                                                                               \
    .attn_norm = "input_layernorm", .attn_post_norm = "post_attention_layernorm",                  \
    .ffn_norm = "pre_feedforward_layernorm", .ffn_post_norm = "post_feedforward_layernorm"
#define SPLIT_QKV .qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}
#define SPLIT_GATE_UP                                                                              \
    .gate_up = {"mlp.gate_proj", "mlp.up_proj"}, .down = "mlp.down_proj", .is_gated = true
#define USUAL .act_key = "hidden_act", .eps_key = "rms_norm_eps", SPLIT_QKV, SPLIT_GATE_UP
#define ATTENTION_BIAS .qkv_bias = "attention_bias", .out_bias = "attention_bias"
#define GEMMA                                                                                      \
    .act_key = "hidden_activation", .eps_key = "rms_norm_eps", .norm = NORM_RMS_ONE_PLUS,          \
    SPLIT_QKV, SPLIT_GATE_UP, NORMS_AROUND, ATTENTION_BIAS,                                        \
    .ignored = {"hidden_act", "cache_implementation"}

#define EXPERTS_OF(room)                                                                           \
    .gate_up = {room ".experts.gate_proj", room ".experts.up_proj"},                               \
    .down = room ".experts.down_proj", .fused = room ".experts.gate_up_proj"
#define NUMBERED_EXPERTS_OF(room)                                                                  \
    .gate_up = {room ".experts.w1", room ".experts.w3"}, .down = room ".experts.w2"
#define SHARED_EXPERT                                                                              \
    .beside_key = "shared_expert_intermediate_size",                                               \
    .beside_gate_up = {"mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj"},                \
    .beside_down = "mlp.shared_expert.down_proj", .beside_gate = "mlp.shared_expert_gate"

#define SHORT_CONV                                                                                 \
    .eps_key = "norm_eps", .qk_norm = QK_NORM_HEAD, .attn_norm = "operator_norm",                  \
    .ffn_norm = "ffn_norm", .last_norm = "model.embedding_norm", .attn_out = "self_attn.out_proj", \
    .q_norm = "self_attn.q_layernorm", .k_norm = "self_attn.k_layernorm",                          \
    .gate_up = {"feed_forward.w1", "feed_forward.w3"}, .down = "feed_forward.w2",                  \
    .is_gated = true, SPLIT_QKV,                                                                   \
    .mixer = {.kind = MIXER_CONV,                                                                  \
              .layer_type = "conv",                                                                \
              .taps_key = "conv_L_cache",                                                          \
              .bias = "conv_bias",                                                                 \
              .in = {"conv.in_proj"},                                                              \
              .conv = "conv.conv",                                                                 \
              .out = "conv.out_proj"}
#define DELTA_RULE                                                                                 \
    .norm = NORM_RMS_ONE_PLUS, .qk_norm = QK_NORM_HEAD,                                            \
    .reads = READS_PARTIAL | READS_MROPE | HAS_OUT_GATE,                                           \
    .ignored = {"mamba_ssm_dtype", "mtp_num_hidden_layers", "mtp_use_dedicated_embeddings"},       \
    .mixer = {.kind = MIXER_DELTA,                                                                 \
              .layer_type = "linear_attention",                                                    \
              .taps_key = "linear_conv_kernel_dim",                                                \
              .in = {"linear_attn.in_proj_qkv", "linear_attn.in_proj_z", "linear_attn.in_proj_b",  \
                     "linear_attn.in_proj_a"},                                                     \
              .conv = "linear_attn.conv1d",                                                        \
              .out = "linear_attn.out_proj",                                                       \
              .decay = "linear_attn.A_log",                                                        \
              .step_bias = "linear_attn.dt_bias",                                                  \
              .norm = "linear_attn.norm"}
#define DELTA_SIZES                                                                                \
    "\"rope_theta\": 10000.0, \"partial_rotary_factor\": 0.25, \"head_dim\": 256, "                \
    "\"full_attention_interval\": 4, \"linear_conv_kernel_dim\": 4, "                              \
    "\"linear_key_head_dim\": 128, \"linear_value_head_dim\": 128, "                               \
    "\"linear_num_key_heads\": 16, \"linear_num_value_heads\": 32"

/* ---- the table -------------------------------------------------------------------------- */

static const struct arch archs[] = {
    {
        .type = "phi3",
        .class = "Phi3ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0}",
        .act_key = "hidden_act",
        .eps_key = "rms_norm_eps",
        .windows = WINDOWS_ALL,
        .reads = READS_PARTIAL,
        .qkv = {"self_attn.qkv_proj"},
        .gate_up = {"mlp.gate_up_proj"},
        .down = "mlp.down_proj",
        .is_gated = true,
        NORMS_BEFORE,
    },
    {
        .type = "llama",
        .class = "LlamaForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0}",
        .ffn_bias = "mlp_bias",
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
    },
    {
        .type = "mistral",
        .class = "MistralForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"sliding_window\": 4096}",
        .windows = WINDOWS_ALL,
        USUAL,
        NORMS_BEFORE,
    },
    {
        .type = "ministral3",
        .class = "Ministral3ForCausalLM",
        .defaults = "{\"rope_theta\": 1000000.0}",
        .windows = WINDOWS_ALL,
        .reads = READS_POSITION_SCALE,
        USUAL,
        NORMS_BEFORE,
    },
    {
        .type = "qwen2",
        .class = "Qwen2ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"use_sliding_window\": false, "
                    "\"sliding_window\": 4096, \"max_window_layers\": 28}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_USE_WINDOW,
        .qkv_bias = ALWAYS,
        USUAL,
        NORMS_BEFORE,
    },
    {
        .type = "qwen3",
        .class = "Qwen3ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"head_dim\": 128, \"use_sliding_window\": false, "
                    "\"sliding_window\": 4096, \"max_window_layers\": 28}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_USE_WINDOW,
        .qk_norm = QK_NORM_HEAD,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
    },
    {
        .type = "qwen2_moe",
        .class = "Qwen2MoeForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"use_sliding_window\": false, "
                    "\"sliding_window\": 4096, \"max_window_layers\": 28, "
                    "\"num_experts\": 60, \"num_experts_per_tok\": 4, "
                    "\"moe_intermediate_size\": 1408, \"decoder_sparse_step\": 1, "
                    "\"shared_expert_intermediate_size\": 5632}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_USE_WINDOW,
        .qkv_bias = ALWAYS,
        USUAL,
        NORMS_BEFORE,
        .experts = {.router = ROUTER_SOFTMAX,
                    .n_key = "num_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "moe_intermediate_size",
                    .normalise = "norm_topk_prob",
                    .step_key = "decoder_sparse_step",
                    .dense_list_key = "mlp_only_layers",
                    .router_name = "mlp.gate",
                    EXPERTS_OF("mlp"),
                    SHARED_EXPERT},
    },
    {
        .type = "qwen3_moe",
        .class = "Qwen3MoeForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"use_sliding_window\": false, "
                    "\"sliding_window\": 4096, \"max_window_layers\": 28, "
                    "\"num_experts\": 128, \"num_experts_per_tok\": 8, "
                    "\"moe_intermediate_size\": 768, \"decoder_sparse_step\": 1}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_USE_WINDOW,
        .qk_norm = QK_NORM_HEAD,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
        .experts = {.router = ROUTER_SOFTMAX,
                    .n_key = "num_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "moe_intermediate_size",
                    .normalise = "norm_topk_prob",
                    .step_key = "decoder_sparse_step",
                    .dense_list_key = "mlp_only_layers",
                    .router_name = "mlp.gate",
                    EXPERTS_OF("mlp")},
    },
    {
        .type = "gpt_oss",
        .class = "GptOssForCausalLM",
        .defaults = "{\"rope_theta\": 150000.0, \"head_dim\": 64, \"attention_bias\": true, "
                    "\"sliding_window\": 128, \"sliding_window_pattern\": 2, "
                    "\"num_local_experts\": 128, \"num_experts_per_tok\": 4, "
                    "\"swiglu_limit\": 7.0, \"swiglu_alpha\": 1.702}",
        .ignored = {"experts_per_token", "initial_context_length"},
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_CLAMP | HAS_SINKS,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
        .experts = {.router = ROUTER_TOP_SOFTMAX,
                    .n_key = "num_local_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "intermediate_size",
                    .router_name = "mlp.router",
                    .router_bias = ALWAYS,
                    EXPERTS_OF("mlp"),
                    .alternates = true,
                    .is_turned = true,
                    .bias = ALWAYS},
    },
    {
        .type = "mixtral",
        .class = "MixtralForCausalLM",
        .defaults = "{\"rope_theta\": 1000000.0, \"num_local_experts\": 8, "
                    "\"num_experts_per_tok\": 2}",
        .windows = WINDOWS_ALL,
        USUAL,
        NORMS_BEFORE,
        .experts = {.router = ROUTER_SOFTMAX,
                    .n_key = "num_local_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "intermediate_size",
                    .normalise = ALWAYS,
                    .router_name = "block_sparse_moe.gate",
                    NUMBERED_EXPERTS_OF("block_sparse_moe")},
    },
    {
        .type = "granitemoe",
        .class = "GraniteMoeForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"num_local_experts\": 8, "
                    "\"num_experts_per_tok\": 2}",
        .reads = READS_MULTIPLIERS,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
        .experts = {.router = ROUTER_TOP_SOFTMAX,
                    .n_key = "num_local_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "intermediate_size",
                    .router_name = "block_sparse_moe.router.layer",
                    .gate_up = {"block_sparse_moe.gate_linear", "block_sparse_moe.up_linear"},
                    .down = "block_sparse_moe.output_linear",
                    .fused = "block_sparse_moe.input_linear"},
    },
    {
        .type = "smollm3",
        .class = "SmolLM3ForCausalLM",
        .defaults = "{\"rope_theta\": 2000000.0, \"tie_word_embeddings\": true, "
                    "\"no_rope_layer_interval\": 4}",
        .reads = READS_NO_ROPE_LAYERS,
        .ffn_bias = "mlp_bias",
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
    },
    {
        .type = "granite",
        .class = "GraniteForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0}",
        .reads = READS_MULTIPLIERS,
        .ffn_bias = "mlp_bias",
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
    },
    {
        .type = "olmo2",
        .class = "Olmo2ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0}",
        .qk_norm = QK_NORM_ALL,
        USUAL,
        NORMS_AFTER,
        ATTENTION_BIAS,
    },
    {
        .type = "olmo3",
        .class = "Olmo3ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"sliding_window\": 4096, "
                    "\"sliding_window_pattern\": 4}",
        .windows = WINDOWS_BY_LAYER,
        .reads = PLAIN_SLIDING_ROPE,
        .qk_norm = QK_NORM_ALL,
        USUAL,
        NORMS_AFTER,
        ATTENTION_BIAS,
    },
    {
        .type = "exaone4",
        .class = "Exaone4ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"sliding_window\": 4096, "
                    "\"sliding_window_pattern\": 4}",
        .windows = WINDOWS_BY_LAYER,
        .reads = NO_ROPE_BESIDE_WINDOWS,
        .qk_norm = QK_NORM_HEAD,
        USUAL,
        NORMS_AFTER,
    },
    {
        .type = "gemma2",
        .class = "Gemma2ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"head_dim\": 256, \"query_pre_attn_scalar\": 256, "
                    "\"sliding_window\": 4096, \"sliding_window_pattern\": 2, "
                    "\"attn_logit_softcapping\": 50.0, \"final_logit_softcapping\": 30.0, "
                    "\"hidden_activation\": \"gelu_pytorch_tanh\", \"tie_word_embeddings\": true}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_SOFT_CAPS | READS_QUERY_SCALAR | EMBED_SQRT_DIM,
        GEMMA,
    },
    {
        .type = "gemma3_text",
        .class = "Gemma3ForCausalLM",
        .defaults =
            "{\"vocab_size\": 262208, \"hidden_size\": 2304, \"intermediate_size\": 9216, "
            "\"num_hidden_layers\": 26, \"num_attention_heads\": 8, \"num_key_value_heads\": 4, "
            "\"head_dim\": 256, \"max_position_embeddings\": 131072, \"rms_norm_eps\": 1e-6, "
            "\"rope_theta\": 1000000.0, \"rope_local_base_freq\": 10000.0, "
            "\"query_pre_attn_scalar\": 256, \"sliding_window\": 4096, "
            "\"sliding_window_pattern\": 6, \"hidden_activation\": \"gelu_pytorch_tanh\", "
            "\"tie_word_embeddings\": true}",
        .windows = WINDOWS_BY_LAYER,
        .reads = READS_SOFT_CAPS | READS_QUERY_SCALAR | READS_LOCAL_BASE | PLAIN_SLIDING_ROPE |
                 EMBED_SQRT_DIM,
        .qk_norm = QK_NORM_HEAD,
        GEMMA,
    },
    {
        .type = "stablelm",
        .class = "StableLmForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"partial_rotary_factor\": 0.25}",
        .act_key = "hidden_act",
        .eps_key = "layer_norm_eps",
        .norm = NORM_LAYER,
        .reads = READS_PARTIAL,
        .qkv_bias = "use_qkv_bias",
        SPLIT_QKV,
        SPLIT_GATE_UP,
        NORMS_BEFORE,
    },
    {
        .type = "starcoder2",
        .class = "Starcoder2ForCausalLM",
        .defaults = "{\"rope_theta\": 10000.0, \"use_bias\": true, \"tie_word_embeddings\": true}",
        .ignored = {"activation_function", "attention_softmax_in_fp32", "layer_norm_epsilon",
                    "mlp_type", "norm_type", "scale_attention_softmax_in_fp32",
                    "scale_attn_weights"},
        .act_key = "hidden_act",
        .eps_key = "norm_epsilon",
        .norm = NORM_LAYER,
        .windows = WINDOWS_ALL,
        .qkv_bias = "use_bias",
        .out_bias = "use_bias",
        .ffn_bias = "use_bias",
        .gate_up = {"mlp.c_fc"},
        .down = "mlp.c_proj",
        SPLIT_QKV,
        NORMS_BEFORE,
    },
    {
        .type = "lfm2",
        .class = "Lfm2ForCausalLM",
        .defaults = "{\"rope_theta\": 1000000.0, \"tie_word_embeddings\": true, "
                    "\"num_key_value_heads\": 8, \"norm_eps\": 1e-5, \"conv_L_cache\": 3, "
                    "\"max_position_embeddings\": 128000}",
        .ignored = {"block_dim", "block_norm_eps", "block_mlp_init_scale", "block_out_init_scale",
                    "block_use_swiglu", "block_use_xavier_init", "conv_dim", "conv_dim_out",
                    "conv_use_xavier_init", "num_heads", "use_pos_enc"},
        .aliases = {{"theta", "rope_theta"},
                    {"tie_embedding", "tie_word_embeddings"},
                    {"block_ff_dim", "intermediate_size"}},
        .reads = READS_ADJUSTED_FFN,
        SHORT_CONV,
    },
    {
        .type = "lfm2_moe",
        .class = "Lfm2MoeForCausalLM",
        .defaults = "{\"rope_theta\": 1000000.0, \"tie_word_embeddings\": true, "
                    "\"num_key_value_heads\": 8, \"norm_eps\": 1e-5, \"conv_L_cache\": 3, "
                    "\"max_position_embeddings\": 128000, \"num_experts\": 32, "
                    "\"num_experts_per_tok\": 4, \"moe_intermediate_size\": 1792, "
                    "\"num_dense_layers\": 2, \"use_expert_bias\": true, "
                    "\"norm_topk_prob\": true, \"routed_scaling_factor\": 1.0}",
        .aliases = {{"theta", "rope_theta"}, {"tie_embedding", "tie_word_embeddings"}},
        SHORT_CONV,
        .experts = {.router = ROUTER_SIGMOID,
                    .n_key = "num_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "moe_intermediate_size",
                    .normalise = "norm_topk_prob",
                    .normalise_eps = 1e-6f,
                    .scale_key = "routed_scaling_factor",
                    .dense_key = "num_dense_layers",
                    .router_name = "feed_forward.gate",
                    .choice_bias = "feed_forward.expert_bias",
                    .choice_bias_key = "use_expert_bias",
                    NUMBERED_EXPERTS_OF("feed_forward")},
    },
    {
        .type = "qwen3_5_text",
        .class = "Qwen3_5ForCausalLM",
        .defaults = "{" DELTA_SIZES "}",
        DELTA_RULE,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
    },
    {
        .type = "qwen3_5_moe_text",
        .class = "Qwen3_5MoeForCausalLM",
        /* Every layer has experts: a dense part of no size but one that can be read. */
        .defaults = "{" DELTA_SIZES ", \"intermediate_size\": 1, \"num_experts\": 256, "
                    "\"num_experts_per_tok\": 8, \"moe_intermediate_size\": 512, "
                    "\"shared_expert_intermediate_size\": 512}",
        DELTA_RULE,
        USUAL,
        NORMS_BEFORE,
        ATTENTION_BIAS,
        .experts = {.router = ROUTER_SOFTMAX,
                    .n_key = "num_experts",
                    .n_used_key = "num_experts_per_tok",
                    .dim_key = "moe_intermediate_size",
                    .normalise = ALWAYS,
                    .router_name = "mlp.gate",
                    EXPERTS_OF("mlp"),
                    SHARED_EXPERT},
    },
};
enum { N_ARCHS = sizeof archs / sizeof *archs };

/* granitemoehybrid (Granite 4) is next: its Mamba-2 layers are a row of arch_mixer beside a kernel
 * that adds to a state without asking what it says already. */
static const char *const planned[] = {
    "qwen3_5", "qwen3_5_moe", "gemma4", "gemma4_text", "granitemoehybrid",
};

const struct arch *arch_find(const char *type)
{
    for (size_t i = 0; i < N_ARCHS; i++)
        if (strcmp(type, archs[i].type) == 0)
            return &archs[i];
    return NULL;
}

bool arch_is_planned(const char *type)
{
    for (size_t i = 0; i < sizeof planned / sizeof *planned; i++)
        if (strcmp(type, planned[i]) == 0)
            return true;
    return false;
}

const struct arch *arch_at(size_t i)
{
    return i < N_ARCHS ? &archs[i] : NULL;
}
