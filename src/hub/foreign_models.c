/* SPDX-License-Identifier: MIT
 *
 *   OLLAMA/manifests/HOST/NAMESPACE/NAME/TAG   JSON: layers, each with a media type and a digest
 *   OLLAMA/blobs/sha256-DIGEST                 the layer
 *   CACHE/models--ORG--NAME/refs/main          the commit
 *   CACHE/models--ORG--NAME/snapshots/COMMIT/  files
 */
#include "foreign_models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub.h"
#include "json.h"
#include "system.h"

/* ---- the list ------------------------------------------------------------------------ */

static bool is_full(const struct foreign_models *l)
{
    return l->n >= FOREIGN_MODELS_MAX;
}

/* Takes name and path over. */
static void add(struct foreign_models *l, const char *program, char *name, char *path)
{
    if (is_full(l)) {
        free(name);
        free(path);
        return;
    }
    l->items = xgrow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = (struct foreign_model){program, name, path};
}

void foreign_models_free(struct foreign_models *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->items[i].name);
        free(l->items[i].path);
    }
    free(l->items);
    *l = (struct foreign_models){0};
}

/* ---- folders ------------------------------------------------------------------------- */

static bool ends_in_gguf(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcasecmp(name + n - 5, ".gguf") == 0;
}

/* "-00002-of-00003.gguf": a part that is not the first. */
static bool is_later_part(const char *name)
{
    unsigned no, n;
    size_t length = strlen(name);
    static const char ending[] = "-00001-of-00001.gguf";
    return length >= sizeof ending &&
           sscanf(name + length - (sizeof ending - 1), "-%5u-of-%5u.gguf", &no, &n) == 2 && no != 1;
}

bool foreign_models_is_file(const char *name)
{
    return ends_in_gguf(name) && !is_later_part(name) && strncasecmp(name, "mmproj", 6) != 0;
}

/* Calls visit for what stands in a folder, but hidden names. */
struct walk {
    struct foreign_models *list;
    const char *program;
    void (*visit)(struct walk *w, const char *path, const char *name);
    char *prefix; /* of the names below */
    unsigned depth;
    char *blobs; /* ollama's */
};

static void walk(struct walk *w, const char *folder)
{
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    while (dir && !is_full(w->list) && (entry = readdir(dir))) {
        char *path = path_join(folder, entry->d_name);
        if (entry->d_name[0] != '.')
            w->visit(w, path, entry->d_name);
        free(path);
    }
    if (dir)
        closedir(dir);
}

/* Walks a folder below, whose name becomes part of the prefix. */
static void descend(struct walk *w, const char *path, const char *name)
{
    char *before = w->prefix;
    if (w->depth == 0 || !is_folder(path))
        return;
    w->prefix = xasprintf("%s%s/", before, name);
    w->depth--;
    walk(w, path);
    w->depth++;
    free(w->prefix);
    w->prefix = before;
}

static void visit_file(struct walk *w, const char *path, const char *name)
{
    if (foreign_models_is_file(name) && is_file(path))
        add(w->list, w->program, xasprintf("%s%s", w->prefix, name), xstrdup(path));
    else
        descend(w, path, name);
}

