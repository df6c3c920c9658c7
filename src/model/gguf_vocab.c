/* SPDX-License-Identifier: MIT */
#include "gguf_vocab.h"

#include <stdlib.h>

#include "tokenizer_gguf.h"

enum { N_TOKENS_MAX = 1 << 22 };

static struct bytes bytes_of(struct gguf_string s)
{
    return (struct bytes){s.data, s.n};
}

static bool get_string(const struct gguf *g, const char *key, bool optional, struct bytes *out,
                       struct error *err)
{
    struct gguf_string s = {0};
    bool ok = gguf_get_string(g, key, optional, &s, err);
    *out = bytes_of(s);
    return ok;
}

/* -> the strings of a list, [*n]; NULL if there are none or on failure. */
static struct bytes *get_strings(const struct gguf *g, const char *key, uint32_t *n, bool *ok,
                                 struct error *err)
{
    struct gguf_array a = {0};
    *ok = *ok && gguf_get_array(g, key, true, GGUF_WANT_STRINGS, &a, err);
    if (*ok && a.n > N_TOKENS_MAX)
        *ok = error_set(err, EX_DATAERR, "%s: %s has more than %d entries", g->name, key,
                        N_TOKENS_MAX);
    if (!*ok || !a.n)
        return NULL;
    *n = (uint32_t)a.n;
    struct bytes *list = xcalloc(*n, sizeof *list);
    for (uint32_t i = 0; i < *n; i++)
        list[i] = bytes_of(gguf_take_string(&a));
    return list;
}

static bool get_numbers(const struct gguf *g, const char *key, enum gguf_wanted wanted, uint32_t n,
                        struct gguf_array *a, struct error *err)
{
    *a = (struct gguf_array){0};
    return gguf_get_array(g, key, true, wanted, a, err) &&
           (a->n == 0 || a->n == n ||
            error_set(err, EX_DATAERR, "%s: %s has %llu entries, but there are %u tokens", g->name,
                      key, (unsigned long long)a->n, n));
}

static bool get_id(const struct gguf *g, const char *key, int32_t *id, struct error *err)
{
    uint32_t value = UINT32_MAX;
    if (!gguf_get_u32(g, key, true, &value, err))
        return false;
    *id = value < N_TOKENS_MAX ? (int32_t)value : -1;
    return true;
}

static bool get_flag(const struct gguf *g, const char *key, int *flag, struct error *err)
{
    bool value = false;
    *flag = -1;
    if (!gguf_value(g, key))
        return true;
    bool ok = gguf_get_bool(g, key, true, &value, err);
    *flag = value;
    return ok;
}

struct tokenizer *gguf_tokenizer(const struct gguf *g, struct error *err)
{
    struct gguf_vocab v = {0};
    struct gguf_array scores, types;
    float *score = NULL;
    int32_t *type = NULL;
    bool ok = get_string(g, "tokenizer.ggml.model", false, &v.model, err) &&
              get_string(g, "tokenizer.ggml.pre", true, &v.pre, err) &&
              get_string(g, "general.name", true, &v.model_name, err) &&
              get_id(g, "tokenizer.ggml.bos_token_id", &v.bos, err) &&
              get_id(g, "tokenizer.ggml.eos_token_id", &v.eos, err) &&
              get_id(g, "tokenizer.ggml.unknown_token_id", &v.unk, err) &&
              get_flag(g, "tokenizer.ggml.add_bos_token", &v.add_bos, err) &&
              get_flag(g, "tokenizer.ggml.add_eos_token", &v.add_eos, err) &&
              get_flag(g, "tokenizer.ggml.add_space_prefix", &v.add_space_prefix, err);
    struct bytes *tokens = get_strings(g, "tokenizer.ggml.tokens", &v.n_tokens, &ok, err);
    struct bytes *merges = get_strings(g, "tokenizer.ggml.merges", &v.n_merges, &ok, err);
    if (ok &&
        get_numbers(g, "tokenizer.ggml.scores", GGUF_WANT_NUMBERS, v.n_tokens, &scores, err) &&
        get_numbers(g, "tokenizer.ggml.token_type", GGUF_WANT_INTEGERS, v.n_tokens, &types, err)) {
        score = scores.n ? xcalloc(v.n_tokens, sizeof *score) : NULL;
        type = types.n ? xcalloc(v.n_tokens, sizeof *type) : NULL;
        for (uint32_t i = 0; score && i < v.n_tokens; i++)
            score[i] = (float)gguf_number_at(&scores, i);
        for (uint32_t i = 0; type && i < v.n_tokens; i++)
            type[i] = (int32_t)gguf_integer_at(&types, i);
    } else {
        ok = false;
    }
    v.tokens = tokens;
    v.merges = merges;
    v.scores = score;
    v.types = type;
    struct tokenizer *t = ok ? tokenizer_from_gguf(&v, g->name, err) : NULL;
    free(tokens);
    free(merges);
    free(score);
    free(type);
    return t;
}
