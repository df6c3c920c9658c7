/* SPDX-License-Identifier: MIT
 *
 * kv: the cache of keys and values, [layer][kv head][position][head_dim], keys in one half and
 * values in the other. Address space for the whole context is reserved at once; memory is used as
 * it fills.
 */
#ifndef QINS_KV_H
#define QINS_KV_H

#include "model.h"

enum kv_type { KV_F32, KV_BF16 };

struct kv {
    enum kv_type type;
    uint32_t n_layers, n_heads, ctx_len, head_dim; /* n_heads: kv heads */
    size_t value_bytes;                            /* of one element */
    size_t half_bytes;                             /* keys, or values */
    uint8_t *memory;                               /* [2 half_bytes] */
};

bool kv_reserve(struct kv *kv, const struct model_config *c, enum kv_type type, uint32_t ctx_len,
                struct error *err);
void kv_release(struct kv *kv);

/* Start of the positions of one head: [ctx_len][head_dim], float or bf16. */
void *kv_keys(const struct kv *kv, uint32_t layer, uint32_t head);
void *kv_values(const struct kv *kv, uint32_t layer, uint32_t head);
/* Writes one position of one head. */
void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos,
              const float *key /* [head_dim] */, const float *value /* [head_dim] */);
/* Bytes that n positions take. */
uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos);

#endif
