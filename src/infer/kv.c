/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <assert.h>
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

static size_t position_bytes(const struct kv *kv)
{
    return kv->head_dim * kv->value_bytes + scale_bytes(kv->type);
}

/* Positions of a layer that there is room for. */
static uint32_t capacity(const struct kv *kv, uint32_t layer)
{
    return kv->layers[layer].slides ? kv->ring : kv->ctx_len;
}

/* A layer with another mixer than attention has no positions. */
static void plan_layers(struct kv *kv, const struct model_config *c, uint32_t spare)
{
    uint64_t ring = (uint64_t)c->window + spare + KV_STEP;
    size_t at = 0, scale_at = 0;
    kv->window = c->window;
    kv->ring = ring < kv->ctx_len ? (uint32_t)ring : kv->ctx_len;
    kv->layers = xcalloc(kv->n_layers, sizeof *kv->layers);
    kv->kept = xcalloc(kv->n_layers, sizeof *kv->kept);
    for (uint32_t i = 0; i < kv->n_layers; i++) {
        bool slides = c->window && (c->layers[i] & LAYER_SLIDING) && kv->ring < kv->ctx_len;
        kv->layers[i] = (struct kv_layer){slides, at, scale_at};
        if (config_mixer(c, i) != MIXER_ATTENTION)
            continue;
        kv->kept[kv->n_kept++] = i;
        size_t positions = (size_t)kv->n_heads * capacity(kv, i);
        kv->n_sliding += slides;
        at += positions * kv->head_dim * kv->value_bytes;
        scale_at += positions;
    }
    kv->half_bytes = at;
    kv->n_scales = kv->type == KV_INT8 ? scale_at : 0;
    kv->bytes = (2 * at + 63) / 64 * 64 + 2 * kv->n_scales * sizeof(float) + 64;
}

bool kv_reserve(struct kv *kv, const struct model_config *c, const struct kernels *k,
                enum kv_type type, uint32_t ctx_len, uint32_t spare, struct error *err)
{
    *kv = (struct kv){.type = type,
                      .n_layers = c->n_layers,
                      .n_heads = c->n_kv_heads,
                      .ctx_len = ctx_len,
                      .head_dim = c->head_dim,
                      .is_centred = c->score_cap == 0,
                      .value_bytes = types[type].value_bytes,
                      .pack = k->pack_int8};
    size_t bytes, n_heads = (size_t)c->n_layers * c->n_kv_heads;
    if (__builtin_mul_overflow(2 * n_heads * position_bytes(kv), (size_t)ctx_len, &bytes) ||
        __builtin_add_overflow(bytes, (size_t)128, &bytes)) /* scales begin on a line */
        return error_set(err, EX_USAGE, "context of %u tokens: the cache would not fit any memory",
                         ctx_len);
    plan_layers(kv, c, spare);
    void *p = mmap(NULL, kv->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED) {
        free(kv->layers);
        free(kv->kept);
        return error_set(
            err, EX_OSERR,
            "context of %u tokens: cannot reserve %zu bytes for its cache: %s; a smaller "
            "context needs less",
            ctx_len, kv->bytes, strerror(errno));
    }
#ifdef MADV_NOHUGEPAGE
    /* A head's positions lie far from the next head's: huge pages would fill the whole reserve with
     * the first token. */
    madvise(p, kv->bytes, MADV_NOHUGEPAGE);
#endif
    kv->memory = p;
    if (type == KV_INT8)
        kv->first = xcalloc(n_heads * c->head_dim, sizeof *kv->first);
    return true;
}

void kv_release(struct kv *kv)
{
    free(kv->first);
    free(kv->layers);
    free(kv->kept);
    if (kv->memory)
        munmap(kv->memory, kv->bytes);
    *kv = (struct kv){0};
}

uint32_t kv_from(const struct kv *kv, uint32_t layer)
{
    return kv->layers[layer].slides ? kv->from : 0;
}

static size_t head_offset(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv->layers[layer].at +
           (size_t)head * capacity(kv, layer) * kv->head_dim * kv->value_bytes;
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
           kv->layers[layer].scale_at + (size_t)head * capacity(kv, layer);
}

float *kv_value_scales(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv_key_scales(kv, layer, head) + kv->n_scales;
}

/* ---- sliding layers ------------------------------------------------------------------- */

static void move_down(void *at, size_t position, uint32_t from, uint32_t n)
{
    memmove(at, (uint8_t *)at + from * position, n * position);
}

/* n positions, those from the `skip`-th on, go to the front of every sliding layer. */
static void slide(const struct kv *kv, uint32_t skip, uint32_t n)
{
    const size_t bytes = kv->head_dim * kv->value_bytes;
    for (uint32_t i = 0; i < kv->n_layers; i++)
        for (uint32_t head = 0; kv->layers[i].slides && head < kv->n_heads; head++) {
            move_down(kv_keys(kv, i, head), bytes, skip, n);
            move_down(kv_values(kv, i, head), bytes, skip, n);
            if (kv->type != KV_INT8)
                continue;
            move_down(kv_key_scales(kv, i, head), sizeof(float), skip, n);
            move_down(kv_value_scales(kv, i, head), sizeof(float), skip, n);
        }
}

