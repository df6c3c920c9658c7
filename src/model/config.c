/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <string.h>

#include "config_fields.h"

/* Limits that no real model reaches; they keep every product of sizes far below 64 bits. */
enum {
    MAX_DIM = 1 << 20,
    MAX_FFN = 1 << 22,
    MAX_LAYERS = 4096,
    MAX_HEADS = 4096,
    MAX_VOCAB = 1 << 24,
    MAX_CTX = 1 << 30,
};

static const char *const arch_names[] = {[ARCH_PHI3] = "phi3", [ARCH_LLAMA] = "llama"};
static const char *const arch_classes[] = {
    [ARCH_PHI3] = "Phi3ForCausalLM",
    [ARCH_LLAMA] = "LlamaForCausalLM",
};
enum { N_ARCHS = sizeof arch_names / sizeof *arch_names };

const char *arch_name(enum arch arch)
{
    return arch_names[arch];
}

/* ---- architecture and sizes ----------------------------------------------------------- */

static bool parse_arch(struct model_config *c, const json_t *config, const char *name,
                       struct error *err)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    if (!type)
        return error_set(err, EX_DATAERR, "%s: \"model_type\" is missing", name);
    unsigned arch = 0;
    while (arch < N_ARCHS && strcmp(type, arch_names[arch]) != 0)
        arch++;
    if (arch == N_ARCHS)
        return error_set(err, EX_DATAERR,
                         "%s: model_type \"%.60s\" is not supported; supported: phi3, "
                         "llama",
                         name, type);
    c->arch = (enum arch)arch;
    const json_t *classes = json_object_get(config, "architectures");
    if (!classes || json_is_null(classes))
        return true;
    const char *class = json_string_value(json_array_get(classes, 0));
    if (json_array_size(classes) != 1 || !class || strcmp(class, arch_classes[arch]) != 0)
        return error_set(err, EX_DATAERR,
                         "%s: \"architectures\" is not [\"%s\"], as a %s model has it", name,
                         arch_classes[arch], arch_names[arch]);
    return true;
}

static bool get_size(const json_t *config, const char *key, uint32_t max, uint32_t *out,
                     const char *name, struct error *err)
{
    return json_get_u32(config, key, false, out, name, err) &&
           ((*out >= 1 && *out <= max) ||
            error_set(err, EX_DATAERR, "%s: \"%s\" is %u, not in 1..%u", name, key, *out, max));
}

static bool parse_heads(struct model_config *c, const json_t *config, const char *name,
                        struct error *err)
{
    if (!get_size(config, "num_attention_heads", MAX_HEADS, &c->n_heads, name, err))
        return false;
    c->n_kv_heads = c->n_heads;
    if (!json_get_u32(config, "num_key_value_heads", true, &c->n_kv_heads, name, err))
        return false;
    if (c->n_kv_heads == 0 || c->n_heads % c->n_kv_heads != 0)
        return error_set(err, EX_DATAERR,
                         "%s: num_attention_heads %u is not a multiple of "
                         "num_key_value_heads %u",
                         name, c->n_heads, c->n_kv_heads);
    c->head_dim = 0;
    if (!json_get_u32(config, "head_dim", true, &c->head_dim, name, err))
        return false;
    if (c->head_dim == 0) {
        if (c->dim % c->n_heads != 0)
            return error_set(err, EX_DATAERR,
                             "%s: hidden_size %u is not a multiple of "
                             "num_attention_heads %u, and there is no \"head_dim\"",
                             name, c->dim, c->n_heads);
        c->head_dim = c->dim / c->n_heads;
    }
    return c->head_dim <= MAX_HEAD_DIM || error_set(err, EX_DATAERR,
                                                    "%s: heads of %u dimensions, at most "
                                                    "%d are supported",
                                                    name, c->head_dim, MAX_HEAD_DIM);
}

static bool parse_sizes(struct model_config *c, const json_t *config, const char *name,
                        struct error *err)
{
    double eps;
    if (!get_size(config, "hidden_size", MAX_DIM, &c->dim, name, err) ||
        !get_size(config, "intermediate_size", MAX_FFN, &c->ffn_dim, name, err) ||
        !get_size(config, "num_hidden_layers", MAX_LAYERS, &c->n_layers, name, err) ||
        !get_size(config, "vocab_size", MAX_VOCAB, &c->vocab, name, err) ||
        !get_size(config, "max_position_embeddings", MAX_CTX, &c->max_ctx, name, err) ||
        !parse_heads(c, config, name, err) ||
        !json_get_number(config, "rms_norm_eps", false, &eps, name, err))
        return false;
    if (!(eps > 0 && eps < 1))
        return error_set(err, EX_DATAERR, "%s: rms_norm_eps %g is not between 0 and 1", name, eps);
    c->rms_eps = (float)eps;
    return true;
}

