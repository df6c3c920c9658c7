/* SPDX-License-Identifier: MIT
 *
 * arch: the architectures that are known, one row each: the names that a published model has for
 * itself and its weights, and the switches of its forward pass. To add one: a row, and its
 * miniature in tests/src/infer/miniature.h. Nothing else asks which architecture a model has.
 *
 * Source of each row: the configuration and modeling files of that name in Hugging Face's
 * transformers 4.57 and 5.
 */
#ifndef QINS_ARCH_H
#define QINS_ARCH_H

#include <stdbool.h>
#include <stddef.h>

enum norm_kind {
    NORM_RMS,
    NORM_RMS_ONE_PLUS, /* times 1 + weight */
    NORM_LAYER,        /* mean taken off; weight and bias */
};

/* Norms of queries and keys before they are rotated. */
enum qk_norm {
    QK_NORM_NONE,
    QK_NORM_HEAD, /* each head for itself, weights shared by the heads */
    QK_NORM_ALL,  /* all heads of a token as one vector */
};

/* Which layers see a window of positions. */
enum windows {
    WINDOWS_NONE,
    WINDOWS_ALL,      /* all, if "sliding_window" is given */
    WINDOWS_BY_LAYER, /* "layer_types", or a pattern */
};

/* Fields of a config.json that only some architectures read. */
enum reads {
    READS_PARTIAL = 1 << 0,        /* partial_rotary_factor */
    READS_MULTIPLIERS = 1 << 1,    /* embedding_, residual_, attention_multiplier, logits_scaling */
    READS_SOFT_CAPS = 1 << 2,      /* attn_logit_softcapping, final_logit_softcapping */
    READS_QUERY_SCALAR = 1 << 3,   /* query_pre_attn_scalar */
    READS_USE_WINDOW = 1 << 4,     /* use_sliding_window, max_window_layers */
    READS_NO_ROPE_LAYERS = 1 << 5, /* no_rope_layers, no_rope_layer_interval */
    READS_LOCAL_BASE = 1 << 6,     /* rope_local_base_freq: of sliding layers */
    READS_POSITION_SCALE = 1 << 7, /* llama_4_scaling_beta in the rope object */
    PLAIN_SLIDING_ROPE = 1 << 8,   /* "rope_scaling" is for layers with full attention alone */
    NO_ROPE_BESIDE_WINDOWS = 1 << 9, /* in a model with windows, full layers have no rope */
    EMBED_SQRT_DIM = 1 << 10,        /* embeddings are multiplied by sqrt(hidden_size) */
    READS_CLAMP = 1 << 11,           /* swiglu_limit, swiglu_alpha: ACT_CLAMPED */
    HAS_SINKS = 1 << 12,             /* a learnt logit per head in the softmax of attention */
    READS_ADJUSTED_FFN = 1 << 20,    /* block_auto_adjust_ff_dim and what goes with it */
    READS_MROPE = 1 << 21,           /* mrope_*: positions of images, which a text has not */
    HAS_OUT_GATE = 1 << 22, /* q_proj makes a gate beside each query head: a sigmoid of it times
                             * what the head sees */
};

/* Field of a config.json that turns biases on; NULL: never; ALWAYS. */
#define ALWAYS ""

enum { MAX_QKV = 3, MAX_GATE_UP = 2, MAX_IGNORED = 16, MAX_ALIASES = 4, MAX_MIXER_IN = 4 };

/* How a layer mixes the tokens of a text. */
enum mixer {
    MIXER_ATTENTION,
    MIXER_CONV,  /* out(c * conv(b * x)), b, c, x = in(h): LFM2's short convolution */
    MIXER_DELTA, /* the gated delta rule behind a convolution (Qwen3.5) */
    N_MIXERS
};

/* The mixer of layers without attention. */
struct arch_mixer {
    enum mixer kind;              /* MIXER_ATTENTION: all layers have attention */
    const char *layer_type;       /* in "layer_types" */
    const char *taps_key;         /* tokens that the convolution sees */
    const char *bias;             /* field that turns biases on, as below */
    const char *in[MAX_MIXER_IN]; /* b, c and x in one; or q k v in one, z, beta, decay */
    const char *conv, *out;
    const char *decay, *step_bias, *norm; /* delta rule: [v heads], [v heads], [v dim] */
};

