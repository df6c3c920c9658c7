/* SPDX-License-Identifier: MIT
 *
 * Scaling of rotary positions stands in keys "ARCH.rope.scaling.*", and where each frequency has a
 * factor of its own, in tensors: rope_factors_long and rope_factors_short (longrope), or rope_freqs
 * (the factors that Llama 3's rule gives: the rule is found again; or, of Gemma 4, 1 for the pairs
 * that turn and 1e30 for those that stand still).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gguf_config.h"

enum { MAX_FACTORS = 512 }; /* half of the largest head */

/* ---- factors in tensors -------------------------------------------------------------- */

static bool read_raw(const struct gguf *part, const struct gguf_tensor *t, void *out,
                     struct error *err)
{
    uint64_t size;
    int fd = open_regular(part->name, &size, err);
    if (fd < 0)
        return false;
    bool ok = read_whole(fd, out, t->bytes, t->at) == t->bytes;
    close(fd);
    return ok || error_set(err, EX_DATAERR, "%s: tensor \"%s\": cannot be read at offset %llu",
                           part->name, t->name, (unsigned long long)t->at);
}

/* *n is 0 if there is no such tensor. */
static bool read_factors(const struct gguf_split *s, const char *name, float out[MAX_FACTORS],
                         size_t *n, struct error *err)
{
    const struct gguf *part;
    const struct gguf_tensor *t = gguf_split_tensor(s, name, &part);
    *n = 0;
    if (!t)
        return true;
    if (strcmp(t->type->name, "F32") != 0 || t->n_dims != 1 || t->n_weights > MAX_FACTORS)
        return error_set(err, EX_DATAERR, "%s: tensor \"%s\": not a list of at most %d F32 factors",
                         part->name, name, MAX_FACTORS);
    if (!read_raw(part, t, out, err))
        return false;
    for (*n = 0; *n < t->n_weights; ++*n)
        if (!(out[*n] > 0 && isfinite(out[*n])))
            return error_set(err, EX_DATAERR, "%s: tensor \"%s\": factor %zu is %g", part->name,
                             name, *n, (double)out[*n]);
    return true;
}

static json_t *list_json(const float *factors, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real(gguf_shortest(factors[i])));
    return list;
}

/* ---- what the file says -------------------------------------------------------------- */

struct rope {
    double theta, factor, attn_factor, beta_fast, beta_slow, log_multiplier,
        temperature;                              /* NAN: not
                                                   said */
    uint32_t n_dims, head_dim, orig_ctx, max_ctx; /* 0: not said */
    char type[32];
};

static double shorter(double n)
{
    return (double)(float)n == n ? gguf_shortest((float)n) : n;
}

static bool get_number(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                       double *out, struct error *err)
{
    bool ok = gguf_arch_number(s, arch, key, true, out, err);
    *out = shorter(*out);
    return ok;
}

static bool get_type(const struct gguf_split *s, const struct gguf_arch *arch, struct rope *r,
                     struct error *err)
{
    const struct gguf_value *v = gguf_arch_value(s, arch, "rope.scaling.type");
    if (!v)
        return true;
    struct gguf_array text = v->data;
    if (v->is_array || text.kind != GGUF_STRING)
        return error_set(err, EX_DATAERR, "%s: key \"%s.rope.scaling.type\": not a string",
                         s->parts[0].name, arch->name);
    struct gguf_string type = gguf_take_string(&text);
    snprintf(r->type, sizeof r->type, "%.*s", type.n < 31 ? (int)type.n : 31, type.data);
    return true;
}

static bool get_head(const struct gguf_split *s, const struct gguf_arch *arch, struct rope *r,
                     struct error *err)
{
    uint32_t dim, n_heads;
    if (!gguf_arch_u32(s, arch, "embedding_length", false, &dim, err) ||
        !gguf_arch_u32(s, arch, "attention.head_count", true, &n_heads, err) ||
        !gguf_arch_u32(s, arch, "attention.key_length", true, &r->head_dim, err))
        return false;
    if (r->head_dim == 0 && n_heads > 0)
        r->head_dim = dim / n_heads;
    return true;
}

