/* SPDX-License-Identifier: MIT */
#include "weights_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list of weights -------------------------------------------------------------- */

const char *role_name(enum role role)
{
    static const char *const names[N_ROLES] = {
        [ROLE_EMBED] = "embed",       [ROLE_ATTN_NORM] = "attn_norm", [ROLE_QKV] = "qkv",
        [ROLE_ATTN_OUT] = "attn_out", [ROLE_FFN_NORM] = "ffn_norm",   [ROLE_GATE_UP] = "gate_up",
        [ROLE_DOWN] = "down",         [ROLE_NORM] = "norm",           [ROLE_HEAD] = "head",
    };
    return names[role];
}

/* Embedding and head lose most from four bits, and are small: they get eight. */
static enum format edge_format(enum format format)
{
    return format_info(format)->has_fine_edges ? FORMAT_QINS8 : format;
}

static void add(struct weight_list *list, struct weight w, const char *suffix)
{
    if (w.role == ROLE_EMBED || w.role == ROLE_NORM || w.role == ROLE_HEAD)
        snprintf(w.name, sizeof w.name, "%s.weight", suffix);
    else
        snprintf(w.name, sizeof w.name, "model.layers.%u.%s.weight", w.layer, suffix);
    list->items[list->n++] = w;
}

static void add_norm(struct weight_list *list, enum role role, uint32_t layer, uint32_t dim,
                     const char *suffix)
{
    add(list,
        (struct weight){.role = role, .layer = layer, .format = FORMAT_F32, .rows = 1, .cols = dim},
        suffix);
}

static void add_matrix(struct weight_list *list, enum role role, uint32_t layer, uint32_t part,
                       enum format format, uint32_t rows, uint32_t cols, const char *suffix)
{
    add(list,
        (struct weight){.role = role,
                        .layer = layer,
                        .part = part,
                        .format = format,
                        .rows = rows,
                        .cols = cols},
        suffix);
}

static void add_layer(struct weight_list *list, const struct model_config *c, enum format f,
                      uint32_t i)
{
    uint32_t q_dim = c->n_heads * c->head_dim, kv_dim = config_kv_dim(c);
    bool fused = c->arch == ARCH_PHI3;
    add_norm(list, ROLE_ATTN_NORM, i, c->dim, "input_layernorm");
    if (fused) {
        add_matrix(list, ROLE_QKV, i, 0, f, q_dim + 2 * kv_dim, c->dim, "self_attn.qkv_proj");
    } else {
        add_matrix(list, ROLE_QKV, i, 0, f, q_dim, c->dim, "self_attn.q_proj");
        add_matrix(list, ROLE_QKV, i, 1, f, kv_dim, c->dim, "self_attn.k_proj");
        add_matrix(list, ROLE_QKV, i, 2, f, kv_dim, c->dim, "self_attn.v_proj");
    }
    add_matrix(list, ROLE_ATTN_OUT, i, 0, f, c->dim, q_dim, "self_attn.o_proj");
    add_norm(list, ROLE_FFN_NORM, i, c->dim, "post_attention_layernorm");
    if (fused) {
        add_matrix(list, ROLE_GATE_UP, i, 0, f, 2 * c->ffn_dim, c->dim, "mlp.gate_up_proj");
    } else {
        add_matrix(list, ROLE_GATE_UP, i, 0, f, c->ffn_dim, c->dim, "mlp.gate_proj");
        add_matrix(list, ROLE_GATE_UP, i, 1, f, c->ffn_dim, c->dim, "mlp.up_proj");
    }
    add_matrix(list, ROLE_DOWN, i, 0, f, c->dim, c->ffn_dim, "mlp.down_proj");
}

struct weight_list weight_list(const struct model_config *c, enum format format)
{
    enum { MAX_IN_LAYER = 9, OUTSIDE_LAYERS = 3 };
    struct weight_list list = {
        .items = xcalloc((size_t)c->n_layers * MAX_IN_LAYER + OUTSIDE_LAYERS, sizeof *list.items)};
    enum format edge = edge_format(format);
    add_matrix(&list, ROLE_EMBED, 0, 0, edge, c->vocab, c->dim, "model.embed_tokens");
    for (uint32_t i = 0; i < c->n_layers; i++)
        add_layer(&list, c, format, i);
    add_norm(&list, ROLE_NORM, 0, c->dim, "model.norm");
    if (!c->tied)
        add_matrix(&list, ROLE_HEAD, 0, 0, edge, c->vocab, c->dim, "lm_head");
    return list;
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

static bool is_norm(const struct weight *w)
{
    return w->role == ROLE_ATTN_NORM || w->role == ROLE_FFN_NORM || w->role == ROLE_NORM;
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
        if (is_norm(w))
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
