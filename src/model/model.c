/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "huge_memory.h"

#include "compressed.h"

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

/* Where the planes of a weight begin. */
struct planes {
    const uint8_t *data;
    const float *row, *range;
};

static bool bind_planes(struct planes *p, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    const struct format_info *info = format_info(w->format);
    *p = (struct planes){0};
    p->data = bind_plane(st, w, PLANE_DATA, info->is_qins ? ALIGN : info->tile_bytes, err);
    if (!info->is_qins)
        return p->data != NULL;
    p->range = bind_plane(st, w, PLANE_RANGE, sizeof *p->range, err);
    if (info->row_floats)
        p->row = bind_plane(st, w, PLANE_ROW, ALIGN, err);
    return p->data && p->range && (p->row || !info->row_floats);
}

/* Expert `part` of a stack; part 0 of what is none. */
static bool set_matrix(struct matrix *m, const struct planes *p, const struct weight *w,
                       uint32_t part, const char *file, struct error *err)
{
    *m = matrix_shape(w->format, w->rows, w->cols);
    m->data = p->data + part * matrix_data_bytes(m);
    if (p->row)
        m->row = p->row + part * matrix_row_bytes(m) / sizeof *m->row;
    if (!p->range)
        return true;
    m->log_min = p->range[2 * part];
    m->log_max = p->range[2 * part + 1];
    return check_scales(m, w, file, err);
}

static bool bind_matrix(struct matrix *m, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    struct planes p;
    return bind_planes(&p, st, w, err) && set_matrix(m, &p, w, 0, st->name, err);
}

static bool bind_vector(const float **v, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    *v = bind_plane(st, w, PLANE_DATA, sizeof **v, err);
    return *v && check_finite(*v, (size_t)w->cols * weight_n_parts(w), -__FLT_MAX__, __FLT_MAX__,
                              st->name, "weight", w, err);
}

/* -> room for a vector that is not as it stands in the file; freed with the model. */
static float *own_vector(struct model *m, size_t n)
{
    m->owned = xrealloc(m->owned, m->n_owned + 1, sizeof *m->owned);
    return m->owned[m->n_owned++] = xcalloc(n, sizeof(float));
}

static bool bind_scalar(float *x, const struct safetensors *st, const struct weight *w,
                        struct error *err)
{
    const float *v;
    if (!bind_vector(&v, st, w, err))
        return false;
    *x = *v;
    return true;
}

/* 1 + weight, if that is what this model's norms multiply by. */
static bool bind_norm(const float **norm, struct model *m, const struct weight *w,
                      struct error *err)
{
    if (!bind_vector(norm, &m->file, w, err))
        return false;
    if (m->config.arch->norm != NORM_RMS_ONE_PLUS)
        return true;
    float *copy = own_vector(m, w->cols);
    for (uint32_t i = 0; i < w->cols; i++)
        copy[i] = 1 + (*norm)[i];
    *norm = copy;
    return true;
}

/* Turned round: a kernel goes over the channels. */
static bool bind_conv(const float **conv, struct model *m, const struct weight *w,
                      struct error *err)
{
    const float *data = bind_plane(&m->file, w, PLANE_DATA, sizeof *data, err);
    if (!data || !check_finite(data, (size_t)w->rows * w->cols, -__FLT_MAX__, __FLT_MAX__,
                               m->file.name, "weight", w, err))
        return false;
    float *turned = own_vector(m, (size_t)w->rows * w->cols);
    for (uint32_t i = 0; i < w->rows; i++)
        for (uint32_t tap = 0; tap < w->cols; tap++)
            turned[(size_t)tap * w->rows + i] = data[(size_t)i * w->cols + tap];
    *conv = turned;
    return true;
}

