/* SPDX-License-Identifier: MIT
 *
 * Which model is meant by a name or a number format beside the model in use (engine.h:
 * engine_find_other).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_internal.h"
#include "fit.h"
#include "hub.h"
#include "hub_model.h"
#include "places.h"

/* ---- what the model in use was made from ---------------------------------------------- */

static bool is_model_source(const char *path)
{
    char *config = path_join(path, "config.json");
    bool is = checkpoint_is_source(path) && (!is_folder(path) || access(config, F_OK) == 0);
    free(config);
    return is;
}

/* What stands at this path, if it is a model to convert; takes the path. */
static char *if_source(char *path)
{
    if (path && is_model_source(path))
        return path;
    free(path);
    return NULL;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
}

/* A name of the hub in its cache; else a folder or GGUF file of this name beside the model. */
static char *source_by_name(const struct engine *e, const char *name)
{
    struct hub_ref ref;
    char *path = NULL;
    if (strchr(name, '/')) {
        if (hub_ref_parse(&ref, name)) {
            path = hub_model_cached(&ref);
            hub_ref_free(&ref);
        }
        return if_source(path);
    }
    char *folder = folder_of(e->model_path), *gguf = xasprintf("%s.gguf", name);
    path = if_source(path_join(folder, name));
    if (!path)
        path = if_source(path_join(folder, gguf));
    free(gguf);
    free(folder);
    return path;
}

/* The folder or GGUF file, or NULL: it is not here. Caller frees. */
static char *source_in_use(const struct engine *e)
{
    const char *from = safetensors_meta(&e->model->file, META_CACHED_FROM);
    if (checkpoint_is_source(e->model_path))
        return xstrdup(e->model_path);
    if (from && is_model_source(from))
        return xstrdup(from);
    return e->model->source && *e->model->source ? source_by_name(e, e->model->source) : NULL;
}

/* ---- the same model in another format ------------------------------------------------- */

static bool is_in_use(const struct engine *e, const struct model_entry *m)
{
    struct stat st;
    return stat(e->model_path, &st) == 0 && m->device == (uint64_t)st.st_dev &&
           m->inode == st.st_ino;
}

/* A file of the list that was made from the same model. */
static char *file_in_format(const struct engine *e, const char *format)
{
    struct model_list l;
    char *folder = folder_of(e->model_path), *path = NULL;
    models_list(&l);
    models_add_folder(&l, folder);
    for (size_t i = 0; !path && i < l.n; i++) {
        const struct model_entry *m = &l.items[i];
        if (!m->problem && m->source && e->model->source &&
            strcmp(m->source, e->model->source) == 0 && strcmp(m->format, format) == 0 &&
            !is_in_use(e, m))
            path = xstrdup(m->path);
    }
    models_free(&l);
    free(folder);
    return path;
}

/* The format that keeps every value of a source. */
static bool original_format(const char *source, enum format *format, struct error *err)
{
    struct checkpoint c;
    if (!checkpoint_open(&c, source, err))
        return false;
    *format = FORMAT_BF16;
    for (size_t i = 0; i < c.n_tensors; i++)
        if (strcmp(c.tensors[i].type_name, "BF16") != 0)
            *format = FORMAT_F32;
    checkpoint_close(&c);
    return true;
}

static bool refuse_missing(const struct engine *e, const char *format, struct error *err)
{
    const char *source = e->model->source ? e->model->source : "this model";
    return error_set(err, EX_NOINPUT,
                     "%.200s in %s is not here, nor what it was converted from: qins-convert -f %s "
                     "MODEL makes it",
                     source, format, format);
}

static bool refuse_same(const char *format, struct error *err)
{
    return error_set(err, EX_USAGE, "the model in use is %s already", format);
}

static bool in_format(const struct engine *e, enum format format, struct engine_other *out,
                      struct error *err)
{
    const char *name = format_info(format)->name;
    if (strcmp(name, e->info.format) == 0)
        return refuse_same(name, err);
    out->path = file_in_format(e, name);
    if (out->path)
        return true;
    out->path = source_in_use(e);
    out->format = name;
    return out->path || refuse_missing(e, name, err);
}

static bool original(const struct engine *e, struct engine_other *out, struct error *err)
{
    static const enum format whole[] = {FORMAT_F32, FORMAT_BF16};
    char *source = source_in_use(e);
    enum format format;
    if (source) {
        bool ok = original_format(source, &format, err) && in_format(e, format, out, err);
        free(source);
        return ok;
    }
    for (size_t i = 0; i < sizeof whole / sizeof *whole && !out->path; i++)
        out->path = file_in_format(e, format_info(whole[i])->name);
    return out->path || refuse_missing(e, format_info(FORMAT_F32)->name, err);
}

/* ---- another model -------------------------------------------------------------------- */

static bool is_ref(const char *name, struct hub_ref *ref)
{
    return access(name, F_OK) != 0 && hub_ref_parse(ref, name);
}

/* What /model would open, if it is here. */
static char *find_here(const struct engine *e, const char *name, struct error *err)
{
    struct hub_ref ref;
    char *path = models_find(name, err), *of_hub = path ? hub_name(path) : NULL;
    bool is_hubs = !path || of_hub;
    free(of_hub);
    if (!is_hubs || !is_ref(name, &ref))
        return path;
    char *kept = hub_model_kept(&ref, e->format);
    if (kept) {
        free(path);
        path = kept;
    }
    if (!path)
        path = hub_model_cached(&ref);
    if (!path)
        error_set(err, EX_NOINPUT, "%s is not on this machine: /model %s downloads it", name, name);
    hub_ref_free(&ref);
    return path;
}

static bool is_same_file(const char *a, const char *b)
{
    char *x = real_path(a), *y = real_path(b);
    bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static bool by_name(const struct engine *e, const char *name, struct engine_other *out,
                    struct error *err)
{
    enum format format;
    if (strncmp(name, ENGINE_REMOTE, strlen(ENGINE_REMOTE)) == 0)
        return error_set(err, EX_USAGE,
                         "%s: an engine elsewhere does not tell how likely each "
                         "token was",
                         name);
    char *typed = places_typed(name);
    out->path = find_here(e, typed, err);
    free(typed);
    if (!out->path)
        return false;
    if (checkpoint_is_source(out->path)) {
        if (!fit_format(e->format, out->path, &format, err))
            return false;
        out->format = format_info(format)->name;
    }
    return !is_same_file(out->path, e->model_path) ||
           (out->format && strcmp(out->format, e->info.format) != 0) ||
           error_set(err, EX_USAGE, "%s is the model in use", name);
}

bool engine_find_other(const struct engine *e, const char *name, struct engine_other *out,
                       struct error *err)
{
    enum format format;
    *out = (struct engine_other){0};
    bool ok = strcmp(name, "original") == 0     ? original(e, out, err)
              : format_from_name(name, &format) ? in_format(e, format, out, err)
                                                : by_name(e, name, out, err);
    if (!ok) {
        free(out->path);
        out->path = NULL;
    }
    return ok;
}
