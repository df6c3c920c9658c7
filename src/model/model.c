/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64 };

/* ---- finding planes ------------------------------------------------------------------- */

/* -> the plane's bytes in the file, or NULL when it is not exactly what the config makes it. */
static const void *find_plane(const struct safetensors *st, const struct plane *p, size_t align,
                              struct error *err)
{
    const struct st_tensor *t = safetensors_find(st, p->name);
    if (!t)
        return error_set_null(err, EX_DATAERR, "%s: tensor \"%s\" is missing", st->name, p->name);
    bool same = t->dtype == p->dtype && t->n_dims == p->n_dims && t->end - t->begin == p->bytes;
    for (uint32_t i = 0; same && i < p->n_dims; i++)
        same = t->shape[i] == p->shape[i];
    if (!same)
        return error_set_null(err, EX_DATAERR,
                              "%s: tensor \"%s\" has not the type and shape that the "
                              "model's config gives it",
                              st->name, p->name);
    const uint8_t *data = st->data + t->begin;
    if ((uintptr_t)data % align != 0)
        return error_set_null(err, EX_DATAERR,
                              "%s: tensor \"%s\" at offset %llu is not aligned to %zu "
                              "bytes",
                              st->name, p->name, (unsigned long long)(data - st->file.data), align);
    return data;
}

static const void *bind_plane(const struct safetensors *st, const struct weight *w,
                              enum plane_kind kind, size_t align, struct error *err)
{
    struct plane p;
    weight_plane(w, kind, &p);
    return find_plane(st, &p, align, err);
}

static bool check_finite(const float *x, size_t n, float min, float max, const char *file,
                         const char *what, const struct weight *w, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] >= min && x[i] <= max))
            return error_set(err, EX_DATAERR, "%s: tensor \"%s\": %s %zu is %g: damaged file", file,
                             w->name, what, i, (double)x[i]);
    return true;
}

/* Natural logs of float32 magnitudes, with room for rounding. */
#define LOG_LEAST (-104.0f)
#define LOG_MOST (89.0f)

static bool check_scales(const struct matrix *m, const struct weight *w, const char *file,
                         struct error *err)
{
    uint32_t row_floats = format_info(w->format)->row_floats;
    size_t n = matrix_row_bytes(m) / sizeof *m->row;
    if (!check_finite(&m->log_min, 1, LOG_LEAST, LOG_MOST, file, "log_min", w, err) ||
        !check_finite(&m->log_max, 1, m->log_min, LOG_MOST, file, "log_max", w, err))
        return false;
    if (row_floats == 1)
        return check_finite(m->row, n, 0, __FLT_MAX__, file, "scale of row", w, err);
    return row_floats == 0 ||
           check_finite(m->row, n, LOG_LEAST, LOG_MOST, file, "range of row", w, err);
}

static bool bind_matrix(struct matrix *m, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    const struct format_info *info = format_info(w->format);
    *m = matrix_shape(w->format, w->rows, w->cols);
    if (!info->is_qins) {
        m->data = bind_plane(st, w, PLANE_DATA, info->tile_bytes, err);
        return m->data != NULL;
    }
    const float *range = bind_plane(st, w, PLANE_RANGE, sizeof *range, err);
    m->data = bind_plane(st, w, PLANE_DATA, ALIGN, err);
    if (info->row_floats)
        m->row = bind_plane(st, w, PLANE_ROW, ALIGN, err);
    if (!range || !m->data || (info->row_floats && !m->row))
        return false;
    m->log_min = range[0];
    m->log_max = range[1];
    return check_scales(m, w, st->name, err);
}

static bool bind_vector(const float **v, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    *v = bind_plane(st, w, PLANE_DATA, sizeof **v, err);
    return *v && check_finite(*v, w->cols, -__FLT_MAX__, __FLT_MAX__, st->name, "weight", w, err);
}

