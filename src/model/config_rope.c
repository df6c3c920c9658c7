/* SPDX-License-Identifier: MIT */
#include "config_rope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is read for one type of layer. */
struct rope_reader {
    struct model_config *c;
    struct config_fields *config; /* the file's own fields; NULL: they are not for this type */
    struct config_fields f;       /* of the rope object; one without fields, if there is none */
    struct error *err;
    uint32_t head_dim, rot_dim;
    double theta, part, orig;
};

/* A number that may stand in the config itself, in the rope object, or equally in both; else the
 * default. */
static bool get_shared(struct rope_reader *r, const char *key, double *out)
{
    double outer = NAN, inner = NAN;
    if (!config_field_number(&r->f, key, true, &inner, r->err))
        return false;
    if (r->config) {
        const json_t *given = json_object_get(r->config->object, key);
        const json_t *value = config_field(r->config, key);
        bool is_default = !given && value;
        if (value && !config_field_number(r->config, key, true, &outer, r->err))
            return false;
        if (is_default && !isnan(inner))
            outer = inner;
    }
    if (!isnan(outer) && !isnan(inner) && outer != inner)
        return error_set(r->err, EX_DATAERR, "%s: two values of \"%s\": %g and %g", r->f.name, key,
                         outer, inner);
    if (!isnan(outer) || !isnan(inner))
        *out = isnan(inner) ? outer : inner;
    return true;
}

static bool get_factors(struct rope_reader *r, const char *key, float *out)
{
    uint32_t n = r->rot_dim / 2;
    const json_t *list = config_field(&r->f, key);
    if (!json_is_array(list) || json_array_size(list) != n)
        return error_set(r->err, EX_DATAERR,
                         "%s: \"%s\" is not a list of %u numbers (half of the rotated "
                         "dimensions)",
                         r->f.name, key, n);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        out[i] = (float)json_number_value(v);
        if (!json_is_number(v) || !isfinite(out[i]) || out[i] <= 0)
            return error_set(r->err, EX_DATAERR, "%s: \"%s\"[%u] is not a positive number",
                             r->f.name, key, i);
    }
    return true;
}

static bool check_factor(const struct rope_reader *r, const char *key, double factor)
{
    return (factor >= 1 && factor < 1e6) ||
           error_set(r->err, EX_DATAERR, "%s: \"%s\" %g is not in 1..1e6", r->f.name, key, factor);
}

/* ---- kinds ------------------------------------------------------------------------------- */

static bool read_plain(struct rope_reader *r, struct rope_config *rope)
{
    (void)r;
    (void)rope;
    return true;
}

static bool read_linear(struct rope_reader *r, struct rope_config *rope)
{
    double factor = 1;
    if (!config_field_number(&r->f, "factor", false, &factor, r->err))
        return false;
    rope->factor = (float)factor;
    return check_factor(r, "factor", factor);
}

static bool read_llama3(struct rope_reader *r, struct rope_config *rope)
{
    double factor, low, high;
    if (!config_field_number(&r->f, "factor", false, &factor, r->err) ||
        !config_field_number(&r->f, "low_freq_factor", false, &low, r->err) ||
        !config_field_number(&r->f, "high_freq_factor", false, &high, r->err))
        return false;
    if (r->orig == 0)
        return error_set(r->err, EX_DATAERR, "%s: \"original_max_position_embeddings\" is missing",
                         r->f.name);
    if (!(factor >= 1 && factor < 1e6 && low > 0 && high > low && high < 1e6))
        return error_set(r->err, EX_DATAERR,
                         "%s: factor %g, low_freq_factor %g, high_freq_factor %g do "
                         "not make sense: 1 <= factor and 0 < low < high are needed",
                         r->f.name, factor, low, high);
    rope->factor = (float)factor;
    rope->low = (float)low;
    rope->high = (float)high;
    return true;
}

static double yarn_mscale(double factor, double mscale)
{
    return factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1;
}

