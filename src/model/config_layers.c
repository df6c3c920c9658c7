/* SPDX-License-Identifier: MIT */
#include "config_layers.h"

#include <string.h>

struct layer_reader {
    struct model_config *c;
    struct config_fields *f;
    struct error *err;
};

static bool parse_layer_types(struct layer_reader *p, const json_t *types)
{
    struct model_config *c = p->c;
    if (!json_is_array(types) || json_array_size(types) != c->n_layers)
        return error_set(p->err, EX_DATAERR, "%s: \"layer_types\" is not a list of %u", p->f->name,
                         c->n_layers);
    for (uint32_t i = 0; i < c->n_layers; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        bool is_sliding = type && strcmp(type, "sliding_attention") == 0;
        const char *other = c->arch->mixer.layer_type;
        bool is_other = type && other && strcmp(type, other) == 0;
        if (!is_sliding && !is_other && (!type || strcmp(type, "full_attention") != 0))
            return error_set(p->err, EX_DATAERR,
                             "%s: \"layer_types\"[%u] \"%.40s\" is not supported; supported: "
                             "full_attention, %s",
                             p->f->name, i, type ? type : "(no string)",
                             other ? other : "sliding_attention");
        if (is_sliding && c->arch->windows == WINDOWS_NONE)
            return error_set(p->err, EX_DATAERR,
                             "%s: \"layer_types\"[%u]: %s models have no sliding_attention",
                             p->f->name, i, c->arch->type);
        c->layers[i] |= is_sliding ? LAYER_SLIDING : is_other ? LAYER_STATE : 0;
    }
    return true;
}

/* "full_attn_idxs": layers with attention; absent: all. */
static bool parse_attention_list(struct layer_reader *p, const json_t *list)
{
    struct model_config *c = p->c;
    size_t i;
    json_t *at;
    if (!list)
        return true;
    if (!json_is_array(list))
        return error_set(p->err, EX_DATAERR, "%s: \"full_attn_idxs\" is not a list", p->f->name);
    for (i = 0; i < c->n_layers; i++)
        c->layers[i] |= LAYER_STATE;
    json_array_foreach((json_t *)list, i, at)
    {
        json_int_t n = json_is_integer(at) ? json_integer_value(at) : -1;
        if (n < 0 || n >= (json_int_t)c->n_layers)
            return error_set(p->err, EX_DATAERR,
                             "%s: \"full_attn_idxs\"[%zu] is not a layer's number below %u",
                             p->f->name, i, c->n_layers);
        c->layers[n] &= (uint8_t)~LAYER_STATE;
    }
    return true;
}

static bool parse_attention_interval(struct layer_reader *p)
{
    struct model_config *c = p->c;
    uint32_t n = 0;
    if (!config_field_u32(p->f, "full_attention_interval", false, &n, p->err))
        return false;
    if (n == 0)
        return error_set(p->err, EX_DATAERR, "%s: \"full_attention_interval\" is 0", p->f->name);
    for (uint32_t i = 0; i < c->n_layers; i++)
        c->layers[i] |= (i + 1) % n != 0 ? LAYER_STATE : 0;
    return true;
}

/* Every n-th layer has full attention; or letters, L (local) and G (global), repeated. */
static bool parse_pattern(struct layer_reader *p)
{
    struct model_config *c = p->c;
    const json_t *pattern = config_field(p->f, "_sliding_window_pattern");
    if (!pattern)
        pattern = config_field(p->f, "sliding_window_pattern");
    const char *letters = json_string_value(pattern);
    size_t n_letters = letters ? strlen(letters) : 0;
    json_int_t n = json_is_integer(pattern) ? json_integer_value(pattern) : 0;
    if (n < 1 && (n_letters == 0 || strspn(letters, "LG") != n_letters))
        return error_set(p->err, EX_DATAERR,
                         "%s: \"sliding_window_pattern\" is neither a whole number from 1 on nor "
                         "letters L and G",
                         p->f->name);
    for (uint32_t i = 0; i < c->n_layers; i++) {
        bool is_sliding = n_letters ? letters[i % n_letters] == 'L' : (i + 1) % n != 0;
        c->layers[i] |= is_sliding ? LAYER_SLIDING : 0;
    }
    return true;
}

static bool parse_first_layers(struct layer_reader *p)
{
    uint32_t n_full = 0;
    if (!config_field_u32(p->f, "max_window_layers", false, &n_full, p->err))
        return false;
    for (uint32_t i = n_full; i < p->c->n_layers; i++)
        p->c->layers[i] |= LAYER_SLIDING;
    return true;
}