static bool bind_decay(const float **decay, struct model *m, const struct weight *w,
                       struct error *err)
{
    if (!bind_vector(decay, &m->file, w, err))
        return false;
    float *copy = own_vector(m, w->cols);
    for (uint32_t i = 0; i < w->cols; i++)
        copy[i] = -expf((*decay)[i]);
    *decay = copy;
    return check_finite(copy, w->cols, -__FLT_MAX__, 0, m->file.name, "exponential of weight", w,
                        err);
}

/* ---- binding the model ---------------------------------------------------------------- */

/* Memory for its matrices is taken once the file has them all. */
static bool bind_stack(struct matrix **out, struct model *m, const struct weight *w,
                       struct error *err)
{
    struct planes p;
    if (!bind_planes(&p, &m->file, w, err))
        return false;
    *out = xcalloc(w->n_experts, sizeof **out);
    for (uint32_t i = 0; i < w->n_experts; i++)
        if (!set_matrix(&(*out)[i], &p, w, i, m->file.name, err))
            return false;
    return true;
}

/* weight dim^-0.5: with it an RMS norm gives what this router reads. */
static bool bind_router_scale(struct experts *e, struct model *m, const struct weight *w,
                              struct error *err)
{
    const float *scale, factor = 1 / sqrtf((float)w->cols);
    if (!bind_vector(&scale, &m->file, w, err))
        return false;
    float *norm = own_vector(m, w->cols);
    for (uint32_t i = 0; i < w->cols; i++)
        norm[i] = scale[i] * factor;
    e->router_norm = norm;
    return true;
}

static bool bind_expert_norm(struct experts *e, struct model *m, const struct weight *w,
                             struct error *err)
{
    struct norm *norms[N_EXPERT_NORMS] = {[EXPERT_NORM_IN] = &e->in_norm,
                                          [EXPERT_NORM_POST] = &e->post_norm,
                                          [EXPERT_NORM_DENSE_POST] = &e->dense_post_norm};
    return bind_norm(&norms[w->part]->weight, m, w, err);
}

static bool bind_expert_weight(struct model *m, const struct weight *w, struct error *err)
{
    struct experts *e = m->layers[w->layer].experts;
    switch (w->role) {
    case ROLE_ROUTER: return bind_matrix(&e->router, &m->file, w, err);
    case ROLE_ROUTER_SCALE: return bind_router_scale(e, m, w, err);
    case ROLE_CHOICE_BIAS: return bind_vector(&e->choice_bias, &m->file, w, err);
    case ROLE_EXPERT_SCALE: return bind_vector(&e->weight_scale, &m->file, w, err);
    case ROLE_EXPERT_NORM: return bind_expert_norm(e, m, w, err);
    case ROLE_BESIDE_GATE: return bind_matrix(&e->beside_gate, &m->file, w, err);
    case ROLE_EXPERT_GATE_UP:
        e->n_gate_up = w->part + 1;
        return bind_stack(&e->gate_up[w->part], m, w, err);
    default: return bind_stack(&e->down, m, w, err);
    }
}

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
    case ROLE_ROUTER: return &l->experts->router_bias;
    case ROLE_EXPERT_GATE_UP: return &l->experts->gate_up_bias[w->part];
    case ROLE_EXPERT_DOWN: return &l->experts->down_bias;
    case ROLE_MIXER_IN: return &l->mixer_in_bias[w->part];
    case ROLE_MIXER_OUT: return &l->mixer_out_bias;
    case ROLE_CONV: return &l->conv_bias;
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
    case ROLE_MIXER_IN: return &l->mixer_in[w->part];
    case ROLE_MIXER_OUT: return &l->mixer_out;
    case ROLE_LAYER_INPUT: return w->part ? &l->input_proj : &l->input_gate;
    case ROLE_PER_LAYER_EMBED: return &m->per_layer.embed;
    case ROLE_PER_LAYER_PROJ: return &m->per_layer.proj;
    case ROLE_HEAD: return &m->head;
    default: return NULL;
    }
}

/* Those that this layer, or model, has. */
static void each(struct matrix *w, uint32_t n, void (*fn)(void *arg, struct matrix *w), void *arg)
{
    for (uint32_t i = 0; w && i < n; i++)
        if (w[i].data)
            fn(arg, &w[i]);
}

