/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "blob_hash.h"
#include "file_lock.h"
#include "url.h"

enum { LOCK_TRY_MS = 5000, LOCK_STEP_MS = 100, HASH_BYTES = 1 << 20 };
#define LOCK_PATIENCE_MS 60000

struct transfer {
    struct hub_client *client;
    const struct hub_file *file;
    const char *url, *model;
    char *blob, *incomplete, *lock;
    int fd, lock_fd;
    struct blob_hash *hash;
    uint64_t at;      /* bytes that are there and hashed */
    uint64_t before;  /* progress.done without this file */
    bool is_mixed;    /* of more than one answer, or from the disk */
    bool was_refused; /* a range, once */
    struct arrival *arrival;
    struct error *err;
};

static bool complain(struct transfer *t, int code, const char *what)
{
    return error_set(t->err, code, "%s: %s: %s", t->model, t->file->name, what);
}

static void note_bytes(const struct transfer *t)
{
    arrival_grow(t->arrival, t->file->name, t->fd, t->at);
    t->client->progress.done = t->before + t->at;
}

static bool tell(struct transfer *t)
{
    note_bytes(t);
    return hub_client_report(t->client, t->err);
}

/* ---- the unfinished file -------------------------------------------------------------- */

static bool start_anew(struct transfer *t)
{
    arrival_take_back(t->arrival, t->file->name);
    blob_hash_free(t->hash);
    t->hash = blob_hash_new(t->file->etag, t->file->bytes);
    t->at = 0;
    t->is_mixed = false;
    return truncate_restarted(t->fd, 0) == 0 ||
           error_set(t->err, EX_IOERR, "%s: cannot be emptied: %s", t->incomplete, strerror(errno));
}

