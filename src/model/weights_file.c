/* SPDX-License-Identifier: MIT */
#include "weights_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list of weights -------------------------------------------------------------- */

const char *role_name(enum role role)
{
    static const char *const names[N_ROLES] = {
        [ROLE_EMBED] = "embed",
        [ROLE_ATTN_NORM] = "attn_norm",
        [ROLE_QKV] = "qkv",
        [ROLE_QK_NORM] = "qk_norm",
        [ROLE_ATTN_OUT] = "attn_out",
        [ROLE_ATTN_POST_NORM] = "attn_post_norm",
        [ROLE_FFN_NORM] = "ffn_norm",
        [ROLE_GATE_UP] = "gate_up",
        [ROLE_DOWN] = "down",
        [ROLE_FFN_POST_NORM] = "ffn_post_norm",
        [ROLE_BIAS] = "bias",
        [ROLE_NORM] = "norm",
        [ROLE_HEAD] = "head",
        [ROLE_LAYER_INPUT] = "layer_input",
        [ROLE_LAYER_INPUT_NORM] = "layer_input_norm",
        [ROLE_LAYER_SCALE] = "layer_scale",
        [ROLE_PER_LAYER_EMBED] = "per_layer_embed",
        [ROLE_PER_LAYER_PROJ] = "per_layer_proj",
        [ROLE_PER_LAYER_NORM] = "per_layer_norm",
        [ROLE_SINKS] = "sinks",
        [ROLE_ROUTER] = "router",
        [ROLE_ROUTER_SCALE] = "router_scale",
        [ROLE_CHOICE_BIAS] = "choice_bias",
        [ROLE_EXPERT_SCALE] = "expert_scale",
        [ROLE_EXPERT_GATE_UP] = "expert_gate_up",
        [ROLE_EXPERT_DOWN] = "expert_down",
        [ROLE_EXPERT_NORM] = "expert_norm",
        [ROLE_BESIDE_GATE] = "beside_gate",
        [ROLE_MIXER_IN] = "mixer_in",
        [ROLE_MIXER_OUT] = "mixer_out",
        [ROLE_CONV] = "conv",
        [ROLE_DECAY] = "decay",
        [ROLE_STEP_BIAS] = "step_bias",
        [ROLE_MIXER_NORM] = "mixer_norm",
    };
    return names[role];
}

/* Embedding and head lose most from four bits, and are small: they get eight. */
static enum format edge_format(enum format format)
{
    return format_info(format)->has_fine_edges ? FORMAT_QINS8 : format;
}

/* The list while it is made. */
struct lister {
    struct weight_list list;
    const struct model_config *c;
    enum format format; /* of the linear weights */
    uint32_t layer;
};

static bool is_in_layer(enum role role)
{
    return role != ROLE_EMBED && role != ROLE_NORM && role != ROLE_HEAD &&
           role != ROLE_PER_LAYER_EMBED && role != ROLE_PER_LAYER_PROJ &&
           role != ROLE_PER_LAYER_NORM;
}

static void add_named(struct lister *l, struct weight w, const char *name, const char *ending)
{
    char prefix[32] = "";
    w.layer = l->layer;
    if (is_in_layer(w.role == ROLE_BIAS ? w.bias_of : w.role))
        snprintf(prefix, sizeof prefix, "model.layers.%u.", w.layer);
    snprintf(w.name, sizeof w.name, "%s%s%s", prefix, name, ending);
    l->list.items[l->list.n++] = w;
}

/* NAME.weight, and NAME.bias if it has one. */
static void add(struct lister *l, struct weight w, const char *name, bool has_bias)
{
    add_named(l, w, name, ".weight");
    if (!has_bias)
        return;
    w.bias_of = w.role;
    w.role = ROLE_BIAS;
    w.cols = w.is_vector ? w.cols : w.rows;
    w.rows = 1;
    w.is_vector = true;
    w.format = FORMAT_F32;
    add_named(l, w, name, ".bias");
}