static bool read_rope(const struct gguf_split *s, const struct gguf_arch *arch, struct rope *r,
                      struct error *err)
{
    *r = (struct rope){.theta = 10000,
                       .factor = NAN,
                       .attn_factor = NAN,
                       .beta_fast = NAN,
                       .beta_slow = NAN,
                       .log_multiplier = NAN,
                       .temperature = NAN,
                       .type = "none"};
    return get_type(s, arch, r, err) && get_head(s, arch, r, err) &&
           gguf_arch_u32(s, arch, "context_length", false, &r->max_ctx, err) &&
           gguf_arch_u32(s, arch, "rope.dimension_count", true, &r->n_dims, err) &&
           gguf_arch_u32(s, arch, "rope.scaling.original_context_length", true, &r->orig_ctx,
                         err) &&
           get_number(s, arch, "rope.freq_base", &r->theta, err) &&
           get_number(s, arch, "rope.scale_linear", &r->factor, err) &&
           get_number(s, arch, "rope.scaling.factor", &r->factor, err) &&
           get_number(s, arch, "rope.scaling.attn_factor", &r->attn_factor, err) &&
           get_number(s, arch, "rope.scaling.yarn_beta_fast", &r->beta_fast, err) &&
           get_number(s, arch, "rope.scaling.yarn_beta_slow", &r->beta_slow, err) &&
           get_number(s, arch, "rope.scaling.yarn_log_multiplier", &r->log_multiplier, err) &&
           get_number(s, arch, "attention.temperature_scale", &r->temperature, err);
}

/* ---- kinds of scaling ---------------------------------------------------------------- */

static void set_number(json_t *object, const char *key, double n)
{
    if (!isnan(n))
        json_object_set_new(object, key, json_real(n));
}

static json_t *linear(const struct rope *r)
{
    json_t *rope = json_pack("{s:s}", "rope_type", "linear");
    set_number(rope, "factor", r->factor);
    return rope;
}

/* mscale and mscale_all_dim are one number in a file, and then cancel each other. */
static json_t *yarn(const struct rope *r)
{
    json_t *rope = json_pack("{s:s}", "rope_type", "yarn");
    set_number(rope, "factor", r->factor);
    set_number(rope, "beta_fast", r->beta_fast);
    set_number(rope, "beta_slow", r->beta_slow);
    set_number(rope, "mscale", r->log_multiplier);
    set_number(rope, "mscale_all_dim", r->log_multiplier);
    set_number(rope, "llama_4_scaling_beta", r->temperature);
    if (r->orig_ctx)
        json_object_set_new(rope, "original_max_position_embeddings", json_integer(r->orig_ctx));
    return rope;
}

/* The attention factor follows from the two context lengths, unless the file says another one. */
static json_t *longrope(const struct rope *r, const float *shorts, size_t n_short,
                        const float *longs, size_t n_long)
{
    json_t *rope = json_pack("{s:s, s:o, s:o}", "rope_type", "longrope", "short_factor",
                             list_json(shorts, n_short), "long_factor", list_json(longs, n_long));
    double scale = r->orig_ctx ? (double)r->max_ctx / r->orig_ctx : 1;
    double usual = scale <= 1 ? 1 : sqrt(1 + log(scale) / log(r->orig_ctx));
    if (!isnan(r->attn_factor) && fabs(r->attn_factor - usual) > 1e-5 * usual)
        set_number(rope, "attention_factor", r->attn_factor);
    if (r->orig_ctx)
        json_object_set_new(rope, "original_max_position_embeddings", json_integer(r->orig_ctx));
    return rope;
}