static void each_of_experts(struct experts *e, void (*fn)(void *arg, struct matrix *w), void *arg)
{
    each(&e->router, 1, fn, arg);
    each(&e->beside_gate, 1, fn, arg);
    for (uint32_t p = 0; p < e->n_gate_up; p++)
        each(e->gate_up[p], e->n, fn, arg);
    each(e->down, e->n, fn, arg);
}

void model_each_matrix(struct model *m, void (*fn)(void *arg, struct matrix *w), void *arg)
{
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        struct layer *l = &m->layers[i];
        each(l->qkv, l->n_qkv, fn, arg);
        each(&l->attn_out, 1, fn, arg);
        each(l->mixer_in, MAX_MIXER_IN, fn, arg);
        each(&l->mixer_out, 1, fn, arg);
        each(l->gate_up, l->n_gate_up, fn, arg);
        each(&l->down, 1, fn, arg);
        each(&l->input_gate, 1, fn, arg);
        each(&l->input_proj, 1, fn, arg);
        if (l->experts)
            each_of_experts(l->experts, fn, arg);
    }
    each(&m->embed, 1, fn, arg);
    each(&m->per_layer.embed, 1, fn, arg);
    each(&m->per_layer.proj, 1, fn, arg);
    each(&m->head, 1, fn, arg);
}

