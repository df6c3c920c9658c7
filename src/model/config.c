/* SPDX-License-Identifier: MIT */
#include "config.h"

uint32_t config_q_dim(const struct model_config *c)
{
    return c->n_heads * c->head_dim;
}

uint32_t config_kv_dim(const struct model_config *c)
{
    return c->n_kv_heads * c->head_dim;
}

/* Of one layer. */
static uint64_t norm_params(const struct model_config *c)
{
    const struct arch *a = c->arch;
    uint64_t n = (a->attn_norm != NULL) + (a->attn_post_norm != NULL) + (a->ffn_norm != NULL) +
                 (a->ffn_post_norm != NULL);
    uint64_t qk = a->qk_norm == QK_NORM_HEAD  ? 2 * (uint64_t)c->head_dim
                  : a->qk_norm == QK_NORM_ALL ? (uint64_t)config_q_dim(c) + config_kv_dim(c)
                                              : 0;
    return n * c->dim * (a->norm == NORM_LAYER ? 2 : 1) + qk;
}

uint64_t config_n_params(const struct model_config *c)
{
    uint64_t dim = c->dim, q_dim = config_q_dim(c), kv_dim = config_kv_dim(c);
    uint64_t qkv = q_dim + 2 * kv_dim, up = (c->arch->is_gated ? 2 : 1) * (uint64_t)c->ffn_dim;
    uint64_t layer = dim * qkv + q_dim * dim + dim * up + dim * c->ffn_dim + norm_params(c);
    if (c->qkv_bias)
        layer += qkv;
    if (c->out_bias)
        layer += dim;
    if (c->ffn_bias)
        layer += up + dim;
    return c->n_layers * layer + (c->tied ? 1 : 2) * (uint64_t)c->vocab * dim +
           dim * (c->arch->norm == NORM_LAYER ? 2 : 1);
}