/* 1 + weight, if that is what this model's norms multiply by. */
static bool bind_norm(const float **norm, struct model *m, const struct weight *w,
                      struct error *err)
{
    if (!bind_vector(norm, &m->file, w, err))
        return false;
    if (m->config.arch->norm != NORM_RMS_ONE_PLUS)
        return true;
    float *copy = xcalloc(w->cols, sizeof *copy);
    for (uint32_t i = 0; i < w->cols; i++)
        copy[i] = 1 + (*norm)[i];
    m->owned = xrealloc(m->owned, m->n_owned + 1, sizeof *m->owned);
    m->owned[m->n_owned++] = copy;
    *norm = copy;
    return true;
}

/* ---- binding the model ---------------------------------------------------------------- */

static const float **bias_place(struct model *m, const struct weight *w)
{
    struct layer *l = &m->layers[w->layer];
    switch (w->bias_of) {
    case ROLE_ATTN_NORM: return &l->attn_norm.bias;
    case ROLE_QKV: return &l->qkv_bias[w->part];
    case ROLE_ATTN_OUT: return &l->attn_out_bias;
    case ROLE_ATTN_POST_NORM: return &l->attn_post_norm.bias;
    case ROLE_FFN_NORM: return &l->ffn_norm.bias;
    case ROLE_GATE_UP: return &l->gate_up_bias[w->part];
    case ROLE_DOWN: return &l->down_bias;
    case ROLE_FFN_POST_NORM: return &l->ffn_post_norm.bias;
    default: return &m->norm.bias;
    }
}

struct matrix *model_matrix(struct model *m, const struct weight *w)
{
    struct layer *l = &m->layers[w->layer];
    switch (w->role) {
    case ROLE_EMBED: return &m->embed;
    case ROLE_QKV: return &l->qkv[w->part];
    case ROLE_ATTN_OUT: return &l->attn_out;
    case ROLE_GATE_UP: return &l->gate_up[w->part];
    case ROLE_DOWN: return &l->down;
    default: return &m->head;
    }
}

static bool bind_weight(struct model *m, const struct weight *w, struct error *err)
{
    struct layer *l = &m->layers[w->layer];
    switch (w->role) {
    case ROLE_ATTN_NORM: return bind_norm(&l->attn_norm.weight, m, w, err);
    case ROLE_QKV: l->n_qkv = w->part + 1; break;
    case ROLE_QK_NORM: return bind_norm(w->part ? &l->k_norm : &l->q_norm, m, w, err);
    case ROLE_ATTN_POST_NORM: return bind_norm(&l->attn_post_norm.weight, m, w, err);
    case ROLE_FFN_NORM: return bind_norm(&l->ffn_norm.weight, m, w, err);
    case ROLE_GATE_UP: l->n_gate_up = w->part + 1; break;
    case ROLE_FFN_POST_NORM: return bind_norm(&l->ffn_post_norm.weight, m, w, err);
    case ROLE_BIAS: return bind_vector(bias_place(m, w), &m->file, w, err);
    case ROLE_NORM: return bind_norm(&m->norm.weight, m, w, err);
    default: break;
    }
    return bind_matrix(model_matrix(m, w), &m->file, w, err);
}

static bool bind_weights(struct model *m, struct error *err)
{
    struct weight_list list = weight_list(&m->config, m->format);
    struct plane plane;
    size_t n_planes = 1; /* the tokenizer */
    char *name = xasprintf("%s: " META_FORMATS, m->file.name);
    bool ok = weight_list_set_formats(&list, m->formats, name, err);
    free(name);
    for (size_t i = 0; ok && i < list.n; i++) {
        ok = bind_weight(m, &list.items[i], err);
        for (enum plane_kind kind = 0; kind < N_PLANES; kind++)
            n_planes += weight_plane(&list.items[i], kind, &plane);
    }
    free(list.items);
    if (m->config.tied)
        m->head = m->embed;
    return ok &&
           (m->file.n_tensors == n_planes ||
            error_set(err, EX_DATAERR, "%s: holds %zu tensors, but the model's config makes it %zu",
                      m->file.name, m->file.n_tensors, n_planes));
}

