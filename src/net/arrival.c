/* SPDX-License-Identifier: MIT */
#include "arrival.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_id.h"

/* A file whose bytes are all there. */
struct whole {
    char *path; /* NULL: they are not */
    struct file_id id;
};

struct arrival {
    struct arriving_file *files;
    size_t n, cap;
    uint64_t bytes; /* of all files */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t news;
    struct whole *wholes; /* [n] */
    char *folder;
    size_t current; /* the file that comes, if fd >= 0 */
    int fd;
    uint64_t come;   /* of the stream */
    uint64_t wanted; /* the first position that is waited for: others wake nobody */
    bool is_lost, is_over;
};

struct arrival *arrival_new(void)
{
    struct arrival *a = xcalloc(1, sizeof *a);
    a->fd = -1;
    a->wanted = ARRIVAL_END;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->news, NULL);
    return a;
}

static void close_current(struct arrival *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

void arrival_free(struct arrival *a)
{
    if (!a)
        return;
    close_current(a);
    for (size_t i = 0; i < a->n; i++) {
        free(a->files[i].name);
        buf_free(&a->files[i].header);
        if (a->wholes)
            free(a->wholes[i].path);
    }
    free(a->files);
    free(a->wholes);
    free(a->folder);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->news);
    free(a);
}

/* ---- for who downloads ---------------------------------------------------------------- */

void arrival_add(struct arrival *a, const char *name, uint64_t bytes, const char *sha256,
                 struct buf *header)
{
    a->files = xgrow(a->files, a->n, &a->cap, sizeof *a->files);
    struct arriving_file *f = &a->files[a->n++];
    *f = (struct arriving_file){
        .arrival = a, .name = xstrdup(name), .bytes = bytes, .begin = a->bytes, .header = *header};
    snprintf(f->sha256, sizeof f->sha256, "%s", sha256);
    *header = (struct buf){0};
    a->bytes += bytes;
}

static void lock(struct arrival *a)
{
    pthread_mutex_lock(&a->lock);
}

static void unlock_with_news(struct arrival *a)
{
    a->wanted = ARRIVAL_END;
    pthread_cond_broadcast(&a->news);
    pthread_mutex_unlock(&a->lock);
}

void arrival_begin(struct arrival *a, const char *folder)
{
    lock(a);
    a->wholes = xcalloc(a->n, sizeof *a->wholes);
    a->folder = xstrdup(folder);
    unlock_with_news(a);
}

/* -> the file of this name, with the lock; NULL: without it, for there is none. */
static const struct arriving_file *lock_file(struct arrival *a, const char *name)
{
    const struct arriving_file *f = a && a->folder ? arrival_find(a, name) : NULL;
    if (f)
        lock(a);
    return f;
}

void arrival_grow(struct arrival *a, const char *name, int fd, uint64_t n)
{
    const struct arriving_file *f = lock_file(a, name);
    if (!f)
        return;
    if (a->fd < 0 || a->current != (size_t)(f - a->files)) {
        close_current(a);
        a->current = (size_t)(f - a->files);
        a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    a->come = f->begin + n;
    if (a->come >= a->wanted)
        unlock_with_news(a);
    else
        pthread_mutex_unlock(&a->lock);
}

/* Whether the file begins as its converter was told. */
static bool has_header(int fd, const struct buf *header)
{
    char *start = xmalloc(header->len);
    bool has = read_whole(fd, start, header->len, 0) == header->len &&
               memcmp(start, header->data, header->len) == 0;
    free(start);
    return has;
}

/* -> false: it is not what was announced. */
static bool note_whole(struct whole *w, const struct arriving_file *f, const char *path)
{
    struct stat st;
    struct error ignored;
    uint64_t size;
    int fd = open_regular(path, &size, &ignored);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, &st) == 0 && size == f->bytes && has_header(fd, &f->header);
    if (ok)
        *w = (struct whole){xstrdup(path), file_id_of(&st)};
    close(fd);
    return ok;
}

void arrival_whole(struct arrival *a, const char *name, const char *path)
{
    const struct arriving_file *f = lock_file(a, name);
    if (!f)
        return;
    close_current(a);
    a->come = f->begin + f->bytes;
    if (!note_whole(&a->wholes[f - a->files], f, path))
        a->is_lost = true;
    unlock_with_news(a);
}

void arrival_take_back(struct arrival *a, const char *name)
{
    const struct arriving_file *f = lock_file(a, name);
    if (!f)
        return;
    a->is_lost |= a->come > f->begin;
    a->come = f->begin;
    unlock_with_news(a);
}

void arrival_end(struct arrival *a, bool verified)
{
    lock(a);
    a->is_over = true;
    a->is_lost |= !verified;
    unlock_with_news(a);
}

/* ---- for who converts ----------------------------------------------------------------- */

const char *arrival_folder(struct arrival *a, double ms)
{
    const struct timespec until = deadline_in(ms);
    lock(a);
    while (!a->folder && !a->is_over &&
           pthread_cond_timedwait(&a->news, &a->lock, &until) != ETIMEDOUT)
        ;
    const char *folder = a->folder;
    pthread_mutex_unlock(&a->lock);
    return folder;
}

const struct arriving_file *arrival_find(const struct arrival *a, const char *name)
{
    for (size_t i = 0; a && i < a->n; i++)
        if (strcmp(a->files[i].name, name) == 0)
            return &a->files[i];
    return NULL;
}

static enum arrival_state state_at(const struct arrival *a, uint64_t position)
{
    if (a->is_lost)
        return ARRIVAL_LOST;
    return a->is_over || (position != ARRIVAL_END && position <= a->come) ? ARRIVAL_THERE
                                                                          : ARRIVAL_COMES;
}

enum arrival_state arrival_wait(struct arrival *a, uint64_t position, double ms)
{
    const struct timespec until = deadline_in(ms);
    lock(a);
    int result = 0;
    while (state_at(a, position) == ARRIVAL_COMES && result != ETIMEDOUT) {
        a->wanted = position < a->wanted ? position : a->wanted;
        result = pthread_cond_timedwait(&a->news, &a->lock, &until);
    }
    enum arrival_state state = state_at(a, position);
    pthread_mutex_unlock(&a->lock);
    return state;
}

uint64_t arrival_come(struct arrival *a)
{
    lock(a);
    uint64_t come = a->come;
    pthread_mutex_unlock(&a->lock);
    return come;
}

uint64_t arrival_bytes(const struct arrival *a)
{
    return a->bytes;
}

int arrival_open(const struct arriving_file *f, struct error *err)
{
    struct arrival *a = f->arrival;
    const size_t i = (size_t)(f - a->files);
    int fd = -1;
    lock(a);
    if (a->wholes[i].path)
        fd = open_unchanged(a->wholes[i].path, &a->wholes[i].id, err);
    else if (a->fd < 0 || a->current != i || (fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 0)) < 0)
        error_set(err, EX_TEMPFAIL, "%s: cannot be read while it comes", f->name);
    pthread_mutex_unlock(&a->lock);
    return fd;
}

bool arrival_unchanged(const struct arriving_file *f, struct error *err)
{
    struct arrival *a = f->arrival;
    lock(a);
    const struct whole w = a->wholes[f - a->files];
    pthread_mutex_unlock(&a->lock);
    return w.path ? file_unchanged(w.path, &w.id, err)
                  : error_set(err, EX_DATAERR, "%s: the file changed while it was being converted",
                              f->name);
}