/* Files down to `depth` folders below; takes the folder over, which may be NULL. */
static void add_files(struct foreign_models *l, const char *program, const char *prefix,
                      char *folder, unsigned depth)
{
    struct walk w = {l, program, visit_file, xstrdup(prefix), depth, NULL};
    if (folder)
        walk(&w, folder);
    free(w.prefix);
    free(folder);
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static char *below_home(const char *name)
{
    const char *home = environment("HOME");
    return home ? path_join(home, name) : NULL;
}

/* ---- ollama -------------------------------------------------------------------------- */

enum { MAX_MANIFEST_BYTES = 1 << 20, DIGEST = 64 };

/* The blob of the layer that is the model. */
static char *model_blob(const json_t *manifest, const char *blobs)
{
    static const char prefix[] = "sha256:";
    size_t i;
    json_t *layer;
    json_array_foreach(json_object_get(manifest, "layers"), i, layer)
    {
        const char *type = json_string_value(json_object_get(layer, "mediaType"));
        const char *digest = json_string_value(json_object_get(layer, "digest"));
        if (!type || strcmp(type, "application/vnd.ollama.image.model") != 0 || !digest ||
            strncmp(digest, prefix, sizeof prefix - 1) != 0)
            continue;
        digest += sizeof prefix - 1;
        if (strlen(digest) == DIGEST && strspn(digest, "0123456789abcdef") == DIGEST)
            return xasprintf("%s/sha256-%s", blobs, digest);
    }
    return NULL;
}

static char *blob_of_manifest(const char *path, const char *blobs)
{
    struct buf text = {0};
    struct error err;
    json_t *manifest = read_file(&text, path, MAX_MANIFEST_BYTES, &err)
                           ? json_parse(text.data, text.len, path, &err)
                           : NULL;
    char *blob = manifest ? model_blob(manifest, blobs) : NULL;
    json_decref(manifest);
    buf_free(&text);
    return blob;
}

/* HOST/NAMESPACE/NAME/ -> as ollama shows it: its own host and namespace go without saying. */
static char *ollama_name(const char *prefix, const char *tag)
{
    static const char host[] = "registry.ollama.ai/", library[] = "library/";
    if (strncmp(prefix, host, sizeof host - 1) == 0) {
        prefix += sizeof host - 1;
        if (strncmp(prefix, library, sizeof library - 1) == 0)
            prefix += sizeof library - 1;
    }
    return xasprintf("ollama:%.*s:%s", (int)strlen(prefix) - 1, prefix, tag);
}

static void visit_manifest(struct walk *w, const char *path, const char *name)
{
    if (w->depth > 0) {
        descend(w, path, name);
        return;
    }
    char *blob = is_file(path) ? blob_of_manifest(path, w->blobs) : NULL;
    if (blob && is_file(blob))
        add(w->list, w->program, ollama_name(w->prefix, name), blob);
    else
        free(blob);
}

/* Takes the folder over, which may be NULL. */
static void add_ollama(struct foreign_models *l, char *folder)
{
    enum { MANIFEST_DEPTH = 3 };
    if (!folder)
        return;
    struct walk w = {l,           "ollama",       visit_manifest,
                     xstrdup(""), MANIFEST_DEPTH, path_join(folder, "blobs")};
    char *manifests = path_join(folder, "manifests");
    walk(&w, manifests);
    free(manifests);
    free(w.prefix);
    free(w.blobs);
    free(folder);
}

static void list_ollama(struct foreign_models *l)
{
    const char *chosen = environment("OLLAMA_MODELS");
    if (chosen) {
        add_ollama(l, xstrdup(chosen));
        return;
    }
    add_ollama(l, below_home(".ollama/models"));
    add_ollama(l, xstrdup("/usr/share/ollama/.ollama/models"));
}

/* ---- the others ---------------------------------------------------------------------- */

static char *llama_cpp_folder(void)
{
    const char *chosen = environment("LLAMA_CACHE"), *variable = system_facts.cache_variable;
    const char *cache = variable ? environment(variable) : NULL;
    if (chosen)
        return xstrdup(chosen);
    char *folder = cache ? xstrdup(cache) : below_home(system_facts.cache_below_home);
    char *models = folder ? path_join(folder, "llama.cpp") : NULL;
    free(folder);
    return models;
}

static void visit_hub_model(struct walk *w, const char *path, const char *name)
{
    struct error err;
    static const char prefix[] = "models--";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || !is_folder(path))
        return;
    char *id = xstrdup(name + sizeof prefix - 1), *two = strstr(id, "--");
    if (two) {
        *two = '/';
        memmove(two + 1, two + 2, strlen(two + 2) + 1);
    }
    char *folder = two && hub_is_name(id) ? hub_find(id, &err) : NULL;
    if (folder) {
        char *below = xasprintf("%s/", id);
        add_files(w->list, w->program, below, folder, 1);
        free(below);
    }
    free(id);
}

static void list_hub(struct foreign_models *l)
{
    struct walk w = {l, "huggingface", visit_hub_model, NULL, 0, NULL};
    char *cache = hub_cache_folder();
    if (cache)
        walk(&w, cache);
    free(cache);
}

static int by_program_and_name(const void *a, const void *b)
{
    const struct foreign_model *x = a, *y = b;
    int order = strcmp(x->program, y->program);
    return order ? order : strcmp(x->name, y->name);
}