static bool read_yarn(struct rope_reader *r, struct rope_config *rope)
{
    double orig = r->orig ? r->orig : r->c->max_ctx, factor = r->c->max_ctx / orig;
    double fast = 32, slow = 1, mscale = 0, mscale_all_dim = 0;
    rope->truncate = true;
    if (!config_field_number(&r->f, "factor", r->orig != 0, &factor, r->err) ||
        !config_field_number(&r->f, "beta_fast", true, &fast, r->err) ||
        !config_field_number(&r->f, "beta_slow", true, &slow, r->err) ||
        !config_field_number(&r->f, "mscale", true, &mscale, r->err) ||
        !config_field_number(&r->f, "mscale_all_dim", true, &mscale_all_dim, r->err) ||
        !config_field_bool(&r->f, "truncate", true, &rope->truncate, r->err) ||
        !check_factor(r, "factor", factor))
        return false;
    double attention = mscale != 0 && mscale_all_dim != 0
                           ? yarn_mscale(factor, mscale) / yarn_mscale(factor, mscale_all_dim)
                           : yarn_mscale(factor, 1);
    if (!config_field_number(&r->f, "attention_factor", true, &attention, r->err))
        return false;
    if (!(slow > 0 && fast > slow && fast < 1e6))
        return error_set(r->err, EX_DATAERR,
                         "%s: beta_fast %g, beta_slow %g do not make sense: 0 < slow < fast",
                         r->f.name, fast, slow);
    rope->factor = (float)factor;
    rope->low = (float)slow;
    rope->high = (float)fast;
    rope->attention_factor = (float)attention;
    return true;
}

static bool read_longrope(struct rope_reader *r, struct rope_config *rope)
{
    if (r->orig == 0)
        return error_set(r->err, EX_DATAERR,
                         "%s: \"original_max_position_embeddings\" is missing; longrope "
                         "needs it",
                         r->f.name);
    double scale = r->c->max_ctx / r->orig, factor = scale;
    double attention = scale > 1 ? sqrt(1 + log(scale) / log(r->orig)) : 1;
    if (!get_factors(r, "short_factor", rope->short_factor) ||
        !get_factors(r, "long_factor", rope->long_factor) ||
        !config_field_number(&r->f, "factor", true, &factor, r->err) ||
        !config_field_number(&r->f, "attention_factor", true, &attention, r->err))
        return false;
    if (r->orig < 2 || factor != scale)
        return error_set(r->err, EX_DATAERR,
                         "%s: factor %g is not max_position_embeddings / "
                         "original_max_position_embeddings = %g",
                         r->f.name, factor, scale);
    rope->attention_factor = (float)attention;
    return true;
}

/* All pairs of a head at its own frequencies, but only the first of them turn. */
static bool read_proportional(struct rope_reader *r, struct rope_config *rope)
{
    double factor = 1;
    if (!config_field_number(&r->f, "factor", true, &factor, r->err))
        return false;
    if (r->head_dim % 2 != 0 || r->head_dim > 2 * MAX_ROT_HALF)
        return error_set(r->err, EX_DATAERR,
                         "%s: heads of %u dimensions: an even number up to %d is needed", r->f.name,
                         r->head_dim, 2 * MAX_ROT_HALF);
    rope->factor = (float)factor;
    rope->n_freqs = r->rot_dim / 2;
    rope->rot_dim = r->head_dim;
    return check_factor(r, "factor", factor);
}

static const struct {
    const char *name;
    enum rope_kind kind;
    bool (*read)(struct rope_reader *r, struct rope_config *rope);
} kinds[] = {
    {"default", ROPE_PLAIN, read_plain},
    {"linear", ROPE_LINEAR, read_linear},
    {"llama3", ROPE_LLAMA3, read_llama3},
    {"yarn", ROPE_YARN, read_yarn},
    {"longrope", ROPE_LONGROPE, read_longrope},
    {"su", ROPE_LONGROPE, read_longrope}, /* its name in early Phi-3 */
    {"proportional", ROPE_PROPORTIONAL, read_proportional},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static bool read_kind(struct rope_reader *r, struct rope_config *rope)
{
    const char *type = json_string_value(config_field(&r->f, "type"));
    const char *rope_type = json_string_value(config_field(&r->f, "rope_type"));
    const char *kind = rope_type ? rope_type : type;
    if (json_object_size(r->f.object) == 0)
        kind = "default";
    if (!kind || (type && rope_type && strcmp(type, rope_type) != 0))
        return error_set(r->err, EX_DATAERR, "%s: \"rope_type\" is missing or contradicts \"type\"",
                         r->f.name);
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kind, kinds[i].name) == 0) {
            rope->kind = kinds[i].kind;
            return kinds[i].read(r, rope);
        }
    return error_set(r->err, EX_DATAERR,
                     "%s: kind \"%.40s\" is not supported; supported: default, linear, llama3, "
                     "yarn, longrope, proportional",
                     r->f.name, kind);
}