static void add_norm(struct lister *l, enum role role, const char *name)
{
    struct weight w = {
        .role = role, .is_vector = true, .format = FORMAT_F32, .rows = 1, .cols = l->c->dim};
    if (name)
        add(l, w, name, l->c->arch->norm == NORM_LAYER);
}

static void add_qk_norms(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct layer_shape *shape = &c->shapes[l->layer];
    const uint32_t dims[2] = {config_q_dim(c, l->layer), config_kv_dim(c, l->layer)};
    const uint32_t n = shape->kv_layer == l->layer ? 2 : 1;
    const char *const names[2] = {c->arch->q_norm ? c->arch->q_norm : "self_attn.q_norm",
                                  c->arch->k_norm ? c->arch->k_norm : "self_attn.k_norm"};
    for (uint32_t part = 0; c->arch->qk_norm != QK_NORM_NONE && part < n; part++)
        add(l,
            (struct weight){.role = ROLE_QK_NORM,
                            .part = part,
                            .is_vector = true,
                            .format = FORMAT_F32,
                            .rows = 1,
                            .cols = c->arch->qk_norm == QK_NORM_ALL ? dims[part] : shape->head_dim},
            names[part], false);
}

static void add_matrix(struct lister *l, enum role role, uint32_t part, uint32_t rows,
                       uint32_t cols, const char *name, bool has_bias)
{
    bool is_edge = role == ROLE_EMBED || role == ROLE_HEAD || role == ROLE_PER_LAYER_EMBED;
    enum format format = is_edge ? edge_format(l->format) : l->format;
    add(l,
        (struct weight){.role = role, .part = part, .format = format, .rows = rows, .cols = cols},
        name, has_bias);
}

static void add_layer_input(struct lister *l)
{
    const struct model_config *c = l->c;
    add_matrix(l, ROLE_LAYER_INPUT, 0, c->per_layer_dim, c->dim, "per_layer_input_gate", false);
    add_matrix(l, ROLE_LAYER_INPUT, 1, c->dim, c->per_layer_dim, "per_layer_projection", false);
    add_norm(l, ROLE_LAYER_INPUT_NORM, "post_per_layer_input_norm");
}

/* Gate, up and down of a feed-forward part, or of n_experts of them. */
static void add_ffn(struct lister *l, enum role up_role, enum role down_role, uint32_t n_experts,
                    uint32_t rows, const char *const gate_up[MAX_GATE_UP], const char *down,
                    bool bias)
{
    const bool is_fused = l->c->arch->is_gated && !gate_up[1];
    struct weight w = {
        .role = up_role, .n_experts = n_experts, .format = l->format, .cols = l->c->dim};
    w.rows = is_fused ? 2 * rows : rows;
    for (uint32_t i = 0; i < MAX_GATE_UP && gate_up[i]; i++) {
        w.part = i;
        add(l, w, gate_up[i], bias);
    }
    add(l,
        (struct weight){.role = down_role,
                        .n_experts = n_experts,
                        .format = l->format,
                        .rows = l->c->dim,
                        .cols = rows},
        down, bias);
}

/* Small vectors whose names have no ending. */
static void add_plain(struct lister *l, enum role role, const char *name, uint32_t n)
{
    struct weight w = {.role = role, .is_vector = true, .format = FORMAT_F32, .rows = 1, .cols = n};
    if (name)
        add_named(l, w, name, "");
}