struct matrix *model_part_matrix(struct model *m, const struct weight *w, uint32_t expert)
{
    struct experts *e = m->layers[w->layer].experts;
    switch (w->role) {
    case ROLE_EXPERT_GATE_UP: return &e->gate_up[w->part][expert];
    case ROLE_EXPERT_DOWN: return &e->down[expert];
    default: return model_matrix(m, w);
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
    case ROLE_MIXER_IN: l->n_mixer_in += 1; break;
    case ROLE_CONV: return bind_conv(&l->conv, m, w, err);
    case ROLE_DECAY: return bind_decay(&l->decay, m, w, err);
    case ROLE_STEP_BIAS: return bind_vector(&l->step_bias, &m->file, w, err);
    case ROLE_MIXER_NORM: return bind_vector(&l->mixer_norm, &m->file, w, err);
    case ROLE_BIAS: return bind_vector(bias_place(m, w), &m->file, w, err);
    case ROLE_LAYER_INPUT_NORM: return bind_norm(&l->input_norm.weight, m, w, err);
    case ROLE_LAYER_SCALE: return bind_scalar(&l->scale, &m->file, w, err);
    case ROLE_PER_LAYER_NORM: return bind_norm(&m->per_layer.norm, m, w, err);
    case ROLE_SINKS: return bind_vector(&l->sinks, &m->file, w, err);
    case ROLE_NORM: return bind_norm(&m->norm.weight, m, w, err);
    case ROLE_EMBED:
    case ROLE_ATTN_OUT:
    case ROLE_DOWN:
    case ROLE_MIXER_OUT:
    case ROLE_LAYER_INPUT:
    case ROLE_PER_LAYER_EMBED:
    case ROLE_PER_LAYER_PROJ:
    case ROLE_HEAD: break;
    default: return bind_expert_weight(m, w, err);
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
    const struct layer_shape *shape = &c->shapes[layer];
    bool is_sliding = c->layers[layer] & LAYER_SLIDING;
    bool same_rope = memcmp(&c->rope[0], &c->rope[1], sizeof c->rope[0]) == 0;
    struct layer_plan p = {.mixer = config_mixer(c, layer),
                           .has_out_gate = a->reads & HAS_OUT_GATE,
                           .window = is_sliding ? c->window : 0,
                           .rope = is_sliding && !same_rope ? ROPE_OF_SLIDING : ROPE_OF_FULL,
                           .head_dim = shape->head_dim,
                           .n_kv_heads = shape->n_kv_heads,
                           .group = c->n_heads / shape->n_kv_heads,
                           .q_dim = config_q_dim(c, layer),
                           .q_rows = config_q_rows(c, layer),
                           .kv_dim = config_kv_dim(c, layer),
                           .qkv_dim = config_qkv_dim(c, layer),
                           .ffn_dim = shape->ffn_dim,
                           .has_kv = shape->kv_layer == layer,
                           .v_is_k = shape->v_is_k,
                           .norm = a->norm,
                           .qk_norm = a->qk_norm,
                           .act = c->act,
                           .is_gated = a->is_gated,
                           .score_scale = c->score_scale,
                           .score_cap = c->score_cap,
                           .residual_scale = c->residual_scale};
    if ((c->layers[layer] & LAYER_NO_ROPE) || p.mixer != MIXER_ATTENTION)
        p.rope = ROPE_NONE;
    return p;
}

static const float *vector_of_ones(struct model *m, uint32_t n)
{
    float *ones = own_vector(m, n);
    for (uint32_t i = 0; i < n; i++)
        ones[i] = 1;
    return ones;
}

static struct experts *new_experts(const struct model_config *c)
{
    struct experts *e = xcalloc(1, sizeof *e);
    *e = (struct experts){.kind = c->arch->experts.router,
                          .n = c->experts.n,
                          .n_used = c->experts.n_used,
                          .dim = c->experts.dim,
                          .normalise = c->experts.normalise,
                          .normalise_eps = c->arch->experts.normalise_eps,
                          .scale = c->experts.scale};
    return e;
}

static void free_experts(struct experts *e)
{
    if (!e)
        return;
    for (int i = 0; i < MAX_GATE_UP; i++)
        free(e->gate_up[i]);
    free(e->down);
    free(e);
}

/* The parsed header bounds the number of layers before memory is taken for them. */
static bool make_layers(struct model *m, struct error *err)
{
    if (m->config.n_layers > m->file.n_tensors)
        return error_set(err, EX_DATAERR, "%s: %zu tensors are too few for %u layers", m->file.name,
                         m->file.n_tensors, m->config.n_layers);
    m->layers = xcalloc(m->config.n_layers, sizeof *m->layers);
    const float *ones =
        (m->config.arch->reads & HAS_V_NORM) ? vector_of_ones(m, MAX_HEAD_DIM) : NULL;
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        m->layers[i].plan = plan_layer(&m->config, i);
        m->layers[i].scale = 1;
        m->layers[i].v_norm = ones;
        if (m->config.layers[i] & LAYER_EXPERTS)
            m->layers[i].experts = new_experts(&m->config);
    }
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
    m->n_active_params = config_n_active_params(&m->config);
    m->open_ms = now_ms() - start_ms;
    return m;
}

static struct model *open_compressed(const char *path, double start_ms, struct error *err)
{
    uint64_t stored;
    size_t size;
    void *image = compressed_decode(path, &size, &stored, err);
    struct model *m = image ? model_open_bytes(image, size, path, err) : NULL;
    if (!m) {
        huge_memory_free(image, size);
        return NULL;
    }
    m->memory = image;
    m->memory_bytes = size;
    m->compressed_bytes = stored;
    m->open_ms = now_ms() - start_ms;
    return m;
}

struct model *model_open(const char *path, struct error *err)
{
    struct safetensors file;
    double start = now_ms();
    if (!safetensors_open(&file, path, err))
        return NULL;
    if (!compressed_is(&file))
        return bind(&file, start, err);
    safetensors_close(&file);
    return open_compressed(path, start, err);
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
    huge_memory_free(m->memory, m->memory_bytes);
    for (size_t i = 0; i < m->n_owned; i++)
        free(m->owned[i]);
    free(m->owned);
    for (uint32_t i = 0; m->layers && i < m->config.n_layers; i++)
        free_experts(m->layers[i].experts);
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
        weights[inside] += (double)w->rows * w->cols * weight_n_parts(w);
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
