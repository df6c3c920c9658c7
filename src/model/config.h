/* SPDX-License-Identifier: MIT
 *
 * config: what a model's config.json and generation_config.json say, checked. A field that changes
 * the arithmetic and is missing, unknown or out of range is an error, never a default.
 */
#ifndef QINS_CONFIG_H
#define QINS_CONFIG_H

#include "json.h"

enum arch { ARCH_PHI3, ARCH_LLAMA };
enum rope_kind { ROPE_PLAIN, ROPE_LONGROPE, ROPE_LLAMA3 };

enum { MAX_HEAD_DIM = 1024, MAX_ROT_HALF = 128, MAX_STOP = 16 };

struct model_config {
    enum arch arch;
    uint32_t dim;     /* hidden_size */
    uint32_t ffn_dim; /* intermediate_size */
    uint32_t n_layers;
    uint32_t n_heads, n_kv_heads;
    uint32_t head_dim;
    uint32_t rot_dim;  /* rotated part of a head, even */
    uint32_t vocab;    /* rows of embedding and head */
    uint32_t max_ctx;  /* max_position_embeddings */
    uint32_t orig_ctx; /* original_max_position_embeddings; max_ctx when absent */
    float rms_eps;
    float rope_theta;
    enum rope_kind rope;
    float short_factor[MAX_ROT_HALF], long_factor[MAX_ROT_HALF]; /* [rot_dim / 2], longrope */
    float rope_factor, rope_low, rope_high;                      /* llama3 */
    bool tied;                                                   /* the head is the embedding */
    int32_t bos;                                                 /* -1: none */
    int32_t stop[MAX_STOP]; /* end-of-turn tokens: generation_config's, else config's */
    uint32_t n_stop;
};

/* `generation` may be NULL (no such file). Names are for messages. */
bool config_parse(struct model_config *c, const char *config, size_t n_config,
                  const char *config_name, const char *generation, size_t n_generation,
                  const char *generation_name, struct error *err);

uint32_t config_kv_dim(const struct model_config *c); /* n_kv_heads * head_dim */
uint64_t config_n_params(const struct model_config *c);
const char *arch_name(enum arch arch);

#endif