static void add_experts(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch_experts *a = &c->arch->experts;
    const struct expert_config *e = &c->experts;
    const char *const norms[N_EXPERT_NORMS] = {[EXPERT_NORM_IN] = a->in_norm,
                                               [EXPERT_NORM_POST] = a->post_norm,
                                               [EXPERT_NORM_DENSE_POST] = a->dense_post_norm};
    enum format exact = l->format == FORMAT_F32 ? FORMAT_F32 : FORMAT_BF16;
    add(l, (struct weight){.role = ROLE_ROUTER, .format = exact, .rows = e->n, .cols = c->dim},
        a->router_name, e->router_bias);
    add_plain(l, ROLE_ROUTER_SCALE, a->router_scale, c->dim);
    add_plain(l, ROLE_CHOICE_BIAS, e->choice_bias ? a->choice_bias : NULL, e->n);
    add_plain(l, ROLE_EXPERT_SCALE, a->expert_scale, e->n);
    for (uint32_t i = 0; i < N_EXPERT_NORMS; i++)
        if (norms[i])
            add(l,
                (struct weight){.role = ROLE_EXPERT_NORM,
                                .part = i,
                                .is_vector = true,
                                .format = FORMAT_F32,
                                .rows = 1,
                                .cols = c->dim},
                norms[i], false);
    if (e->beside_dim && a->beside_gate)
        add(l,
            (struct weight){.role = ROLE_BESIDE_GATE, .format = exact, .rows = 1, .cols = c->dim},
            a->beside_gate, false);
    if (e->beside_dim)
        add_ffn(l, ROLE_GATE_UP, ROLE_DOWN, 0, c->shapes[l->layer].ffn_dim, a->beside_gate_up,
                a->beside_down, false);
    add_ffn(l, ROLE_EXPERT_GATE_UP, ROLE_EXPERT_DOWN, e->n, e->dim, a->gate_up, a->down, e->bias);
}

static void add_attention(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch *a = c->arch;
    const struct layer_shape *shape = &c->shapes[l->layer];
    const uint32_t q_rows = config_q_rows(c, l->layer), kv_dim = config_kv_dim(c, l->layer);
    const uint32_t qkv_rows[MAX_QKV] = {a->qkv[1] ? q_rows : q_rows + 2 * kv_dim, kv_dim, kv_dim};
    const uint32_t n_qkv = shape->kv_layer != l->layer ? 1 : shape->v_is_k ? 2 : MAX_QKV;
    for (uint32_t i = 0; i < n_qkv && a->qkv[i]; i++)
        add_matrix(l, ROLE_QKV, i, qkv_rows[i], c->dim, a->qkv[i], c->qkv_bias);
    add_qk_norms(l);
    add_plain(l, ROLE_SINKS, a->reads & HAS_SINKS ? "self_attn.sinks" : NULL, c->n_heads);
    add_matrix(l, ROLE_ATTN_OUT, 0, c->dim, config_q_dim(c, l->layer),
               a->attn_out ? a->attn_out : "self_attn.o_proj", c->out_bias);
}

/* Of a few rows, which decide how fast a state fades: they are small, and stay as they are. */
static void add_exact(struct lister *l, enum role role, uint32_t part, uint32_t rows,
                      const char *name)
{
    enum format exact = l->format == FORMAT_F32 ? FORMAT_F32 : FORMAT_BF16;
    add(l,
        (struct weight){
            .role = role, .part = part, .format = exact, .rows = rows, .cols = l->c->dim},
        name, false);
}

static void add_delta(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch_mixer *a = &c->arch->mixer;
    for (uint32_t i = 2; i < MAX_MIXER_IN; i++)
        add_exact(l, ROLE_MIXER_IN, i, config_mixer_rows(c, i), a->in[i]);
    add_plain(l, ROLE_DECAY, a->decay, c->delta_v_heads);
    add_plain(l, ROLE_STEP_BIAS, a->step_bias, c->delta_v_heads);
    add(l,
        (struct weight){.role = ROLE_MIXER_NORM,
                        .is_vector = true,
                        .format = FORMAT_F32,
                        .rows = 1,
                        .cols = c->delta_v_dim},
        a->norm, false);
}

