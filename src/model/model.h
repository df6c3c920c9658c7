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

struct layer {
    const float *attn_norm; /* [dim] */
    struct matrix
        qkv[MAX_PARTS]; /* fused: one [(n_heads + 2 n_kv_heads) head_dim][dim]; else q, k, v */
    uint32_t n_qkv;
    struct matrix attn_out;   /* [dim][n_heads * head_dim] */
    const float *ffn_norm;    /* [dim] */
    struct matrix gate_up[2]; /* fused: one [2 ffn_dim][dim], gate first; else gate, up */
    uint32_t n_gate_up;
    struct matrix down; /* [dim][ffn_dim] */
};

struct model {
    struct model_config config;
    enum format format;          /* of the linear weights */
    struct matrix embed;         /* [vocab][dim] */
    struct layer *layers;        /* [n_layers] */
    const float *norm;           /* [dim] */
    struct matrix head;          /* [vocab][dim]; embed again when tied */
    const void *tokenizer_image; /* [tokenizer_bytes] inside the file, compiled; or NULL: */
    const char *tokenizer_json;  /* tokenizer.json itself, in files of version 1 */
    size_t tokenizer_bytes;
    const char *tokenizer_hash;        /* SHA-256 of tokenizer.json, or NULL: not known */
    const char *tokenizer_config_json; /* NUL-terminated, or NULL */
    const char *source;  /* where it was converted from; raw, sanitise before printing */
    uint64_t file_bytes; /* of the whole file */
    uint64_t n_params;
    double open_ms; /* what opening took */
    struct safetensors file;
    void *memory; /* image made by model_open_folder, else NULL */
    size_t memory_bytes;
};

/* Maps a .qins file; copies no weight. -> NULL on failure. */
struct model *model_open(const char *path, struct error *err);
/* The same over bytes that outlive the model; 64-byte aligned. */
struct model *model_open_bytes(const void *bytes, size_t size, const char *name, struct error *err);
void model_close(struct model *m);

/* The tokenizer in the file, which must not outlive the model. */
struct tokenizer *model_tokenizer(const struct model *m, struct error *err);

#endif