static bool parse_rest(struct model_config *c, const json_t *config, const char *name,
                       struct error *err)
{
    const char *act = json_string_value(json_object_get(config, "hidden_act"));
    if (!act || strcmp(act, "silu") != 0)
        return error_set(err, EX_DATAERR,
                         "%s: hidden_act \"%.40s\" is not supported; it must be \"silu\"", name,
                         act ? act : "(missing)");
    c->tied = false; /* both architectures' default; checked against the tensors (checkpoint.c) */
    if (!json_get_bool(config, "tie_word_embeddings", true, &c->tied, name, err))
        return false;
    uint32_t window = c->max_ctx;
    if (!json_get_u32(config, "sliding_window", true, &window, name, err))
        return false;
    return window >= c->max_ctx ||
           error_set(err, EX_DATAERR,
                     "%s: sliding_window %u is below max_position_embeddings %u: "
                     "windowed attention is not supported",
                     name, window, c->max_ctx);
}

/* ---- rotary positions ----------------------------------------------------------------- */

/* Nothing but these keys may stand in a rope object. */
static bool only_keys(const json_t *rope, const char *const *keys, const char *what,
                      const char *name, struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)rope, key, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(key, keys[i]) != 0)
            i++;
        if (!keys[i] && !json_is_null(value))
            return error_set(err, EX_DATAERR, "%s: %s: field \"%.100s\" is not supported", name,
                             what, key);
    }
    return true;
}

/* A number that may stand in the config itself, in the rope object, or equally in both. */
static bool get_shared(const json_t *config, const json_t *rope, const char *key, double *out,
                       const char *name, struct error *err)
{
    double outer = NAN, inner = NAN;
    if (!json_get_number(config, key, true, &outer, name, err) ||
        !json_get_number(rope, key, true, &inner, name, err))
        return false;
    if (!isnan(outer) && !isnan(inner) && outer != inner)
        return error_set(err, EX_DATAERR, "%s: two values of \"%s\": %g and %g", name, key, outer,
                         inner);
    if (!isnan(outer) || !isnan(inner))
        *out = isnan(inner) ? outer : inner;
    return true;
}

static bool get_factors(float *out, uint32_t n, const json_t *rope, const char *key,
                        const char *name, struct error *err)
{
    const json_t *list = json_object_get(rope, key);
    if (!json_is_array(list) || json_array_size(list) != n)
        return error_set(err, EX_DATAERR,
                         "%s: \"%s\" is not a list of %u numbers (half of the rotated "
                         "dimensions)",
                         name, key, n);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        out[i] = (float)json_number_value(v);
        if (!json_is_number(v) || !isfinite(out[i]) || out[i] <= 0)
            return error_set(err, EX_DATAERR, "%s: \"%s\"[%u] is not a positive number", name, key,
                             i);
    }
    return true;
}

static bool parse_longrope(struct model_config *c, const json_t *rope, const char *what,
                           const char *name, struct error *err)
{
    static const char *const keys[] = {
        "type",   "rope_type",  "short_factor",          "long_factor",
        "factor", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings",
        NULL};
    if (c->arch != ARCH_PHI3)
        return error_set(err, EX_DATAERR, "%s: %s: longrope is supported for phi3 models only",
                         name, what);
    if (c->orig_ctx == 0)
        return error_set(err, EX_DATAERR,
                         "%s: \"original_max_position_embeddings\" is missing; longrope "
                         "needs it",
                         name);
    double scale = (double)c->max_ctx / c->orig_ctx, factor = scale;
    if (!only_keys(rope, keys, what, name, err) ||
        !get_factors(c->short_factor, c->rot_dim / 2, rope, "short_factor", name, err) ||
        !get_factors(c->long_factor, c->rot_dim / 2, rope, "long_factor", name, err) ||
        !json_get_number(rope, "factor", true, &factor, name, err))
        return false;
    if (c->orig_ctx < 2 || factor != scale)
        return error_set(err, EX_DATAERR,
                         "%s: %s: factor %g is not max_position_embeddings / "
                         "original_max_position_embeddings = %g",
                         name, what, factor, scale);
    c->rope = ROPE_LONGROPE;
    return true;
}

