/* SPDX-License-Identifier: MIT */
#include "gguf_import.h"

#include <stdlib.h>
#include <string.h>

#include "gguf_config.h"
#include "gguf_tokenizer_config.h"

/* ---- JSON files ---------------------------------------------------------------------- */

/* Takes the value over, which may be NULL. */
static bool put_json(struct buf *out, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    if (text)
        buf_puts(out, text);
    free(text);
    json_decref(value);
    return text != NULL;
}

static bool make_json(struct gguf_import *g, const struct gguf_arch *arch, struct error *err)
{
    return put_json(&g->config_json, gguf_config(&g->split, arch, err)) &&
           put_json(&g->generation_json, gguf_generation_config(&g->split, err)) &&
           put_json(&g->tokenizer_config_json, gguf_tokenizer_config(&g->split.parts[0], err));
}

/* ---- tensors ------------------------------------------------------------------------- */

uint64_t gguf_pair_row(uint64_t row, uint32_t pair_rows)
{
    uint64_t in_head = row % pair_rows, half = pair_rows / 2;
    return row - in_head + 2 * (in_head % half) + in_head / half;
}

uint64_t gguf_head_row(uint64_t row, const struct head_order *o)
{
    if (o->n_heads == 0 || row < o->first)
        return row;
    uint64_t head = (row - o->first) / o->rows, group = o->n_heads / o->n_keys;
    uint64_t stored = head % group * o->n_keys + head / group;
    return o->first + stored * o->rows + (row - o->first) % o->rows;
}

/* Factors of the rotation: they are in the config. */
static bool is_for_config(const char *name)
{
    return strcmp(name, "rope_freqs.weight") == 0 ||
           strcmp(name, "rope_factors_long.weight") == 0 ||
           strcmp(name, "rope_factors_short.weight") == 0;
}

static bool contains(const char *name, const char *part)
{
    return strstr(name, part) != NULL;
}

static bool is_norm(const char *published)
{
    return contains(published, "norm.");
}

static uint32_t head_rows(const struct gguf_import *g, const struct gguf_arch *arch)
{
    struct error err;
    uint32_t dim = 0, n_heads = 0, head_dim = 0;
    gguf_arch_u32(&g->split, arch, "embedding_length", true, &dim, &err);
    gguf_arch_u32(&g->split, arch, "attention.head_count", true, &n_heads, &err);
    gguf_arch_u32(&g->split, arch, "attention.key_length", true, &head_dim, &err);
    return head_dim ? head_dim : n_heads ? dim / n_heads : 0;
}

/* Sizes of heads: shapes are checked against them with the config. */
static bool set_head_order(struct source_tensor *t, const struct gguf_import *g,
                           const struct gguf_arch *arch, struct error *err)
{
    uint32_t n_keys, n_heads, all, key_dim;
    if (!gguf_arch_u32(&g->split, arch, "ssm.group_count", false, &n_keys, err) ||
        !gguf_arch_u32(&g->split, arch, "ssm.time_step_rank", false, &n_heads, err) ||
        !gguf_arch_u32(&g->split, arch, "ssm.inner_size", false, &all, err) ||
        !gguf_arch_u32(&g->split, arch, "ssm.state_size", false, &key_dim, err))
        return false;
    if (n_keys == 0 || n_heads == 0 || n_heads % n_keys != 0 || all < n_heads)
        return error_set(err, EX_DATAERR, "%s: %u value heads (%s.ssm.time_step_rank) for %u keys",
                         g->split.parts[0].name, n_heads, arch->name, n_keys);
    t->heads = (struct head_order){.n_keys = n_keys, .n_heads = n_heads, .rows = all / n_heads};
    if (contains(t->name, ".in_proj_qkv.") || contains(t->name, ".conv1d."))
        t->heads.first = 2 * n_keys * key_dim;
    else if (contains(t->name, ".out_proj."))
        t->heads.is_columns = true;
    else if (!contains(t->name, ".in_proj_z."))
        t->heads.rows = 1;
    return true;
}

static bool set_order(struct source_tensor *t, const struct gguf_import *g,
                      const struct gguf_arch *arch, struct error *err)
{
    const bool is_state = contains(t->name, ".linear_attn.");
    t->is_one_plus = (arch->flags & GGUF_ONE_PLUS) && is_norm(t->name) && !is_state;
    if ((arch->flags & GGUF_DELTA) && is_state && !is_norm(t->name)) {
        t->is_decay = contains(t->name, ".A_log");
        return set_head_order(t, g, arch, err);
    }
    if (!(arch->flags & GGUF_PAIRS) || is_norm(t->name) ||
        (!contains(t->name, ".q_proj.") && !contains(t->name, ".k_proj.")))
        return true;
    t->pair_rows = head_rows(g, arch);
    return (t->pair_rows > 0 && t->pair_rows % 2 == 0 && t->shape[0] % t->pair_rows == 0) ||
           error_set(err, EX_DATAERR, "%s: tensor \"%s\": %llu rows are not whole heads of %u",
                     g->split.parts[t->file].name, t->name, (unsigned long long)t->shape[0],
                     t->pair_rows);
}

