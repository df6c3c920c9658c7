/* SPDX-License-Identifier: MIT */
#include "gguf_tokenizer_config.h"

#include <string.h>

/* Sets nothing if there is no such key; text that is not UTF-8 is refused. */
static bool set_text(json_t *object, const char *name, const struct gguf *g, const char *key,
                     struct error *err)
{
    struct gguf_string s = {0};
    if (!gguf_get_string(g, key, true, &s, err))
        return false;
    if (!s.data)
        return true;
    json_t *text = json_stringn(s.data, s.n);
    if (!text)
        return error_set(err, EX_DATAERR, "%s: key \"%s\": not valid UTF-8", g->name, key);
    json_object_set_new(object, name, text);
    return true;
}

/* The text of the token whose id the key holds. */
static bool set_token(json_t *object, const char *name, const struct gguf *g, const char *key,
                      struct error *err)
{
    uint32_t id = UINT32_MAX;
    struct gguf_array tokens = {0};
    struct gguf_string s = {0};
    if (!gguf_get_u32(g, key, true, &id, err) ||
        !gguf_get_array(g, "tokenizer.ggml.tokens", true, GGUF_WANT_STRINGS, &tokens, err))
        return false;
    if (id >= tokens.n)
        return true;
    for (uint32_t i = 0; i <= id; i++)
        s = gguf_take_string(&tokens);
    json_t *text = json_stringn(s.data, s.n);
    if (!text)
        return error_set(err, EX_DATAERR, "%s: token %u is not valid UTF-8", g->name, id);
    json_object_set_new(object, name, text);
    return true;
}

static bool set_flag(json_t *object, const char *name, const struct gguf *g, const char *key,
                     struct error *err)
{
    bool flag;
    if (!gguf_value(g, key))
        return true;
    if (!gguf_get_bool(g, key, false, &flag, err))
        return false;
    json_object_set_new(object, name, json_boolean(flag));
    return true;
}

/* Named templates stand in keys "tokenizer.chat_template.NAME" beside the usual one. */
static bool set_templates(json_t *object, const struct gguf *g, struct error *err)
{
    static const char prefix[] = "tokenizer.chat_template.";
    json_t *usual, *list = json_array();
    for (size_t i = 0; i < g->n_values; i++) {
        const struct gguf_value *v = &g->values[i];
        struct gguf_array text = v->data;
        if (v->key.n <= sizeof prefix - 1 || memcmp(v->key.data, prefix, sizeof prefix - 1) != 0 ||
            v->is_array || text.kind != GGUF_STRING)
            continue;
        struct gguf_string s = gguf_take_string(&text);
        json_t *entry = json_pack("{s:s%, s:s%}", "name", v->key.data + sizeof prefix - 1,
                                  v->key.n - (sizeof prefix - 1), "template", s.data, s.n);
        if (!entry) {
            json_decref(list);
            return error_set(err, EX_DATAERR, "%s: a chat template is not valid UTF-8", g->name);
        }
        json_array_append_new(list, entry);
    }
    if (json_array_size(list) > 0 && (usual = json_object_get(object, "chat_template"))) {
        json_array_insert_new(list, 0,
                              json_pack("{s:s, s:O}", "name", "default", "template", usual));
        json_object_set(object, "chat_template", list);
    }
    json_decref(list);
    return true;
}

json_t *gguf_tokenizer_config(const struct gguf *g, struct error *err)
{
    json_t *config = json_object();
    if (set_text(config, "chat_template", g, "tokenizer.chat_template", err) &&
        set_templates(config, g, err) &&
        set_token(config, "bos_token", g, "tokenizer.ggml.bos_token_id", err) &&
        set_token(config, "eos_token", g, "tokenizer.ggml.eos_token_id", err) &&
        set_token(config, "unk_token", g, "tokenizer.ggml.unknown_token_id", err) &&
        set_token(config, "pad_token", g, "tokenizer.ggml.padding_token_id", err) &&
        set_flag(config, "add_bos_token", g, "tokenizer.ggml.add_bos_token", err) &&
        set_flag(config, "add_eos_token", g, "tokenizer.ggml.add_eos_token", err))
        return config;
    json_decref(config);
    return NULL;
}
