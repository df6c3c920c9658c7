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
    uint32_t window; /* positions that it sees, its own included; 0: all before it */
    int rope;        /* ROPE_OF_FULL or ROPE_OF_SLIDING; ROPE_NONE */
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

/* A bias that is NULL is not there. */
struct layer {
    struct layer_plan plan;
    struct norm attn_norm; /* before attention */
    struct matrix
        qkv[MAX_QKV]; /* fused: one [(n_heads + 2 n_kv_heads) head_dim][dim]; else q, k, v */
    const float *qkv_bias[MAX_QKV];
    uint32_t n_qkv;
    const float *q_norm, *k_norm;       /* [head_dim], or [q_dim] and [kv_dim]; NULL: none */
    struct matrix attn_out;             /* [dim][n_heads * head_dim] */
    const float *attn_out_bias;         /* [dim] */
    struct norm attn_post_norm;         /* of what attention adds */
    struct norm ffn_norm;               /* before the feed-forward part */
    struct matrix gate_up[MAX_GATE_UP]; /* fused: one [2 ffn_dim][dim], gate first; or gate, up; or
                                         * one [ffn_dim][dim], if not gated */
    const float *gate_up_bias[MAX_GATE_UP];
    uint32_t n_gate_up;
    struct matrix down;        /* [dim][ffn_dim] */
    const float *down_bias;    /* [dim] */
    struct norm ffn_post_norm; /* of what the feed-forward part adds */
};

struct model {
    struct model_config config;
    enum format format;   /* of the linear weights */
    struct matrix embed;  /* [vocab][dim] */
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
    const char *source;  /* where it was converted from; raw, sanitise before printing */
    uint64_t file_bytes; /* of the whole file */
    uint64_t n_params;
    double open_ms; /* what opening took */
    struct safetensors file;
    float **owned; /* [n_owned] vectors that are not as they stand in the file */
    size_t n_owned;
    void *memory; /* image made by model_open_folder, else NULL */
    size_t memory_bytes;
};

/* Maps a .qins file; copies no weight. -> NULL on failure. */
struct model *model_open(const char *path, struct error *err);
/* The same over bytes that outlive the model; 64-byte aligned. */
struct model *model_open_bytes(const void *bytes, size_t size, const char *name, struct error *err);
void model_close(struct model *m);

/* The place of a matrix of weight_list, vectors left out. */
struct matrix *model_matrix(struct model *m, const struct weight *w);

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
