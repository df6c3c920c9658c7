/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "huge_memory.h"
#include "qins.h"
#include "system.h"

enum {
    LEAST_ROOM = 64,  /* positions; a multiple of it */
    MOST_MORE = 1024, /* positions that are made room for beyond those asked for */
};

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

/* Of all heads of a layer, keys and values. */
static size_t position_bytes(const struct kv *kv, const struct kv_layer *l)
{
    return 2 * (size_t)l->n_heads * (l->head_dim * kv->value_bytes + scale_bytes(kv->type));
}

/* Positions of a layer that there is room for. */
static uint32_t capacity(const struct kv *kv, const struct kv_layer *l)
{
    return l->slides && kv->ring < kv->room ? kv->ring : kv->room;
}

static void add_rows(struct kv *kv, uint32_t layer, uint32_t n_heads)
{
    kv->rows = xrealloc(kv->rows, kv->n_rows + n_heads, sizeof *kv->rows);
    for (uint32_t head = 0; head < n_heads; head++)
        kv->rows[kv->n_rows++] = (struct kv_row){layer, head};
}

static void add_layer(struct kv *kv, uint32_t layer, bool slides, const struct layer_shape *shape)
{
    struct kv_layer *l = &kv->layers[layer];
    *l = (struct kv_layer){.slides = slides,
                           .n_heads = shape->n_kv_heads,
                           .head_dim = shape->head_dim,
                           .from_layer = layer,
                           .first_at = kv->n_first};
    kv->n_first += kv->type == KV_INT8 ? (size_t)l->n_heads * l->head_dim : 0;
    kv->n_sliding += slides;
    *(slides ? &kv->sliding_bytes : &kv->full_bytes) += position_bytes(kv, l);
    add_rows(kv, layer, l->n_heads);
}

/* A layer with another mixer than attention has no positions. */
static void plan_layers(struct kv *kv, const struct model_config *c, uint32_t spare)
{
    uint64_t ring = (uint64_t)c->window + spare + KV_STEP;
    kv->window = c->window;
    kv->ring = ring < kv->ctx_len ? (uint32_t)ring : kv->ctx_len;
    kv->layers = xcalloc(kv->n_layers, sizeof *kv->layers);
    for (uint32_t i = 0; i < kv->n_layers; i++) {
        bool slides = c->window && (c->layers[i] & LAYER_SLIDING) && kv->ring < kv->ctx_len;
        if (config_mixer(c, i) != MIXER_ATTENTION)
            continue;
        if (c->shapes[i].kv_layer == i) {
            add_layer(kv, i, slides, &c->shapes[i]);
        } else {
            kv->layers[i] = kv->layers[c->shapes[i].kv_layer];
            kv->layers[i].is_shared = true;
        }
    }
}

/* Where the layers lie if there is room for so many positions: one behind the other. -> bytes of
 * all. */
static size_t place_layers(struct kv *kv, uint32_t room)
{
    kv->room = room;
    kv->half_bytes = kv->n_scales = 0;
    for (uint32_t i = 0; i < kv->n_layers; i++) {
        struct kv_layer *l = &kv->layers[i];
        const size_t positions = (size_t)l->n_heads * capacity(kv, l);
        if (l->is_shared) {
            l->at = kv->layers[l->from_layer].at;
            l->scale_at = kv->layers[l->from_layer].scale_at;
            continue;
        }
        l->at = kv->half_bytes;
        l->scale_at = kv->n_scales;
        kv->half_bytes += positions * l->head_dim * kv->value_bytes;
        kv->n_scales += kv->type == KV_INT8 ? positions : 0;
    }
    return (2 * kv->half_bytes + 63) / 64 * 64 + 2 * kv->n_scales * sizeof(float) + 64;
}

/* Whether the sum of all sizes can be taken: layers times the largest. */
static bool fits_size(const struct model_config *c, uint32_t ctx_len)
{
    size_t bytes, position = 2 * (size_t)config_widths(c).kv * (sizeof(float) + sizeof(float));
    return !__builtin_mul_overflow(position * c->n_layers, (size_t)ctx_len, &bytes) &&
           !__builtin_add_overflow(bytes, (size_t)HUGE_PAGE + 128, &bytes); /* where parts begin */
}