/* ---- one type of layer --------------------------------------------------------------------- */

static bool read_rotated_part(struct rope_reader *r, struct rope_config *rope)
{
    struct model_config *c = r->c;
    if (r->head_dim == 0)
        return error_set(r->err, EX_DATAERR,
                         "%s: heads of several sizes in layers of one type are not supported",
                         r->f.name);
    if (!get_shared(r, "rope_theta", &r->theta) ||
        ((c->arch->reads & READS_PARTIAL) && !get_shared(r, "partial_rotary_factor", &r->part)) ||
        !get_shared(r, "original_max_position_embeddings", &r->orig))
        return false;
    if (isnan(r->theta))
        return error_set(r->err, EX_DATAERR, "%s: \"rope_theta\" is missing", r->f.name);
    if (!(r->theta >= 1 && r->theta < 1e12))
        return error_set(r->err, EX_DATAERR, "%s: rope_theta %g is not in 1..1e12", r->f.name,
                         r->theta);
    if (!(r->part > 0 && r->part <= 1))
        return error_set(r->err, EX_DATAERR, "%s: partial_rotary_factor %g is not in 0..1",
                         r->f.name, r->part);
    if (!(r->orig >= 0 && r->orig <= MAX_CTX) || r->orig != floor(r->orig))
        return error_set(r->err, EX_DATAERR,
                         "%s: original_max_position_embeddings %g is not in 1..%d", r->f.name,
                         r->orig, MAX_CTX);
    r->rot_dim = (uint32_t)(r->head_dim * r->part);
    if (r->rot_dim == 0 || r->rot_dim % 2 != 0 || r->rot_dim > 2 * MAX_ROT_HALF)
        return error_set(r->err, EX_DATAERR,
                         "%s: %u rotated dimensions of a head: an even number up to %d is "
                         "needed",
                         r->f.name, r->rot_dim, 2 * MAX_ROT_HALF);
    *rope = (struct rope_config){
        .rot_dim = r->rot_dim, .theta = (float)r->theta, .factor = 1, .attention_factor = 1};
    return true;
}

static bool read_position_scale(struct rope_reader *r)
{
    double beta = 0;
    if (!(r->c->arch->reads & READS_POSITION_SCALE))
        return true;
    if (!config_field_number(&r->f, "llama_4_scaling_beta", true, &beta, r->err))
        return false;
    r->c->position_scale = (float)beta;
    return (beta >= 0 && beta < 100) ||
           error_set(r->err, EX_DATAERR, "%s: llama_4_scaling_beta %g is not in 0..100", r->f.name,
                     beta);
}

/* Size of the heads that it rotates: one for all layers of its type. -> 0: there are several. */
static uint32_t head_dim_of(const struct model_config *c, int which)
{
    uint32_t head_dim = 0;
    for (uint32_t i = 0; i < c->n_layers; i++) {
        int type = c->layers[i] & LAYER_SLIDING ? ROPE_OF_SLIDING : ROPE_OF_FULL;
        if (type == which && head_dim && head_dim != c->shapes[i].head_dim)
            return 0;
        if (type == which)
            head_dim = c->shapes[i].head_dim;
    }
    return head_dim ? head_dim : c->head_dim;
}

