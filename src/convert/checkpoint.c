/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gguf_vocab.h"
#include "hub.h"
#include "system.h"

enum {
    MAX_CONFIG_BYTES = 1 << 20,
    MAX_INDEX_BYTES = 64 << 20,
    MAX_TOKENIZER_BYTES = 64 << 20,
    MAX_SHARDS = 10000,
    MAX_SHARD_NAME = 255,
};
#define SINGLE_FILE "model.safetensors"
#define INDEX_FILE "model.safetensors.index.json"

/* ---- files and their identity --------------------------------------------------------- */

/* Notes what the file is now, before it is read. Takes the path over. */
static bool add_source_path(struct checkpoint *c, char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        int code = errno == ENOENT ? EX_NOINPUT : EX_IOERR;
        error_set(err, code, "%s: cannot open: %s", path, strerror(errno));
        free(path);
        return false;
    }
    const char *slash = strrchr(path, '/');
    c->sources = xrealloc(c->sources, c->n_sources + 1, sizeof *c->sources);
    c->sources[c->n_sources++] = (struct source_file){.name = xstrdup(slash ? slash + 1 : path),
                                                      .path = path,
                                                      .bytes = (uint64_t)st.st_size,
                                                      .id = file_id_of(&st)};
    return true;
}

static bool add_source(struct checkpoint *c, const char *name, struct error *err)
{
    return add_source_path(c, path_join(c->folder, name), err);
}

int source_open(const struct source_file *s, struct error *err)
{
    return s->arriving ? arrival_open(s->arriving, err) : open_unchanged(s->path, &s->id, err);
}

bool source_is(const struct source_file *s, const char *path)
{
    struct stat st;
    return !s->arriving && stat(path, &st) == 0 && st.st_dev == s->id.device &&
           st.st_ino == s->id.inode;
}

bool checkpoint_unchanged(const struct checkpoint *c, struct error *err)
{
    for (size_t i = 0; i < c->n_sources; i++) {
        const struct source_file *s = &c->sources[i];
        if (!(s->arriving ? arrival_unchanged(s->arriving, err)
                          : file_unchanged(s->path, &s->id, err)))
            return false;
    }
    return true;
}

static bool read_source(struct checkpoint *c, struct buf *out, const char *name, size_t max,
                        struct error *err)
{
    return add_source(c, name, err) && read_file(out, c->sources[c->n_sources - 1].path, max, err);
}

static bool has_file(const struct checkpoint *c, const char *name)
{
    struct stat st;
    char *path = path_join(c->folder, name);
    bool is_there = lstat(path, &st) == 0;
    free(path);
    return is_there;
}

/* ---- shards --------------------------------------------------------------------------- */

