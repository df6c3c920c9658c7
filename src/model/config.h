/* SPDX-License-Identifier: MIT
 *
 * config: what a model's config.json and generation_config.json say, checked. Both forms are read,
 * that of transformers 4 and that of 5, and the text part of a model that also sees or hears. A
 * field that changes the arithmetic and is unknown, out of range, or missing without a published
 * default is an error.
 */
#ifndef QINS_CONFIG_H
#define QINS_CONFIG_H

#include "arch.h"
#include "json.h"

enum rope_kind {
    ROPE_PLAIN,
    ROPE_LINEAR,
    ROPE_LLAMA3,
    ROPE_YARN,
    ROPE_LONGROPE,
    ROPE_PROPORTIONAL
};
enum act {
    ACT_SILU,
    ACT_GELU_TANH,
    ACT_CLAMPED, /* (up + 1) gate sigmoid(alpha gate), gate and up clamped to a limit */
};

enum {
    MAX_HEAD_DIM = 1024,
    MAX_ROT_HALF = 256,
    MAX_STOP = 32,
    MAX_LAYERS = 1024,
    MAX_FFN = 1 << 22
};
enum { MAX_CONV_TAPS = 16 };

/* How positions rotate. */
struct rope_config {
    enum rope_kind kind;
    uint32_t rot_dim; /* rotated part of a head, even */
    uint32_t n_freqs; /* proportional: pairs that turn; the others of rot_dim / 2 stand still */
    float theta;
    float factor;           /* how far the context is stretched */
    float low, high;        /* llama3: low_, high_freq_factor; yarn: beta_slow, beta_fast */
    bool truncate;          /* yarn: the ends of its ramp are whole dimensions */
    float attention_factor; /* on cos and sin alike */
    float short_factor[MAX_ROT_HALF], long_factor[MAX_ROT_HALF]; /* [rot_dim / 2], longrope */
};

enum { ROPE_OF_FULL, ROPE_OF_SLIDING, N_ROPES };
enum layer_flag {
    LAYER_SLIDING = 1 << 0,
    LAYER_NO_ROPE = 1 << 1,
    LAYER_EXPERTS = 1 << 2,
    LAYER_STATE = 1 << 3, /* the architecture's other mixer instead of attention */
};

enum { MAX_EXPERTS = 1024, MAX_EXPERTS_USED = 64 };

/* Experts of the layers with LAYER_EXPERTS; n 0: the model has none. */
struct expert_config {
    uint32_t n, n_used;  /* in a layer; that a token goes through */
    uint32_t dim;        /* rows of the gate of one */
    uint32_t beside_dim; /* rows of the gate of the dense part beside them; 0: none */
    float scale;         /* of the weights of a token's experts */
    bool normalise;      /* they sum to 1 before */
    bool router_bias, choice_bias, bias;
};

/* Sizes of one layer. */
struct layer_shape {
    uint32_t head_dim;
    uint32_t n_kv_heads;
    uint32_t ffn_dim;
    uint32_t kv_layer; /* whose keys and values it looks at: its own, or those of one before it */
    bool v_is_k;       /* values are the projected keys, before their norm and rotation */
};

struct model_config {
    const struct arch *arch;
    bool is_text_part; /* of a model that has other parts too, which are left out */
    uint32_t dim;      /* hidden_size */
    uint32_t ffn_dim;  /* intermediate_size; this and the heads' sizes by layer: shapes */
    uint32_t n_layers;
    uint32_t n_heads, n_kv_heads;
    uint32_t head_dim;
    uint32_t vocab;             /* rows of embedding and head */
    uint32_t max_ctx;           /* max_position_embeddings */
    uint32_t orig_ctx;          /* original_max_position_embeddings; max_ctx when absent */
    uint32_t window;            /* positions that a sliding layer sees, its own included; 0: all */
    uint8_t layers[MAX_LAYERS]; /* [n_layers] enum layer_flag */
    struct layer_shape shapes[MAX_LAYERS]; /* [n_layers] */
    uint32_t per_layer_dim;                /* what a token brings to each layer; 0: nothing */
    uint32_t per_layer_vocab;              /* rows of that table */
    uint32_t conv_taps;                    /* tokens that a convolution sees, its own included */
    uint32_t delta_k_heads,
        delta_v_heads;                 /* heads of the delta rule; a key serves several values */
    uint32_t delta_k_dim, delta_v_dim; /* size of a head */
    struct rope_config rope[N_ROPES];
    float norm_eps;
    enum act act;
    float act_limit, act_alpha; /* ACT_CLAMPED */
    struct expert_config experts;
    bool qkv_bias, out_bias, ffn_bias;
    bool mixer_bias;       /* of other mixers than attention */
    bool tied;             /* the head is the embedding */
    float embed_scale;     /* of embeddings */
    float per_layer_scale; /* of per-layer embeddings */
    float residual_scale;  /* of what attention and feed-forward part add */
    float score_scale;     /* of q k^T */
    float logit_scale;
    float score_cap, logit_cap; /* x becomes cap tanh(x / cap); 0: none */
    float position_scale;       /* queries times 1 + this log(1 + floor(pos / orig_ctx)) */
    int32_t bos;                /* -1: none */
    int32_t stop[MAX_STOP];     /* end-of-turn tokens: generation_config's, then config's */
    uint32_t n_stop;
};

/* `generation` may be NULL (no such file). Names are for messages. */
bool config_parse(struct model_config *c, const char *config, size_t n_config,
                  const char *config_name, const char *generation, size_t n_generation,
                  const char *generation_name, struct error *err);
/* The same of values that were read already. */
bool config_read(struct model_config *c, const json_t *config, const char *config_name,
                 const json_t *generation, const char *generation_name, struct error *err);

/* Of one layer: queries, keys (or values), and what is projected for a token side by side: queries
 * (and their gates),
 * then keys and values if they are its own. */
uint32_t config_q_dim(const struct model_config *c, uint32_t layer);
uint32_t config_q_rows(const struct model_config *c, uint32_t layer); /* queries and their gates */
uint32_t config_kv_dim(const struct model_config *c, uint32_t layer);
uint32_t config_qkv_dim(const struct model_config *c, uint32_t layer);
/* The largest of all layers, for buffers. */
struct layer_widths {
    uint32_t q, kv, qkv, ffn;
};
struct layer_widths config_widths(const struct model_config *c);
enum mixer config_mixer(const struct model_config *c, uint32_t layer);
/* Of layers without attention: what their convolution goes over. */
uint32_t config_conv_dim(const struct model_config *c);
uint32_t config_mixer_rows(const struct model_config *c, uint32_t part); /* of arch_mixer's in */
uint32_t config_mixer_out(const struct model_config *c);                 /* columns of its out */
uint32_t config_delta_k_dim(const struct model_config *c); /* delta_k_heads * delta_k_dim */
uint32_t config_delta_v_dim(const struct model_config *c); /* delta_v_heads * delta_v_dim */
/* Whether a layer can be evaluated without those before it, from the stream alone: none looks at
 * another one's keys and values, or has inputs of its own. */
bool config_layers_stand_alone(const struct model_config *c);
uint64_t config_n_params(const struct model_config *c);
uint64_t config_n_active_params(const struct model_config *c); /* that one token goes through */

#endif
