/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config_experts.h"
#include "config_fields.h"
#include "config_layers.h"
#include "config_rope.h"
#include "config_tokens.h"
#include "kernels.h"

/* Limits that no real model reaches; they keep every product of sizes far below 64 bits. */
enum {
    MAX_DIM = 1 << 20,
    MAX_FFN = 1 << 22,
    MAX_HEADS = 4096,
    MAX_VOCAB = 1 << 24,
};

/* What is read from where. */
struct parser {
    struct model_config *c;
    struct config_fields f; /* of the language model */
    const json_t *outer;    /* the whole file, if the language model is a part of it; else NULL */
    struct buf unknown;     /* fields that might change the arithmetic */
    struct error *err;
};

/* ---- architecture ------------------------------------------------------------------------ */

static bool refuse_type(const char *type, const char *name, struct error *err)
{
    struct buf names = {0};
    const struct arch *a;
    for (size_t i = 0; (a = arch_at(i)); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", a->type);
    error_set(err, EX_DATAERR, "%s: model_type \"%.60s\" is not supported%s; supported: %s", name,
              type, arch_is_planned(type) ? " yet" : "", names.data);
    buf_free(&names);
    return false;
}

static bool parse_arch(struct parser *p)
{
    const char *type = json_string_value(config_field(&p->f, "model_type"));
    if (!type)
        return error_set(p->err, EX_DATAERR, "%s: \"model_type\" is missing", p->f.name);
    p->c->arch = arch_find(type);
    if (!p->c->arch)
        return refuse_type(type, p->f.name, p->err);
    const json_t *classes = config_field(&p->f, "architectures");
    if (!classes)
        return true;
    const char *class = json_string_value(json_array_get(classes, 0));
    if (json_array_size(classes) != 1 || !class || strcmp(class, p->c->arch->class) != 0)
        return error_set(p->err, EX_DATAERR,
                         "%s: \"architectures\" is not [\"%s\"], as a %s model has it", p->f.name,
                         p->c->arch->class, type);
    return true;
}

/* ---- sizes ------------------------------------------------------------------------------- */

static bool get_size(struct parser *p, const char *key, uint32_t max, uint32_t *out)
{
    return config_field_u32(&p->f, key, false, out, p->err) &&
           ((*out >= 1 && *out <= max) ||
            error_set(p->err, EX_DATAERR, "%s: \"%s\" is %u, not in 1..%u", p->f.name, key, *out,
                      max));
}

static bool parse_heads(struct parser *p)
{
    struct model_config *c = p->c;
    if (!get_size(p, "num_attention_heads", MAX_HEADS, &c->n_heads))
        return false;
    c->n_kv_heads = c->n_heads;
    if (!config_field_u32(&p->f, "num_key_value_heads", true, &c->n_kv_heads, p->err))
        return false;
    if (c->n_kv_heads == 0 || c->n_heads % c->n_kv_heads != 0)
        return error_set(p->err, EX_DATAERR,
                         "%s: num_attention_heads %u is not a multiple of "
                         "num_key_value_heads %u",
                         p->f.name, c->n_heads, c->n_kv_heads);
    c->head_dim = 0;
    if (!config_field_u32(&p->f, "head_dim", true, &c->head_dim, p->err))
        return false;
    if (c->head_dim == 0) {
        if (c->dim % c->n_heads != 0)
            return error_set(p->err, EX_DATAERR,
                             "%s: hidden_size %u is not a multiple of "
                             "num_attention_heads %u, and there is no \"head_dim\"",
                             p->f.name, c->dim, c->n_heads);
        c->head_dim = c->dim / c->n_heads;
    }
    return c->head_dim <= MAX_HEAD_DIM || error_set(p->err, EX_DATAERR,
                                                    "%s: heads of %u dimensions, at most "
                                                    "%d are supported",
                                                    p->f.name, c->head_dim, MAX_HEAD_DIM);
}

static bool parse_sizes(struct parser *p)
{
    struct model_config *c = p->c;
    double eps;
    if (!get_size(p, "hidden_size", MAX_DIM, &c->dim) ||
        !get_size(p, "intermediate_size", MAX_FFN, &c->ffn_dim) ||
        !get_size(p, "num_hidden_layers", MAX_LAYERS, &c->n_layers) ||
        !get_size(p, "vocab_size", MAX_VOCAB, &c->vocab) ||
        !get_size(p, "max_position_embeddings", MAX_CTX, &c->max_ctx) || !parse_heads(p) ||
        !config_field_number(&p->f, c->arch->eps_key, false, &eps, p->err))
        return false;
    c->norm_eps = (float)eps;
    return (eps > 0 && eps < 1) || error_set(p->err, EX_DATAERR, "%s: %s %g is not between 0 and 1",
                                             p->f.name, c->arch->eps_key, eps);
}

/* As LFM2 sizes its feed-forward part: two thirds of what the file says, rounded up. */
static bool adjust_ffn(struct parser *p)
{
    struct model_config *c = p->c;
    bool adjust = true;
    double factor = 1;
    uint32_t multiple = 256;
    if (!(c->arch->reads & READS_ADJUSTED_FFN))
        return true;
    if (!config_field_bool(&p->f, "block_auto_adjust_ff_dim", true, &adjust, p->err) ||
        !config_field_number(&p->f, "block_ffn_dim_multiplier", true, &factor, p->err) ||
        !config_field_u32(&p->f, "block_multiple_of", true, &multiple, p->err))
        return false;
    if (multiple < 1 || multiple > MAX_FFN || !(factor > 0 && factor <= 16))
        return error_set(p->err, EX_DATAERR,
                         "%s: block_multiple_of %u or block_ffn_dim_multiplier %g is out of range",
                         p->f.name, multiple, factor);
    uint32_t n = (uint32_t)(factor * (uint32_t)(2 * (uint64_t)c->ffn_dim / 3));
    if (adjust)
        c->ffn_dim = (n + multiple - 1) / multiple * multiple;
    return (c->ffn_dim >= 1 && c->ffn_dim <= MAX_FFN) ||
           error_set(p->err, EX_DATAERR, "%s: a feed-forward part of %u, not in 1..%u", p->f.name,
                     c->ffn_dim, MAX_FFN);
}

static bool parse_delta(struct parser *p)
{
    struct model_config *c = p->c;
    if (!get_size(p, "linear_num_key_heads", MAX_HEADS, &c->delta_k_heads) ||
        !get_size(p, "linear_num_value_heads", MAX_HEADS, &c->delta_v_heads) ||
        !get_size(p, "linear_key_head_dim", MAX_HEAD_DIM, &c->delta_k_dim) ||
        !get_size(p, "linear_value_head_dim", MAX_HEAD_DIM, &c->delta_v_dim))
        return false;
    if (c->delta_v_heads % c->delta_k_heads != 0)
        return error_set(p->err, EX_DATAERR,
                         "%s: linear_num_value_heads %u is not a multiple of "
                         "linear_num_key_heads %u",
                         p->f.name, c->delta_v_heads, c->delta_k_heads);
    return c->delta_v_dim % DELTA_COLS == 0 ||
           error_set(p->err, EX_DATAERR, "%s: linear_value_head_dim %u is not a multiple of %d",
                     p->f.name, c->delta_v_dim, DELTA_COLS);
}

/* Of layers without attention. */
static bool parse_mixer(struct parser *p)
{
    const struct arch_mixer *a = &p->c->arch->mixer;
    return a->kind == MIXER_ATTENTION ||
           (get_size(p, a->taps_key, MAX_CONV_TAPS, &p->c->conv_taps) &&
            (a->kind != MIXER_DELTA || parse_delta(p)));
}

/* ---- switches ---------------------------------------------------------------------------- */

static bool parse_activation(struct parser *p)
{
    static const struct {
        const char *name;
        enum act act;
    } acts[] = {
        {"silu", ACT_SILU},
        {"swish", ACT_SILU},
        {"gelu_pytorch_tanh", ACT_GELU_TANH},
        {"gelu_new", ACT_GELU_TANH},
    };
    if (!p->c->arch->act_key)
        return true; /* SiLU */
    const char *act = json_string_value(config_field(&p->f, p->c->arch->act_key));
    for (size_t i = 0; act && i < sizeof acts / sizeof *acts; i++)
        if (strcmp(act, acts[i].name) == 0) {
            p->c->act = acts[i].act;
            return p->c->arch->is_gated || acts[i].act == ACT_GELU_TANH ||
                   error_set(p->err, EX_DATAERR, "%s: %s \"%s\" without a gate is not supported",
                             p->f.name, p->c->arch->act_key, act);
        }
    return error_set(p->err, EX_DATAERR,
                     "%s: %s \"%.40s\" is not supported; it must be \"silu\" or "
                     "\"gelu_pytorch_tanh\"",
                     p->f.name, p->c->arch->act_key, act ? act : "(missing)");
}

/* It is there without being said; said otherwise, it is another model. */
static bool parse_out_gate(struct parser *p)
{
    bool has_gate = true;
    if (!(p->c->arch->reads & HAS_OUT_GATE))
        return true;
    return config_field_bool(&p->f, "attn_output_gate", true, &has_gate, p->err) &&
           (has_gate ||
            error_set(p->err, EX_DATAERR,
                      "%s: attention without \"attn_output_gate\" is not supported", p->f.name));
}

static bool parse_bias(struct parser *p, const char *key, bool *out)
{
    *out = key && !*key; /* ALWAYS */
    return !key || !*key || config_field_bool(&p->f, key, true, out, p->err);
}

static bool parse_biases(struct parser *p)
{
    struct model_config *c = p->c;
    return parse_bias(p, c->arch->qkv_bias, &c->qkv_bias) &&
           parse_bias(p, c->arch->out_bias, &c->out_bias) &&
           parse_bias(p, c->arch->mixer.bias, &c->mixer_bias) &&
           parse_bias(p, c->arch->ffn_bias, &c->ffn_bias);
}

/* The text part's own word, else that of the whole; checked against the tensors (checkpoint.c). */
static bool parse_tied(struct parser *p)
{
    static const char key[] = "tie_word_embeddings";
    p->c->tied = false;
    if (p->outer && !json_object_get(p->f.object, key) &&
        json_is_boolean(json_object_get(p->outer, key))) {
        p->c->tied = json_is_true(json_object_get(p->outer, key));
        return true;
    }
    return config_field_bool(&p->f, key, true, &p->c->tied, p->err);
}

static float round_bf16(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000u;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* As the original does, which multiplies in the weights' own type. */
static float sqrt_dim(struct parser *p)
{
    const char *dtype = json_string_value(config_field(&p->f, "dtype"));
    if (!dtype)
        dtype = json_string_value(config_field(&p->f, "torch_dtype"));
    if (!dtype && p->outer)
        dtype = json_string_value(json_object_get(p->outer, "torch_dtype"));
    float root = sqrtf((float)p->c->dim);
    return dtype && strcmp(dtype, "bfloat16") != 0 ? root : round_bf16(root);
}

static bool get_positive(struct parser *p, const char *key, double *out)
{
    return config_field_number(&p->f, key, true, out, p->err) &&
           ((*out > 0 && *out < 1e9) ||
            error_set(p->err, EX_DATAERR, "%s: \"%s\" is %g, not between 0 and 1e9", p->f.name, key,
                      *out));
}

static bool parse_multipliers(struct parser *p)
{
    struct model_config *c = p->c;
    double embed = 1, residual = 1, attention = 1, logits = 1;
    if (!get_positive(p, "embedding_multiplier", &embed) ||
        !get_positive(p, "residual_multiplier", &residual) ||
        !get_positive(p, "attention_multiplier", &attention) ||
        !get_positive(p, "logits_scaling", &logits))
        return false;
    c->embed_scale = (float)embed;
    c->residual_scale = (float)residual;
    c->score_scale = (float)attention;
    c->logit_scale = (float)(1 / logits);
    return true;
}

static bool parse_cap(struct parser *p, const char *key, float *out)
{
    double cap = 1;
    if (!config_field(&p->f, key))
        return true;
    if (!get_positive(p, key, &cap))
        return false;
    *out = (float)cap;
    return true;
}

static bool parse_scales(struct parser *p)
{
    struct model_config *c = p->c;
    unsigned reads = c->arch->reads;
    double scalar = c->head_dim;
    c->embed_scale = c->residual_scale = c->logit_scale = 1;
    if ((reads & READS_QUERY_SCALAR) && !get_positive(p, "query_pre_attn_scalar", &scalar))
        return false;
    c->score_scale = 1.0f / sqrtf((float)scalar);
    if (reads & EMBED_SQRT_DIM)
        c->embed_scale = sqrt_dim(p);
    return (!(reads & READS_MULTIPLIERS) || parse_multipliers(p)) &&
           (!(reads & READS_SOFT_CAPS) || (parse_cap(p, "attn_logit_softcapping", &c->score_cap) &&
                                           parse_cap(p, "final_logit_softcapping", &c->logit_cap)));
}

static bool parse_clamp(struct parser *p)
{
    struct model_config *c = p->c;
    double limit = 0, alpha = 0;
    if (!(c->arch->reads & READS_CLAMP))
        return true;
    if (!get_positive(p, "swiglu_limit", &limit) || !get_positive(p, "swiglu_alpha", &alpha))
        return false;
    c->act = ACT_CLAMPED;
    c->act_limit = (float)limit;
    c->act_alpha = (float)alpha;
    return true;
}

/* ---- all of it --------------------------------------------------------------------------- */

static bool parse_all(struct parser *p)
{
    return parse_arch(p) && parse_sizes(p) && adjust_ffn(p) && parse_mixer(p) &&
           parse_out_gate(p) && parse_activation(p) && parse_biases(p) && parse_tied(p) &&
           parse_scales(p) && parse_clamp(p) && config_read_layers(p->c, &p->f, p->err) &&
           config_read_experts(p->c, &p->f, p->err) &&
           config_read_rope(p->c, &p->f, &p->unknown, p->err);
}

/* Fields of the whole file that reach the language model too. */
static void check_outer(struct parser *p)
{
    static const char *const keys[] = {"quantization_config", "compression_config"};
    for (size_t i = 0; p->outer && i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(p->outer, keys[i]);
        if (value && !json_is_null(value))
            buf_printf(&p->unknown, "%s\"%s\"", p->unknown.len ? ", " : "", keys[i]);
    }
}

/* All fields at once that might change the arithmetic and that this architecture does not read. */
static bool check_unknown(struct parser *p)
{
    config_field(&p->f, "bos_token_id");
    config_field(&p->f, "eos_token_id");
    for (size_t i = 0; i < MAX_IGNORED && p->c->arch->ignored[i]; i++)
        config_field(&p->f, p->c->arch->ignored[i]);
    config_fields_unknown(&p->f, "", &p->unknown);
    check_outer(p);
    return p->unknown.len == 0 ||
           error_set(p->err, EX_DATAERR,
                     "%s: unknown fields for a %s model, which might change the arithmetic: %s",
                     p->f.name, p->c->arch->type, p->unknown.data);
}

/* -> a copy in which every field has the name that is read here. */
static json_t *without_aliases(const json_t *object, const struct arch *arch)
{
    json_t *copy = json_copy((json_t *)object);
    for (size_t i = 0; arch && i < MAX_ALIASES && arch->aliases[i].other; i++) {
        json_t *value = json_object_get(copy, arch->aliases[i].other);
        if (!value)
            continue;
        json_object_set(copy, arch->aliases[i].key, value);
        json_object_del(copy, arch->aliases[i].other);
    }
    return copy;
}

static bool read_language_model(struct model_config *c, const json_t *object, const json_t *outer,
                                const char *name, struct error *err)
{
    const char *type = json_string_value(json_object_get(object, "model_type"));
    const struct arch *arch = type ? arch_find(type) : NULL;
    json_t *defaults = arch ? json_loads(arch->defaults, 0, NULL) : NULL;
    json_t *fields = without_aliases(object, arch);
    struct parser p = {
        .c = c, .f = config_fields_new(fields, defaults, name), .outer = outer, .err = err};
    bool ok = parse_all(&p) && check_unknown(&p);
    config_fields_free(&p.f);
    json_decref(defaults);
    json_decref(fields);
    buf_free(&p.unknown);
    return ok;
}

bool config_read(struct model_config *c, const json_t *config, const char *config_name,
                 const json_t *generation, const char *generation_name, struct error *err)
{
    *c = (struct model_config){.bos = -1};
    if (!json_is_object(config))
        return error_set(err, EX_DATAERR, "%s: not a JSON object", config_name);
    if (generation && !json_is_object(generation))
        return error_set(err, EX_DATAERR, "%s: not a JSON object", generation_name);
    const json_t *text = json_object_get(config, "text_config");
    c->is_text_part = json_is_object(text);
    if (!c->is_text_part)
        return read_language_model(c, config, NULL, config_name, err) &&
               config_read_tokens(c, generation, generation_name, err) &&
               config_read_tokens(c, config, config_name, err);
    char *text_name = xasprintf("%s: text_config", config_name);
    bool ok = read_language_model(c, text, config, text_name, err) &&
              config_read_tokens(c, generation, generation_name, err) &&
              config_read_tokens(c, text, text_name, err) &&
              config_read_tokens(c, config, config_name, err);
    free(text_name);
    return ok;
}

bool config_parse(struct model_config *c, const char *config, size_t n_config,
                  const char *config_name, const char *generation, size_t n_generation,
                  const char *generation_name, struct error *err)
{
    json_t *root = json_parse(config, n_config, config_name, err), *more = NULL;
    bool ok = root &&
              (!generation || (more = json_parse(generation, n_generation, generation_name, err)));
    ok = ok && config_read(c, root, config_name, more, generation_name, err);
    json_decref(root);
    json_decref(more);
    return ok;
}
