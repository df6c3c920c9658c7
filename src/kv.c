/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "qins.h"

bool kv_reserve(struct kv *kv, const struct model_config *c, enum kv_type type, uint32_t ctx_len,
                struct error *err)
{
    *kv = (struct kv){.type = type,
                      .n_layers = c->n_layers,
                      .n_heads = c->n_kv_heads,
                      .ctx_len = ctx_len,
                      .head_dim = c->head_dim,
                      .value_bytes = type == KV_BF16 ? sizeof(uint16_t) : sizeof(float)};
    size_t bytes;
    if (__builtin_mul_overflow((size_t)c->n_layers * c->n_kv_heads,
                               (size_t)ctx_len * c->head_dim * kv->value_bytes, &kv->half_bytes) ||
        __builtin_mul_overflow(kv->half_bytes, (size_t)2, &bytes))
        return refuse(err, EX_USAGE, "context of %u tokens: the cache would not fit any memory",
                      ctx_len);
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return refuse(err, EX_OSERR,
                      "context of %u tokens: cannot reserve %zu bytes for its cache: %s; a smaller "
                      "context needs less",
                      ctx_len, bytes, strerror(errno));
#ifdef MADV_NOHUGEPAGE
    /* A head's positions lie far from the next head's: huge pages would fill the whole reserve with
     * the first token. */
    madvise(p, bytes, MADV_NOHUGEPAGE);
#endif
    kv->memory = p;
    return true;
}

void kv_release(struct kv *kv)
{
    if (kv->memory)
        munmap(kv->memory, 2 * kv->half_bytes);
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

void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos, const float *key,
              const float *value)
{
    store(kv, kv_keys(kv, layer, head), pos, key);
    store(kv, kv_values(kv, layer, head), pos, value);
}

uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos)
{
    return 2 * (uint64_t)kv->n_layers * kv->n_heads * n_pos * kv->head_dim * kv->value_bytes;
}
