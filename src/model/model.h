/* SPDX-License-Identifier: MIT
 *
 * model: an immutable model bound into a mapped .qins file. model_open validates everything; after
 * that nothing can fail. Any number of sessions and threads may read one model.
 */
#ifndef QINS_MODEL_H
#define QINS_MODEL_H

#include "safetensors.h"
#include "tokenizer.h"
#include "weights_file.h"

/* What a layer does, resolved when the model is opened. */
struct layer_plan {
    enum mixer mixer;
    bool has_out_gate; /* attention: behind each query head stands its gate */
    uint32_t window;   /* positions that it sees, its own included; 0: all before it */
    int rope;          /* ROPE_OF_FULL or ROPE_OF_SLIDING; ROPE_NONE */
    uint32_t head_dim, n_kv_heads;
    uint32_t group;           /* heads of queries that share keys and values */
    uint32_t q_dim, kv_dim;   /* of a token */
    uint32_t q_rows, qkv_dim; /* queries and their gates; these, then keys and values */
    uint32_t ffn_dim;         /* rows of the gate of its dense feed-forward part; 0: it has none */
    bool has_kv;              /* keys and values of its own; else it looks at another layer's */
    bool v_is_k;              /* values are the projected keys */
    enum norm_kind norm;
    enum qk_norm qk_norm;
    enum act act;
    bool is_gated;
    float score_scale, score_cap; /* of q k^T; cap 0: none */
    float residual_scale;         /* of what is added to the stream */
};

enum { ROPE_NONE = -1 };

struct norm {
    const float *weight; /* [dim]; NULL: there is no norm here */
    const float *bias;   /* [dim] or NULL */
};

/* Feed-forward parts of which a token goes through n_used, added up with the weights that a router
 * gives them. What is NULL is not there. */
struct experts {
    enum router kind;
    uint32_t n, n_used, dim;                /* dim: rows of the gate of one */
    bool normalise;                         /* weights sum to 1, */
    float normalise_eps;                    /* which is added to their sum, */
    float scale;                            /* before this factor */
    struct matrix router;                   /* [n][dim of the model] */
    const float *router_bias, *choice_bias; /* [n] */
    const float *weight_scale;              /* [n] */
    const float *router_norm; /* [dim of the model]: the router reads the stream, normed so */
    struct norm in_norm;      /* experts read the stream, normed so */
    struct norm post_norm, dense_post_norm; /* of what they add, of what the dense part adds */
    struct matrix *gate_up[MAX_GATE_UP];    /* [n] as in struct layer */
    struct matrix *down;                    /* [n] [dim of the model][dim] */
    uint32_t n_gate_up;
    const float *gate_up_bias[MAX_GATE_UP]; /* [n][rows] */
    const float *down_bias;                 /* [n][dim of the model] */
    struct matrix beside_gate; /* [1][dim of the model]: its sigmoid weighs the dense part; rows 0:
                                * none */
};

/* A bias that is NULL is not there. A layer of experts alone has n_gate_up 0. */
struct layer {
    struct layer_plan plan;
    struct norm attn_norm; /* before attention */
    struct matrix
        qkv[MAX_QKV]; /* fused: one [(n_heads + 2 n_kv_heads) head_dim][dim]; else q, k, v */
    const float *qkv_bias[MAX_QKV];
    uint32_t n_qkv;
    const float *sinks;           /* [n_heads] logits in the softmax, without a value; NULL */
    const float *q_norm, *k_norm; /* [head_dim], or [q_dim] and [kv_dim]; NULL: none */
    const float *v_norm;          /* [head_dim] of ones; NULL: none */
    struct matrix attn_out;       /* [dim][n_heads * head_dim] */
    const float *attn_out_bias;   /* [dim] */
    /* Instead of attention's, if the plan has another mixer: */
    struct matrix mixer_in[MAX_MIXER_IN]; /* conv: one [3 dim][dim]; delta rule: [conv dim],
                                           * [v heads * v dim], [v heads], [v heads] rows */
    const float *mixer_in_bias[MAX_MIXER_IN];
    uint32_t n_mixer_in;
    const float *conv;       /* [taps][conv dim]: the file has [conv dim][taps] */
    const float *conv_bias;  /* [conv dim] */
    struct matrix mixer_out; /* [dim][dim], or [dim][v heads * v dim] */
    const float *mixer_out_bias;
    const float *decay;      /* [v heads] -exp of what the file has */
    const float *step_bias;  /* [v heads] */
    const float *mixer_norm; /* [v dim] */

