/* SPDX-License-Identifier: MIT */
#include "hub_model.h"

#include <stdlib.h>
#include <string.h>

#include "download.h"
#include "fit.h"
#include "foreign_models.h"
#include "hub.h"
#include "models.h"
#include "places.h"
#include "weights_file.h"

/* ---- the kept file -------------------------------------------------------------------- */

static char *kept_path(const struct hub_ref *ref, enum format f, bool with_org)
{
    const char *name = with_org ? ref->id : strchr(ref->id, '/') + 1;
    bool is_main = strcmp(ref->revision, "main") == 0;
    char *folder = places_models_folder();
    char *path = folder ? xasprintf("%s/%s%s%s-%s.qins", folder, name, is_main ? "" : "@",
                                    is_main ? "" : ref->revision, format_info(f)->name)
                        : NULL;
    if (path && with_org)
        *strchr(path + strlen(folder) + 1, '/') = '.';
    free(folder);
    return path;
}

/* Whether it was made from the model of this name. */
static bool is_of(const char *path, const char *id)
{
    struct safetensors st;
    struct error ignored;
    if (!is_file(path) || !safetensors_open_header(&st, path, &ignored))
        return false;
    const char *source = safetensors_meta(&st, META_SOURCE);
    bool is = source && strcmp(source, id) == 0;
    safetensors_close(&st);
    return is;
}

static char *find_kept(const struct hub_ref *ref, enum format f)
{
    for (int with_org = 0; with_org < 2; with_org++) {
        char *path = kept_path(ref, f, with_org);
        if (path && is_of(path, ref->id))
            return path;
        free(path);
    }
    return NULL;
}

char *hub_model_kept(const struct hub_ref *ref, const char *format)
{
    enum format f;
    if (ref->file)
        return NULL;
    if (strcmp(format, "auto") != 0)
        return format_from_name(format, &f) ? find_kept(ref, f) : NULL;
    char *best = NULL;
    double most = 0;
    for (unsigned i = 0; i < N_FORMATS; i++) {
        char *path = find_kept(ref, (enum format)i);
        double bits = path ? fit_bits((enum format)i) : 0;
        if (bits > most) {
            free(best);
            best = path;
            most = bits;
        } else {
            free(path);
        }
    }
    return best;
}

/* ---- its source ----------------------------------------------------------------------- */

char *hub_model_cached(const struct hub_ref *ref)
{
    struct error ignored;
    char *name = hub_ref_name(ref), *path = models_find(name, &ignored);
    if (path && is_folder(path) && !fetch_is_whole(path)) {
        free(path);
        path = NULL;
    }
    free(name);
    return path;
}

char *hub_model_source(const struct hub_ref *ref, const struct fetch_options *o, struct error *err)
{
    char *path = hub_model_cached(ref);
    return path ? path : fetch_model(ref, o, err);
}

/* ---- keeping it ----------------------------------------------------------------------- */

/* The place cannot take the file. */
static bool is_no_place(const struct error *err)
{
    return err->code == EX_CANTCREAT || err->code == EX_IOERR;
}

/* A place that cannot take the file is no reason to fail: *path is freed then, and NULL. */
static bool convert(const struct hub_model_options *o, const char *source, enum format f,
                    char **path, struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    const struct convert_options to = {.format = f,
                                       .n_threads = o->n_threads,
                                       .replace = true,
                                       .progress = o->converting,
                                       .arg = o->arg};
    if (!checkpoint_open(&c, source, err))
        return false;
    bool ok = convert_to_file(&c, &to, *path, &report, err);
    checkpoint_close(&c);
    if (!ok && is_no_place(err)) {
        free(*path);
        *path = NULL;
        return true;
    }
    return ok;
}

/* -> where it is to be kept; NULL: no such folder. */
static char *place_for(const struct hub_ref *ref, enum format f)
{
    struct error ignored;
    char *folder = places_models_folder(), *path = NULL;
    if (folder && places_make_private(folder, &ignored)) {
        path = kept_path(ref, f, false);
        if (is_file(path) && !is_of(path, ref->id)) {
            free(path);
            path = kept_path(ref, f, true);
        }
    }
    free(folder);
    return path;
}

static char *keep(const struct hub_ref *ref, const struct hub_model_options *o, char *source,
                  struct error *err)
{
    enum format f;
    if (!fit_format(o->format, source, &f, err))
        return NULL;
    char *path = place_for(ref, f);
    if (!path)
        return xstrdup(source);
    if (!convert(o, source, f, &path, err)) {
        free(path);
        return NULL;
    }
    return path ? path : xstrdup(source);
}

/* ---- converting it while it comes ----------------------------------------------------- */

struct coming {
    const struct hub_model_options *o;
    struct download *download;
};

/* Of the download as long as there is one, then of the conversion alone. */
static bool on_converting(void *arg, const struct convert_progress *p)
{
    const struct coming *k = arg;
    const double part = p->total_bytes ? (double)p->done_bytes / (double)p->total_bytes : 0;
    bool is_over;
    if (!download_tell(k->download, part, &is_over))
        return false;
    return !is_over || !k->o->converting || k->o->converting(k->o->arg, p);
}

static bool convert_arriving(struct coming *k, const char *folder, struct arrival *arrival,
                             enum format f, const char *path, struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    const struct convert_options to = {.format = f,
                                       .n_threads = k->o->n_threads,
                                       .replace = true,
                                       .progress = on_converting,
                                       .arg = k};
    if (!checkpoint_open_arriving(&c, folder, arrival, err))
        return false;
    bool ok = convert_to_file(&c, &to, path, &report, err);
    checkpoint_close(&c);
    return ok;
}

/* *path: the kept file; NULL: to be made when all is there. -> false: the download is in vain, or
 * was stopped. What its config and tokenizer say, which are verified, is told before the weights
 * have come. */
static bool keep_arriving(const struct hub_ref *ref, struct coming *k, const char *folder,
                          struct arrival *arrival, char **path, struct error *err)
{
    struct checkpoint texts;
    enum format f;
    if (!checkpoint_open_texts(&texts, folder, err))
        return false;
    bool ok = fit_format_of(k->o->format, &texts, &f, err);
    checkpoint_close(&texts);
    *path = ok ? place_for(ref, f) : NULL;
    if (!*path || convert_arriving(k, folder, arrival, f, *path, err))
        return ok;
    free(*path);
    *path = NULL;
    return is_no_place(err) || convert_is_doubtful(err);
}

static char *download(const struct hub_ref *ref, const struct hub_model_options *o,
                      struct error *err)
{
    const struct fetch_options fetch = {.progress = o->fetching, .arg = o->arg};
    struct coming k = {o, download_start(ref, &fetch)};
    struct arrival *arrival;
    char *kept = NULL;
    const char *folder = download_wait(k.download, &arrival);
    if (folder && !keep_arriving(ref, &k, folder, arrival, &kept, err)) {
        download_stop(k.download);
        return NULL;
    }
    char *source = download_end(k.download, err);
    if (!kept)
        return source;
    free(source);
    return kept;
}

char *hub_model_open(const struct hub_ref *ref, const struct hub_model_options *o,
                     struct error *err)
{
    char *kept = hub_model_kept(ref, o->format);
    if (kept)
        return kept;
    char *source = hub_model_cached(ref), *path;
    if (!source)
        source = download(ref, o, err);
    if (!source || !is_folder(source))
        return source;
    path = keep(ref, o, source, err);
    free(source);
    return path;
}