/* `config` is NULL if theta is `base` and the file's other fields are not for this type. */
static bool read_rope(struct model_config *c, struct rope_config *rope,
                      struct config_fields *config, const json_t *object, const char *name,
                      double base, struct buf *unknown, struct error *err)
{
    json_t *none = json_object();
    struct rope_reader r = {.c = c,
                            .config = config,
                            .f = config_fields_new(object ? object : none, NULL, name),
                            .err = err,
                            .head_dim = head_dim_of(c, (int)(rope - c->rope)),
                            .theta = base,
                            .part = 1};
    const char *dot = strrchr(name, ' ');
    char *prefix = xasprintf("%s.", dot ? dot + 1 : name);
    if (c->arch->reads & READS_MROPE) { /* a text has the same position in all three of them */
        config_field(&r.f, "mrope_section");
        config_field(&r.f, "mrope_interleaved");
    }
    bool ok = read_rotated_part(&r, rope) && read_position_scale(&r) && read_kind(&r, rope);
    config_fields_unknown(&r.f, prefix, unknown);
    config_fields_free(&r.f);
    json_decref(none);
    free(prefix);
    if (ok && config)
        c->orig_ctx = r.orig != 0 ? (uint32_t)r.orig : c->max_ctx;
    return ok;
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* The object that describes the rotation: rope_parameters (transformers 5) or rope_scaling. */
static bool find_object(struct config_fields *f, const json_t **object, const char **key,
                        struct error *err)
{
    const json_t *scaling = config_field(f, "rope_scaling");
    const json_t *parameters = config_field(f, "rope_parameters");
    if (scaling && parameters && !json_equal(scaling, parameters))
        return error_set(err, EX_DATAERR,
                         "%s: \"rope_scaling\" and \"rope_parameters\" contradict each "
                         "other",
                         f->name);
    *object = parameters ? parameters : scaling;
    *key = parameters ? "rope_parameters" : "rope_scaling";
    return !*object || json_is_object(*object) ||
           error_set(err, EX_DATAERR, "%s: \"%s\" is not an object", f->name, *key);
}

static bool is_by_type(const json_t *object)
{
    return json_is_object(json_object_get(object, "full_attention")) ||
           json_is_object(json_object_get(object, "sliding_attention"));
}

/* Base of a sliding layer whose rope is its own: NAN if it is that of all. */
static bool read_local_base(const struct model_config *c, struct config_fields *f, double *base,
                            struct error *err)
{
    return !(c->arch->reads & READS_LOCAL_BASE) ||
           config_field_number(f, "rope_local_base_freq", true, base, err);
}

static bool read_by_type(struct model_config *c, struct config_fields *f, const json_t *object,
                         const char *name, struct buf *unknown, struct error *err)
{
    static const char *const types[N_ROPES] = {"full_attention", "sliding_attention"};
    bool ok = true;
    for (int i = 0; ok && i < N_ROPES; i++) {
        const json_t *of_type = json_object_get(object, types[i]);
        char *type_name = xasprintf("%s.%s", name, types[i]);
        ok = json_is_object(of_type) ||
             error_set(err, EX_DATAERR, "%s: is missing or not an object", type_name);
        ok = ok && read_rope(c, &c->rope[i], i == ROPE_OF_FULL ? f : NULL, of_type, type_name, NAN,
                             unknown, err);
        free(type_name);
    }
    if (ok && json_object_size(object) != N_ROPES)
        ok = error_set(err, EX_DATAERR,
                       "%s: has other types of layers than full_attention and "
                       "sliding_attention",
                       name);
    return ok;
}

bool config_read_rope(struct model_config *c, struct config_fields *f, struct buf *unknown,
                      struct error *err)
{
    const json_t *object = NULL;
    const char *key = NULL;
    double base = NAN;
    if (!find_object(f, &object, &key, err) || !read_local_base(c, f, &base, err))
        return false;
    char *name = xasprintf("%s: %s", f->name, object ? key : "rope");
    bool ok;
    if (is_by_type(object)) {
        ok = read_by_type(c, f, object, name, unknown, err);
    } else {
        ok = read_rope(c, &c->rope[ROPE_OF_FULL], f, object, name, NAN, unknown, err);
        if (ok && (c->arch->reads & PLAIN_SLIDING_ROPE))
            ok = read_rope(c, &c->rope[ROPE_OF_SLIDING], NULL, NULL, name,
                           isnan(base) ? (double)c->rope[ROPE_OF_FULL].theta : base, unknown, err);
        else
            c->rope[ROPE_OF_SLIDING] = c->rope[ROPE_OF_FULL];
        if (ok && head_dim_of(c, ROPE_OF_FULL) != head_dim_of(c, ROPE_OF_SLIDING))
            ok = error_set(err, EX_DATAERR,
                           "%s: sliding layers have heads of another size and need a rotation of "
                           "their own",
                           name);
    }
    free(name);
    return ok;
}