/* A plain name: nothing that could lead out of the folder or upset a message. */
static bool is_plain_name(const char *name, size_t n)
{
    static const char suffix[] = ".safetensors";
    size_t n_suffix = sizeof suffix - 1;
    if (n <= n_suffix || n > MAX_SHARD_NAME || name[0] == '.' ||
        strcmp(name + n - n_suffix, suffix) != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char b = (unsigned char)name[i];
        if (b <= 0x20 || b >= 0x7f || strchr("/\\:*?\"<>|", b))
            return false;
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Distinct values of weight_map, sorted. */
static bool list_shards(struct checkpoint *c, const json_t *map, const char *index,
                        struct error *err)
{
    const char *tensor;
    json_t *value;
    const char **names = xcalloc(json_object_size(map), sizeof *names);
    size_t n = 0;
    json_object_foreach((json_t *)map, tensor, value)
    {
        const char *name = json_string_value(value);
        if (!name || !is_plain_name(name, json_string_length(value))) {
            error_set(err, EX_DATAERR,
                      "%s: tensor \"%.200s\": \"%.200s\" is not the plain name of a "
                      ".safetensors file in this folder",
                      index, tensor, name ? name : "(no string)");
            free(names);
            return false;
        }
        names[n++] = name;
    }
    qsort(names, n, sizeof *names, by_text);
    c->shard_names = xcalloc(n, sizeof *c->shard_names);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            c->shard_names[c->n_shards++] = xstrdup(names[i]);
    free(names);
    return (c->n_shards >= 1 && c->n_shards <= MAX_SHARDS) ||
           error_set(err, EX_DATAERR, "%s: names %zu shards, not 1..%d", index, c->n_shards,
                     MAX_SHARDS);
}

/* One that is still coming. */
static bool open_arriving(struct checkpoint *c, size_t i, const struct arriving_file *f,
                          struct error *err)
{
    char *path = path_join(c->folder, f->name);
    c->sources = xrealloc(c->sources, c->n_sources + 1, sizeof *c->sources);
    c->sources[c->n_sources++] = (struct source_file){
        .name = xstrdup(f->name), .path = path, .bytes = f->bytes, .arriving = f};
    return safetensors_parse_header(&c->shards[i], f->header.data, f->header.len, f->bytes, path,
                                    err);
}

static bool open_shards(struct checkpoint *c, struct error *err)
{
    c->first_shard = c->n_sources;
    c->shards = xcalloc(c->n_shards, sizeof *c->shards);
    for (size_t i = 0; i < c->n_shards; i++) {
        const struct arriving_file *f = arrival_find(c->arrival, c->shard_names[i]);
        if (f) {
            if (!open_arriving(c, i, f, err))
                return false;
            continue;
        }
        if (!add_source(c, c->shard_names[i], err)) {
            err->code = err->code == EX_NOINPUT ? EX_DATAERR : err->code; /* folder is not whole */
            return false;
        }
        const struct source_file *source = &c->sources[c->n_sources - 1];
        if (!safetensors_open_header(&c->shards[i], source->path, err))
            return false;
        if (c->shards[i].file.size != source->bytes)
            return error_set(err, EX_DATAERR, "%s: the file changes while it is being read",
                             source->path);
    }
    return true;
}

/* Index and shards say the same, seen from either side. */
static bool check_index(const struct checkpoint *c, const json_t *map, const char *index,
                        struct error *err)
{
    const char *tensor;
    json_t *value;
    for (size_t i = 0; i < c->n_shards; i++) {
        for (size_t t = 0; t < c->shards[i].n_tensors; t++) {
            const char *name = c->shards[i].tensors[t].name;
            const char *mapped = json_string_value(json_object_get(map, name));
            if (!mapped || strcmp(mapped, c->shard_names[i]) != 0)
                return error_set(err, EX_DATAERR,
                                 "%s: holds tensor \"%.200s\", which the index places in "
                                 "%s",
                                 c->shards[i].name, name, mapped ? mapped : "no file");
        }
    }
    json_object_foreach((json_t *)map, tensor, value)
    {
        const char *name = json_string_value(value);
        char **shard = bsearch(&name, c->shard_names, c->n_shards, sizeof *c->shard_names, by_text);
        if (!safetensors_find(&c->shards[shard - c->shard_names], tensor))
            return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\" is not in %s", index, tensor,
                             name);
    }
    return true;
}

static bool open_sharded(struct checkpoint *c, struct error *err)
{
    struct buf text = {0};
    char *path = path_join(c->folder, INDEX_FILE);
    bool ok = read_source(c, &text, INDEX_FILE, MAX_INDEX_BYTES, err);
    json_t *index = ok ? json_parse(text.data, text.len, path, err) : NULL;
    const json_t *map = json_object_get(index, "weight_map");
    if (index && !json_is_object(map))
        error_set(err, EX_DATAERR, "%s: \"weight_map\" is missing", path);
    ok = json_is_object(map) && list_shards(c, map, path, err) && open_shards(c, err) &&
         check_index(c, map, path, err);
    json_decref(index);
    buf_free(&text);
    free(path);
    return ok;
}

static bool open_weights(struct checkpoint *c, struct error *err)
{
    /* as transformers chooses if there are both */
    if (has_file(c, SINGLE_FILE) || arrival_find(c->arrival, SINGLE_FILE)) {
        c->shard_names = xcalloc(1, sizeof *c->shard_names);
        c->shard_names[c->n_shards++] = xstrdup(SINGLE_FILE);
        return open_shards(c, err);
    }
    if (has_file(c, INDEX_FILE))
        return open_sharded(c, err);
    if (has_file(c, "pytorch_model.bin") || has_file(c, "pytorch_model.bin.index.json"))
        return error_set(
            err, EX_DATAERR,
            "%s: weights of PyTorch (.bin) are not read: get the safetensors files, or "
            "save the model again with transformers",
            c->folder);
    return error_set(err, EX_NOINPUT, "%s: holds neither " SINGLE_FILE " nor " INDEX_FILE,
                     c->folder);
}

static int by_tensor_name(const void *a, const void *b)
{
    return strcmp(((const struct source_tensor *)a)->name, ((const struct source_tensor *)b)->name);
}

static const struct gguf_type *type_of(enum st_dtype dtype)
{
    static const struct {
        enum st_dtype dtype;
        const char *name;
    } types[] = {{ST_F32, "F32"}, {ST_F16, "F16"}, {ST_BF16, "BF16"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == dtype)
            return gguf_type_named(types[i].name);
    return NULL;
}

static void add_shard_tensors(struct checkpoint *c, size_t shard)
{
    const struct safetensors *st = &c->shards[shard];
    for (size_t i = 0; i < st->n_tensors; i++) {
        const struct st_tensor *from = &st->tensors[i];
        struct source_tensor *t = &c->tensors[c->n_tensors++];
        *t = (struct source_tensor){.name = from->name,
                                    .type = type_of(from->dtype),
                                    .type_name = from->dtype_name,
                                    .n_dims = from->n_dims,
                                    .file = shard,
                                    .at = st->data_at + from->begin,
                                    .bytes = from->end - from->begin};
        memcpy(t->shape, from->shape, sizeof t->shape);
        if (t->n_dims == 3 && t->shape[1] == 1) { /* a convolution: [channels][1][taps] */
            t->shape[1] = t->shape[2];
            t->n_dims = 2;
        }
    }
}

static void list_tensors(struct checkpoint *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_shards; i++)
        n += c->shards[i].n_tensors;
    c->tensors = xcalloc(n, sizeof *c->tensors);
    for (size_t i = 0; i < c->n_shards; i++)
        add_shard_tensors(c, i);
    qsort(c->tensors, n, sizeof *c->tensors, by_tensor_name);
}

/* ---- names ---------------------------------------------------------------------------- */

/* Where the language model's tensors are: a model that also sees or hears has them deeper. */
static const struct layout {
    const char *model, *head;
} layouts[] = {
    {"model.", "lm_head."},
    {"model.language_model.", "lm_head."},
    {"language_model.model.", "language_model.lm_head."},
};
enum { N_LAYOUTS = sizeof layouts / sizeof *layouts };

/* -> the rest of a name that begins so, or NULL. */
static const char *behind(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

/* "model.norm.weight" as this checkpoint calls it. */
static void published_name(char *out, size_t size, const char *name, size_t layout)
{
    const char *of_model = behind(name, layouts[0].model), *of_head = behind(name, layouts[0].head);
    if (of_model)
        snprintf(out, size, "%s%s", layouts[layout].model, of_model);
    else
        snprintf(out, size, "%s%s", layouts[layout].head, of_head ? of_head : name);
}

/* The other way; -> false: it belongs to another part of the model. */
static bool own_name(char *out, size_t size, const char *published, size_t layout)
{
    const char *of_model = behind(published, layouts[layout].model);
    const char *of_head = behind(published, layouts[layout].head);
    int n = 0;
    if (of_model)
        n = snprintf(out, size, "%s%s", layouts[0].model, of_model);
    else if (of_head)
        n = snprintf(out, size, "%s%s", layouts[0].head, of_head);
    return n > 0 && (size_t)n < size;
}

static const struct source_tensor *find_published(const struct checkpoint *c, const char *name)
{
    struct source_tensor key = {.name = name};
    return bsearch(&key, c->tensors, c->n_tensors, sizeof key, by_tensor_name);
}

static size_t find_layout(const struct checkpoint *c)
{
    char name[64];
    for (size_t layout = 0; layout < N_LAYOUTS; layout++) {
        published_name(name, sizeof name, "model.embed_tokens.weight", layout);
        if (find_published(c, name))
            return layout;
    }
    return 0;
}

/* ---- tensors against the config ------------------------------------------------------- */

static const struct source_tensor *find_own(const void *checkpoint, const char *name)
{
    return checkpoint_find(checkpoint, name);
}

bool checkpoint_view(const struct checkpoint *c, const struct weight *w, uint32_t part,
                     struct source_view *v, struct error *err)
{
    const struct source_tensors tensors = {find_own, c,
                                           c->has_gguf ? gguf_type_names() : "F32, F16, BF16"};
    struct error why = {0};
    if (source_view_find(v, &c->config, w, part, &tensors, &why))
        return true;
    return error_set(err, why.code, "%s: %s",
                     v->tensor ? checkpoint_file(c, v->tensor)->path : c->folder, why.text);
}

/* Also which tensors it is made of. */
static bool check_weight(const struct checkpoint *c, const struct weight *w, bool *used,
                         struct error *err)
{
    struct source_view v;
    for (uint32_t part = 0; part < weight_n_parts(w); part++) {
        if (!checkpoint_view(c, w, part, &v, err))
            return false;
        used[v.tensor - c->tensors] = true;
        if (v.scales)
            used[v.scales - c->tensors] = true;
    }
    return true;
}

/* Rotary tables that old converters stored; they follow from the config. */
static bool is_rotary_table(const char *name)
{
    static const char suffix[] = ".rotary_emb.inv_freq";
    size_t n = strlen(name), n_suffix = sizeof suffix - 1;
    return n > n_suffix && strcmp(name + n - n_suffix, suffix) == 0;
}

/* What predicts several tokens ahead, beside the model: the original passes it over too. */
static bool is_further_head(const char *name)
{
    return strncmp(name, "mtp.", 4) == 0;
}

/* Projections of keys and values that a layer with another one's never reads: published models have
 * them. */
static bool is_unread(const struct model_config *c, const char *name)
{
    static const char *const parts[] = {"k_proj.", "v_proj.", "k_norm."};
    unsigned layer;
    int n = 0;
    if (sscanf(name, "model.layers.%9u.self_attn.%n", &layer, &n) != 1 || n == 0 ||
        layer >= c->n_layers || c->shapes[layer].kv_layer == layer)
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strncmp(name + n, parts[i], strlen(parts[i])) == 0)
            return true;
    return false;
}

/* Of a tensor that no weight is made of. */
static bool check_is_known(struct checkpoint *c, const struct source_tensor *t, struct error *err)
{
    char name[sizeof((struct weight *)0)->name];
    if (is_rotary_table(t->name) || is_further_head(t->name))
        return true;
    bool is_own = own_name(name, sizeof name, t->name, c->layout);
    if (is_own && is_unread(&c->config, name))
        return true;
    if (!is_own && c->config.is_text_part) {
        c->n_left_out++;
        return true;
    }
    bool is_head = is_own && strcmp(name, "lm_head.weight") == 0;
    return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\" %s", checkpoint_file(c, t)->path,
                     t->name,
                     is_head ? "contradicts tie_word_embeddings in config.json"
                             : "is not part of this architecture");
}

