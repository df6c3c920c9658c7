/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "qins.h"

static const struct {
    const char *name;
    size_t value_bytes;
} types[] = {
    [KV_F32] = {"f32", sizeof(float)},
    [KV_BF16] = {"bf16", sizeof(uint16_t)},
    [KV_INT8] = {"int8", sizeof(int8_t)},
};
enum { N_TYPES = sizeof types / sizeof *types };

const char *kv_type_name(enum kv_type type)
{
    return types[type].name;
}

bool kv_type_from_name(const char *name, enum kv_type *type)
{
    for (int i = 0; i < N_TYPES; i++)
        if (strcmp(name, types[i].name) == 0) {
            *type = (enum kv_type)i;
            return true;
        }
    return false;
}

static size_t scale_bytes(enum kv_type type)
{
    return type == KV_INT8 ? sizeof(float) : 0;
}

bool kv_reserve(struct kv *kv, const struct model_config *c, const struct kernels *k,
                enum kv_type type, uint32_t ctx_len, struct error *err)
{
    *kv = (struct kv){.type = type,
                      .n_layers = c->n_layers,
                      .n_heads = c->n_kv_heads,
                      .ctx_len = ctx_len,
                      .head_dim = c->head_dim,
                      .value_bytes = types[type].value_bytes,
                      .pack = k->pack_int8};
    size_t bytes, n_heads = (size_t)c->n_layers * c->n_kv_heads;
    size_t position = c->head_dim * kv->value_bytes + scale_bytes(type);
    if (__builtin_mul_overflow(2 * n_heads * position, (size_t)ctx_len, &bytes) ||
        __builtin_add_overflow(bytes, (size_t)64, &bytes)) /* scales begin on a line */
        return error_set(err, EX_USAGE, "context of %u tokens: the cache would not fit any memory",
                         ctx_len);
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return error_set(
            err, EX_OSERR,
            "context of %u tokens: cannot reserve %zu bytes for its cache: %s; a smaller "
            "context needs less",
            ctx_len, bytes, strerror(errno));
#ifdef MADV_NOHUGEPAGE
    /* A head's positions lie far from the next head's: huge pages would fill the whole reserve with
     * the first token. */
    madvise(p, bytes, MADV_NOHUGEPAGE);
#endif
    kv->memory = p;
    kv->bytes = bytes;
    kv->half_bytes = n_heads * ctx_len * c->head_dim * kv->value_bytes;
    if (type == KV_INT8)
        kv->first = xcalloc(n_heads * c->head_dim, sizeof *kv->first);
    return true;
}

void kv_release(struct kv *kv)
{
    free(kv->first);
    if (kv->memory)
        munmap(kv->memory, kv->bytes);
    *kv = (struct kv){0};
}

static size_t head_offset(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return ((size_t)layer * kv->n_heads + head) * kv->ctx_len * kv->head_dim * kv->value_bytes;
}

void *kv_keys(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv->memory + head_offset(kv, layer, head);
}

void *kv_values(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv->memory + kv->half_bytes + head_offset(kv, layer, head);
}

float *kv_key_scales(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return (float *)(kv->memory + (2 * kv->half_bytes + 63) / 64 * 64) +
           ((size_t)layer * kv->n_heads + head) * kv->ctx_len;
}

float *kv_value_scales(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv_key_scales(kv, layer + kv->n_layers, head);
}

static void store(const struct kv *kv, void *positions, uint32_t pos, const float *x)
{
    size_t at = (size_t)pos * kv->head_dim;
    if (kv->type == KV_F32) {
        memcpy((float *)positions + at, x, kv->head_dim * sizeof *x);
        return;
    }
    uint16_t *out = (uint16_t *)positions + at;
    for (uint32_t i = 0; i < kv->head_dim; i++)
        out[i] = bf16_from_f32(x[i]);
}

static void store_int8(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos,
                       const float *key, const float *value)
{
    size_t at = (size_t)pos * kv->head_dim;
    float *first = kv->first + ((size_t)layer * kv->n_heads + head) * kv->head_dim;
    float difference[MAX_HEAD_DIM];
    if (pos == 0)
        memcpy(first, key, kv->head_dim * sizeof *first);
    for (uint32_t i = 0; i < kv->head_dim; i++)
        difference[i] = key[i] - first[i];
    kv->pack((int8_t *)kv_keys(kv, layer, head) + at, kv_key_scales(kv, layer, head) + pos,
             difference, kv->head_dim);
    kv->pack((int8_t *)kv_values(kv, layer, head) + at, kv_value_scales(kv, layer, head) + pos,
             value, kv->head_dim);
}

void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos, const float *key,
              const float *value)
{
    if (kv->type == KV_INT8) {
        store_int8(kv, layer, head, pos, key, value);
        return;
    }
    store(kv, kv_keys(kv, layer, head), pos, key);
    store(kv, kv_values(kv, layer, head), pos, value);
}

uint32_t kv_n_runs(const struct kv *kv)
{
    return 2 * kv->n_layers * kv->n_heads * (kv->type == KV_INT8 ? 2 : 1);
}

struct kv_run kv_run(const struct kv *kv, uint32_t i)
{
    uint32_t n_values = 2 * kv->n_layers * kv->n_heads; /* keys, then values, then their scales */
    if (i >= n_values)
        return (struct kv_run){
            (uint8_t *)(kv_key_scales(kv, 0, 0) + (size_t)(i - n_values) * kv->ctx_len),
            scale_bytes(kv->type)};
    size_t position = kv->head_dim * kv->value_bytes;
    return (struct kv_run){kv->memory + i * kv->ctx_len * position, position};
}

void *kv_reference(const struct kv *kv, size_t *bytes)
{
    *bytes = kv->first ? (size_t)kv->n_layers * kv->n_heads * kv->head_dim * sizeof *kv->first : 0;
    return kv->first;
}

uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos)
{
    return 2 * (uint64_t)kv->n_layers * kv->n_heads * n_pos *
           (kv->head_dim * kv->value_bytes + scale_bytes(kv->type));
}
