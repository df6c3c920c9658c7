/* SPDX-License-Identifier: MIT
 *
 * kv: the cache of keys and values, [layer][kv head][position][head_dim], keys first, then values,
 * then, for int8, one scale per position of either: [layer][kv head][position]. Keys in int8 are
 * kept as their difference from the key of the first position: every score of a query moves by the
 * same amount, which the softmax does not see, and what all keys of a head have in common takes no
 * part of the 8 bits. (Not in a model that caps its scores: a cap sees it. A sink moves along.)
 * Address space for the whole context is reserved at once, memory is used as it fills, in huge
 * pages: heads lie one behind the other with room for a few more positions than they hold, a
 * quarter at most, and all of them move apart when that is used up.
 *
 * A sliding layer holds its last positions alone: those from kv->from on, at most kv->ring of them.
 * They move to the front when there is no room behind them, so that a window is always one run. It
 * holds kv->ring - window more than its window needs, so that taking back a few hundred tokens
 * costs nothing.
 *
 * Layers may have heads of different sizes. A layer that shares another one's keys and values has
 * no bytes of its own: its accessors give the other one's, and nothing is stored through it.
 */
#ifndef QINS_KV_H
#define QINS_KV_H

#include "model.h"

enum kv_type { KV_F32, KV_BF16, KV_INT8 };

struct kv_layer {
    bool slides;
    bool is_shared;             /* with a layer before it, which stores for both */
    uint32_t from_layer;        /* the layer that stores: itself if it is not shared */
    uint32_t n_heads, head_dim; /* n_heads: kv heads */
    size_t at;                  /* its keys, in bytes from the start of all keys */
    size_t scale_at;            /* its key scales, in floats from the start of all */
    size_t first_at;            /* its keys of position 0, in floats from kv->first */
};

/* A head that stores. */
struct kv_row {
    uint32_t layer, head;
};

struct kv {
    enum kv_type type;
    uint32_t n_layers, ctx_len;
    uint32_t room;                    /* positions that there is room for now */
    uint32_t n_sliding;               /* layers */
    size_t full_bytes, sliding_bytes; /* of one position in all full, in all sliding layers */
    uint32_t window, ring;            /* of sliding layers: positions seen; held at most */
    uint32_t from;           /* first position that sliding layers hold; a multiple of KV_STEP */
    bool is_centred;         /* int8 keys are differences */
    size_t value_bytes;      /* of one element */
    size_t half_bytes;       /* keys, or values */
    size_t n_scales;         /* of keys, or of values */
    size_t n_first;          /* floats in `first` */
    uint32_t n_rows;         /* heads of all layers that store */
    size_t bytes;            /* reserved: all of the context, scales included */
    struct kv_layer *layers; /* [n_layers] */
    struct kv_row *rows;     /* [n_rows] */
    void *mapped;            /* [bytes] */
    uint8_t *memory;         /* in it, from the first huge page on */
    pack_int8_fn *pack;
    float *first; /* int8: [layer][kv head][head_dim] keys of position 0 */
};

enum { KV_STEP = 16 };

/* `spare`: positions beyond their window that sliding layers keep, at least. */
bool kv_reserve(struct kv *kv, const struct model_config *c, const struct kernels *k,
                enum kv_type type, uint32_t ctx_len, uint32_t spare, struct error *err);
void kv_release(struct kv *kv);
/* Bytes that kv_reserve would reserve; UINT64_MAX: more than there are. */
uint64_t kv_plan_bytes(const struct model_config *c, enum kv_type type, uint32_t ctx_len,
                       uint32_t spare);

const char *kv_type_name(enum kv_type type);
bool kv_type_from_name(const char *name, enum kv_type *type);

/* First position that a layer holds. */
uint32_t kv_from(const struct kv *kv, uint32_t layer);
/* Keys and values of one head from that position on: [][head_dim], float, bf16 or int8. */
void *kv_keys(const struct kv *kv, uint32_t layer, uint32_t head);
void *kv_values(const struct kv *kv, uint32_t layer, uint32_t head);
/* Of int8: []. */
float *kv_key_scales(const struct kv *kv, uint32_t layer, uint32_t head);
float *kv_value_scales(const struct kv *kv, uint32_t layer, uint32_t head);

/* The key that all of a head are kept as differences from: [head_dim]; NULL: as they are. */
const float *kv_centre(const struct kv *kv, uint32_t layer, uint32_t head);

/* Makes room for n positions; all that are held stay, elsewhere: pointers to them are void. */
void kv_hold(struct kv *kv, uint32_t n);
/* Makes room for positions [pos0, pos0 + n) in sliding layers, which hold all before pos0 that a
 * window reaches; n + window + KV_STEP <= ring unless no layer slides. */
void kv_make_room(struct kv *kv, uint32_t pos0, uint32_t n);
/* Nothing is held any more. */
void kv_clear(struct kv *kv);
/* Whether the cache is whole for a text of n tokens that goes on there. */
bool kv_reaches(const struct kv *kv, uint32_t n);

/* Writes one position of one head; position 0 before all others. */
void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos,
              const float *key /* [head_dim] */, const float *value /* [head_dim] */);

/* All that positions hold, for files: runs of bytes, each [][position_bytes] from `from` on. */
struct kv_run {
    uint8_t *at;
    size_t position_bytes;
    bool slides; /* from kv->from, else from 0 */
};
uint32_t kv_n_runs(const struct kv *kv);
struct kv_run kv_run(const struct kv *kv, uint32_t i);
/* What position 0 has set for all others, *bytes of it; NULL: nothing. */
void *kv_reference(const struct kv *kv, size_t *bytes);
enum { KV_LAYOUT = 3 }; /* another number whenever these bytes mean something else */

/* Bytes that n positions take. */
uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos);
/* Bytes of one position in all full layers, in all sliding ones. */
uint64_t kv_full_position_bytes(const struct kv *kv);
uint64_t kv_sliding_position_bytes(const struct kv *kv);

#endif