static bool parse_llama3(struct model_config *c, const json_t *rope, const char *what,
                         const char *name, struct error *err)
{
    static const char *const keys[] = {"type",
                                       "rope_type",
                                       "factor",
                                       "low_freq_factor",
                                       "high_freq_factor",
                                       "rope_theta",
                                       "original_max_position_embeddings",
                                       NULL};
    double factor, low, high;
    if (c->arch != ARCH_LLAMA)
        return error_set(err, EX_DATAERR,
                         "%s: %s: llama3 scaling is supported for llama models only", name, what);
    if (!only_keys(rope, keys, what, name, err) ||
        !json_get_number(rope, "factor", false, &factor, name, err) ||
        !json_get_number(rope, "low_freq_factor", false, &low, name, err) ||
        !json_get_number(rope, "high_freq_factor", false, &high, name, err))
        return false;
    if (c->orig_ctx == 0)
        return error_set(err, EX_DATAERR, "%s: %s: \"original_max_position_embeddings\" is missing",
                         name, what);
    if (!(factor >= 1 && factor < 1e6 && low > 0 && high > low && high < 1e6))
        return error_set(err, EX_DATAERR,
                         "%s: %s: factor %g, low_freq_factor %g, high_freq_factor %g do "
                         "not make sense: 1 <= factor and 0 < low < high are needed",
                         name, what, factor, low, high);
    c->rope = ROPE_LLAMA3;
    c->rope_factor = (float)factor;
    c->rope_low = (float)low;
    c->rope_high = (float)high;
    return true;
}

/* The object that describes the rotation: rope_parameters (transformers 5) or rope_scaling. */
static bool find_rope(const json_t *config, const json_t **rope, const char **what,
                      const char *name, struct error *err)
{
    const json_t *scaling = json_object_get(config, "rope_scaling");
    const json_t *parameters = json_object_get(config, "rope_parameters");
    bool has_scaling = scaling && !json_is_null(scaling);
    bool has_parameters = parameters && !json_is_null(parameters);
    if (has_scaling && has_parameters && !json_equal(scaling, parameters))
        return error_set(err, EX_DATAERR,
                         "%s: \"rope_scaling\" and \"rope_parameters\" contradict each "
                         "other",
                         name);
    *rope = has_parameters ? parameters : has_scaling ? scaling : NULL;
    *what = has_parameters ? "rope_parameters" : "rope_scaling";
    return !*rope || json_is_object(*rope) ||
           error_set(err, EX_DATAERR, "%s: \"%s\" is not an object", name, *what);
}

static bool parse_rotated_part(struct model_config *c, const json_t *config, const json_t *rope,
                               const char *name, struct error *err)
{
    double theta = NAN, part = 1, orig = 0;
    if (!get_shared(config, rope, "rope_theta", &theta, name, err) ||
        !get_shared(config, rope, "partial_rotary_factor", &part, name, err) ||
        !get_shared(config, rope, "original_max_position_embeddings", &orig, name, err))
        return false;
    if (isnan(theta))
        return error_set(err, EX_DATAERR, "%s: \"rope_theta\" is missing", name);
    if (!(theta >= 1 && theta < 1e12))
        return error_set(err, EX_DATAERR, "%s: rope_theta %g is not in 1..1e12", name, theta);
    if (!(part > 0 && part <= 1) || (c->arch == ARCH_LLAMA && part != 1))
        return error_set(err, EX_DATAERR,
                         "%s: partial_rotary_factor %g is not supported for %s models", name, part,
                         arch_name(c->arch));
    if (!(orig >= 0 && orig <= MAX_CTX) || orig != floor(orig))
        return error_set(err, EX_DATAERR, "%s: original_max_position_embeddings %g is not in 1..%d",
                         name, orig, MAX_CTX);
    c->rope_theta = (float)theta;
    c->rot_dim = (uint32_t)(c->head_dim * part);
    c->orig_ctx = (uint32_t)orig;
    if (c->rot_dim == 0 || c->rot_dim % 2 != 0 || c->rot_dim > 2 * MAX_ROT_HALF)
        return error_set(err, EX_DATAERR,
                         "%s: %u rotated dimensions of a head: an even number up to %d is "
                         "needed",
                         name, c->rot_dim, 2 * MAX_ROT_HALF);
    return true;
}

