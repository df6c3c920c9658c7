/* SPDX-License-Identifier: MIT */
#include "download.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_MS = 100 };

struct download {
    struct hub_ref ref;
    struct fetch_options options; /* of who waits */
    struct arrival *arrival;
    pthread_t thread;
    atomic_bool stop;
    char *path; /* when it is over */
    struct error err;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t news;  /* it is over */
    bool is_over;
    bool is_new; /* progress that was not told yet */
    struct fetch_progress progress;
    char file[256], note[256]; /* that it names */
};

/* ---- its thread ----------------------------------------------------------------------- */

static bool note_progress(void *arg, const struct fetch_progress *p)
{
    struct download *d = arg;
    pthread_mutex_lock(&d->lock);
    d->progress = *p;
    d->is_new = true;
    snprintf(d->file, sizeof d->file, "%s", p->file);
    snprintf(d->note, sizeof d->note, "%s", p->note);
    pthread_mutex_unlock(&d->lock);
    return !atomic_load(&d->stop);
}

static void *run(void *arg)
{
    struct download *d = arg;
    struct fetch_options o = d->options;
    o.progress = note_progress;
    o.arg = d;
    o.arrival = d->arrival;
    d->path = fetch_model(&d->ref, &o, &d->err);
    pthread_mutex_lock(&d->lock);
    d->is_over = true;
    pthread_cond_signal(&d->news);
    pthread_mutex_unlock(&d->lock);
    arrival_end(d->arrival, d->path != NULL);
    return NULL;
}

/* ---- who waits ------------------------------------------------------------------------ */

struct download *download_start(const struct hub_ref *ref, const struct fetch_options *o)
{
    struct download *d = xcalloc(1, sizeof *d);
    d->ref = (struct hub_ref){xstrdup(ref->id), xstrdup(ref->revision),
                              ref->file ? xstrdup(ref->file) : NULL};
    d->options = *o;
    d->arrival = arrival_new();
    d->progress.step = "asking";
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->news, NULL);
    int failed = start_thread(&d->thread, run, d);
    if (failed)
        die(EX_OSERR, "cannot start a thread: %s", strerror(failed));
    return d;
}

bool download_tell(struct download *d, double converted, bool *is_over)
{
    char file[sizeof d->file], note[sizeof d->note];
    pthread_mutex_lock(&d->lock);
    *is_over = d->is_over;
    const bool is_told = d->is_over && !d->is_new;
    struct fetch_progress p = d->progress;
    d->is_new = false;
    memcpy(file, d->file, sizeof file);
    memcpy(note, d->note, sizeof note);
    pthread_mutex_unlock(&d->lock);
    p.file = file;
    p.note = note;
    p.converted = converted;
    return is_told || !d->options.progress || d->options.progress(d->options.arg, &p);
}

const char *download_wait(struct download *d, struct arrival **arrival)
{
    const char *folder = NULL;
    bool is_over = false, go_on = true;
    *arrival = d->arrival;
    while (go_on && !is_over && !(folder = arrival_folder(d->arrival, TELL_MS)))
        go_on = download_tell(d, -1, &is_over);
    atomic_store(&d->stop, !go_on);
    return folder;
}

static bool is_over(struct download *d, double ms)
{
    const struct timespec until = deadline_in(ms);
    pthread_mutex_lock(&d->lock);
    while (!d->is_over && pthread_cond_timedwait(&d->news, &d->lock, &until) != ETIMEDOUT)
        ;
    bool is = d->is_over;
    pthread_mutex_unlock(&d->lock);
    return is;
}

char *download_end(struct download *d, struct error *err)
{
    bool ignored;
    while (!is_over(d, TELL_MS))
        if (!download_tell(d, -1, &ignored))
            atomic_store(&d->stop, true);
    pthread_join(d->thread, NULL);
    if (!atomic_load(&d->stop))
        download_tell(d, -1, &ignored); /* a short one is told, too */
    char *path = d->path;
    if (!path)
        *err = d->err;
    hub_ref_free(&d->ref);
    arrival_free(d->arrival);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->news);
    free(d);
    return path;
}

void download_stop(struct download *d)
{
    struct error ignored;
    atomic_store(&d->stop, true);
    free(download_end(d, &ignored));
}