static bool check_tensors(struct checkpoint *c, struct error *err)
{
    c->layout = find_layout(c);
    struct weight_list list = weight_list(&c->config, FORMAT_F32);
    bool *used = xcalloc(c->n_tensors, sizeof *used), ok = true;
    for (size_t i = 0; ok && i < list.n; i++)
        ok = check_weight(c, &list.items[i], used, err);
    for (size_t i = 0; ok && i < c->n_tensors; i++)
        ok = used[i] || check_is_known(c, &c->tensors[i], err);
    free(used);
    free(list.items);
    return ok;
}

/* ---- the folder ----------------------------------------------------------------------- */

static bool read_optional(struct checkpoint *c, struct buf *out, const char *name,
                          struct error *err)
{
    return !has_file(c, name) || read_source(c, out, name, MAX_CONFIG_BYTES, err);
}

static bool read_config(struct checkpoint *c, struct error *err)
{
    static const char generation_name[] = "generation_config.json";
    if (!read_source(c, &c->config_json, "config.json", MAX_CONFIG_BYTES, err))
        return false;
    char *path = path_join(c->folder, "config.json");
    char *generation_path = path_join(c->folder, generation_name);
    bool ok = read_optional(c, &c->generation_json, generation_name, err) &&
              config_parse(&c->config, c->config_json.data, c->config_json.len, path,
                           c->generation_json.data, c->generation_json.len, generation_path, err);
    free(path);
    free(generation_path);
    return ok;
}

