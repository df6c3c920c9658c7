/* SPDX-License-Identifier: MIT */
#include "gguf_config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double gguf_shortest(float f)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)f);
        if (strtof(text, NULL) == f)
            break;
    }
    return strtod(text, NULL);
}

/* ---- one field ----------------------------------------------------------------------- */

static bool refuse_value(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                         const char *why, struct error *err)
{
    return error_set(err, EX_DATAERR, "%s: key \"%s.%s\": %s", s->parts[0].name, arch->name, key,
                     why);
}

/* A size, or an array of one size for each layer. */
static bool get_size(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                     const struct gguf_value *v, int64_t *out, struct error *err)
{
    enum gguf_kind kind = v->data.kind;
    if (kind == GGUF_STRING || kind == GGUF_BOOL || kind == GGUF_F32 || kind == GGUF_F64)
        return refuse_value(s, arch, key, "not an integer", err);
    if (v->data.n == 0)
        return refuse_value(s, arch, key, "an empty array", err);
    *out = gguf_integer_at(&v->data, 0);
    const bool skips_zero = arch->flags & GGUF_NO_KV;
    for (uint64_t i = 1; i < v->data.n; i++)
        if (skips_zero && *out == 0)
            *out = gguf_integer_at(&v->data, i);
        else if (gguf_integer_at(&v->data, i) != *out &&
                 !(skips_zero && gguf_integer_at(&v->data, i) == 0))
            return refuse_value(s, arch, key, "layers of different sizes are not supported", err);
    return true;
}

static json_t *number_json(const struct gguf_value *v)
{
    return json_real(v->data.kind == GGUF_F32 ? gguf_shortest((float)gguf_number_at(&v->data, 0))
                                              : gguf_number_at(&v->data, 0));
}

static bool has_tensor(const struct gguf_split *s, const char *key)
{
    char name[GGUF_MAX_NAME + 1];
    const struct gguf *part;
    snprintf(name, sizeof name, "blk.0.%s", key);
    return gguf_split_tensor(s, name, &part) != NULL;
}

static bool set_size(const struct gguf_split *s, const struct gguf_arch *arch,
                     const struct gguf_field *f, const struct gguf_value *v, json_t *config,
                     struct error *err)
{
    int64_t n = 0;
    if (!get_size(s, arch, f->key, v, &n, err))
        return false;
    json_object_set_new(config, f->published,
                        f->kind == GGUF_WINDOW && n == 0 ? json_null() : json_integer(n));
    return true;
}

static bool set_number(const struct gguf_split *s, const struct gguf_arch *arch,
                       const struct gguf_field *f, const struct gguf_value *v, json_t *config,
                       struct error *err)
{
    double n;
    if (!gguf_arch_number(s, arch, f->key, false, &n, err))
        return false;
    json_object_set_new(config, f->published, number_json(v));
    return true;
}

static bool set_field(const struct gguf_split *s, const struct gguf_arch *arch,
                      const struct gguf_field *f, json_t *config, struct error *err)
{
    const struct gguf_value *v = gguf_arch_value(s, arch, f->key);
    if (f->kind == GGUF_HAS_TENSOR) {
        if (has_tensor(s, f->key))
            json_object_set_new(config, f->published, json_true());
        return true;
    }
    if (!v)
        return !f->required || refuse_value(s, arch, f->key, "is missing", err);
    if (f->kind == GGUF_NUMBER)
        return set_number(s, arch, f, v, config, err);
    if (f->kind != GGUF_FLAG)
        return set_size(s, arch, f, v, config, err);
    if (v->data.kind != GGUF_BOOL || v->is_array)
        return refuse_value(s, arch, f->key, "not true or false", err);
    json_object_set_new(config, f->published, json_boolean(gguf_integer_at(&v->data, 0) != 0));
    return true;
}