bool kv_reserve(struct kv *kv, const struct model_config *c, const struct kernels *k,
                enum kv_type type, uint32_t ctx_len, uint32_t spare, struct error *err)
{
    *kv = (struct kv){.type = type,
                      .n_layers = c->n_layers,
                      .ctx_len = ctx_len,
                      .is_centred = c->score_cap == 0,
                      .value_bytes = types[type].value_bytes,
                      .pack = k->pack_int8};
    if (!fits_size(c, ctx_len))
        return error_set(err, EX_USAGE, "context of %u tokens: the cache would not fit any memory",
                         ctx_len);
    plan_layers(kv, c, spare);
    kv->bytes = place_layers(kv, ctx_len) + HUGE_PAGE;
    place_layers(kv, 0);
    kv->mapped = mmap(NULL, kv->bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (kv->mapped == MAP_FAILED) {
        free(kv->layers);
        free(kv->rows);
        return error_set(
            err, EX_OSERR,
            "context of %u tokens: cannot reserve %zu bytes for its cache: %s; a smaller "
            "context needs less",
            ctx_len, kv->bytes, strerror(errno));
    }
    kv->memory = (uint8_t *)kv->mapped + (HUGE_PAGE - (uintptr_t)kv->mapped % HUGE_PAGE);
    system_huge_pages(kv->memory, kv->bytes - HUGE_PAGE);
    if (type == KV_INT8)
        kv->first = xcalloc(kv->n_first, sizeof *kv->first);
    return true;
}

uint64_t kv_plan_bytes(const struct model_config *c, enum kv_type type, uint32_t ctx_len,
                       uint32_t spare)
{
    struct kv kv = {.type = type,
                    .n_layers = c->n_layers,
                    .ctx_len = ctx_len,
                    .value_bytes = types[type].value_bytes};
    if (!fits_size(c, ctx_len))
        return UINT64_MAX;
    plan_layers(&kv, c, spare);
    const size_t bytes = place_layers(&kv, ctx_len);
    free(kv.layers);
    free(kv.rows);
    return bytes;
}

void kv_release(struct kv *kv)
{
    free(kv->first);
    free(kv->layers);
    free(kv->rows);
    if (kv->mapped)
        munmap(kv->mapped, kv->bytes);
    *kv = (struct kv){0};
}

uint32_t kv_from(const struct kv *kv, uint32_t layer)
{
    return kv->layers[layer].slides ? kv->from : 0;
}

static size_t head_offset(const struct kv *kv, uint32_t layer, uint32_t head)
{
    const struct kv_layer *l = &kv->layers[layer];
    return l->at + (size_t)head * capacity(kv, l) * l->head_dim * kv->value_bytes;
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
    const struct kv_layer *l = &kv->layers[layer];
    return (float *)(kv->memory + (2 * kv->half_bytes + 63) / 64 * 64) + l->scale_at +
           (size_t)head * capacity(kv, l);
}

float *kv_value_scales(const struct kv *kv, uint32_t layer, uint32_t head)
{
    return kv_key_scales(kv, layer, head) + kv->n_scales;
}

/* ---- growing -------------------------------------------------------------------------- */

/* Each run moves up, the last one first: none is in the way of another. */
static void move_runs(struct kv *kv, const struct kv *old)
{
    for (uint32_t i = kv_n_runs(kv); i-- > 0;) {
        const struct kv_run to = kv_run(kv, i), from = kv_run(old, i);
        const uint32_t n = from.slides && old->ring < old->room ? old->ring : old->room;
        memmove(to.at, from.at, n * from.position_bytes);
    }
}

void kv_hold(struct kv *kv, uint32_t n)
{
    const uint32_t step = n / 4 < MOST_MORE ? n / 4 : MOST_MORE;
    const uint64_t room = ((uint64_t)n + step) / LEAST_ROOM * LEAST_ROOM + LEAST_ROOM;
    if (n <= kv->room)
        return;
    struct kv old = *kv;
    old.layers = xcalloc(kv->n_layers, sizeof *old.layers);
    memcpy(old.layers, kv->layers, kv->n_layers * sizeof *old.layers);
    place_layers(kv, room < kv->ctx_len ? (uint32_t)room : kv->ctx_len);
    if (old.room > 0)
        move_runs(kv, &old);
    free(old.layers);
}

/* ---- sliding layers ------------------------------------------------------------------- */

static void move_down(void *at, size_t position, uint32_t from, uint32_t n)
{
    memmove(at, (uint8_t *)at + from * position, n * position);
}

/* n positions, those from the `skip`-th on, go to the front of every sliding layer. */
static void slide(const struct kv *kv, uint32_t skip, uint32_t n)
{
    for (uint32_t i = 0; i < kv->n_rows; i++) {
        const struct kv_row row = kv->rows[i];
        const size_t bytes = kv->layers[row.layer].head_dim * kv->value_bytes;
        if (!kv->layers[row.layer].slides)
            continue;
        move_down(kv_keys(kv, row.layer, row.head), bytes, skip, n);
        move_down(kv_values(kv, row.layer, row.head), bytes, skip, n);
        if (kv->type != KV_INT8)
            continue;
        move_down(kv_key_scales(kv, row.layer, row.head), sizeof(float), skip, n);
        move_down(kv_value_scales(kv, row.layer, row.head), sizeof(float), skip, n);
    }
}

/* Down by a quarter of the spare room at least, so that it does not happen for every token. */
void kv_make_room(struct kv *kv, uint32_t pos0, uint32_t n)
{
    const uint32_t end = pos0 + n;
    kv_hold(kv, end);
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

static void store(const struct kv *kv, void *positions, uint32_t slot, const float *x, uint32_t dim)
{
    size_t at = (size_t)slot * dim;
    if (kv->type == KV_F32) {
        memcpy((float *)positions + at, x, dim * sizeof *x);
        return;
    }
    uint16_t *out = (uint16_t *)positions + at;
    for (uint32_t i = 0; i < dim; i++)
        out[i] = bf16_from_f32(x[i]);
}

static void store_int8(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos,
                       const float *key, const float *value)
{
    const struct kv_layer *l = &kv->layers[layer];
    const uint32_t dim = l->head_dim, slot = pos - kv_from(kv, layer);
    float *first = kv->first + l->first_at + (size_t)head * dim;
    float difference[MAX_HEAD_DIM];
    if (pos == 0 && kv->is_centred)
        memcpy(first, key, dim * sizeof *first);
    for (uint32_t i = 0; i < dim; i++)
        difference[i] = key[i] - first[i];
    kv->pack((int8_t *)kv_keys(kv, layer, head) + (size_t)slot * dim,
             kv_key_scales(kv, layer, head) + slot, difference, dim);
    kv->pack((int8_t *)kv_values(kv, layer, head) + (size_t)slot * dim,
             kv_value_scales(kv, layer, head) + slot, value, dim);
}

const float *kv_centre(const struct kv *kv, uint32_t layer, uint32_t head)
{
    const struct kv_layer *l = &kv->layers[layer];
    bool is_centred = kv->type == KV_INT8 && kv->is_centred;
    return is_centred ? kv->first + l->first_at + (size_t)head * l->head_dim : NULL;
}

void kv_store(const struct kv *kv, uint32_t layer, uint32_t head, uint32_t pos, const float *key,
              const float *value)
{
    const uint32_t dim = kv->layers[layer].head_dim, slot = pos - kv_from(kv, layer);
    if (kv->type == KV_INT8) {
        store_int8(kv, layer, head, pos, key, value);
        return;
    }
    store(kv, kv_keys(kv, layer, head), slot, key, dim);
    store(kv, kv_values(kv, layer, head), slot, value, dim);
}

uint32_t kv_n_runs(const struct kv *kv)
{
    return 2 * kv->n_rows * (kv->type == KV_INT8 ? 2 : 1);
}

/* Keys of all layers and heads, then values; then, of int8, the scales of either. */
struct kv_run kv_run(const struct kv *kv, uint32_t i)
{
    const uint32_t kind = i / kv->n_rows;
    const struct kv_row row = kv->rows[i % kv->n_rows];
    const struct kv_layer *l = &kv->layers[row.layer];
    void *at = kind == 0   ? kv_keys(kv, row.layer, row.head)
               : kind == 1 ? kv_values(kv, row.layer, row.head)
               : kind == 2 ? (void *)kv_key_scales(kv, row.layer, row.head)
                           : (void *)kv_value_scales(kv, row.layer, row.head);
    return (struct kv_run){at, kind < 2 ? l->head_dim * kv->value_bytes : scale_bytes(kv->type),
                           l->slides};
}

void *kv_reference(const struct kv *kv, size_t *bytes)
{
    *bytes = kv->n_first * sizeof *kv->first;
    return kv->first;
}

uint64_t kv_full_position_bytes(const struct kv *kv)
{
    return kv->full_bytes;
}

uint64_t kv_sliding_position_bytes(const struct kv *kv)
{
    return kv->sliding_bytes;
}

uint64_t kv_bytes(const struct kv *kv, uint32_t n_pos)
{
    return kv_full_position_bytes(kv) * n_pos +
           kv_sliding_position_bytes(kv) * (n_pos < kv->ring ? n_pos : kv->ring);
}