/* chat_template.jinja wins over the template in tokenizer_config.json, and takes its place there.
 */
static bool merge_template(struct checkpoint *c, json_t *config, struct error *err)
{
    struct buf text = {0};
    if (!read_optional(c, &text, "chat_template.jinja", err))
        return false;
    if (!text.data)
        return true;
    const char *path = c->sources[c->n_sources - 1].path;
    json_t *value = json_stringn(text.data, text.len);
    buf_free(&text);
    if (!value)
        return error_set(err, EX_DATAERR, "%s: not UTF-8", path);
    json_object_set_new(config, "chat_template", value);
    char *merged = json_dumps(config, JSON_COMPACT);
    c->tokenizer_config_json.len = 0;
    buf_puts(&c->tokenizer_config_json, merged);
    free(merged);
    return true;
}

/* The .qins file carries tokenizer_config.json as text: it must be valid UTF-8. */
static bool read_tokenizer_config(struct checkpoint *c, struct error *err)
{
    struct buf *text = &c->tokenizer_config_json;
    if (!read_optional(c, text, "tokenizer_config.json", err))
        return false;
    json_t *config = text->data
                         ? json_parse(text->data, text->len, c->sources[c->n_sources - 1].path, err)
                         : json_object();
    bool ok = config && merge_template(c, config, err);
    json_decref(config);
    return ok;
}

