/* SPDX-License-Identifier: MIT */
#include "weights_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list of weights -------------------------------------------------------------- */

const char *role_name(enum role role)
{
    static const char *const names[N_ROLES] = {
        [ROLE_EMBED] = "embed",       [ROLE_ATTN_NORM] = "attn_norm",
        [ROLE_QKV] = "qkv",           [ROLE_QK_NORM] = "qk_norm",
        [ROLE_ATTN_OUT] = "attn_out", [ROLE_ATTN_POST_NORM] = "attn_post_norm",
        [ROLE_FFN_NORM] = "ffn_norm", [ROLE_GATE_UP] = "gate_up",
        [ROLE_DOWN] = "down",         [ROLE_FFN_POST_NORM] = "ffn_post_norm",
        [ROLE_BIAS] = "bias",         [ROLE_NORM] = "norm",
        [ROLE_HEAD] = "head",
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
    return role != ROLE_EMBED && role != ROLE_NORM && role != ROLE_HEAD;
}

/* NAME.weight, and NAME.bias if it has one. */
static void add(struct lister *l, struct weight w, const char *name, bool has_bias)
{
    char prefix[32] = "";
    w.layer = l->layer;
    if (is_in_layer(w.role))
        snprintf(prefix, sizeof prefix, "model.layers.%u.", w.layer);
    snprintf(w.name, sizeof w.name, "%s%s.weight", prefix, name);
    l->list.items[l->list.n++] = w;
    if (!has_bias)
        return;
    w.bias_of = w.role;
    w.role = ROLE_BIAS;
    w.cols = w.is_vector ? w.cols : w.rows;
    w.rows = 1;
    w.is_vector = true;
    w.format = FORMAT_F32;
    snprintf(w.name, sizeof w.name, "%s%s.bias", prefix, name);
    l->list.items[l->list.n++] = w;
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
    const uint32_t dims[2] = {config_q_dim(c), config_kv_dim(c)};
    static const char *const names[2] = {"self_attn.q_norm", "self_attn.k_norm"};
    for (uint32_t part = 0; c->arch->qk_norm != QK_NORM_NONE && part < 2; part++)
        add(l,
            (struct weight){.role = ROLE_QK_NORM,
                            .part = part,
                            .is_vector = true,
                            .format = FORMAT_F32,
                            .rows = 1,
                            .cols = c->arch->qk_norm == QK_NORM_ALL ? dims[part] : c->head_dim},
            names[part], false);
}

static void add_matrix(struct lister *l, enum role role, uint32_t part, uint32_t rows,
                       uint32_t cols, const char *name, bool has_bias)
{
    enum format format = is_in_layer(role) ? l->format : edge_format(l->format);
    add(l,
        (struct weight){.role = role, .part = part, .format = format, .rows = rows, .cols = cols},
        name, has_bias);
}

static void add_layer(struct lister *l)
{
    const struct model_config *c = l->c;
    const struct arch *a = c->arch;
    const uint32_t q_dim = config_q_dim(c), kv_dim = config_kv_dim(c);
    const uint32_t qkv_rows[MAX_QKV] = {a->qkv[1] ? q_dim : q_dim + 2 * kv_dim, kv_dim, kv_dim};
    add_norm(l, ROLE_ATTN_NORM, a->attn_norm);
    for (uint32_t i = 0; i < MAX_QKV && a->qkv[i]; i++)
        add_matrix(l, ROLE_QKV, i, qkv_rows[i], c->dim, a->qkv[i], c->qkv_bias);
    add_qk_norms(l);
    add_matrix(l, ROLE_ATTN_OUT, 0, c->dim, q_dim, "self_attn.o_proj", c->out_bias);
    add_norm(l, ROLE_ATTN_POST_NORM, a->attn_post_norm);
    add_norm(l, ROLE_FFN_NORM, a->ffn_norm);
    for (uint32_t i = 0; i < MAX_GATE_UP && a->gate_up[i]; i++)
        add_matrix(l, ROLE_GATE_UP, i, (a->is_gated && !a->gate_up[1] ? 2 : 1) * c->ffn_dim, c->dim,
                   a->gate_up[i], c->ffn_bias);
    add_matrix(l, ROLE_DOWN, 0, c->dim, c->ffn_dim, a->down, c->ffn_bias);
    add_norm(l, ROLE_FFN_POST_NORM, a->ffn_post_norm);
}

struct weight_list weight_list(const struct model_config *c, enum format format)
{
    enum { MAX_IN_LAYER = 24, OUTSIDE_LAYERS = 4 };
    struct lister l = {.c = c, .format = format};
    l.list.items =
        xcalloc((size_t)c->n_layers * MAX_IN_LAYER + OUTSIDE_LAYERS, sizeof *l.list.items);
    add_matrix(&l, ROLE_EMBED, 0, c->vocab, c->dim, "model.embed_tokens", false);
    for (l.layer = 0; l.layer < c->n_layers; l.layer++)
        add_layer(&l);
    l.layer = 0;
    add_norm(&l, ROLE_NORM, "model.norm");
    if (!c->tied)
        add_matrix(&l, ROLE_HEAD, 0, c->vocab, c->dim, "lm_head", false);
    return l.list;
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

static void plane_shape(struct plane *p, enum st_dtype dtype, uint32_t n_dims, uint64_t a,
                        uint64_t b, uint64_t c)
{
    p->dtype = dtype;
    p->n_dims = n_dims;
    p->shape[0] = a;
    p->shape[1] = b;
    p->shape[2] = c;
    p->bytes = st_dtype_bytes(dtype);
    for (uint32_t i = 0; i < n_dims; i++)
        p->bytes *= p->shape[i];
}

bool weight_plane(const struct weight *w, enum plane_kind kind, struct plane *out)
{
    static const char *const suffixes[N_PLANES] = {".tiles", ".row", ".range"};
    const struct format_info *info = format_info(w->format);
    struct matrix m = matrix_shape(w->format, w->rows, w->cols);
    *out = (struct plane){0};
    snprintf(out->name, sizeof out->name, "%s%s", w->name, info->is_qins ? suffixes[kind] : "");
    if (!info->is_qins) {
        enum st_dtype dtype = w->format == FORMAT_BF16 ? ST_BF16 : ST_F32;
        if (w->is_vector)
            plane_shape(out, dtype, 1, w->cols, 0, 0);
        else
            plane_shape(out, dtype, 2, w->rows, w->cols, 0);
        return kind == PLANE_DATA;
    }
    switch (kind) {
    case PLANE_DATA:
        plane_shape(out, ST_U8, 3, m.rows_pad / ROW_GROUP, m.cols_pad / info->tile_cols,
                    info->tile_bytes);
        return true;
    case PLANE_ROW:
        plane_shape(out, ST_F32, 2, info->row_floats, m.rows_pad, 0);
        return info->row_floats > 0;
    default: plane_shape(out, ST_F32, 1, 2, 0, 0); return true;
    }
}

double weight_bits(const struct weight *w)
{
    const struct format_info *f = format_info(w->format);
    double n = (double)w->rows * w->cols;
    double each = f->tile_cols == 1 ? 8.0 * f->tile_bytes
                                    : 8.0 * f->tile_bytes / ((double)f->tile_cols * ROW_GROUP);
    return n * each + 32.0 * f->row_floats * w->rows;
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
    plane_shape(&plane, ST_U8, 1, tokenizer_bytes, 0, 0);
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
