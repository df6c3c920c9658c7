/* SPDX-License-Identifier: MIT */
#include "places.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint.h"

static const char *absolute_env(const char *name)
{
    const char *path = getenv(name);
    return path && path[0] == '/' ? path : NULL;
}

char *places_user_folder(void)
{
    const char *config = absolute_env("XDG_CONFIG_HOME"), *home = absolute_env("HOME");
    if (config)
        return path_join(config, "qins");
    return home ? path_join(home, ".config/qins") : NULL;
}

/* The source tree keeps its models beside conf/. */
static char *source_file(const char *name)
{
    if (strncmp(name, "models/", 7) == 0)
        return path_join(QINS_SOURCE_CONF_DIR "/..", name);
    return path_join(QINS_SOURCE_CONF_DIR, name);
}

char *places_data_file(const char *name)
{
    const char *data = absolute_env("QINS_DATA_DIR");
    if (data)
        return path_join(data, name);
    char *installed = path_join(QINS_CONF_DIR, name);
    if (access(installed, F_OK) == 0)
        return installed;
    char *source = source_file(name);
    if (access(source, F_OK) == 0) {
        free(installed);
        return source;
    }
    free(source);
    return installed;
}

char *places_model(const struct options *o, struct error *err)
{
    const char *asked = options_text(o, OPT_MODEL);
    if (*asked)
        return xstrdup(asked);
    char *starter = places_data_file("models/starter.qins");
    if (is_file(starter))
        return starter;
    free(starter);
    return refuse_null(err, EX_NOINPUT, "no model: give one with -m, a .qins file (qins-convert "
                                        "makes them) or a Hugging Face model folder");
}

static uint64_t weight_bytes(const struct checkpoint *c, bool *all_f32)
{
    uint64_t bytes = 0;
    *all_f32 = true;
    for (size_t s = 0; s < c->n_shards; s++) {
        for (size_t t = 0; t < c->shards[s].n_tensors; t++) {
            const struct st_tensor *tensor = &c->shards[s].tensors[t];
            bytes += tensor->end - tensor->begin;
            *all_f32 &= tensor->dtype == ST_F32;
        }
    }
    return bytes;
}

bool places_folder_format(const struct options *o, const char *path, enum format *format,
                          struct error *err)
{
    const char *asked = options_text(o, OPT_FORMAT);
    const uint64_t f32_limit = UINT64_C(1) << 30;
    struct checkpoint c;
    *format = FORMAT_QINS8;
    if (strcmp(asked, "auto") != 0)
        return format_from_name(asked, format) ||
               refuse(err, EX_CONFIG, "format: \"%s\" is not built in", asked);
    if (!is_folder(path))
        return true;
    if (!checkpoint_open(&c, path, err))
        return false;
    bool all_f32;
    if (weight_bytes(&c, &all_f32) <= f32_limit && all_f32)
        *format = FORMAT_F32;
    checkpoint_close(&c);
    return true;
}