static bool read_tokenizer(struct checkpoint *c, struct error *err)
{
    if (!has_file(c, "tokenizer.json") && has_file(c, "tokenizer.model"))
        return error_set(
            err, EX_DATAERR,
            "%s: tokenizer.model alone is not read: tokenizer.json is needed "
            "(transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER))",
            c->folder);
    return read_source(c, &c->tokenizer_json, "tokenizer.json", MAX_TOKENIZER_BYTES, err) &&
           read_tokenizer_config(c, err);
}

/* -> the first name with that ending, or NULL; caller frees. */
static char *first_file(const char *folder, const char *ending)
{
    DIR *d = folder_open(folder);
    char *first = NULL;
    size_t n_ending = strlen(ending);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n <= n_ending || strcmp(e->d_name + n - n_ending, ending) != 0 ||
            (first && strcmp(first, e->d_name) < 0))
            continue;
        free(first);
        first = xstrdup(e->d_name);
    }
    if (d)
        closedir(d);
    return first;
}

/* A file that is neither a folder nor GGUF. */
static bool not_a_source(const char *path, struct error *err)
{
    struct safetensors st;
    struct error why;
    if (safetensors_open_header(&st, path, &why)) {
        bool is_qins = safetensors_meta(&st, "qins.config") != NULL;
        safetensors_close(&st);
        return error_set(err, EX_DATAERR, "%s: %s", path,
                         is_qins ? "converted already: qins-tui runs it as it is"
                                 : "weights alone: give the model's folder, which has config.json");
    }
    return error_set(err, EX_DATAERR, "%s: neither a model folder nor a GGUF file", path);
}

/* Why a folder without config.json is no model, and what to do. */
static bool is_model_folder(const struct checkpoint *c, struct error *err)
{
    const char *folder = c->folder;
    bool is_there = is_folder(folder);
    if (has_file(c, "config.json"))
        return true;
    if (!is_there && access(folder, F_OK) != 0)
        return error_set(err, EX_NOINPUT, "%s: cannot open: %s", folder, strerror(errno));
    if (!is_there)
        return not_a_source(folder, err);
    if (has_file(c, "adapter_config.json"))
        return error_set(err, EX_DATAERR,
                         "%s: an adapter (LoRA), not a whole model: merge it into its base model "
                         "first (PEFT: merge_and_unload)",
                         folder);
    char *gguf = first_file(folder, ".gguf");
    if (gguf) {
        error_set(err, EX_DATAERR, "%s: a folder of GGUF files: give one of them, such as %s/%s",
                  folder, folder, gguf);
        free(gguf);
        return false;
    }
    if (has_file(c, "tokenizer.model") || has_file(c, "params.json"))
        return error_set(err, EX_DATAERR,
                         "%s: no config.json: not in Hugging Face's form; get the files of that "
                         "form (config.json, tokenizer.json, *.safetensors)",
                         folder);
    return error_set(err, EX_NOINPUT, "%s: not a model folder: there is no config.json", folder);
}

static bool read_folder_texts(struct checkpoint *c, struct error *err)
{
    return is_model_folder(c, err) && read_config(c, err) && read_tokenizer(c, err);
}

static bool open_folder(struct checkpoint *c, struct error *err)
{
    if (!read_folder_texts(c, err) || !open_weights(c, err))
        return false;
    list_tensors(c);
    return true;
}

/* ---- a GGUF file ----------------------------------------------------------------------- */

static void take_buf(struct buf *to, struct buf *from)
{
    *to = *from;
    *from = (struct buf){0};
}