void foreign_models_list(struct foreign_models *l)
{
    *l = (struct foreign_models){0};
    list_ollama(l);
    add_files(l, "lmstudio", "lmstudio:", below_home(".lmstudio/models"), 3);
    add_files(l, "lmstudio", "lmstudio:", below_home(".cache/lm-studio/models"), 3);
    add_files(l, "llama.cpp", "llama.cpp:", llama_cpp_folder(), 0);
    list_hub(l);
    if (l->n > 0)
        qsort(l->items, l->n, sizeof *l->items, by_program_and_name);
}

/* ---- finding one --------------------------------------------------------------------- */

/* "org/name" before '/', ':' or '@'. -> bytes of it, or 0. */
static size_t hub_id(const char *name)
{
    size_t org = strcspn(name, "/");
    if (!name[org])
        return 0;
    size_t n = org + 1 + strcspn(name + org + 1, "/:@");
    char *id = xstrndup(name, n);
    bool is = hub_is_name(id);
    free(id);
    return is ? n : 0;
}

bool foreign_models_is_name(const char *name)
{
    size_t n = hub_id(name);
    return strncmp(name, "ollama:", 7) == 0 || strncmp(name, "lmstudio:", 9) == 0 ||
           strncmp(name, "llama.cpp:", 10) == 0 ||
           (n > 0 && name[n] == '/' && ends_in_gguf(name)) ||
           (n > 0 && name[n] == ':' && name[n + 1]);
}

static bool contains_any_case(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; strlen(text) >= n; text++)
        if (strncasecmp(text, part, n) == 0)
            return true;
    return false;
}

/* ollama's tag may be left out; a file of the hub may be named by its type. */
static bool is_called(const struct foreign_model *m, const char *name)
{
    size_t n = strlen(name), n_id = strcspn(name, ":");
    if (strcmp(m->name, name) == 0)
        return true;
    if (strcmp(m->program, "ollama") == 0)
        return strncmp(m->name, name, n) == 0 && strcmp(m->name + n, ":latest") == 0;
    return strcmp(m->program, "huggingface") == 0 && name[n_id] == ':' &&
           strncmp(m->name, name, n_id) == 0 && m->name[n_id] == '/' &&
           contains_any_case(m->name + n_id, name + n_id + 1);
}

/* Names that begin like this one, for a message. */
static void names_like(const struct foreign_models *l, const char *name, size_t n, struct buf *out)
{
    for (size_t i = 0; i < l->n && out->len < 400; i++)
        if (strncmp(l->items[i].name, name, n) == 0)
            buf_printf(out, "%s%.100s", out->len ? ", " : "", l->items[i].name);
}

static char *refuse_name(const struct foreign_models *l, const char *name, struct error *err)
{
    struct buf others = {0};
    size_t n_id = hub_id(name);
    names_like(l, name, n_id ? n_id : strcspn(name, ":") + 1, &others);
    error_set(err, EX_NOINPUT, "%.300s: no such model on this machine%s%s", name,
              others.len ? "; there are: " : "", others.len ? others.data : "");
    buf_free(&others);
    return NULL;
}

char *foreign_models_find(const char *name, struct error *err)
{
    struct foreign_models l;
    char *path = NULL;
    foreign_models_list(&l);
    for (size_t i = 0; !path && i < l.n; i++)
        if (is_called(&l.items[i], name))
            path = xstrdup(l.items[i].path);
    if (!path)
        refuse_name(&l, name, err);
    foreign_models_free(&l);
    return path;
}

char *foreign_models_name(const char *path)
{
    struct foreign_models l;
    char *name = NULL;
    foreign_models_list(&l);
    for (size_t i = 0; !name && i < l.n; i++)
        if (strcmp(l.items[i].path, path) == 0)
            name = xstrdup(l.items[i].name);
    foreign_models_free(&l);
    return name;
}

char *foreign_models_only(const char *name, struct error *err)
{
    struct foreign_models l = {0};
    struct buf names = {0};
    char *id = xstrndup(name, strcspn(name, "@")), *prefix = xasprintf("%s/", id), *path = NULL;
    char *folder = hub_find(name, err);
    if (folder) {
        add_files(&l, "huggingface", prefix, folder, 1);
        names_like(&l, "", 0, &names);
    }
    if (l.n == 1)
        path = xstrdup(l.items[0].path);
    else if (folder)
        error_set(err, EX_NOINPUT, "%.200s: %s%s", name,
                  l.n ? "which file? There are: " : "holds no model (config.json, or a GGUF file)",
                  l.n ? names.data : "");
    foreign_models_free(&l);
    buf_free(&names);
    free(id);
    free(prefix);
    return path;
}
