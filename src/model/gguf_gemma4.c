/* SPDX-License-Identifier: MIT
 *
 * What only Gemma 4's files say: sizes that differ from layer to layer, and a rotation for each of
 * two types of layers.
 */

#include <string.h>

#include "gguf_arch.h"

struct file {
    const struct gguf_split *s;
    const struct gguf_arch *arch;
    json_t *config;
    struct error *err;
    uint32_t n_layers, n_shared;
};

static bool refuse_key(const struct file *f, const char *key, const char *why)
{
    return error_set(f->err, EX_DATAERR, "%s: key \"%s.%s\": %s", f->s->parts[0].name,
                     f->arch->name, key, why);
}

static bool is_sliding(const struct file *f, uint32_t layer)
{
    const json_t *types = json_object_get(f->config, "layer_types");
    const char *type = json_string_value(json_array_get(types, layer));
    return type && strcmp(type, "sliding_attention") == 0;
}

/* A size of a layer: one for all, or an array of one for each. */
static bool get_size(const struct file *f, const char *key, uint32_t layer, uint32_t *out)
{
    const struct gguf_value *v = gguf_arch_value(f->s, f->arch, key);
    if (!v || !v->is_array)
        return gguf_arch_u32(f->s, f->arch, key, false, out, f->err);
    if (v->data.n != f->n_layers)
        return refuse_key(f, key, "not one number per layer");
    int64_t n = gguf_integer_at(&v->data, layer);
    *out = (uint32_t)n;
    return (n > 0 && n <= INT32_MAX) || refuse_key(f, key, "not in 1..2147483647");
}

/* Layers that share keys and values may have feed-forward parts of twice the size. */
static bool set_ffn(const struct file *f)
{
    uint32_t one, last, n;
    if (!get_size(f, "feed_forward_length", 0, &one) ||
        !get_size(f, "feed_forward_length", f->n_layers - 1, &last))
        return false;
    const bool is_double = f->n_shared > 0 && last == 2 * one;
    for (uint32_t i = 0; i < f->n_layers; i++) {
        const bool is_shared = i >= f->n_layers - f->n_shared;
        if (!get_size(f, "feed_forward_length", i, &n))
            return false;
        if (n != (is_shared && is_double ? 2 * one : one))
            return refuse_key(f, "feed_forward_length",
                              "layers of such different sizes are not supported");
    }
    if (is_double)
        json_object_set_new(f->config, "use_double_wide_mlp", json_true());
    return true;
}

static bool has_values(const struct file *f, uint32_t layer)
{
    char name[GGUF_MAX_NAME + 1];
    const struct gguf *part;
    snprintf(name, sizeof name, "blk.%u.attn_v.weight", layer);
    return gguf_split_tensor(f->s, name, &part) != NULL;
}

/* Heads of keys and values: one number for sliding layers, one for full ones; and whether the
 * values of full ones are their keys. */
static bool set_kv_heads(const struct file *f)
{
    uint32_t of_type[2] = {0, 0}, n;
    bool k_is_v = false;
    for (uint32_t i = 0; i < f->n_layers; i++) {
        uint32_t *same = &of_type[is_sliding(f, i)];
        if (!get_size(f, "attention.head_count_kv", i, &n))
            return false;
        if (*same && *same != n)
            return refuse_key(f, "attention.head_count_kv",
                              "layers of such different sizes are not supported");
        *same = n;
        k_is_v |= !is_sliding(f, i) && i < f->n_layers - f->n_shared && !has_values(f, i);
    }
    if (of_type[1])
        json_object_set_new(f->config, "num_key_value_heads", json_integer(of_type[1]));
    if (k_is_v)
        json_object_set_new(f->config, "attention_k_eq_v", json_true());
    if (of_type[1] && of_type[0] != of_type[1])
        json_object_set_new(f->config, "num_global_key_value_heads", json_integer(of_type[0]));
    return true;
}

/* The rotation of full layers has been read as that of all. */
static bool set_ropes(const struct file *f)
{
    double base = 10000;
    uint32_t n_dims = 0, head_dim = 0;
    if (!gguf_arch_number(f->s, f->arch, "rope.freq_base_swa", true, &base, f->err) ||
        !gguf_arch_u32(f->s, f->arch, "rope.dimension_count_swa", true, &n_dims, f->err) ||
        !gguf_arch_u32(f->s, f->arch, "attention.key_length_swa", false, &head_dim, f->err))
        return false;
    if (n_dims && n_dims != head_dim)
        return refuse_key(f, "rope.dimension_count_swa", "a part of a head is not supported");
    json_t *full = json_object_get(f->config, "rope_scaling"), *ropes;
    full = full ? json_incref(full) : json_pack("{s:s}", "rope_type", "default");
    json_object_set(full, "rope_theta", json_object_get(f->config, "rope_theta"));
    ropes = json_pack("{s:o, s:{s:s, s:f}}", "full_attention", full, "sliding_attention",
                      "rope_type", "default", "rope_theta", base);
    json_object_del(f->config, "rope_scaling");
    json_object_del(f->config, "rope_theta");
    json_object_set_new(f->config, "rope_parameters", ropes);
    return true;
}

static void set_per_layer_vocab(const struct file *f)
{
    const struct gguf *part;
    const struct gguf_tensor *t = gguf_split_tensor(f->s, "per_layer_token_embd.weight", &part);
    if (t && t->n_dims == 2)
        json_object_set_new(f->config, "vocab_size_per_layer_input",
                            json_integer((json_int_t)t->shape[0]));
}

bool gguf_finish_gemma4(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                        struct error *err)
{
    enum { MAX = 4096 };
    struct file f = {.s = s, .arch = arch, .config = config, .err = err};
    if (!gguf_set_layer_types(s, arch, config, err) ||
        !gguf_arch_u32(s, arch, "block_count", false, &f.n_layers, err) ||
        !gguf_arch_u32(s, arch, "attention.shared_kv_layers", true, &f.n_shared, err))
        return false;
    if (f.n_layers == 0 || f.n_layers > MAX || f.n_shared >= f.n_layers)
        return refuse_key(&f, "block_count", "that many layers are not supported");
    set_per_layer_vocab(&f);
    if (json_integer_value(json_object_get(config, "num_experts")) > 0)
        json_object_set_new(config, "enable_moe_block", json_true());
    else
        json_object_del(config, "num_experts");
    return set_ffn(&f) && set_kv_heads(&f) && set_ropes(&f);
}