static bool open_gguf(struct checkpoint *c, struct error *err)
{
    struct gguf_import *g = &c->gguf;
    if (!gguf_import_open(g, c->folder, err))
        return false;
    c->has_gguf = true;
    for (uint32_t i = 0; i < g->split.n_parts; i++) {
        if (!add_source_path(c, xstrdup(g->split.parts[i].name), err))
            return false;
        if (c->sources[i].bytes != g->split.parts[i].file_bytes)
            return error_set(err, EX_DATAERR, "%s: the file changes while it is being read",
                             c->sources[i].path);
    }
    c->tensors = xcalloc(g->n_tensors, sizeof *c->tensors);
    c->n_tensors = g->n_tensors;
    memcpy(c->tensors, g->tensors, g->n_tensors * sizeof *g->tensors);
    take_buf(&c->config_json, &g->config_json);
    take_buf(&c->generation_json, &g->generation_json);
    take_buf(&c->tokenizer_config_json, &g->tokenizer_config_json);
    buf_puts(&c->tokenizer_json, "{}"); /* checkpoint_tokenizer takes the metadata's own */
    return config_parse(&c->config, c->config_json.data, c->config_json.len, c->folder,
                        c->generation_json.data, c->generation_json.len, c->folder, err);
}

/* ---- either ---------------------------------------------------------------------------- */

bool checkpoint_is_source(const char *path)
{
    return is_folder(path) || gguf_is_file(path);
}

static bool closed_unless(bool ok, struct checkpoint *c)
{
    if (!ok)
        checkpoint_close(c);
    return ok;
}

bool checkpoint_open_arriving(struct checkpoint *c, const char *folder, struct arrival *arrival,
                              struct error *err)
{
    *c = (struct checkpoint){.folder = xstrdup(folder), .arrival = arrival};
    return closed_unless(open_folder(c, err) && check_tensors(c, err), c);
}

bool checkpoint_open(struct checkpoint *c, const char *path, struct error *err)
{
    *c = (struct checkpoint){.folder = xstrdup(path)};
    return closed_unless(
        (gguf_is_file(path) ? open_gguf(c, err) : open_folder(c, err)) && check_tensors(c, err), c);
}

bool checkpoint_open_texts(struct checkpoint *c, const char *path, struct error *err)
{
    *c = (struct checkpoint){.folder = xstrdup(path)};
    return closed_unless(gguf_is_file(path) ? open_gguf(c, err) : read_folder_texts(c, err), c);
}

void checkpoint_close(struct checkpoint *c)
{
    for (size_t i = 0; i < c->n_shards; i++) {
        if (c->shards)
            safetensors_close(&c->shards[i]);
        free(c->shard_names[i]);
    }
    for (size_t i = 0; i < c->n_sources; i++) {
        free(c->sources[i].name);
        free(c->sources[i].path);
    }
    free(c->shards);
    free(c->shard_names);
    free(c->tensors);
    gguf_import_close(&c->gguf);
    free(c->sources);
    buf_free(&c->config_json);
    buf_free(&c->generation_json);
    buf_free(&c->tokenizer_json);
    buf_free(&c->tokenizer_config_json);
    free(c->folder);
    *c = (struct checkpoint){0};
}

static char *name_of_folder(const char *folder)
{
    char *name = hub_name(folder), *real = real_path(folder);
    const char *path = real ? real : folder, *slash = strrchr(path, '/');
    if (!name)
        name = hub_name(path);
    if (!name)
        name = xstrdup(slash && slash[1] ? slash + 1 : path);
    free(real);
    return name;
}

char *checkpoint_name(const struct checkpoint *c)
{
    return c->has_gguf ? gguf_import_name(&c->gguf) : name_of_folder(c->folder);
}

const struct source_tensor *checkpoint_find(const struct checkpoint *c, const char *name)
{
    char published[sizeof((struct weight *)0)->name + 32];
    published_name(published, sizeof published, name, c->layout);
    return find_published(c, published);
}

const struct source_file *checkpoint_file(const struct checkpoint *c, const struct source_tensor *t)
{
    return &c->sources[c->first_shard + t->file];
}

/* Tokens without a row of the embedding could not be read. */
static struct tokenizer *gguf_tokenizer_of(const struct checkpoint *c, struct error *err)
{
    struct tokenizer *t = gguf_tokenizer(&c->gguf.split.parts[0], err);
    if (t && tokenizer_size(t) > c->config.vocab) {
        error_set(err, EX_DATAERR, "%s: %u tokens, but the embedding has %u rows", c->folder,
                  tokenizer_size(t), c->config.vocab);
        tokenizer_free(t);
        return NULL;
    }
    return t;
}

struct tokenizer *checkpoint_tokenizer(const struct checkpoint *c, struct error *err)
{
    if (c->has_gguf)
        return gguf_tokenizer_of(c, err);
    char *path = path_join(c->folder, TENSOR_TOKENIZER);
    struct tokenizer *t =
        tokenizer_new(c->tokenizer_json.data, c->tokenizer_json.len, path, c->config.vocab, err);
    free(path);
    return t;
}
