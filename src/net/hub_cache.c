/* SPDX-License-Identifier: MIT */
#include "hub_cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "file_lock.h"
#include "hub.h"

enum { ORPHAN_S = 3600, LOCK_WAIT_MS = 1000 };

/* ---- folders -------------------------------------------------------------------------- */

static bool make_folder(const char *path, struct error *err)
{
    char *part = xstrdup(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0777);
        *slash = '/';
    }
    bool ok = mkdir(part, 0777) == 0 || errno == EEXIST;
    if (!ok)
        error_set(err, EX_CANTCREAT, "%s: cannot create: %s", path, strerror(errno));
    free(part);
    return ok;
}

static bool make_below(const char *folder, const char *name, struct error *err)
{
    char *path = path_join(folder, name);
    bool ok = make_folder(path, err);
    free(path);
    return ok;
}

bool hub_cache_open(struct hub_cache *c, const char *id, const char *commit, struct error *err)
{
    char *root = hub_cache_folder();
    *c = (struct hub_cache){0};
    if (!root)
        return error_set(err, EX_CANTCREAT,
                         "no folder for downloads: neither HF_HUB_CACHE nor HOME "
                         "is set");
    const char *slash = strchr(id, '/');
    char *name = xasprintf("models--%.*s--%s", (int)(slash - id), id, slash + 1);
    c->root = root;
    c->model = path_join(root, name);
    c->locks = xasprintf("%s/.locks/%s", root, name);
    c->snapshot = xasprintf("%s/snapshots/%s", c->model, commit);
    free(name);
    bool ok = make_below(c->model, "blobs", err) && make_below(c->model, "refs", err) &&
              make_folder(c->snapshot, err) && make_folder(c->locks, err);
    if (!ok)
        hub_cache_close(c);
    return ok;
}

void hub_cache_close(struct hub_cache *c)
{
    free(c->root);
    free(c->model);
    free(c->locks);
    free(c->snapshot);
    *c = (struct hub_cache){0};
}

char *hub_cache_blob(const struct hub_cache *c, const char *etag)
{
    return xasprintf("%s/blobs/%s", c->model, etag);
}

char *hub_cache_incomplete(const struct hub_cache *c, const char *etag)
{
    return xasprintf("%s/blobs/%s.incomplete", c->model, etag);
}

char *hub_cache_lock(const struct hub_cache *c, const char *etag)
{
    return xasprintf("%s/%s.lock", c->locks, etag);
}

/* ---- what is there -------------------------------------------------------------------- */

static uint64_t bytes_of(char *path /* freed */)
{
    struct stat st;
    bool is = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    free(path);
    return is ? (uint64_t)st.st_size : 0;
}

uint64_t hub_cache_has(const struct hub_cache *c, const struct hub_file *f)
{
    uint64_t whole = bytes_of(hub_cache_blob(c, f->etag)),
             part = bytes_of(hub_cache_incomplete(c, f->etag)), n = whole ? whole : part;
    return n < f->bytes ? n : f->bytes;
}

uint64_t hub_cache_free(const struct hub_cache *c)
{
    struct statvfs vfs;
    return statvfs(c->model, &vfs) == 0 ? (uint64_t)vfs.f_bavail * vfs.f_frsize : 0;
}

/* ---- snapshot and refs ---------------------------------------------------------------- */

bool hub_cache_link(const struct hub_cache *c, const struct hub_file *f, struct error *err)
{
    const char *slash = strchr(f->name, '/');
    char *path = path_join(c->snapshot, f->name),
         *next = xasprintf("%s.qins-%d", path, (int)getpid());
    char *target = xasprintf("%s../../blobs/%s", slash ? "../" : "", f->etag);
    bool ok = true;
    if (slash) {
        char *folder = xstrndup(f->name, (size_t)(slash - f->name));
        ok = make_below(c->snapshot, folder, err);
        free(folder);
    }
    unlink(next);
    if (ok && (symlink(target, next) != 0 || rename(next, path) != 0)) {
        ok = error_set(err, EX_CANTCREAT, "%s: cannot link to its contents: %s", path,
                       strerror(errno));
        unlink(next);
    }
    free(path);
    free(next);
    free(target);
    return ok;
}

bool hub_cache_write_ref(const struct hub_cache *c, const char *revision, const char *commit,
                         struct error *err)
{
    char *path = xasprintf("%s/refs/%s", c->model, revision),
         *next = xasprintf("%s.qins-%d", path, (int)getpid());
    FILE *f = fopen(next, "we");
    bool ok = f && fputs(commit, f) >= 0;
    ok = (!f || fclose(f) == 0) && ok && rename(next, path) == 0;
    if (!ok) {
        error_set(err, EX_CANTCREAT, "%s: cannot write: %s", path, strerror(errno));
        unlink(next);
    }
    free(path);
    free(next);
    return ok;
}

/* ---- what nobody wants any more ------------------------------------------------------- */

static bool is_in(const struct hub_listing *l, const char *etag, size_t n)
{
    for (size_t i = 0; i < l->n; i++)
        if (strlen(l->files[i].etag) == n && strncmp(l->files[i].etag, etag, n) == 0)
            return true;
    return false;
}

static bool is_old(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > ORPHAN_S;
}

/* Nobody who may write it holds its lock. */
static bool is_unlocked(const struct hub_cache *c, const char *etag)
{
    int fd;
    char *path = hub_cache_lock(c, etag);
    bool is = file_lock_try(path, LOCK_WAIT_MS, &fd) == FILE_LOCK_TAKEN;
    if (is)
        close(fd);
    free(path);
    return is;
}

static void remove_orphan(const struct hub_cache *c, const char *etag, bool all_known)
{
    char *path = hub_cache_incomplete(c, etag);
    if (is_old(path) || (all_known && is_unlocked(c, etag)))
        unlink(path);
    free(path);
}

static bool knows_all(const struct hub_listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->files[i].etag[0])
            return false;
    return true;
}

void hub_cache_tidy(const struct hub_cache *c, const struct hub_listing *l)
{
    char *folder = path_join(c->model, "blobs");
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    bool all_known = knows_all(l);
    while (dir && (entry = readdir(dir))) {
        const char *dot = strchr(entry->d_name, '.');
        size_t n = dot ? (size_t)(dot - entry->d_name) : 0;
        if (!n || strcmp(dot, ".incomplete") != 0 || is_in(l, entry->d_name, n))
            continue;
        char *etag = xstrndup(entry->d_name, n);
        remove_orphan(c, etag, all_known);
        free(etag);
    }
    if (dir)
        closedir(dir);
    free(folder);
}