/* Of a layer without attention. */
static void add_mixer(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch_mixer *a = &c->arch->mixer;
    for (uint32_t i = 0; i < 2 && a->in[i]; i++)
        add_matrix(l, ROLE_MIXER_IN, i, config_mixer_rows(c, i), c->dim, a->in[i], c->mixer_bias);
    if (a->kind == MIXER_DELTA)
        add_delta(l);
    add(l,
        (struct weight){.role = ROLE_CONV,
                        .format = FORMAT_F32,
                        .rows = config_conv_dim(c),
                        .cols = c->conv_taps},
        a->conv, c->mixer_bias);
    add_matrix(l, ROLE_MIXER_OUT, 0, c->dim, config_mixer_out(c), a->out, c->mixer_bias);
}

static void add_layer(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch *a = c->arch;
    const struct layer_shape *shape = &c->shapes[l->layer];
    add_norm(l, ROLE_ATTN_NORM, a->attn_norm);
    if (c->layers[l->layer] & LAYER_STATE)
        add_mixer(l);
    else
        add_attention(l);
    add_norm(l, ROLE_ATTN_POST_NORM, a->attn_post_norm);
    add_norm(l, ROLE_FFN_NORM, a->ffn_norm);
    if (c->layers[l->layer] & LAYER_EXPERTS)
        add_experts(l);
    else
        add_ffn(l, ROLE_GATE_UP, ROLE_DOWN, 0, shape->ffn_dim, a->gate_up, a->down, c->ffn_bias);
    add_norm(l, ROLE_FFN_POST_NORM, a->ffn_post_norm);
    if (c->per_layer_dim)
        add_layer_input(l);
    add_plain(l, ROLE_LAYER_SCALE, a->reads & HAS_LAYER_SCALE ? "layer_scalar" : NULL, 1);
}

/* The table of per-layer inputs, and their projection from the embedding. */
static void add_per_layer_inputs(struct lister *l)
{
    const struct model_config *c = l->c;
    const uint32_t dim = c->n_layers * c->per_layer_dim;
    add_matrix(l, ROLE_PER_LAYER_EMBED, 0, c->per_layer_vocab, dim, "model.embed_tokens_per_layer",
               false);
    add_matrix(l, ROLE_PER_LAYER_PROJ, 0, dim, c->dim, "model.per_layer_model_projection", false);
    add(l,
        (struct weight){.role = ROLE_PER_LAYER_NORM,
                        .is_vector = true,
                        .format = FORMAT_F32,
                        .rows = 1,
                        .cols = c->per_layer_dim},
        "model.per_layer_projection_norm", false);
}

struct weight_list weight_list(const struct model_config *c, enum format format)
{
    enum { MAX_IN_LAYER = 48, OUTSIDE_LAYERS = 8 };
    struct lister l = {.c = c, .format = format};
    l.list.items =
        xcalloc((size_t)c->n_layers * MAX_IN_LAYER + OUTSIDE_LAYERS, sizeof *l.list.items);
    add_matrix(&l, ROLE_EMBED, 0, c->vocab, c->dim, "model.embed_tokens", false);
    if (c->per_layer_dim)
        add_per_layer_inputs(&l);
    for (l.layer = 0; l.layer < c->n_layers; l.layer++)
        add_layer(&l);
    l.layer = 0;
    add_norm(&l, ROLE_NORM, c->arch->last_norm ? c->arch->last_norm : "model.norm");
    if (!c->tied)
        add_matrix(&l, ROLE_HEAD, 0, c->vocab, c->dim, "lm_head", false);
    return l.list;
}

bool weight_is_stack(const struct weight *w)
{
    return (w->role == ROLE_EXPERT_GATE_UP || w->role == ROLE_EXPERT_DOWN) && !w->is_vector &&
           format_info(w->format)->is_qins;
}

bool weight_is_layer_matrix(const struct weight *w)
{
    switch (w->role) {
    case ROLE_QKV:
    case ROLE_ATTN_OUT:
    case ROLE_GATE_UP:
    case ROLE_DOWN:
    case ROLE_MIXER_IN:
    case ROLE_MIXER_OUT:
    case ROLE_LAYER_INPUT: return !w->is_vector && format_info(w->format)->is_qins;
    default: return false;
    }
}

/* ---- formats of single weights --------------------------------------------------------- */