static bool set_fields(const struct gguf_split *s, const struct gguf_arch *arch,
                       const struct gguf_field *fields, json_t *config, struct error *err)
{
    for (const struct gguf_field *f = fields; f && f->key; f++)
        if (!set_field(s, arch, f, config, err))
            return false;
    return true;
}

/* ---- keys that nobody read ----------------------------------------------------------- */

static bool is_field(const struct gguf_field *fields, struct gguf_string key)
{
    for (const struct gguf_field *f = fields; f && f->key; f++)
        if (gguf_string_is(key, f->key))
            return true;
    return false;
}

/* Read elsewhere, or without a part in the arithmetic. */
static bool is_other(const struct gguf_arch *arch, struct gguf_string key)
{
    static const char *const keys[] = {
        "vocab_size",
        "attention.value_length", /* find_head */
        "rope.dimension_count",
        "rope.dimension_sections", /* of images: a text has one position */
        "rope.freq_base",
        "rope.scaling.type",
        "rope.scaling.factor",
        "rope.scaling.original_context_length",
        "rope.scaling.attn_factor",
        "rope.scaling.finetuned",
        "rope.scaling.yarn_beta_fast",
        "rope.scaling.yarn_beta_slow",
        "rope.scaling.yarn_log_multiplier",
        "rope.scale_linear",
        "attention.temperature_scale",
        "tensor_data_layout",
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (gguf_string_is(key, keys[i]))
            return true;
    if ((arch->flags & GGUF_DELTA) && (gguf_string_is(key, "ssm.inner_size") ||
                                       gguf_string_is(key, "attention.recurrent_layers")))
        return true;
    if ((arch->flags & GGUF_NO_KV) && gguf_string_is(key, "expert_gating_func"))
        return true;
    return arch->finish && (gguf_string_is(key, "attention.sliding_window_pattern") ||
                            gguf_string_is(key, "rope.freq_base_swa"));
}

/* Zero switches off whatever it is: "expert_count" of a dense model. */
static bool is_zero(const struct gguf_value *v)
{
    return !v->is_array && v->data.kind != GGUF_STRING && gguf_number_at(&v->data, 0) == 0;
}

static bool is_known(const struct gguf_arch *arch, const struct gguf_value *v)
{
    size_t n_arch = strlen(arch->name);
    if (v->key.n <= n_arch || memcmp(v->key.data, arch->name, n_arch) != 0 ||
        v->key.data[n_arch] != '.')
        return true; /* not of the architecture */
    struct gguf_string key = {v->key.data + n_arch + 1, v->key.n - n_arch - 1};
    return is_zero(v) || is_field(gguf_common_fields, key) || is_field(arch->fields, key) ||
           is_other(arch, key);
}

static bool check_keys(const struct gguf_split *s, const struct gguf_arch *arch, struct error *err)
{
    const struct gguf *g = &s->parts[0];
    struct buf names = {0};
    for (size_t i = 0; i < g->n_values && names.len < 600; i++)
        if (!is_known(arch, &g->values[i]))
            buf_printf(&names, "%s\"%.*s\"", names.len ? ", " : "",
                       g->values[i].key.n < 100 ? (int)g->values[i].key.n : 100,
                       g->values[i].key.data);
    bool ok =
        names.len == 0 ||
        error_set(err, EX_DATAERR, "%s: keys that might change the arithmetic are not known: %s",
                  g->name, names.data);
    buf_free(&names);
    return ok;
}

/* ---- config.json --------------------------------------------------------------------- */

static bool set_vocab(const struct gguf_split *s, json_t *config, struct error *err)
{
    const struct gguf *part;
    const struct gguf_tensor *embed = gguf_split_tensor(s, "token_embd.weight", &part);
    if (!embed || embed->n_dims != 2)
        return error_set(err, EX_DATAERR, "%s: %s", s->parts[0].name,
                         embed ? "tensor \"token_embd.weight\" is not a matrix"
                               : "tensor \"token_embd.weight\" is missing: no model to run");
    json_object_set_new(config, "vocab_size", json_integer((json_int_t)embed->shape[0]));
    json_object_set_new(config, "tie_word_embeddings",
                        json_boolean(!gguf_split_tensor(s, "output.weight", &part)));
    return true;
}

/* Keys and values of one size alone are read. */
static bool check_head(const struct gguf_split *s, const struct gguf_arch *arch, struct error *err)
{
    uint32_t k = 0, v = 0;
    if (!gguf_arch_u32(s, arch, "attention.key_length", true, &k, err) ||
        !gguf_arch_u32(s, arch, "attention.value_length", true, &v, err))
        return false;
    return k == v || refuse_value(s, arch, "attention.value_length",
                                  "differs from attention.key_length: not supported", err);
}

/* Ids that the vocabulary does not have mean none. */
static bool get_token(const struct gguf_split *s, const char *key, json_t **out, struct error *err)
{
    const struct gguf *part;
    const struct gguf_tensor *embed = gguf_split_tensor(s, "token_embd.weight", &part);
    uint32_t id = UINT32_MAX;
    if (!gguf_get_u32(&s->parts[0], key, true, &id, err))
        return false;
    *out = embed && id < embed->shape[0] ? json_integer(id) : NULL;
    return true;
}

static bool set_token(const struct gguf_split *s, const char *key, const char *published,
                      json_t *config, struct error *err)
{
    json_t *id;
    if (!get_token(s, key, &id, err))
        return false;
    if (id)
        json_object_set_new(config, published, id);
    return true;
}

json_t *gguf_config(const struct gguf_split *s, const struct gguf_arch *arch, struct error *err)
{
    json_t *config = json_loads(arch->constants, 0, NULL);
    if (check_keys(s, arch, err) && set_fields(s, arch, gguf_common_fields, config, err) &&
        set_fields(s, arch, arch->fields, config, err) && check_head(s, arch, err) &&
        set_vocab(s, config, err) && gguf_rope(s, arch, config, err) &&
        set_token(s, "tokenizer.ggml.bos_token_id", "bos_token_id", config, err) &&
        set_token(s, "tokenizer.ggml.eos_token_id", "eos_token_id", config, err) &&
        (!arch->finish || arch->finish(s, arch, config, err)))
        return config;
    json_decref(config);
    return NULL;
}

/* ---- generation_config.json ---------------------------------------------------------- */

static bool has_id(const json_t *ids, const json_t *id)
{
    size_t i;
    json_t *other;
    json_array_foreach((json_t *)ids, i, other)
    {
        if (json_equal(other, id))
            return true;
    }
    return false;
}

/* What the model's makers recommend, as "general.sampling.*". */
static bool set_sampling(const struct gguf_split *s, json_t *generation, struct error *err)
{
    static const struct {
        const char *key, *published;
    } values[] = {
        {"general.sampling.temp", "temperature"},
        {"general.sampling.top_p", "top_p"},
        {"general.sampling.top_k", "top_k"},
        {"general.sampling.min_p", "min_p"},
        {"general.sampling.penalty_repeat", "repetition_penalty"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double n;
        const struct gguf_value *v = gguf_value(&s->parts[0], values[i].key);
        if (!v)
            continue;
        if (!gguf_get_number(&s->parts[0], values[i].key, false, &n, err))
            return false;
        json_object_set_new(generation, values[i].published, number_json(v));
        json_object_set_new(generation, "do_sample", json_true());
    }
    return true;
}

json_t *gguf_generation_config(const struct gguf_split *s, struct error *err)
{
    static const char *const keys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                       "tokenizer.ggml.eom_token_id"};
    json_t *generation = json_object(), *ids = json_array(), *id;
    json_object_set_new(generation, "eos_token_id", ids);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!get_token(s, keys[i], &id, err)) {
            json_decref(generation);
            return NULL;
        }
        if (id && !has_id(ids, id))
            json_array_append(ids, id);
        json_decref(id);
    }
    if (set_sampling(s, generation, err))
        return generation;
    json_decref(generation);
    return NULL;
}