/* Down by a quarter of the spare room at least, so that it does not happen for every token. */
void kv_make_room(struct kv *kv, uint32_t pos0, uint32_t n)
{
    const uint32_t end = pos0 + n;
    if (kv->n_sliding == 0 || end - kv->from <= kv->ring)
        return;
    uint32_t most = pos0 + 1 > kv->window ? pos0 + 1 - kv->window : 0; /* what a window needs */
    uint32_t to = end - kv->ring + (kv->ring - kv->window) / 4 + KV_STEP - 1;
    to = (to < most ? to : most) / KV_STEP * KV_STEP;
    assert(to >= kv->from && end - to <= kv->ring);
    slide(kv, to - kv->from, pos0 - to);
    kv->from = to;
}

void kv_clear(struct kv *kv)
{
    kv->from = 0;
}

bool kv_reaches(const struct kv *kv, uint32_t n)
{
    return kv->from == 0 || (uint64_t)kv->from + kv->window <= (uint64_t)n + 1;
}

/* ---- positions ------------------------------------------------------------------------ */

static void store(const struct kv *kv, void *positions, uint32_t slot, const float *x)
{
    size_t at = (size_t)slot * kv->head_dim;
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
    size_t at = (size_t)(pos - kv_from(kv, layer)) * kv->head_dim;
    float *first = kv->first + ((size_t)layer * kv->n_heads + head) * kv->head_dim;
    float difference[MAX_HEAD_DIM];
    if (pos == 0 && kv->is_centred)
        memcpy(first, key, kv->head_dim * sizeof *first);
    for (uint32_t i = 0; i < kv->head_dim; i++)
        difference[i] = key[i] - first[i];
    kv->pack((int8_t *)kv_keys(kv, layer, head) + at,
             kv_key_scales(kv, layer, head) + pos - kv_from(kv, layer), difference, kv->head_dim);
    kv->pack((int8_t *)kv_values(kv, layer, head) + at,
             kv_value_scales(kv, layer, head) + pos - kv_from(kv, layer), value, kv->head_dim);
}

const float *kv_centre(const struct kv *kv, uint32_t layer, uint32_t head)
{
    bool is_centred = kv->type == KV_INT8 && kv->is_centred;
    return is_centred ? kv->first + ((size_t)layer * kv->n_heads + head) * kv->head_dim : NULL;
}

void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos, const float *key,
              const float *value)
{
    if (kv->type == KV_INT8) {
        store_int8(kv, layer, head, pos, key, value);
        return;
    }
    store(kv, kv_keys(kv, layer, head), pos - kv_from(kv, layer), key);
    store(kv, kv_values(kv, layer, head), pos - kv_from(kv, layer), value);
}

uint32_t kv_n_runs(const struct kv *kv)
{
    return 2 * kv->n_kept * kv->n_heads * (kv->type == KV_INT8 ? 2 : 1);
}

/* Keys of all layers and heads, then values; then, of int8, the scales of either. */
struct kv_run kv_run(const struct kv *kv, uint32_t i)
{
    const uint32_t n_heads = kv->n_kept * kv->n_heads, kind = i / n_heads;
    const uint32_t layer = kv->kept[i % n_heads / kv->n_heads], head = i % kv->n_heads;
    void *at = kind == 0   ? kv_keys(kv, layer, head)
               : kind == 1 ? kv_values(kv, layer, head)
               : kind == 2 ? (void *)kv_key_scales(kv, layer, head)
                           : (void *)kv_value_scales(kv, layer, head);
    return (struct kv_run){at, kind < 2 ? kv->head_dim * kv->value_bytes : scale_bytes(kv->type),
                           kv->layers[layer].slides};
}

void *kv_reference(const struct kv *kv, size_t *bytes)
{
    *bytes = kv->first ? (size_t)kv->n_layers * kv->n_heads * kv->head_dim * sizeof *kv->first : 0;
    return kv->first;
}

uint64_t kv_full_position_bytes(const struct kv *kv)
{
    return 2 * (uint64_t)(kv->n_kept - kv->n_sliding) * kv->n_heads * position_bytes(kv);
}

uint64_t kv_sliding_position_bytes(const struct kv *kv)
{
    return 2 * (uint64_t)kv->n_sliding * kv->n_heads * position_bytes(kv);
}

uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos)
{
    return kv_full_position_bytes(kv) * n_pos +
           kv_sliding_position_bytes(kv) * (n_pos < kv->ring ? n_pos : kv->ring);
}