static bool bind_tokenizer(struct model *m, struct error *err)
{
    const struct st_tensor *image = safetensors_find(&m->file, TENSOR_TOKENIZER_IMAGE);
    const struct st_tensor *t = image ? image : safetensors_find(&m->file, TENSOR_TOKENIZER);
    if (!t || t->dtype != ST_U8 || t->n_dims != 1 || t->begin == t->end)
        return error_set(err, EX_DATAERR,
                         "%s: tensor \"" TENSOR_TOKENIZER "\" is missing or no list of "
                         "bytes",
                         m->file.name);
    if (image)
        m->tokenizer_image = m->file.data + t->begin;
    else
        m->tokenizer_json = (const char *)m->file.data + t->begin;
    m->tokenizer_bytes = (size_t)(t->end - t->begin);
    return true;
}

/* ---- metadata ------------------------------------------------------------------------- */

static bool check_version(const struct safetensors *st, struct error *err)
{
    const char *version = safetensors_meta(st, META_VERSION);
    if (!version)
        return error_set(err, EX_DATAERR,
                         "%s: not a .qins file: no \"" META_VERSION "\" in its metadata "
                         "(qins-convert makes one from a model folder)",
                         st->name);
    return strcmp(version, QINS_FILE_VERSION) == 0 ||
           strcmp(version, QINS_FILE_VERSION_JSON) == 0 ||
           error_set(err, EX_DATAERR,
                     "%s: .qins version %.40s; this program reads versions " QINS_FILE_VERSION_JSON
                     " and " QINS_FILE_VERSION ": convert the model again",
                     st->name, version);
}

static bool read_metadata(struct model *m, struct error *err)
{
    const struct safetensors *st = &m->file;
    const char *config = safetensors_meta(st, META_CONFIG);
    const char *generation = safetensors_meta(st, META_GENERATION);
    const char *format = safetensors_meta(st, META_FORMAT);
    if (!check_version(st, err))
        return false;
    if (!config)
        return error_set(err, EX_DATAERR, "%s: no \"" META_CONFIG "\" in its metadata", st->name);
    if (!format || !format_from_name(format, &m->format))
        return error_set(err, EX_DATAERR, "%s: number format \"%.40s\" is not known", st->name,
                         format ? format : "(missing)");
    char *config_name = xasprintf("%s: config.json", st->name);
    char *generation_name = xasprintf("%s: generation_config.json", st->name);
    bool ok = config_parse(&m->config, config, strlen(config), config_name, generation,
                           generation ? strlen(generation) : 0, generation_name, err);
    free(config_name);
    free(generation_name);
    m->tokenizer_config_json = safetensors_meta(st, META_TOKENIZER_CONFIG);
    m->tokenizer_hash = safetensors_meta(st, META_TOKENIZER_HASH);
    m->formats = safetensors_meta(st, META_FORMATS);
    m->loss = safetensors_meta(st, META_LOSS);
    m->source = safetensors_meta(st, META_SOURCE);
    if (!m->source)
        m->source = "";
    return ok;
}

/* ---- plans ---------------------------------------------------------------------------- */

static struct layer_plan plan_layer(const struct model_config *c, uint32_t layer)
{
    const struct arch *a = c->arch;
    bool is_sliding = c->layers[layer] & LAYER_SLIDING;
    bool same_rope = memcmp(&c->rope[0], &c->rope[1], sizeof c->rope[0]) == 0;
    struct layer_plan p = {.window = is_sliding ? c->window : 0,
                           .rope = is_sliding && !same_rope ? ROPE_OF_SLIDING : ROPE_OF_FULL,
                           .norm = a->norm,
                           .qk_norm = a->qk_norm,
                           .act = c->act,
                           .is_gated = a->is_gated,
                           .score_scale = c->score_scale,
                           .score_cap = c->score_cap,
                           .residual_scale = c->residual_scale};
    if (c->layers[layer] & LAYER_NO_ROPE)
        p.rope = ROPE_NONE;
    return p;
}

