/* SPDX-License-Identifier: MIT
 *
 *   CACHE/models--ORG--NAME/refs/REVISION        the commit, 40 hexadecimal digits
 *   CACHE/models--ORG--NAME/snapshots/COMMIT/    links to ../../blobs
 */
#include "hub.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { COMMIT = 40, MAX_NAME = 96 };

/* Neither "." nor a path, an option or a separator of the cache's folder names. */
static bool is_part(const char *s, size_t n)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (n == 0 || n > MAX_NAME || strchr("-.", s[0]) || strchr("-.", s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr(letters, s[i]) || (i > 0 && strchr("-.", s[i]) && s[i - 1] == s[i]))
            return false;
    return true;
}

static bool is_commit(const char *s, size_t n)
{
    return n == COMMIT && strspn(s, "0123456789abcdef") >= COMMIT;
}

bool hub_is_name(const char *text)
{
    size_t org = strcspn(text, "/"), all = strcspn(text, "@");
    if (org >= all || all > MAX_NAME || !is_part(text, org) ||
        !is_part(text + org + 1, all - org - 1))
        return false;
    return !text[all] || is_part(text + all + 1, strlen(text + all + 1));
}

/* The places in the order of Hugging Face's own programs. */
char *hub_cache_folder(void)
{
    const char *cache = getenv("HF_HUB_CACHE"), *hf = getenv("HF_HOME"),
               *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache)
        return xstrdup(cache);
    if (hf && *hf)
        return path_join(hf, "hub");
    if (xdg && *xdg)
        return path_join(xdg, "huggingface/hub");
    return home && *home ? path_join(home, ".cache/huggingface/hub") : NULL;
}

/* The commit that a revision stands for. */
static bool read_ref(const char *model, const char *revision, char commit[COMMIT + 1],
                     struct error *err)
{
    struct error inner;
    struct buf text = {0};
    char *path = xasprintf("%s/refs/%s", model, revision);
    bool ok = read_file(&text, path, COMMIT + 2, &inner); /* a line end may follow */
    while (ok && text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
        text.len--;
    if (ok && is_commit(text.data, text.len))
        memcpy(commit, text.data, COMMIT);
    else
        ok = error_set(err, EX_NOINPUT,
                       "%s: %s; download the model again, or give another @revision", path,
                       ok ? "names no commit" : "cannot be read");
    commit[COMMIT] = '\0';
    buf_free(&text);
    free(path);
    return ok;
}

/* A download that did not end, or a cache that was tidied, leaves links to nothing. */
static bool is_whole(const char *folder, struct error *err)
{
    bool ok = true;
    DIR *d = folder_open(folder);
    if (!d)
        return error_set(err, EX_NOINPUT, "%s: missing; download the model again", folder);
    for (struct dirent *entry; ok && (entry = readdir(d));) {
        char *path = path_join(folder, entry->d_name);
        if (entry->d_name[0] != '.' && !is_file(path) && !is_folder(path))
            ok = error_set(err, EX_NOINPUT,
                           "%s: points to a missing file; download the model again", path);
        free(path);
    }
    closedir(d);
    return ok;
}

static char *snapshot(const char *model, const char *revision, struct error *err)
{
    char commit[COMMIT + 1];
    if (is_commit(revision, strlen(revision)))
        memcpy(commit, revision, sizeof commit);
    else if (!read_ref(model, revision, commit, err))
        return NULL;
    char *folder = xasprintf("%s/snapshots/%s", model, commit);
    if (is_whole(folder, err))
        return folder;
    free(folder);
    return NULL;
}

char *hub_find(const char *name, struct error *err)
{
    const char *slash = strchr(name, '/'), *at = strchr(name, '@');
    char *cache = hub_cache_folder(), *folder = NULL;
    if (!hub_is_name(name) || !cache) {
        free(cache);
        return error_set_null(err, EX_USAGE, "%.300s: not a model's name, org/name[@revision]",
                              name);
    }
    size_t org = (size_t)(slash - name), all = at ? (size_t)(at - name) : strlen(name);
    char *model =
        xasprintf("%s/models--%.*s--%.*s", cache, (int)org, name, (int)(all - org - 1), slash + 1);
    if (is_folder(model))
        folder = snapshot(model, at ? at + 1 : "main", err);
    else
        error_set(err, EX_NOINPUT,
                  "%s: no such file or folder, and no model of Hugging Face's cache, %s", name,
                  cache);
    free(model);
    free(cache);
    return folder;
}

char *hub_name(const char *folder)
{
    static const char prefix[] = "models--", below[] = "/snapshots/";
    size_t n = strlen(folder);
    while (n > 0 && folder[n - 1] == '/')
        n--;
    if (n < COMMIT + sizeof below || !is_commit(folder + n - COMMIT, COMMIT))
        return NULL;
    const char *end = folder + n - COMMIT - (sizeof below - 1), *begin = end;
    while (begin > folder && begin[-1] != '/')
        begin--;
    if (strncmp(end, below, sizeof below - 1) != 0 ||
        strncmp(begin, prefix, sizeof prefix - 1) != 0)
        return NULL;
    begin += sizeof prefix - 1;
    char *name = xstrndup(begin, end > begin ? (size_t)(end - begin) : 0),
         *two = strstr(name, "--");
    if (two) {
        *two = '/';
        memmove(two + 1, two + 2, strlen(two + 2) + 1);
    }
    if (two && hub_is_name(name))
        return name;
    free(name);
    return NULL;
}
