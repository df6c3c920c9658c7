/* SPDX-License-Identifier: MIT */
#include "config_experts.h"

#include <string.h>

enum { MAX_EXPERT_ROWS = 1 << 22 };

struct experts_reader {
    struct model_config *c;
    const struct arch_experts *a;
    struct config_fields *f;
    struct error *err;
};

static bool get_size(struct experts_reader *r, const char *key, uint32_t max, uint32_t *out)
{
    return config_field_u32(r->f, key, false, out, r->err) &&
           ((*out >= 1 && *out <= max) ||
            error_set(r->err, EX_DATAERR, "%s: \"%s\" is %u, not in 1..%u", r->f->name, key, *out,
                      max));
}

/* transformers 5 writes "num_local_experts" where version 4 has "num_experts". */
static bool get_n(struct experts_reader *r, uint32_t *out)
{
    static const char *const names[] = {"num_experts", "num_local_experts"};
    const char *given = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *value = json_object_get(r->f->object, names[i]);
        if (!value)
            continue;
        if (given && !json_equal(value, json_object_get(r->f->object, given)))
            return error_set(r->err, EX_DATAERR, "%s: \"%s\" and \"%s\" contradict each other",
                             r->f->name, given, names[i]);
        config_field(r->f, names[i]);
        given = names[i];
    }
    return get_size(r, given ? given : r->a->n_key, MAX_EXPERTS, out);
}

static bool get_flag(struct experts_reader *r, const char *key, bool *out)
{
    *out = key && !*key; /* ALWAYS */
    return !key || !*key || config_field_bool(r->f, key, true, out, r->err);
}

static bool read_sizes(struct experts_reader *r)
{
    struct expert_config *e = &r->c->experts;
    if (!get_n(r, &e->n) || !get_size(r, r->a->n_used_key, MAX_EXPERTS_USED, &e->n_used) ||
        !get_size(r, r->a->dim_key, MAX_EXPERT_ROWS, &e->dim))
        return false;
    if (r->a->beside_key && !config_field_u32(r->f, r->a->beside_key, true, &e->beside_dim, r->err))
        return false;
    if (e->beside_dim > MAX_EXPERT_ROWS)
        return error_set(r->err, EX_DATAERR, "%s: \"%s\" is %u, not in 0..%d", r->f->name,
                         r->a->beside_key, e->beside_dim, MAX_EXPERT_ROWS);
    return e->n_used <= e->n ||
           error_set(r->err, EX_DATAERR, "%s: \"%s\" is %u, but there are %u experts", r->f->name,
                     r->a->n_used_key, e->n_used, e->n);
}

static bool read_switches(struct experts_reader *r)
{
    struct expert_config *e = &r->c->experts;
    double scale = 1;
    if (r->a->scale_key && !config_field_number(r->f, r->a->scale_key, true, &scale, r->err))
        return false;
    if (!(scale > 0 && scale < 1e6))
        return error_set(r->err, EX_DATAERR, "%s: \"%s\" is %g, not between 0 and 1e6", r->f->name,
                         r->a->scale_key, scale);
    e->scale = (float)scale;
    return get_flag(r, r->a->normalise, &e->normalise) &&
           get_flag(r, r->a->router_bias, &e->router_bias) &&
           get_flag(r, r->a->choice_bias_key, &e->choice_bias) && get_flag(r, r->a->bias, &e->bias);
}

/* ---- which layers ---------------------------------------------------------------------- */

static bool take_from_list(struct experts_reader *r)
{
    const json_t *list = config_field(r->f, r->a->dense_list_key), *item;
    size_t i;
    if (list && !json_is_array(list))
        return error_set(r->err, EX_DATAERR, "%s: \"%s\" is not a list", r->f->name,
                         r->a->dense_list_key);
    json_array_foreach((json_t *)list, i, item)
    {
        json_int_t layer = json_is_integer(item) ? json_integer_value(item) : -1;
        if (layer < 0 || layer >= r->c->n_layers)
            return error_set(r->err, EX_DATAERR, "%s: \"%s\"[%zu] is not a layer, 0..%u",
                             r->f->name, r->a->dense_list_key, i, r->c->n_layers - 1);
        r->c->layers[layer] &= (uint8_t)~LAYER_EXPERTS;
    }
    return true;
}

static bool read_layers(struct experts_reader *r)
{
    uint32_t n_dense = 0, step = 1;
    if (r->a->dense_key && !config_field_u32(r->f, r->a->dense_key, true, &n_dense, r->err))
        return false;
    if (r->a->step_key && !get_size(r, r->a->step_key, MAX_LAYERS, &step))
        return false;
    for (uint32_t i = n_dense; i < r->c->n_layers; i++)
        if ((i + 1) % step == 0)
            r->c->layers[i] |= LAYER_EXPERTS;
    return !r->a->dense_list_key || take_from_list(r);
}

bool config_read_experts(struct model_config *c, struct config_fields *f, struct error *err)
{
    struct experts_reader r = {c, &c->arch->experts, f, err};
    bool has_experts = r.a->router != ROUTER_NONE && !r.a->enabled_key;
    if (r.a->enabled_key && !config_field_bool(f, r.a->enabled_key, true, &has_experts, err))
        return false;
    return !has_experts || (read_sizes(&r) && read_switches(&r) && read_layers(&r));
}