static bool parse_rope(struct model_config *c, const json_t *config, const char *name,
                       struct error *err)
{
    static const char *const plain_keys[] = {"type",
                                             "rope_type",
                                             "rope_theta",
                                             "partial_rotary_factor",
                                             "original_max_position_embeddings",
                                             NULL};
    const json_t *rope = NULL;
    const char *what = "", *kind = "default";
    if (!find_rope(config, &rope, &what, name, err) ||
        !parse_rotated_part(c, config, rope, name, err))
        return false;
    if (rope) {
        const char *type = json_string_value(json_object_get(rope, "type"));
        const char *rope_type = json_string_value(json_object_get(rope, "rope_type"));
        kind = rope_type ? rope_type : type;
        if (!kind || (type && rope_type && strcmp(type, rope_type) != 0))
            return error_set(err, EX_DATAERR,
                             "%s: %s: \"rope_type\" is missing or contradicts \"type\"", name,
                             what);
    }
    bool ok = false;
    if (strcmp(kind, "longrope") == 0 || strcmp(kind, "su") == 0) /* su: its name in early Phi-3 */
        ok = parse_longrope(c, rope, what, name, err);
    else if (strcmp(kind, "llama3") == 0)
        ok = parse_llama3(c, rope, what, name, err);
    else if (strcmp(kind, "default") == 0)
        ok = !rope || only_keys(rope, plain_keys, what, name, err);
    else
        error_set(err, EX_DATAERR,
                  "%s: %s: kind \"%.40s\" is not supported; supported: default, longrope, "
                  "llama3",
                  name, what, kind);
    if (c->orig_ctx == 0)
        c->orig_ctx = c->max_ctx;
    return ok;
}

/* ---- tokens --------------------------------------------------------------------------- */

static bool get_token(const json_t *v, uint32_t vocab, int32_t *out, const char *key,
                      const char *name, struct error *err)
{
    json_int_t id = json_is_integer(v) ? json_integer_value(v) : -1;
    if (id < 0 || id >= vocab)
        return error_set(err, EX_DATAERR, "%s: \"%s\" is not a token id below vocab_size %u", name,
                         key, vocab);
    *out = (int32_t)id;
    return true;
}

/* Takes bos and eos from this object where it has them; eos replaces what was known. */
static bool parse_tokens(struct model_config *c, const json_t *object, const char *name,
                         struct error *err)
{
    const json_t *bos = json_object_get(object, "bos_token_id");
    const json_t *eos = json_object_get(object, "eos_token_id");
    if (bos && !json_is_null(bos) && !get_token(bos, c->vocab, &c->bos, "bos_token_id", name, err))
        return false;
    if (!eos || json_is_null(eos))
        return true;
    size_t n = json_is_array(eos) ? json_array_size(eos) : 1;
    if (n > MAX_STOP)
        return error_set(err, EX_DATAERR,
                         "%s: %zu values of \"eos_token_id\", at most %d are supported", name, n,
                         MAX_STOP);
    c->n_stop = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_is_array(eos) ? json_array_get(eos, i) : eos;
        if (!get_token(v, c->vocab, &c->stop[c->n_stop++], "eos_token_id", name, err))
            return false;
    }
    return true;
}

static bool parse_generation(struct model_config *c, const char *text, size_t n, const char *name,
                             struct error *err)
{
    json_t *generation = json_parse(text, n, name, err);
    if (!generation)
        return false;
    bool ok = json_is_object(generation)
                  ? parse_tokens(c, generation, name, err)
                  : error_set(err, EX_DATAERR, "%s: not a JSON object", name);
    json_decref(generation);
    return ok;
}

/* ---- all of it ------------------------------------------------------------------------ */

bool config_parse(struct model_config *c, const char *config, size_t n_config,
                  const char *config_name, const char *generation, size_t n_generation,
                  const char *generation_name, struct error *err)
{
    *c = (struct model_config){.bos = -1};
    json_t *root = json_parse(config, n_config, config_name, err);
    if (!root)
        return false;
    bool ok =
        json_is_object(root) || error_set(err, EX_DATAERR, "%s: not a JSON object", config_name);
    ok = ok && parse_arch(c, root, config_name, err) &&
         config_fields_check(root, config_name, err) && parse_sizes(c, root, config_name, err) &&
         parse_rest(c, root, config_name, err) && parse_rope(c, root, config_name, err) &&
         parse_tokens(c, root, config_name, err);
    json_decref(root);
    return ok &&
           (!generation || parse_generation(c, generation, n_generation, generation_name, err));
}

uint32_t config_kv_dim(const struct model_config *c)
{
    return c->n_kv_heads * c->head_dim;
}

uint64_t config_n_params(const struct model_config *c)
{
    uint64_t dim = c->dim, q_dim = (uint64_t)c->n_heads * c->head_dim, kv_dim = config_kv_dim(c);
    uint64_t layer = dim * (q_dim + 2 * kv_dim) + q_dim * dim + 3 * dim * c->ffn_dim + 2 * dim;
    return c->n_layers * layer + (c->tied ? 1 : 2) * (uint64_t)c->vocab * dim + dim;
}
