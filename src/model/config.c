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

/* Of a feed-forward part with so many rows of its gate. */
static uint64_t ffn_params(const struct model_config *c, uint64_t rows, bool bias)
{
    uint64_t up = (c->arch->is_gated ? 2 : 1) * rows;
    return c->dim * (up + rows) + (bias ? up + c->dim : 0);
}

/* Of a layer with experts, n of them counted. */
static uint64_t expert_params(const struct model_config *c, uint32_t n)
{
    const struct expert_config *e = &c->experts;
    const struct arch_experts *a = &c->arch->experts;
    uint64_t router = (uint64_t)e->n * c->dim + (e->router_bias ? e->n : 0) +
                      (e->choice_bias ? e->n : 0) + (a->router_scale ? c->dim : 0) +
                      (a->expert_scale ? e->n : 0);
    uint64_t norms = (a->in_norm != NULL) + (a->post_norm != NULL) + (a->dense_post_norm != NULL);
    uint64_t beside = e->beside_dim ? ffn_params(c, e->beside_dim, false) : 0;
    if (e->beside_dim && a->beside_gate)
        beside += c->dim;
    return router + norms * c->dim + beside + n * ffn_params(c, e->dim, e->bias);
}

static uint64_t count_params(const struct model_config *c, uint32_t n_experts)
{
    uint64_t dim = c->dim, q_dim = config_q_dim(c), kv_dim = config_kv_dim(c);
    uint64_t qkv = q_dim + 2 * kv_dim, layer = dim * qkv + q_dim * dim + norm_params(c);
    uint64_t sum =
        (c->tied ? 1 : 2) * (uint64_t)c->vocab * dim + dim * (c->arch->norm == NORM_LAYER ? 2 : 1);
    if (c->qkv_bias)
        layer += qkv;
    if (c->out_bias)
        layer += dim;
    if (c->arch->reads & HAS_SINKS)
        layer += c->n_heads;
    for (uint32_t i = 0; i < c->n_layers; i++)
        sum += layer + (c->layers[i] & LAYER_EXPERTS ? expert_params(c, n_experts)
                                                     : ffn_params(c, c->ffn_dim, c->ffn_bias));
    return sum;
}

uint64_t config_n_params(const struct model_config *c)
{
    return count_params(c, c->experts.n);
}

uint64_t config_n_active_params(const struct model_config *c)
{
    return count_params(c, c->experts.n_used);
}