/* *window: its length; 0 if there is none. */
static bool read_window(struct layer_reader *p, uint32_t *window)
{
    struct model_config *c = p->c;
    bool use = true;
    if (c->arch->reads & READS_USE_WINDOW) {
        config_field(p->f, "max_window_layers"); /* of no use if there are layer_types */
        if (!config_field_bool(p->f, "use_sliding_window", false, &use, p->err))
            return false;
    }
    *window = 0;
    if (!config_field_u32(p->f, "sliding_window", true, window, p->err))
        return false;
    if (c->arch->windows == WINDOWS_NONE && *window > 0 && *window < c->max_ctx)
        return error_set(p->err, EX_DATAERR,
                         "%s: sliding_window %u is below max_position_embeddings %u: %s models "
                         "have no windows",
                         p->f->name, *window, c->max_ctx, c->arch->type);
    if (!use || c->arch->windows == WINDOWS_NONE)
        *window = 0;
    return true;
}

static bool set_sliding_layers(struct layer_reader *p, bool has_window)
{
    struct model_config *c = p->c;
    const json_t *types = config_field(p->f, "layer_types");
    config_field(p->f, "sliding_window_pattern");
    config_field(p->f, "_sliding_window_pattern");
    if (c->arch->mixer.kind == MIXER_CONV) {
        const json_t *list = config_field(p->f, "full_attn_idxs");
        return types ? parse_layer_types(p, types) : parse_attention_list(p, list);
    }
    if (c->arch->mixer.kind == MIXER_DELTA) {
        config_field(p->f, "full_attention_interval"); /* of no use if there are layer_types */
        return types ? parse_layer_types(p, types) : parse_attention_interval(p);
    }
    if (types)
        return parse_layer_types(p, types);
    if (!has_window)
        return true;
    if (c->arch->windows == WINDOWS_BY_LAYER)
        return c->arch->reads & READS_USE_WINDOW ? parse_first_layers(p) : parse_pattern(p);
    for (uint32_t i = 0; i < c->n_layers; i++)
        c->layers[i] |= LAYER_SLIDING;
    return true;
}

/* Which layers slide, and how far they see. */
static bool parse_windows(struct layer_reader *p)
{
    struct model_config *c = p->c;
    uint32_t window;
    if (!read_window(p, &window) || !set_sliding_layers(p, window > 0))
        return false;
    if (c->arch->reads & LAST_LAYER_IS_FULL)
        c->layers[c->n_layers - 1] &= (uint8_t)~LAYER_SLIDING;
    for (uint32_t i = 0; i < c->n_layers; i++) {
        bool is_sliding = c->layers[i] & LAYER_SLIDING;
        if (is_sliding && window == 0)
            return error_set(p->err, EX_DATAERR,
                             "%s: \"layer_types\"[%u] is sliding_attention, but there is no "
                             "\"sliding_window\"",
                             p->f->name, i);
        if ((c->arch->reads & NO_ROPE_BESIDE_WINDOWS) && window > 0 && !is_sliding)
            c->layers[i] |= LAYER_NO_ROPE;
    }
    c->window = window < c->max_ctx ? window : 0;
    return true;
}

static bool parse_no_rope_layers(struct layer_reader *p)
{
    struct model_config *c = p->c;
    const json_t *list = config_field(p->f, "no_rope_layers");
    uint32_t interval = 0;
    if (!(c->arch->reads & READS_NO_ROPE_LAYERS))
        return true;
    if (!config_field_u32(p->f, "no_rope_layer_interval", false, &interval, p->err))
        return false;
    if (list ? !json_is_array(list) || json_array_size(list) != c->n_layers : interval == 0)
        return error_set(p->err, EX_DATAERR, "%s: \"%s\" is not %s", p->f->name,
                         list ? "no_rope_layers" : "no_rope_layer_interval",
                         list ? "a list of one number per layer" : "a whole number from 1 on");
    for (uint32_t i = 0; i < c->n_layers; i++) {
        const json_t *has_rope = json_array_get(list, i);
        if (list && !(json_is_integer(has_rope) && json_integer_value(has_rope) >= 0 &&
                      json_integer_value(has_rope) <= 1))
            return error_set(p->err, EX_DATAERR, "%s: \"no_rope_layers\"[%u] is neither 0 nor 1",
                             p->f->name, i);
        if (list ? json_integer_value(has_rope) == 0 : (i + 1) % interval == 0)
            c->layers[i] |= LAYER_NO_ROPE;
    }
    return true;
}

bool config_read_layers(struct model_config *c, struct config_fields *f, struct error *err)
{
    struct layer_reader r = {c, f, err};
    return parse_windows(&r) && parse_no_rope_layers(&r);
}
