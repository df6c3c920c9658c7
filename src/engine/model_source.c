/* SPDX-License-Identifier: MIT */
#include "model_source.h"

#include <stdlib.h>
#include <unistd.h>

#include "checkpoint.h"
#include "converted.h"
#include "fit.h"
#include "hub_model.h"
#include "model_folder.h"

/* Puts the file or folder that a name on the hub stands for in its place. */
static bool find_on_hub(char **path, const struct model_source *s, enum format *folder_format,
                        struct error *err)
{
    struct hub_ref ref;
    const struct hub_model_options o = {.format = s->format,
                                        .n_threads = pool_size(s->pool),
                                        .fetching = s->fetching,
                                        .converting = s->keeping,
                                        .arg = s->arg};
    if (access(*path, F_OK) == 0 || !hub_ref_parse(&ref, *path))
        return true;
    char *found = hub_model_open(&ref, &o, err);
    hub_ref_free(&ref);
    if (!found)
        return false;
    free(*path);
    *path = found;
    return !checkpoint_is_source(found) || fit_format(s->format, found, folder_format, err);
}

/* The first token needs every weight: reading them before is as fast, and shows how far it is. */
static struct model *open_file(const char *path, const struct model_source *s,
                               enum weights_mode mode, struct weights_ready *weights,
                               struct error *err)
{
    struct model *m = model_open(path, err);
    if (m && !weights_load(weights, m, mode, s->pool, s->reading, s->arg, err)) {
        model_close(m);
        return NULL;
    }
    return m;
}

struct model *model_source_open(char **path, const struct model_source *s,
                                struct engine_setup *setup, struct weights_ready *weights,
                                struct error *err)
{
    if (!find_on_hub(path, s, &setup->folder_format, err))
        return NULL;
    if (!checkpoint_is_source(*path))
        return open_file(*path, s, setup->weights, weights, err);
    const struct convert_options o = {.format = setup->folder_format,
                                      .n_threads = pool_size(s->pool),
                                      .progress = s->converting,
                                      .arg = s->arg};
    char *file;
    if (!converted_file(*path, &o, &file, err))
        return NULL;
    struct model *m =
        file ? open_file(file, s, setup->weights, weights, err) : model_open_folder(*path, &o, err);
    free(file);
    return m;
}
