/* SPDX-License-Identifier: MIT
 *
 * kv: the cache of keys and values, [layer][kv head][position][head_dim], keys first, then values,
 * then, for int8, one scale a position of either: [layer][kv head][position]. Keys in int8 are kept
 * as their difference from the key of the first position: every score of a query moves by the same
 * amount, which the softmax does not see, and what all keys of a head have in common takes no part
 * of the 8 bits. Address space for the whole context is reserved at once; memory is used as it
 * fills.
 */
#ifndef QINS_KV_H
#define QINS_KV_H

#include "model.h"

enum kv_type { KV_F32, KV_BF16, KV_INT8 };

struct kv {
    enum kv_type type;
    uint32_t n_layers, n_heads, ctx_len, head_dim; /* n_heads: kv heads */
    size_t value_bytes;                            /* of one element */
    size_t half_bytes;                             /* keys, or values */
    size_t bytes;                                  /* all, scales included */
    uint8_t *memory;                               /* [bytes] */
    pack_int8_fn *pack;
    float *first; /* int8: [layer][kv head][head_dim] keys of position 0 */
};

bool kv_reserve(struct kv *kv, const struct model_config *c, const struct kernels *k,
                enum kv_type type, uint32_t ctx_len, struct error *err);
void kv_release(struct kv *kv);

const char *kv_type_name(enum kv_type type);
bool kv_type_from_name(const char *name, enum kv_type *type);

/* Start of the positions of one head: [ctx_len][head_dim], float, bf16 or int8. */
void *kv_keys(const struct kv *kv, uint32_t layer, uint32_t head);
void *kv_values(const struct kv *kv, uint32_t layer, uint32_t head);
/* Of int8: [ctx_len]. */
float *kv_key_scales(const struct kv *kv, uint32_t layer, uint32_t head);
float *kv_value_scales(const struct kv *kv, uint32_t layer, uint32_t head);
/* Writes one position of one head; position 0 before all others. */
void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos,
              const float *key /* [head_dim] */, const float *value /* [head_dim] */);
/* All that positions hold, for files: runs of bytes, each [ctx_len][position_bytes]. */
struct kv_run {
    uint8_t *at;
    size_t position_bytes;
};
uint32_t kv_n_runs(const struct kv *kv);
struct kv_run kv_run(const struct kv *kv, uint32_t i);
/* What position 0 has set for all others, *bytes of it; NULL: nothing. */
void *kv_reference(const struct kv *kv, size_t *bytes);
enum { KV_LAYOUT = 1 }; /* another number whenever these bytes mean something else */

/* Bytes that n positions take. */
uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos);

#endif