/* Llama 3's rule (transformers' _compute_llama3_parameters) for one frequency. */
static double llama3_factor(double inv_freq, double factor, double orig_ctx)
{
    static const double low = 1, high = 4, turn = 6.283185307179586;
    double turns = orig_ctx * inv_freq / turn; /* in the original context */
    if (turns < low)
        return factor;
    if (turns > high)
        return 1;
    double smooth = (turns - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
}

static bool is_llama3(const struct rope *r, const float *factors, size_t n, double orig_ctx)
{
    for (size_t i = 0; i < n; i++) {
        double inv_freq = pow(r->theta, -(double)i / (double)n);
        double wanted = llama3_factor(inv_freq, factors[n - 1], orig_ctx);
        if (fabs(factors[i] - wanted) > 1e-4 * wanted)
            return false;
    }
    return true;
}

/* The original context is the one number that is not among the factors: a power of two. */
static json_t *llama3(const struct rope *r, const float *factors, size_t n)
{
    for (uint32_t orig_ctx = 16; orig_ctx <= 1u << 24; orig_ctx *= 2)
        if (is_llama3(r, factors, n, orig_ctx))
            return json_pack("{s:s, s:f, s:f, s:f, s:I}", "rope_type", "llama3", "factor",
                             gguf_shortest(factors[n - 1]), "low_freq_factor", 1.0,
                             "high_freq_factor", 4.0, "original_max_position_embeddings",
                             (json_int_t)orig_ctx);
    return NULL;
}

static json_t *proportional(const float *factors, size_t n)
{
    size_t n_turning = 0;
    while (n_turning < n && factors[n_turning] == 1)
        n_turning++;
    for (size_t i = n_turning; i < n; i++)
        if (!(factors[i] > 1e20f))
            return NULL;
    return n_turning && n_turning < n
               ? json_pack("{s:s, s:f}", "rope_type", "proportional", "partial_rotary_factor",
                           (double)n_turning / (double)n)
               : NULL;
}

static bool scale_by_factors(const struct gguf_split *s, const struct rope *r, json_t **rope,
                             struct error *err)
{
    float freqs[MAX_FACTORS], shorts[MAX_FACTORS], longs[MAX_FACTORS];
    size_t n_freqs, n_short, n_long;
    if (!read_factors(s, "rope_freqs.weight", freqs, &n_freqs, err) ||
        !read_factors(s, "rope_factors_short.weight", shorts, &n_short, err) ||
        !read_factors(s, "rope_factors_long.weight", longs, &n_long, err))
        return false;
    if (n_freqs > 0) {
        *rope = proportional(freqs, n_freqs);
        if (!*rope)
            *rope = llama3(r, freqs, n_freqs);
        return *rope || error_set(err, EX_DATAERR,
                                  "%s: tensor \"rope_freqs.weight\": factors of another kind than "
                                  "Llama 3's or Gemma 4's are not supported",
                                  s->parts[0].name);
    }
    if (n_short > 0 || n_long > 0)
        *rope = longrope(r, shorts, n_short, longs, n_long);
    return true;
}

static bool scale_by_keys(const struct gguf_split *s, const struct rope *r, json_t **rope,
                          struct error *err)
{
    bool is_none = strcmp(r->type, "none") == 0 || strcmp(r->type, "longrope") == 0;
    if (!isnan(r->attn_factor) && r->attn_factor != 1)
        return error_set(err, EX_DATAERR,
                         "%s: rope.scaling.attn_factor %g is not supported with scaling "
                         "\"%s\"",
                         s->parts[0].name, r->attn_factor, r->type);
    if (strcmp(r->type, "yarn") == 0)
        *rope = yarn(r);
    else if (strcmp(r->type, "linear") == 0 || (is_none && !isnan(r->factor) && r->factor != 1))
        *rope = linear(r);
    else if (!is_none)
        return error_set(err, EX_DATAERR,
                         "%s: rope.scaling.type \"%s\" is not supported; supported: none, "
                         "linear, yarn, longrope",
                         s->parts[0].name, r->type);
    return true;
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool set_part(const struct gguf_split *s, const struct gguf_arch *arch, const struct rope *r,
                     json_t *config, struct error *err)
{
    if (r->n_dims == 0 || r->n_dims == r->head_dim)
        return true;
    if (!(arch->flags & GGUF_PARTIAL) || r->head_dim == 0 || r->n_dims > r->head_dim)
        return error_set(err, EX_DATAERR,
                         "%s: key \"%s.rope.dimension_count\": %u, but a head has %u "
                         "dimensions",
                         s->parts[0].name, arch->name, r->n_dims, r->head_dim);
    double part = (double)r->n_dims / r->head_dim;
    if ((uint32_t)(r->head_dim * part) < r->n_dims)
        part = nextafter(part, 1);
    json_object_set_new(config, "partial_rotary_factor", json_real(part));
    return true;
}

bool gguf_rope(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
               struct error *err)
{
    struct rope r;
    json_t *rope = NULL;
    if (!read_rope(s, arch, &r, err) || !set_part(s, arch, &r, config, err) ||
        !scale_by_factors(s, &r, &rope, err) || (!rope && !scale_by_keys(s, &r, &rope, err)))
        return false;
    json_object_set_new(config, "rope_theta", json_real(r.theta));
    if (strcmp(arch->name, "phi3") == 0 && r.orig_ctx)
        json_object_set_new(config, "original_max_position_embeddings", json_integer(r.orig_ctx));
    if (rope)
        json_object_set_new(config, "rope_scaling", rope);
    return true;
}
