/* SPDX-License-Identifier: MIT */
#include "places.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

char *places_user_file(const char *name)
{
    char *folder = places_user_folder();
    char *path = folder ? path_join(folder, name) : NULL;
    free(folder);
    return path;
}

char *places_state_folder(void)
{
    const char *state = absolute_env("XDG_STATE_HOME"), *home = absolute_env("HOME");
    if (state)
        return path_join(state, "qins");
    return home ? path_join(home, ".local/state/qins") : NULL;
}

/* The source tree keeps its models beside conf/. */
static char *source_file(const char *name)
{
    if (strncmp(name, "models/", 7) == 0) {
        const char *conf = QINS_SOURCE_CONF_DIR;
        return xasprintf("%.*s/%s", (int)(strrchr(conf, '/') - conf), conf, name);
    }
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

char *places_models_folder(void)
{
    const char *data = absolute_env("XDG_DATA_HOME"), *home = absolute_env("HOME");
    if (data)
        return path_join(data, "qins/models");
    return home ? path_join(home, ".local/share/qins/models") : NULL;
}
