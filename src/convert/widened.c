/* SPDX-License-Identifier: MIT */
#include "widened.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "huge_memory.h"
#include "memory_limits.h"

struct widening {
    const struct model *from;
    const struct kernels *kernels;
    const struct file_layout *to;
    struct weight_list list; /* of `from` */
    uint8_t *data;           /* of `to` */
};

static const uint8_t *plane_of(const struct model *m, const struct weight *w, enum plane_kind kind)
{
    struct plane p;
    if (!weight_plane(w, kind, &p))
        return NULL;
    return m->file.data + safetensors_find(&m->file, p.name)->begin;
}

/* All parts of a stack, one behind another. */
static void widen_weight(void *arg, uint32_t i, uint32_t worker)
{
    const struct widening *j = arg;
    const struct weight *w = &j->list.items[i];
    const uint8_t *data = plane_of(j->from, w, PLANE_DATA);
    const float *row = (const void *)plane_of(j->from, w, PLANE_ROW);
    const float *range = (const void *)plane_of(j->from, w, PLANE_RANGE);
    struct matrix m = matrix_shape(w->format, w->rows, w->cols);
    float *out = (float *)(void *)(j->data + j->to->at[i][PLANE_DATA]);
    (void)worker;
    for (uint32_t part = 0; part < weight_n_parts(w); part++) {
        m.data = data + part * matrix_data_bytes(&m);
        m.row = row ? row + part * matrix_row_bytes(&m) / sizeof *row : NULL;
        m.log_min = range ? range[2 * part] : 0;
        m.log_max = range ? range[2 * part + 1] : 0;
        j->kernels->dequant[w->format](&m, 0, m.rows, out + (size_t)part * w->rows * w->cols);
    }
}

static void copy_meta(json_t *to, const struct model *m, const char *key)
{
    const char *value = safetensors_meta(&m->file, key);
    if (value)
        json_object_set_new(to, key, json_string(value));
}

static struct buf header_of(const struct model *m, const struct file_layout *l)
{
    json_t *meta = json_object();
    copy_meta(meta, m, META_VERSION);
    json_object_set_new(meta, META_FORMAT, json_string(format_info(FORMAT_F32)->name));
    copy_meta(meta, m, META_SOURCE);
    copy_meta(meta, m, META_CONFIG);
    copy_meta(meta, m, META_GENERATION);
    copy_meta(meta, m, META_TOKENIZER_CONFIG);
    copy_meta(meta, m, META_TOKENIZER_HASH);
    struct buf header = file_layout_header(l, meta);
    json_decref(meta);
    return header;
}

static void *take_memory(size_t n, const char *name, struct error *err)
{
    const uint64_t available = memory_free();
    /* Weights are read end to end. */
    void *p = available && n > available ? NULL : huge_memory_new(n);
    if (!p)
        return error_set_null(err, EX_UNAVAILABLE,
                              "%s: in f32 it takes %.2f GB of memory, and %.2f GB are free", name,
                              (double)n * 1e-9, (double)available * 1e-9);
    return p;
}

struct model *model_widen(const struct model *m, const struct kernels *k, struct pool *pool,
                          struct error *err)
{
    struct file_layout l = file_layout_new(
        weight_list(&m->config, FORMAT_F32),
        m->tokenizer_image ? TENSOR_TOKENIZER_IMAGE : TENSOR_TOKENIZER, m->tokenizer_bytes);
    struct buf header = header_of(m, &l);
    const size_t size = header.len + l.data_bytes;
    uint8_t *image = take_memory(size, m->file.name, err);
    struct model *wide = NULL;
    if (image) {
        struct widening j = {m, k, &l, model_weights(m), image + header.len};
        assert(j.list.n == l.list.n);
        memcpy(image, header.data, header.len);
        memcpy(image + header.len + l.tokenizer_at,
               m->tokenizer_image ? m->tokenizer_image : (const void *)m->tokenizer_json,
               m->tokenizer_bytes);
        pool_run_io(pool, widen_weight, &j, (uint32_t)j.list.n);
        free(j.list.items);
        wide = model_open_bytes(image, size, m->file.name, err);
        if (!wide)
            huge_memory_free(image, size);
    }
    if (wide) {
        wide->memory = image;
        wide->memory_bytes = size;
    }
    buf_free(&header);
    file_layout_free(&l);
    return wide;
}
