/* SPDX-License-Identifier: MIT */
#include "config_shapes.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PER_LAYER_DIM = 1 << 14 };

struct shape_reader {
    struct model_config *c;
    struct config_fields *f;
    struct error *err;
};

static bool is_full(const struct model_config *c, uint32_t layer)
{
    return !(c->layers[layer] & LAYER_SLIDING);
}

/* ---- heads ------------------------------------------------------------------------------- */

/* transformers 4: two numbers for all layers with full attention. Heads of keys and values differ
 * only if they are one and the same. */
static bool read_global(struct shape_reader *r)
{
    struct model_config *c = r->c;
    uint32_t head_dim = c->head_dim, n_kv_heads = c->n_kv_heads;
    bool k_is_v = false;
    if (!config_field_u32(r->f, "global_head_dim", true, &head_dim, r->err) ||
        !config_field_u32(r->f, "num_global_key_value_heads", true, &n_kv_heads, r->err) ||
        !config_field_bool(r->f, "attention_k_eq_v", true, &k_is_v, r->err))
        return false;
    for (uint32_t i = 0; i < c->n_layers; i++) {
        if (!is_full(c, i))
            continue;
        c->shapes[i].v_is_k = k_is_v;
        if (config_field(r->f, "per_layer_config"))
            continue;
        c->shapes[i].head_dim = head_dim;
        c->shapes[i].n_kv_heads = k_is_v ? n_kv_heads : c->n_kv_heads;
    }
    return true;
}

static bool read_layer(struct shape_reader *r, const char *key, const json_t *object)
{
    char *end, *name = xasprintf("%s: per_layer_config.%.20s", r->f->name, key);
    unsigned long layer = strtoul(key, &end, 10);
    bool ok = (end > key && !*end && layer < r->c->n_layers && json_is_object(object)) ||
              error_set(r->err, EX_DATAERR, "%s: not an object for one of %u layers", name,
                        r->c->n_layers);
    if (ok) {
        struct layer_shape *shape = &r->c->shapes[layer];
        struct config_fields f = config_fields_new(object, NULL, name);
        struct buf unknown = {0};
        ok = config_field_u32(&f, "head_dim", true, &shape->head_dim, r->err) &&
             config_field_u32(&f, "num_key_value_heads", true, &shape->n_kv_heads, r->err);
        config_fields_unknown(&f, "", &unknown);
        if (ok && unknown.len)
            ok = error_set(r->err, EX_DATAERR, "%s: unknown fields: %s", name, unknown.data);
        buf_free(&unknown);
        config_fields_free(&f);
    }
    free(name);
    return ok;
}

/* transformers 5: "per_layer_config", from a layer's number to its own values. */
static bool read_by_layer(struct shape_reader *r)
{
    const json_t *by_layer = config_field(r->f, "per_layer_config");
    const char *key;
    json_t *object;
    if (by_layer && !json_is_object(by_layer))
        return error_set(r->err, EX_DATAERR, "%s: \"per_layer_config\" is not an object",
                         r->f->name);
    json_object_foreach((json_t *)by_layer, key, object)
    {
        if (!read_layer(r, key, object))
            return false;
    }
    return true;
}

/* ---- layers that share -------------------------------------------------------------------- */

/* The last layer of the same type among the first n; -> n if there is none. */
static uint32_t last_of_type(const struct model_config *c, uint32_t layer, uint32_t n)
{
    for (uint32_t i = n; i > 0; i--)
        if (is_full(c, i - 1) == is_full(c, layer))
            return i - 1;
    return n;
}

static bool read_shared(struct shape_reader *r)
{
    struct model_config *c = r->c;
    uint32_t n_shared = 0;
    bool double_wide = false;
    if (!config_field_u32(r->f, "num_kv_shared_layers", true, &n_shared, r->err) ||
        !config_field_bool(r->f, "use_double_wide_mlp", true, &double_wide, r->err))
        return false;
    if (n_shared >= c->n_layers)
        return error_set(r->err, EX_DATAERR,
                         "%s: \"num_kv_shared_layers\" is %u, not below num_hidden_layers %u",
                         r->f->name, n_shared, c->n_layers);
    for (uint32_t i = c->n_layers - n_shared; i < c->n_layers; i++) {
        struct layer_shape *shape = &c->shapes[i];
        shape->kv_layer = last_of_type(c, i, c->n_layers - n_shared);
        const struct layer_shape *source = &c->shapes[shape->kv_layer];
        if (shape->kv_layer == c->n_layers - n_shared || source->head_dim != shape->head_dim ||
            source->n_kv_heads != shape->n_kv_heads)
            return error_set(r->err, EX_DATAERR,
                             "%s: layer %u shares keys and values, but no layer before %u has "
                             "such ones",
                             r->f->name, i, c->n_layers - n_shared);
        if (double_wide)
            shape->ffn_dim *= 2;
    }
    return true;
}

/* ---- per-layer inputs ---------------------------------------------------------------------- */

static bool read_per_layer_inputs(struct shape_reader *r)
{
    struct model_config *c = r->c;
    if (!config_field_u32(r->f, "hidden_size_per_layer_input", true, &c->per_layer_dim, r->err) ||
        !config_field_u32(r->f, "vocab_size_per_layer_input", true, &c->per_layer_vocab, r->err))
        return false;
    if (c->per_layer_dim > MAX_PER_LAYER_DIM)
        return error_set(r->err, EX_DATAERR,
                         "%s: \"hidden_size_per_layer_input\" is %u, not in 0..%d", r->f->name,
                         c->per_layer_dim, MAX_PER_LAYER_DIM);
    if (c->per_layer_dim > 0 && c->per_layer_vocab < c->vocab)
        return error_set(r->err, EX_DATAERR,
                         "%s: \"vocab_size_per_layer_input\" %u is below vocab_size %u", r->f->name,
                         c->per_layer_vocab, c->vocab);
    return true;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static bool check_shapes(struct shape_reader *r)
{
    const struct model_config *c = r->c;
    for (uint32_t i = 0; i < c->n_layers; i++) {
        const struct layer_shape *s = &c->shapes[i];
        if (s->head_dim == 0 || s->head_dim > MAX_HEAD_DIM || s->n_kv_heads == 0 ||
            c->n_heads % s->n_kv_heads != 0 || s->ffn_dim == 0 || s->ffn_dim > MAX_FFN)
            return error_set(r->err, EX_DATAERR,
                             "%s: layer %u: heads of %u dimensions, %u of keys and values for %u "
                             "of queries, %u in the feed-forward part: not supported",
                             r->f->name, i, s->head_dim, s->n_kv_heads, c->n_heads, s->ffn_dim);
    }
    return true;
}

bool config_read_shapes(struct model_config *c, struct config_fields *f, struct error *err)
{
    struct shape_reader r = {c, f, err};
    for (uint32_t i = 0; i < c->n_layers; i++)
        c->shapes[i] = (struct layer_shape){.head_dim = c->head_dim,
                                            .n_kv_heads = c->n_kv_heads,
                                            .ffn_dim = c->ffn_dim,
                                            .kv_layer = i};
    return (!(c->arch->reads & READS_SHAPES) ||
            (read_global(&r) && read_by_layer(&r) && read_shared(&r))) &&
           (!(c->arch->reads & READS_PER_LAYER_INPUTS) || read_per_layer_inputs(&r)) &&
           check_shapes(&r);
}