/* The parsed header bounds the number of layers before memory is taken for them. */
static bool make_layers(struct model *m, struct error *err)
{
    if (m->config.n_layers > m->file.n_tensors)
        return error_set(err, EX_DATAERR, "%s: %zu tensors are too few for %u layers", m->file.name,
                         m->file.n_tensors, m->config.n_layers);
    m->layers = xcalloc(m->config.n_layers, sizeof *m->layers);
    for (uint32_t i = 0; i < m->config.n_layers; i++)
        m->layers[i].plan = plan_layer(&m->config, i);
    return true;
}

/* ---- open and close ------------------------------------------------------------------- */

/* Takes the opened file over. */
static struct model *bind(struct safetensors *file, double start_ms, struct error *err)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->file = *file;
    if (!read_metadata(m, err) || !make_layers(m, err) || !bind_tokenizer(m, err) ||
        !bind_weights(m, err)) {
        model_close(m);
        return NULL;
    }
    m->file_bytes = m->file.file.size;
    m->n_params = config_n_params(&m->config);
    m->open_ms = now_ms() - start_ms;
    return m;
}

struct model *model_open(const char *path, struct error *err)
{
    struct safetensors file;
    double start = now_ms();
    return safetensors_open(&file, path, err) ? bind(&file, start, err) : NULL;
}

struct model *model_open_bytes(const void *bytes, size_t size, const char *name, struct error *err)
{
    struct safetensors file;
    double start = now_ms();
    return safetensors_parse(&file, bytes, size, name, err) ? bind(&file, start, err) : NULL;
}

void model_close(struct model *m)
{
    if (!m)
        return;
    safetensors_close(&m->file);
    if (m->memory)
        munmap(m->memory, m->memory_bytes);
    for (size_t i = 0; i < m->n_owned; i++)
        free(m->owned[i]);
    free(m->owned);
    free(m->layers);
    free(m);
}

struct weight_list model_weights(const struct model *m)
{
    struct weight_list list = weight_list(&m->config, m->format);
    struct error never;
    weight_list_set_formats(&list, m->formats, "", &never); /* was read when the model was opened */
    return list;
}

struct model_bits model_bits(const struct model *m)
{
    struct weight_list list = model_weights(m);
    double bits[2] = {0}, weights[2] = {0}, codes = 0; /* [1]: of the layers' matrices */
    struct plane plane;
    for (size_t i = 0; i < list.n; i++) {
        const struct weight *w = &list.items[i];
        bool inside = !w->is_vector && w->role != ROLE_EMBED && w->role != ROLE_HEAD;
        weights[inside] += (double)w->rows * w->cols;
        codes += inside ? weight_bits(w) : 0;
        for (enum plane_kind kind = 0; kind < N_PLANES; kind++)
            if (weight_plane(w, kind, &plane))
                bits[inside] += 8.0 * (double)plane.bytes;
    }
    free(list.items);
    return (struct model_bits){codes / weights[1], bits[1] / weights[1],
                               (bits[0] + bits[1]) / (weights[0] + weights[1])};
}

struct tokenizer *model_tokenizer(const struct model *m, struct error *err)
{
    char *name = xasprintf("%s: %s", m->file.name,
                           m->tokenizer_image ? TENSOR_TOKENIZER_IMAGE : TENSOR_TOKENIZER);
    struct tokenizer *t =
        m->tokenizer_image
            ? tokenizer_open(m->tokenizer_image, m->tokenizer_bytes, name, m->config.vocab, err)
            : tokenizer_new(m->tokenizer_json, m->tokenizer_bytes, name, m->config.vocab, err);
    free(name);
    return t;
}
