/* SPDX-License-Identifier: MIT */
#include "file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Belongs to both threads; the last one frees it. */
struct attempt {
    pthread_mutex_t lock;
    pthread_cond_t news;
    char *path;
    int fd;
    enum file_lock_result result;
    bool is_over, is_left; /* the call has returned; nobody waits any more */
};

static void free_attempt(struct attempt *a)
{
    if (a->fd >= 0)
        close(a->fd);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->news);
    free(a->path);
    free(a);
}

static void take(struct attempt *a)
{
    a->fd = open(a->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (a->fd >= 0 && flock(a->fd, LOCK_EX | LOCK_NB) == 0)
        a->result = FILE_LOCK_TAKEN;
    else if (a->fd >= 0 && errno == EWOULDBLOCK)
        a->result = FILE_LOCK_BUSY;
}

static void *run(void *arg)
{
    struct attempt *a = arg;
    take(a);
    pthread_mutex_lock(&a->lock);
    bool is_left = a->is_left;
    a->is_over = true;
    pthread_cond_signal(&a->news);
    pthread_mutex_unlock(&a->lock);
    if (is_left)
        free_attempt(a);
    return NULL;
}

static bool start(struct attempt *a)
{
    pthread_t thread;
    bool ok = start_thread(&thread, run, a) == 0;
    if (ok)
        pthread_detach(thread);
    return ok;
}

enum file_lock_result file_lock_try(const char *path, double wait_ms, int *fd)
{
    struct timespec until = deadline_in(wait_ms);
    struct attempt *a = xcalloc(1, sizeof *a);
    *a = (struct attempt){.path = xstrdup(path), .fd = -1, .result = FILE_LOCK_NONE};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->news, NULL);
    *fd = -1;
    if (!start(a)) {
        free_attempt(a);
        return FILE_LOCK_NONE;
    }
    pthread_mutex_lock(&a->lock);
    while (!a->is_over && pthread_cond_timedwait(&a->news, &a->lock, &until) != ETIMEDOUT)
        ;
    bool is_over = a->is_over;
    a->is_left = true;
    pthread_mutex_unlock(&a->lock);
    if (!is_over)
        return FILE_LOCK_NONE; /* the thread frees it, if it ever returns */
    enum file_lock_result result = a->result;
    if (result == FILE_LOCK_TAKEN) {
        *fd = a->fd;
        a->fd = -1;
    }
    free_attempt(a);
    return result;
}