/* How a token's experts are chosen, and what each of them weighs. */
enum router {
    ROUTER_NONE,        /* there are none */
    ROUTER_SOFTMAX,     /* softmax over all; the greatest */
    ROUTER_TOP_SOFTMAX, /* the greatest; softmax over these */
    ROUTER_SIGMOID, /* a sigmoid of each; the greatest, with the choice's bias if there is one */
};

/* Experts: feed-forward parts of which each token goes through a few. Keys are fields of the
 * config, names are weights of a layer; one that is NULL is not there. */
struct arch_experts {
    enum router router;
    const char *n_key, *n_used_key; /* how many there are; a token goes through */
    const char *dim_key;            /* rows of the gate of one */
    const char *normalise;          /* weights of a token's experts sum to 1: a field, or ALWAYS */
    float normalise_eps;            /* added to that sum */
    const char *scale_key;          /* factor of the weights */
    const char *dense_key;          /* so many first layers have no experts */
    const char *step_key, *dense_list_key; /* every n-th layer has; these have not */
    const char *enabled_key;               /* a field that turns all of them on */

    const char *router_name, *router_bias; /* [n][dim]; field of its bias, or ALWAYS */
    const char *choice_bias, *choice_bias_key;
    const char *router_scale;    /* [dim]: the router reads the stream, RMS-normed, times this and
                                  * dim^-0.5 */
    const char *expert_scale;    /* [n] factors of the weights */
    const char *in_norm;         /* experts read the stream by a norm of their own */
    const char *post_norm;       /* of their sum */
    const char *dense_post_norm; /* of what the dense part beside them adds */

    const char *gate_up[MAX_GATE_UP], *down; /* stacks: one matrix of each expert */
    const char *fused; /* gate and up in one tensor, as a folder may have it: gate first */
    bool alternates;   /* its rows alternate instead */
    bool is_turned;    /* tensors whose names lack ".weight" are [n][cols][rows] */
    const char *bias;  /* field, or ALWAYS */

    /* A dense part of the same layer, that every token goes through beside its experts. */
    const char *beside_key; /* its rows; a field that is 0 or absent: none */
    const char *beside_gate_up[MAX_GATE_UP], *beside_down;
    const char *beside_gate; /* [1][dim]: a sigmoid that it is multiplied by */
};

struct arch {
    const char *type;                 /* "model_type" */
    const char *class;                /* the one of "architectures" */
    const char *defaults;             /* JSON: what the original takes for fields that are absent */
    const char *ignored[MAX_IGNORED]; /* fields of published files that the original never reads */
    struct {
        const char *other, *key; /* another name of a field, which wins */
    } aliases[MAX_ALIASES];

    const char *act_key, *eps_key; /* names of these fields; act_key NULL: SiLU */
    enum norm_kind norm;
    enum qk_norm qk_norm;
    enum windows windows;
    unsigned reads; /* enum reads */
    const char *qkv_bias, *out_bias, *ffn_bias;

    /* Weights of a layer, below "model.layers.N."; a norm that is NULL is not there. */
    const char *attn_norm, *attn_post_norm; /* before attention; of what it adds */
    const char *ffn_norm, *ffn_post_norm;
    const char *qkv[MAX_QKV];                           /* one name: q, k and v in one matrix */
    const char *attn_out, *q_norm, *k_norm, *last_norm; /* NULL: self_attn.o_proj, self_attn.q_norm,
                                                         * self_attn.k_norm, model.norm */
    const char *gate_up[MAX_GATE_UP]; /* one name and is_gated: both in one matrix, gate first */
    const char *down;
    bool is_gated; /* down(act(gate) * up), else down(act(up)) */
    struct arch_mixer mixer;
    struct arch_experts experts;
};

/* -> NULL if no architecture has this model_type. */
const struct arch *arch_find(const char *type);
/* -> row i, or NULL behind the last. */
const struct arch *arch_at(size_t i);
/* Whether the model_type is one that exists but has arithmetic that is not built yet. */
bool arch_is_planned(const char *type);

#endif