static struct weight *find_weight(struct weight_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

static bool set_formats(struct weight_list *list, const json_t *formats, const char *name,
                        struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)formats, key, value)
    {
        struct weight *w = find_weight(list, key);
        const char *format = json_string_value(value);
        if (!w || w->is_vector)
            return error_set(err, EX_DATAERR, "%s: \"%.100s\" is no matrix of this model", name,
                             key);
        if (!format || !format_from_name(format, &w->format))
            return error_set(err, EX_DATAERR, "%s: \"%s\": number format \"%.40s\" is not known",
                             name, key, format ? format : "");
    }
    return true;
}

bool weight_list_set_formats(struct weight_list *list, const char *json, const char *name,
                             struct error *err)
{
    if (!json)
        return true;
    json_t *formats = json_parse(json, strlen(json), name, err);
    if (!formats)
        return false;
    bool ok = json_is_object(formats)
                  ? set_formats(list, formats, name, err)
                  : error_set(err, EX_DATAERR, "%s: an object of names and formats expected", name);
    json_decref(formats);
    return ok;
}

json_t *weight_list_differences(const struct weight_list *list, const struct weight_list *plain)
{
    json_t *formats = json_object();
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].format != plain->items[i].format)
            json_object_set_new(formats, list->items[i].name,
                                json_string(format_info(list->items[i].format)->name));
    if (json_object_size(formats) > 0)
        return formats;
    json_decref(formats);
    return NULL;
}

/* ---- planes --------------------------------------------------------------------------- */

/* n_experts 0: no such dimension. */
static void plane_shape(struct plane *p, enum st_dtype dtype, uint32_t n_experts, uint32_t n_dims,
                        uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t shape[3] = {a, b, c};
    p->dtype = dtype;
    p->n_dims = 0;
    if (n_experts)
        p->shape[p->n_dims++] = n_experts;
    for (uint32_t i = 0; i < n_dims; i++)
        p->shape[p->n_dims++] = shape[i];
    p->bytes = st_dtype_bytes(dtype);
    for (uint32_t i = 0; i < p->n_dims; i++)
        p->bytes *= p->shape[i];
}

bool weight_plane(const struct weight *w, enum plane_kind kind, struct plane *out)
{
    static const char *const suffixes[N_PLANES] = {".tiles", ".row", ".range"};
    const struct format_info *info = format_info(w->format);
    const uint32_t n = w->n_experts;
    struct matrix m = matrix_shape(w->format, w->rows, w->cols);
    *out = (struct plane){0};
    snprintf(out->name, sizeof out->name, "%s%s", w->name, info->is_qins ? suffixes[kind] : "");
    if (!info->is_qins) {
        enum st_dtype dtype = w->format == FORMAT_BF16 ? ST_BF16 : ST_F32;
        if (w->is_vector)
            plane_shape(out, dtype, n, 1, w->cols, 0, 0);
        else
            plane_shape(out, dtype, n, 2, w->rows, w->cols, 0);
        return kind == PLANE_DATA;
    }
    switch (kind) {
    case PLANE_DATA:
        plane_shape(out, ST_U8, n, 3, m.rows_pad / ROW_GROUP, m.cols_pad / info->tile_cols,
                    info->tile_bytes);
        return true;
    case PLANE_ROW:
        plane_shape(out, ST_F32, n, 2, info->row_floats, m.rows_pad, 0);
        return info->row_floats > 0;
    default: plane_shape(out, ST_F32, n, 1, 2, 0, 0); return true;
    }
}

uint64_t plane_part_bytes(const struct weight *w, const struct plane *p)
{
    return p->bytes / weight_n_parts(w);
}

double weight_bits(const struct weight *w)
{
    const struct format_info *f = format_info(w->format);
    double n = (double)w->rows * w->cols;
    double each = f->tile_cols == 1 ? 8.0 * f->tile_bytes
                                    : 8.0 * f->tile_bytes / ((double)f->tile_cols * ROW_GROUP);
    return weight_n_parts(w) * (n * each + 32.0 * f->row_floats * w->rows);
}