    struct norm attn_post_norm;         /* of what attention, or the other mixer, adds */
    struct norm ffn_norm;               /* before the feed-forward part */
    struct matrix gate_up[MAX_GATE_UP]; /* fused: one [2 ffn_dim][dim], gate first; or gate, up; or
                                         * one [ffn_dim][dim], if not gated */
    const float *gate_up_bias[MAX_GATE_UP];
    uint32_t n_gate_up;
    struct matrix down;        /* [dim][ffn_dim] */
    const float *down_bias;    /* [dim] */
    struct norm ffn_post_norm; /* of what the feed-forward part adds */
    struct experts *experts;   /* beside or instead of a dense part; NULL: none */
    struct matrix input_gate;  /* [per_layer_dim][dim]; without per-layer inputs: no rows */
    struct matrix input_proj;  /* [dim][per_layer_dim] */
    struct norm input_norm;    /* of what it adds */
    float scale;               /* of the stream behind the layer */
};

/* What a token brings to each layer: rows of a table, and a projection of its embedding. */
struct per_layer_inputs {
    struct matrix embed; /* [per_layer_vocab][n_layers * per_layer_dim] */
    struct matrix proj;  /* [n_layers * per_layer_dim][dim] */
    const float *norm;   /* [per_layer_dim] */
};

struct model {
    struct model_config config;
    enum format format;  /* of the linear weights */
    struct matrix embed; /* [vocab][dim] */
    struct per_layer_inputs per_layer;
    struct layer *layers; /* [n_layers] */
    struct norm norm;
    struct matrix head;          /* [vocab][dim]; embed again when tied */
    const void *tokenizer_image; /* [tokenizer_bytes] inside the file, compiled; or NULL: */
    const char *tokenizer_json;  /* tokenizer.json itself, in files of version 1 */
    size_t tokenizer_bytes;
    const char *tokenizer_hash;        /* SHA-256 of tokenizer.json, or NULL: not known */
    const char *tokenizer_config_json; /* NUL-terminated, or NULL */
    const char *formats;               /* META_FORMATS, or NULL */
    const char *loss;                  /* META_LOSS, or NULL: not measured */
    const char *source;        /* where it was converted from; raw, sanitise before printing */
    uint64_t file_bytes;       /* of the whole file, decoded if it is compressed */
    uint64_t compressed_bytes; /* of the compressed file; 0: it is not */
    uint64_t n_params, n_active_params; /* all; those that one token goes through */
    double open_ms;                     /* what opening took */
    struct safetensors file;
    float **owned; /* [n_owned] vectors that are not as they stand in the file */
    size_t n_owned;
    void *memory; /* huge_memory of an image made by model_open_folder, or decoded; else NULL */
    size_t memory_bytes;
};

/* Maps a .qins file and copies no weight; a compressed one is decoded into memory, by all cores.
 * -> NULL on failure. */
struct model *model_open(const char *path, struct error *err);
/* The same over bytes that outlive the model; 64-byte aligned. */
struct model *model_open_bytes(const void *bytes, size_t size, const char *name, struct error *err);
void model_close(struct model *m);

/* The place of a matrix of weight_list. NULL: a vector, a convolution, or of experts: routers,
 * gates and stacks. */
struct matrix *model_matrix(struct model *m, const struct weight *w);
/* The same, and of a stack the matrix of this expert. */
struct matrix *model_part_matrix(struct model *m, const struct weight *w, uint32_t expert);

/* Calls fn for every matrix, each expert's included; a tied head is one of its own. */
void model_each_matrix(struct model *m, void (*fn)(void *arg, struct matrix *w), void *arg);

/* Its weights, with the format of each. Caller frees items. */
struct weight_list model_weights(const struct model *m);
/* Stored bits per weight, scales included. */
struct model_bits {
    double matrices; /* of the layers' matrices: codes, scales and row values */
    double stored;   /* the same with what pads them to whole tiles */
    double all;      /* of the whole model, as it is stored */
};
struct model_bits model_bits(const struct model *m);

/* The tokenizer in the file, which must not outlive the model. */
struct tokenizer *model_tokenizer(const struct model *m, struct error *err);

#endif
