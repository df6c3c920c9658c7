/* SPDX-License-Identifier: MIT */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system.h"

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

char *places_cache_folder(void)
{
    const char *cache = absolute_env("XDG_CACHE_HOME"), *home = absolute_env("HOME");
    if (cache)
        return path_join(cache, "qins");
    return home ? path_join(home, ".cache/qins") : NULL;
}

bool places_make_private(const char *path, struct error *err)
{
    struct stat st;
    char *part = xstrdup(path);
    int why = ENOENT; /* one of those above could not be made */
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && why == ENOENT)
            why = errno;
        *slash = '/';
    }
    free(part);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(err, EX_CANTCREAT, "%s: cannot create: %s", path,
                         strerror(errno == ENOENT ? why : errno));
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return error_set(err, EX_CANTCREAT, "%s: not a folder", path);
    if (st.st_uid != geteuid())
        return error_set(err, EX_NOPERM, "%s: belongs to another user", path);
    if (st.st_mode & 077)
        chmod(path, 0700);
    return true;
}

/* PREFIX/share/qins of the program PREFIX/bin/NAME, wherever somebody has unpacked or moved it. */
static char *moved_file(const char *name)
{
    char path[4096];
    if (!system_program_path(path, sizeof path))
        return NULL;
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return NULL;
        *slash = '\0';
    }
    return xasprintf("%s/share/qins/%s", path, name);
}

/* The source tree keeps its models beside conf/. */
static char *source_file(const char *name)
{
#ifdef QINS_SOURCE_CONF_DIR
    if (strncmp(name, "models/", 7) == 0) {
        const char *conf = QINS_SOURCE_CONF_DIR;
        return xasprintf("%.*s/%s", (int)(strrchr(conf, '/') - conf), conf, name);
    }
    return path_join(QINS_SOURCE_CONF_DIR, name);
#else
    (void)name;
    return NULL;
#endif
}

char *places_data_file(const char *name)
{
    static char *(*const others[])(const char *) = {moved_file, source_file};
    const char *data = absolute_env("QINS_DATA_DIR");
    if (data)
        return path_join(data, name);
    char *installed = path_join(QINS_CONF_DIR, name);
    if (access(installed, F_OK) == 0)
        return installed;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *other = others[i](name);
        if (other && access(other, F_OK) == 0) {
            free(installed);
            return other;
        }
        free(other);
    }
    return installed;
}

char *places_models_folder(void)
{
    const char *data = absolute_env("XDG_DATA_HOME"), *home = absolute_env("HOME");
    if (data)
        return path_join(data, "qins/models");
    return home ? path_join(home, ".local/share/qins/models") : NULL;
}

char *places_typed(const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/') || !home || !*home)
        return xstrdup(path);
    return xasprintf("%s%s", home, path + 1);
}

const char *places_typed_word(const char *path)
{
    static char **kept;
    static size_t n, cap;
    if (!path)
        return NULL;
    kept = xgrow(kept, n, &cap, sizeof *kept);
    return kept[n++] = places_typed(path);
}