/* ---- layout of the file --------------------------------------------------------------- */

struct slot {
    struct plane plane;
    uint64_t at;
    uint64_t *report_at; /* where the layout keeps this offset */
    size_t order;
};

/* 64-byte multiples first, so that each starts on a multiple of 64; then by element size, so that
 * the rest is aligned to its elements; otherwise forward order. */
static int by_place(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    bool x_whole = x->plane.bytes % 64 == 0, y_whole = y->plane.bytes % 64 == 0;
    if (x_whole != y_whole)
        return x_whole ? -1 : 1;
    size_t x_size = st_dtype_bytes(x->plane.dtype), y_size = st_dtype_bytes(y->plane.dtype);
    if (!x_whole && x_size != y_size)
        return x_size > y_size ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void add_slot(struct file_layout *l, struct plane plane, uint64_t *report_at)
{
    l->slots[l->n_slots] = (struct slot){plane, 0, report_at, l->n_slots};
    l->n_slots++;
}

struct file_layout file_layout_new(struct weight_list list, const char *tokenizer,
                                   uint64_t tokenizer_bytes)
{
    struct file_layout l = {.list = list, .tokenizer_bytes = tokenizer_bytes};
    struct plane plane;
    l.at = xcalloc(list.n, sizeof *l.at);
    l.slots = xcalloc(list.n * N_PLANES + 1, sizeof *l.slots);
    for (size_t i = 0; i < list.n; i++)
        for (enum plane_kind kind = 0; kind < N_PLANES; kind++)
            if (weight_plane(&list.items[i], kind, &plane))
                add_slot(&l, plane, &l.at[i][kind]);
    plane = (struct plane){0};
    snprintf(plane.name, sizeof plane.name, "%s", tokenizer);
    plane_shape(&plane, ST_U8, 0, 1, tokenizer_bytes, 0, 0);
    uint64_t tokenizer_at = 0;
    add_slot(&l, plane, &tokenizer_at);
    qsort(l.slots, l.n_slots, sizeof *l.slots, by_place);
    for (size_t i = 0; i < l.n_slots; i++) {
        l.slots[i].at = *l.slots[i].report_at = l.data_bytes;
        l.data_bytes += l.slots[i].plane.bytes;
    }
    l.tokenizer_at = tokenizer_at;
    return l;
}

void file_layout_free(struct file_layout *l)
{
    free(l->list.items);
    free(l->at);
    free(l->slots);
    *l = (struct file_layout){0};
}

const char *file_layout_name(const struct file_layout *l, size_t slot)
{
    return l->slots[slot].plane.name;
}

static json_t *slot_entry(const struct slot *s)
{
    json_t *shape = json_array();
    for (uint32_t i = 0; i < s->plane.n_dims; i++)
        json_array_append_new(shape, json_integer((json_int_t)s->plane.shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", st_dtype_name(s->plane.dtype), "shape", shape,
                     "data_offsets", (json_int_t)s->at, (json_int_t)(s->at + s->plane.bytes));
}

struct buf file_layout_header(const struct file_layout *l, json_t *metadata)
{
    json_t *root = json_object();
    json_object_set(root, "__metadata__", metadata);
    for (size_t i = 0; i < l->n_slots; i++)
        json_object_set_new(root, l->slots[i].plane.name, slot_entry(&l->slots[i]));
    char *text = json_dumps(root, JSON_COMPACT);
    assert(text);
    json_decref(root);

    uint8_t length[8];
    size_t n = strlen(text), whole = (sizeof length + n + QINS_PAGE - 1) / QINS_PAGE * QINS_PAGE;
    struct buf out = {0};
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)((whole - sizeof length) >> (8 * i));
    buf_append(&out, length, sizeof length);
    buf_append(&out, text, n);
    while (out.len < whole)
        buf_append(&out, " ", 1);
    free(text);
    return out;
}
