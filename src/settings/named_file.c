/* SPDX-License-Identifier: MIT */
#include "named_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "places.h"

/* ---- one file ------------------------------------------------------------------------- */

static const char *ending_of(const char *kind)
{
    return strcmp(kind, "template") == 0 ? ".jinja" : ".yaml";
}

static bool has_ending(const char *name, const char *ending)
{
    size_t n = strlen(name), n_ending = strlen(ending);
    return n > n_ending && strcmp(name + n - n_ending, ending) == 0;
}

/* A name that is safe inside a path and on a line. */
static bool is_plain_name(const char *name)
{
    if (*name == '\0' || *name == '.' || *name == '-' || strlen(name) > 64)
        return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/')
            return false;
    return true;
}

static char *refuse_name(const char *kind, const char *name, struct error *err)
{
    struct buf list = {0};
    size_t n;
    char **names = named_files(kind, &n);
    const char *guess = nearest(name, (const char *const *)names, n);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    error_set(err, EX_CONFIG, "%s \"%.64s\": not found; %s%s%s%shere are: %.600s", kind, name,
              guess ? "did you mean " : "", guess ? guess : "", guess ? "? " : "",
              guess ? "T" : "t", n ? list.data : "none");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    buf_free(&list);
    return NULL;
}

char *named_file(const char *kind, const char *name, struct error *err)
{
    const char *ending = ending_of(kind);
    if (strchr(name, '/') || has_ending(name, ending))
        return places_typed(name);
    if (!is_plain_name(name))
        return error_set_null(err, EX_CONFIG, "%s \"%.64s\": not a name", kind, name);
    char *file = xasprintf("%ss/%s%s", kind, name, ending);
    char *path = places_user_file(file);
    if (!path || !is_file(path)) {
        free(path);
        path = places_data_file(file);
    }
    free(file);
    if (is_file(path))
        return path;
    free(path);
    return refuse_name(kind, name, err);
}

/* ---- the list ------------------------------------------------------------------------- */

struct name_list {
    char **names;
    size_t n, cap;
};

static void list_folder(struct name_list *list, const char *folder, const char *ending)
{
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        if (!has_ending(entry->d_name, ending) || !is_plain_name(entry->d_name))
            continue;
        list->names = xgrow(list->names, list->n, &list->cap, sizeof *list->names);
        list->names[list->n++] = xstrndup(entry->d_name, len - strlen(ending));
    }
    if (dir)
        closedir(dir);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **named_files(const char *kind, size_t *n)
{
    struct name_list list = {0};
    char *folder = xasprintf("%ss", kind);
    char *user = places_user_file(folder), *data = places_data_file(folder);
    size_t kept = 0;
    if (user)
        list_folder(&list, user, ending_of(kind));
    list_folder(&list, data, ending_of(kind));
    free(user);
    free(data);
    free(folder);
    if (list.n)
        qsort(list.names, list.n, sizeof *list.names, compare_names);
    for (size_t i = 0; i < list.n; i++) {
        if (kept && strcmp(list.names[kept - 1], list.names[i]) == 0)
            free(list.names[i]);
        else
            list.names[kept++] = list.names[i];
    }
    *n = kept;
    return list.names;
}