static bool add_tensor(struct gguf_import *g, const struct gguf_arch *arch, size_t part,
                       const struct gguf_tensor *from, struct error *err)
{
    struct source_tensor *t = &g->tensors[g->n_tensors];
    char *name = g->names[g->n_tensors];
    if (is_for_config(from->name))
        return true;
    if (!gguf_published_name(arch, from->name, name, GGUF_MAX_PUBLISHED))
        return error_set(err, EX_DATAERR, "%s: tensor \"%s\" is not part of this architecture (%s)",
                         g->split.parts[part].name, from->name, arch->name);
    t->name = name;
    t->type = from->type;
    t->type_name = from->type->name;
    t->n_dims = from->n_dims;
    memcpy(t->shape, from->shape, sizeof from->shape);
    t->file = part;
    t->at = from->at;
    t->bytes = from->bytes;
    g->n_tensors++;
    return set_order(t, g, arch, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct source_tensor *)a)->name, ((const struct source_tensor *)b)->name);
}

/* Two names of a file can become one. */
static bool no_name_twice(struct gguf_import *g, struct error *err)
{
    for (size_t i = 1; i < g->n_tensors; i++)
        if (by_name(&g->tensors[i - 1], &g->tensors[i]) == 0)
            return error_set(err, EX_DATAERR, "%s: two tensors become \"%s\"",
                             g->split.parts[0].name, g->tensors[i].name);
    return true;
}

static bool make_tensors(struct gguf_import *g, const struct gguf_arch *arch, struct error *err)
{
    size_t n = 0;
    for (uint32_t i = 0; i < g->split.n_parts; i++)
        n += g->split.parts[i].n_tensors;
    g->tensors = xcalloc(n, sizeof *g->tensors);
    g->names = xcalloc(n, sizeof *g->names);
    for (uint32_t i = 0; i < g->split.n_parts; i++)
        for (size_t t = 0; t < g->split.parts[i].n_tensors; t++)
            if (!add_tensor(g, arch, i, &g->split.parts[i].tensors[t], err))
                return false;
    qsort(g->tensors, g->n_tensors, sizeof *g->tensors, by_name);
    return no_name_twice(g, err);
}

/* ---- open and close ------------------------------------------------------------------ */

bool gguf_import_open(struct gguf_import *g, const char *path, struct error *err)
{
    *g = (struct gguf_import){0};
    if (!gguf_split_open(&g->split, path, err))
        return false;
    const struct gguf_arch *arch = gguf_arch_of(&g->split, err);
    if (arch && make_json(g, arch, err) && make_tensors(g, arch, err))
        return true;
    gguf_import_close(g);
    return false;
}

void gguf_import_close(struct gguf_import *g)
{
    gguf_split_close(&g->split);
    free(g->tensors);
    free(g->names);
    buf_free(&g->config_json);
    buf_free(&g->generation_json);
    buf_free(&g->tokenizer_config_json);
    *g = (struct gguf_import){0};
}

/* ---- where it comes from ------------------------------------------------------------- */

char *gguf_import_name(const struct gguf_import *g)
{
    const char *path = g->split.parts[0].name, *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct gguf_string title = {0};
    struct error err;
    size_t n = strlen(name);
    if (strncmp(name, "sha256-", 7) == 0 &&
        gguf_get_string(&g->split.parts[0], "general.name", true, &title, &err) && title.n > 0)
        return xstrndup(title.data, title.n < 200 ? title.n : 200);
    return xstrndup(name, n > 5 && strcmp(name + n - 5, ".gguf") == 0 ? n - 5 : n);
}

bool gguf_import_is_rounded(const struct gguf_import *g)
{
    for (size_t i = 0; i < g->n_tensors; i++)
        if (gguf_type_is_rounded(g->tensors[i].type))
            return true;
    return false;
}

char *gguf_import_origin(const struct gguf_import *g)
{
    static const char *const keys[] = {"general.base_model.0.repo_url", "general.source.repo_url",
                                       "general.source.huggingface.repository",
                                       "general.source.url"};
    struct gguf_string text;
    struct error err;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        text = (struct gguf_string){0};
        if (gguf_get_string(&g->split.parts[0], keys[i], true, &text, &err) && text.n > 0 &&
            text.n < 300 && !memchr(text.data, 0, text.n))
            return xstrndup(text.data, text.n);
    }
    return NULL;
}