static bool open_incomplete(struct transfer *t)
{
    t->fd = open(t->incomplete, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    return t->fd >= 0 || error_set(t->err, EX_CANTCREAT, "%s: cannot be written: %s", t->incomplete,
                                   strerror(errno));
}

/* Hashes what an earlier start has left. */
static bool take_up(struct transfer *t)
{
    struct stat st;
    uint64_t has = fstat(t->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    bool ok = true;
    t->hash = blob_hash_new(t->file->etag, t->file->bytes);
    if (has > t->file->bytes)
        return start_anew(t);
    char *chunk = xmalloc(HASH_BYTES);
    t->client->progress.step = "checking";
    while (ok && t->at < has) {
        uint64_t left = has - t->at;
        size_t n = read_whole(t->fd, chunk, left < HASH_BYTES ? (size_t)left : HASH_BYTES, t->at);
        blob_hash_add(t->hash, chunk, n);
        t->at += n;
        t->is_mixed = true;
        ok = n > 0 ? tell(t) : error_set(t->err, EX_IOERR, "%s: cannot be read", t->incomplete);
    }
    free(chunk);
    return ok;
}

/* ---- the lock ------------------------------------------------------------------------- */

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool wait_a_bit(struct transfer *t)
{
    struct hub_client *c = t->client;
    c->progress.step = "waiting";
    c->progress.note = "another program downloads this file";
    bool go_on = hub_client_report(c, t->err);
    c->progress.note = "";
    nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
    return go_on;
}

/* Waits as long as whoever holds it writes. A file system without locks does without. */
static bool take_lock(struct transfer *t, double patience_ms)
{
    double since = now_ms();
    uint64_t seen = 0;
    while (file_lock_try(t->lock, LOCK_TRY_MS, &t->lock_fd) == FILE_LOCK_BUSY) {
        uint64_t now = size_of(t->incomplete);
        if (now != seen)
            since = now_ms();
        seen = now;
        if (now_ms() - since > patience_ms)
            return error_set(t->err, EX_TEMPFAIL,
                             "%s: %s: another program holds %s and downloads nothing; end it, or "
                             "try again later",
                             t->model, t->file->name, t->lock);
        if (!wait_a_bit(t))
            return false;
    }
    return true;
}

/* ---- one answer ----------------------------------------------------------------------- */

/* The hub's own word for the contents; other hosts call them what they like. */
static bool is_changed(const struct transfer *t, const struct http_reply *r)
{
    const char *name = r->linked_etag                                 ? r->linked_etag
                       : url_same_origin(r->url, t->client->endpoint) ? r->etag
                                                                      : NULL;
    return name && blob_hash_is_name(name) && strcmp(name, t->file->etag) != 0;
}

static bool on_begin(void *arg, const struct http_reply *r)
{
    struct transfer *t = arg;
    bool is_part = r->status == 206 && r->range_from == (int64_t)t->at;
    if (is_changed(t, r))
        return complain(t, EX_TEMPFAIL, "the hub has another file there by now; try again");
    if (r->status == 206 && !is_part && t->at > 0)
        return complain(t, EX_PROTOCOL, "the hub sends another part than was asked for");
    if (!is_part && t->at > 0 && !start_anew(t))
        return false;
    if (r->length >= 0 && (uint64_t)r->length != t->file->bytes - t->at)
        return error_set(t->err, EX_PROTOCOL,
                         "%s: %s: the hub's list says %llu bytes, but %llu are sent", t->model,
                         t->file->name, (unsigned long long)t->file->bytes,
                         (unsigned long long)r->length + t->at);
    return true;
}

static bool on_body(void *arg, const void *bytes, size_t n)
{
    struct transfer *t = arg;
    if (n > t->file->bytes - t->at)
        return complain(t, EX_PROTOCOL, "more is sent than the hub's list says");
    if (write_whole(t->fd, bytes, n, t->at) < n)
        return error_set(t->err, EX_IOERR, "%s: cannot be written: %s%s", t->incomplete,
                         strerror(errno),
                         errno == ENOSPC ? "; make room, the next start goes on from here" : "");
    blob_hash_add(t->hash, bytes, n);
    t->at += n;
    note_bytes(t);
    return true;
}

static bool on_tick(void *arg, double idle_ms)
{
    struct transfer *t = arg;
    return hub_client_tick(t->client, idle_ms);
}

/* A range that cannot be had, though the file goes on: once, all of it is asked for. */
static bool take_refusal(struct transfer *t)
{
    if (t->at == 0 || t->was_refused)
        return complain(t, EX_PROTOCOL, "the hub refuses to send it (416)");
    t->was_refused = true;
    return start_anew(t) && complain(t, EX_TEMPFAIL, "the hub refused to send the rest");
}

static bool ask_once(struct transfer *t, double *retry_after_s)
{
    const struct http_request r = {.url = t->url,
                                   .from = t->at,
                                   .begin = on_begin,
                                   .body = on_body,
                                   .tick = on_tick,
                                   .arg = t};
    struct http_reply reply = {0};
    t->client->progress.step = "downloading";
    t->is_mixed |= t->at > 0;
    bool ok = tell(t) && hub_client_send(t->client, &r, t->model, &reply, t->err);
    *retry_after_s = reply.retry_after_s;
    if (ok && reply.status == 416)
        take_refusal(t);
    else if (ok && reply.status / 100 == 3)
        complain(t, EX_PROTOCOL, "the hub redirects to nowhere");
    else if (ok && t->at < t->file->bytes)
        complain(t, EX_TEMPFAIL, "the connection was cut");
    http_reply_free(&reply);
    return t->at == t->file->bytes && ok;
}

static bool download(struct transfer *t)
{
    unsigned n_tries = 0;
    while (t->at < t->file->bytes) {
        uint64_t at = t->at;
        double retry_after_s;
        if (ask_once(t, &retry_after_s))
            break;
        n_tries = t->at > at ? 0 : n_tries + 1;
        if (!hub_client_waits(t->client, n_tries ? n_tries - 1 : 0, retry_after_s, t->err))
            return false;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool keep(struct transfer *t)
{
    bool ok = fsync(t->fd) == 0 && rename(t->incomplete, t->blob) == 0;
    return ok || error_set(t->err, EX_IOERR, "%s: cannot be kept: %s", t->blob, strerror(errno));
}

/* Bytes that came at different times may not fit together: they get a second chance in one piece.
 */
static bool download_right(struct transfer *t)
{
    for (bool again = true; again;) {
        if (!download(t))
            return false;
        t->client->progress.step = "checking";
        again = t->is_mixed;
        if (blob_hash_matches(t->hash))
            return keep(t);
        if (!start_anew(t))
            return false;
    }
    unlink(t->incomplete);
    return complain(t, EX_DATAERR,
                    "its bytes are not those that the hub's list states (checksum); nothing of it "
                    "was kept. Try again; if it stays so, something on the way alters it");
}

static bool run(struct transfer *t)
{
    bool ok = open_incomplete(t) && take_up(t) && download_right(t);
    if (t->fd >= 0)
        close(t->fd);
    blob_hash_free(t->hash);
    return ok;
}

static bool is_there(const struct transfer *t)
{
    struct stat st;
    return stat(t->blob, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == t->file->bytes;
}

bool transfer_file(struct hub_client *c, const struct hub_cache *cache, const char *url,
                   const char *model, const struct hub_file *f, const struct transfer_options *o,
                   struct error *err)
{
    struct transfer t = {.client = c,
                         .file = f,
                         .url = url,
                         .model = model,
                         .blob = hub_cache_blob(cache, f->etag),
                         .incomplete = hub_cache_incomplete(cache, f->etag),
                         .lock = hub_cache_lock(cache, f->etag),
                         .fd = -1,
                         .lock_fd = -1,
                         .before = c->progress.done,
                         .arrival = o->arrival,
                         .err = err};
    c->progress.file = f->name;
    bool ok = is_there(&t);
    if (!ok)
        ok = take_lock(&t, o->lock_ms > 0 ? o->lock_ms : LOCK_PATIENCE_MS) &&
             (is_there(&t) || run(&t));
    if (t.lock_fd >= 0)
        close(t.lock_fd);
    if (ok)
        arrival_whole(o->arrival, f->name, t.blob);
    c->progress.done = t.before + (ok ? f->bytes : 0);
    free(t.blob);
    free(t.incomplete);
    free(t.lock);
    return ok;
}
