/* SPDX-License-Identifier: MIT */
#include "hub_listing.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { MAX_PART_BYTES = 200, MAX_FILES = 20000 };

/* ---- names ---------------------------------------------------------------------------- */

static bool is_part(const char *s, size_t n)
{
    if (n == 0 || n > MAX_PART_BYTES || s[0] == '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f || s[i] == '\\')
            return false;
    return true;
}

bool hub_listing_name_is_fine(const char *name)
{
    size_t n = strcspn(name, "/");
    if (!is_part(name, n))
        return false;
    return !name[n] || (!strchr(name + n + 1, '/') && is_part(name + n + 1, strlen(name + n + 1)));
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);
    return n > n_end && strcasecmp(name + n - n_end, end) == 0;
}

/* ---- the list ------------------------------------------------------------------------- */

static void take_size(struct hub_file *f, const json_t *sibling)
{
    const json_t *lfs = json_object_get(sibling, "lfs");
    const json_t *owner = json_is_object(lfs) ? lfs : sibling;
    const json_t *size = json_object_get(owner, "size");
    const char *sha = json_string_value(json_object_get(lfs, "sha256")),
               *blob = json_string_value(json_object_get(sibling, "blobId"));
    const char *etag = json_is_object(lfs) ? sha : blob;
    if (json_is_integer(size) && json_integer_value(size) >= 0 && etag && blob_hash_is_name(etag)) {
        f->bytes = (uint64_t)json_integer_value(size);
        snprintf(f->etag, sizeof f->etag, "%s", etag);
    }
}

static void add(struct hub_listing *l, const json_t *sibling)
{
    const char *name = json_string_value(json_object_get(sibling, "rfilename"));
    if (!name || !hub_listing_name_is_fine(name) || l->n >= MAX_FILES)
        return;
    l->files = xgrow(l->files, l->n, &l->cap, sizeof *l->files);
    struct hub_file *f = &l->files[l->n++];
    *f = (struct hub_file){.name = xstrdup(name)};
    take_size(f, sibling);
}

bool hub_listing_parse(struct hub_listing *l, const char *json, size_t n, const char *name,
                       struct error *err)
{
    size_t i;
    json_t *root = json_parse(json, n, name, err), *sibling;
    *l = (struct hub_listing){0};
    if (!root)
        return false;
    const char *commit = json_string_value(json_object_get(root, "sha")),
               *id = json_string_value(json_object_get(root, "id"));
    bool ok =
        commit && strlen(commit) == COMMIT_HEX && strspn(commit, "0123456789abcdef") == COMMIT_HEX;
    if (ok)
        memcpy(l->commit, commit, sizeof l->commit);
    l->id = xstrdup(id ? id : name);
    json_array_foreach(json_object_get(root, "siblings"), i, sibling) add(l, sibling);
    json_decref(root);
    if (ok)
        return true;
    hub_listing_free(l);
    return error_set(err, EX_PROTOCOL, "%s: the list of its files names no commit", name);
}

void hub_listing_free(struct hub_listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->files[i].name);
    free(l->files);
    free(l->id);
    *l = (struct hub_listing){0};
}

struct hub_file *hub_listing_find(struct hub_listing *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->files[i].name, name) == 0)
            return &l->files[i];
    return NULL;
}

/* ---- what is wanted ------------------------------------------------------------------- */

static bool want(struct hub_listing *l, const char *name)
{
    struct hub_file *f = hub_listing_find(l, name);
    if (f)
        f->is_wanted = true;
    return f != NULL;
}

/* "x-00002-of-00005.gguf": bytes up to "-00002", or 0. */
static size_t part_stem(const char *name)
{
    size_t n = strlen(name);
    static const char form[] = "-00000-of-00000.gguf";
    size_t n_form = sizeof form - 1;
    if (n <= n_form)
        return 0;
    const char *end = name + n - n_form;
    for (size_t i = 0; i < n_form; i++)
        if (form[i] == '0' ? end[i] < '0' || end[i] > '9' : end[i] != form[i])
            return 0;
    return n - n_form;
}

static bool is_first(const char *name)
{
    size_t stem = part_stem(name);
    return !stem || strncmp(name + stem, "-00001-", 7) == 0;
}

static bool is_gguf_model(const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    return ends_in(name, ".gguf") && is_first(name) && !strcasestr(base, "mmproj");
}

static void want_parts(struct hub_listing *l, const char *first)
{
    size_t stem = part_stem(first);
    for (size_t i = 0; stem && i < l->n; i++)
        if (part_stem(l->files[i].name) == stem && strncmp(l->files[i].name, first, stem) == 0)
            l->files[i].is_wanted = true;
    want(l, first);
}

/* The GGUF models whose name is `file`, or has it as a part; NULL: all. */
static size_t find_gguf(struct hub_listing *l, const char *file, const char **one,
                        struct buf *names)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const char *name = l->files[i].name;
        if (!is_gguf_model(name) || (file && !strcasestr(name, file)))
            continue;
        if (file && strcmp(name, file) == 0) {
            *one = name;
            return 1;
        }
        *one = name;
        n++;
        if (names->len < 500)
            buf_printf(names, "%s%.100s", names->len ? ", " : "", name);
    }
    return n;
}

static bool want_gguf(struct hub_listing *l, const char *file, const char **found,
                      struct error *err)
{
    struct buf names = {0}, all = {0};
    const char *ignored;
    size_t n = find_gguf(l, file, found, &names);
    if (n == 1)
        want_parts(l, *found);
    else if (n > 1)
        error_set(err, EX_NOINPUT, "%s: which file? %s:TYPE or /FILE, of: %.600s", l->id, l->id,
                  names.data);
    else if (find_gguf(l, NULL, &ignored, &all) > 0)
        error_set(err, EX_NOINPUT, "%s: has no GGUF file %s; there are: %.600s", l->id, file,
                  all.data);
    else
        error_set(err, EX_DATAERR,
                  "%s: holds no model that runs here (config.json with safetensors, or a GGUF "
                  "file)",
                  l->id);
    buf_free(&names);
    buf_free(&all);
    return n == 1;
}

bool hub_listing_want(struct hub_listing *l, const char *file, const char **found,
                      struct error *err)
{
    static const char *const texts[] = {"config.json", "generation_config.json", "tokenizer.json",
                                        "tokenizer_config.json", "chat_template.jinja"};
    *found = NULL;
    bool has_weights =
        hub_listing_find(l, "model.safetensors") || hub_listing_find(l, HUB_INDEX_FILE);
    if (file || !has_weights || !hub_listing_find(l, "config.json"))
        return want_gguf(l, file, found, err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        want(l, texts[i]);
    /* as a folder with both is read */
    return want(l, "model.safetensors") || want(l, HUB_INDEX_FILE);
}

bool hub_listing_want_shards(struct hub_listing *l, const char *index_json, size_t n,
                             struct error *err)
{
    const char *tensor;
    json_t *root = json_parse(index_json, n, HUB_INDEX_FILE, err), *shard;
    if (!root)
        return false;
    bool ok = true;
    json_object_foreach(json_object_get(root, "weight_map"), tensor, shard)
    {
        const char *name = json_string_value(shard);
        if (ok && (!name || !want(l, name)))
            ok = error_set(err, EX_DATAERR,
                           "%s: its index names the file \"%.100s\", which is not there", l->id,
                           name ? name : "?");
    }
    json_decref(root);
    return ok;
}
