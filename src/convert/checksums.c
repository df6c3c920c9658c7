/* SPDX-License-Identifier: MIT */
#include "checksums.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compressed.h"
#include "hasher.h"

#define METADATA "__metadata__"
enum { READ_BYTES = 1 << 20 };

/* What is hashed of the metadata: entries that are known before any weight is. */
static const char *const hashed_keys[] = {META_VERSION, META_FORMAT,     META_FORMATS,
                                          META_CONFIG,  META_GENERATION, META_TOKENIZER_CONFIG};

/* ---- hashing the tensors of a file, on all threads ------------------------------------ */

struct work {
    const struct safetensors *st;
    int fd;
    char (*hex)[SHA256_HEX + 1]; /* [st->n_tensors] */
    const struct checksum_options *o;
    pthread_t caller;
    uint64_t total_bytes;
    _Atomic uint64_t done_bytes;
    atomic_bool stop;
    pthread_mutex_t lock; /* err */
    struct error *err;
};

static void fail(struct work *w, int code, const char *what, const char *why)
{
    pthread_mutex_lock(&w->lock);
    if (!atomic_exchange(&w->stop, true))
        error_set(w->err, code, "%s: %s%s", w->st->name, what, why);
    pthread_mutex_unlock(&w->lock);
}

static void report(struct work *w, const char *tensor)
{
    struct convert_progress p = {"checksums", tensor, atomic_load(&w->done_bytes), w->total_bytes};
    if (w->o->progress && pthread_equal(w->caller, pthread_self()) &&
        !w->o->progress(w->o->arg, &p))
        fail(w, EXIT_INTERRUPTED, "interrupted", "");
}

static bool hash_bytes(struct work *w, const struct st_tensor *t, EVP_MD_CTX *md, uint8_t *block)
{
    for (uint64_t at = t->begin; at < t->end && !atomic_load(&w->stop);) {
        size_t n = t->end - at < READ_BYTES ? (size_t)(t->end - at) : READ_BYTES;
        if (read_whole(w->fd, block, n, w->st->data_at + at) != n) {
            fail(w, EX_IOERR, "cannot read: ", errno ? strerror(errno) : "the file shrank");
            return false;
        }
        EVP_DigestUpdate(md, block, n);
        atomic_fetch_add(&w->done_bytes, n);
        report(w, t->name);
        at += n;
    }
    return !atomic_load(&w->stop);
}

static void hash_tensor(void *arg, uint32_t i, uint32_t worker)
{
    struct work *w = arg;
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    uint8_t *block = xmalloc(READ_BYTES);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    (void)worker;
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        fail(w, EX_SOFTWARE, "libcrypto has no SHA-256", "");
    else if (hash_bytes(w, &w->st->tensors[i], md, block))
        EVP_DigestFinal_ex(md, digest, NULL);
    for (size_t b = 0; b < SHA256_HEX / 2; b++)
        snprintf(w->hex[i] + 2 * b, 3, "%02x", digest[b]);
    EVP_MD_CTX_free(md);
    free(block);
}

/* -> [n_tensors], caller frees; NULL: *err. */
static char (*hash_all(const struct safetensors *st, const char *path, struct pool *pool,
                       const struct checksum_options *o, struct error *err))[SHA256_HEX + 1]
{
    struct work w = {.st = st, .o = o, .caller = pthread_self(), .err = err};
    uint64_t size;
    w.fd = open_regular(path, &size, err);
    if (w.fd < 0)
        return NULL;
    for (size_t i = 0; i < st->n_tensors; i++)
        w.total_bytes += st->tensors[i].end - st->tensors[i].begin;
    w.hex = xcalloc(st->n_tensors, sizeof *w.hex);
    pthread_mutex_init(&w.lock, NULL);
    report(&w, "");
    pool_run_io(pool, hash_tensor, &w, (uint32_t)st->n_tensors);
    pthread_mutex_destroy(&w.lock);
    close(w.fd);
    if (!atomic_load(&w.stop))
        return w.hex;
    free(w.hex);
    return NULL;
}

static void hash_metadata(const struct safetensors *st, char hex[SHA256_HEX + 1])
{
    struct buf all = {0};
    for (size_t i = 0; i < sizeof hashed_keys / sizeof *hashed_keys; i++) {
        const char *value = safetensors_meta(st, hashed_keys[i]);
        if (!value)
            continue;
        buf_append(&all, hashed_keys[i], strlen(hashed_keys[i]) + 1);
        buf_append(&all, value, strlen(value) + 1);
    }
    if (!sha256_hex(all.data, all.len, hex))
        memset(hex, '0', SHA256_HEX);
    hex[SHA256_HEX] = '\0';
    buf_free(&all);
}

/* ---- writing -------------------------------------------------------------------------- */

static char *json_text(json_t *sums)
{
    char *text = json_dumps(sums, JSON_COMPACT);
    json_decref(sums);
    return text;
}

char *checksums_blank(const struct file_layout *l)
{
    json_t *sums = json_object();
    char zeros[SHA256_HEX + 1];
    memset(zeros, '0', SHA256_HEX);
    zeros[SHA256_HEX] = '\0';
    json_object_set_new(sums, METADATA, json_string(zeros));
    for (size_t i = 0; i < l->n_slots; i++)
        json_object_set_new(sums, file_layout_name(l, i), json_string(zeros));
    return json_text(sums);
}

char *checksums_of_file(const char *path, struct pool *pool, const struct checksum_options *o,
                        struct error *err)
{
    struct safetensors st;
    if (!safetensors_open_header(&st, path, err))
        return NULL;
    char *text = NULL, metadata[SHA256_HEX + 1];
    char(*hex)[SHA256_HEX + 1] = hash_all(&st, path, pool, o, err);
    if (hex) {
        json_t *sums = json_object();
        hash_metadata(&st, metadata);
        json_object_set_new(sums, METADATA, json_string(metadata));
        for (size_t i = 0; i < st.n_tensors; i++)
            json_object_set_new(sums, st.tensors[i].name, json_string(hex[i]));
        text = json_text(sums);
    }
    free(hex);
    safetensors_close(&st);
    return text;
}

/* ---- comparing ------------------------------------------------------------------------ */

static void add_damage(struct checksum_report *r, const char *name, uint64_t begin, uint64_t end)
{
    r->damaged = xrealloc(r->damaged, r->n_damaged + 1, sizeof *r->damaged);
    r->damaged[r->n_damaged++] = (struct damaged_tensor){xstrdup(name), begin, end};
}

static bool is_same(const json_t *sums, const char *name, const char *hex)
{
    const char *was = json_string_value(json_object_get(sums, name));
    return was && strcmp(was, hex) == 0;
}

static json_t *read_checksums(const struct safetensors *st, struct error *err)
{
    const char *text = safetensors_meta(st, META_CHECKSUMS);
    if (!safetensors_meta(st, META_VERSION)) {
        error_set(err, EX_DATAERR, "%s: not a .qins file: no \"" META_VERSION "\" in its metadata",
                  st->name);
        return NULL;
    }
    if (!text) {
        error_set(err, EX_UNAVAILABLE,
                  "%s: no checksums in this file, an earlier version made it; convert the model "
                  "again to have them",
                  st->name);
        return NULL;
    }
    char *name = xasprintf("%s: " META_CHECKSUMS, st->name);
    json_t *sums = json_parse(text, strlen(text), name, err);
    free(name);
    if (sums && json_object_size(sums) != st->n_tensors + 1) {
        error_set(err, EX_DATAERR, "%s: %zu checksums for %zu tensors and the metadata", st->name,
                  json_object_size(sums), st->n_tensors);
        json_decref(sums);
        return NULL;
    }
    return sums;
}

static void compare(const struct safetensors *st, const json_t *sums,
                    const char (*hex)[SHA256_HEX + 1], struct checksum_report *r)
{
    char metadata[SHA256_HEX + 1];
    r->n_bytes = 0;
    hash_metadata(st, metadata);
    if (!is_same(sums, METADATA, metadata))
        add_damage(r, METADATA, 0, st->data_at);
    for (size_t i = 0; i < st->n_tensors; i++) {
        const struct st_tensor *t = &st->tensors[i];
        r->n_bytes += t->end - t->begin;
        if (!is_same(sums, t->name, hex[i]))
            add_damage(r, t->name, st->data_at + t->begin, st->data_at + t->end);
    }
    r->n_tensors = st->n_tensors;
}

/* ---- what a compressed file decodes to ------------------------------------------------- */

struct decoded_work {
    struct work work; /* of the inner file */
    const struct compressed *c;
    struct compressed_reader *readers; /* [pool size] */
};

/* The first chunk of a tensor: chunks stand in the order of the file. */
static size_t first_chunk(const struct compressed *c, uint64_t at)
{
    size_t low = 0, high = c->n_chunks;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->chunks[middle].to < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void hash_decoded(void *arg, uint32_t i, uint32_t worker)
{
    struct decoded_work *d = arg;
    struct work *w = &d->work;
    const struct st_tensor *t = &w->st->tensors[i];
    const uint64_t end = w->st->data_at + t->end;
    struct error err;
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    uint8_t *block = xmalloc((size_t)d->c->chunk_bytes);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    if (!ok)
        fail(w, EX_SOFTWARE, "libcrypto has no SHA-256", "");
    for (size_t k = first_chunk(d->c, w->st->data_at + t->begin);
         ok && k < d->c->n_chunks && d->c->chunks[k].to < end && !atomic_load(&w->stop); k++) {
        ok = compressed_read(&d->readers[worker], k, block, &err);
        if (!ok)
            fail(w, err.code, err.text, "");
        EVP_DigestUpdate(md, block, d->c->chunks[k].bytes);
        atomic_fetch_add(&w->done_bytes, d->c->chunks[k].bytes);
        report(w, t->name);
    }
    if (ok)
        EVP_DigestFinal_ex(md, digest, NULL);
    for (size_t b = 0; b < SHA256_HEX / 2; b++)
        snprintf(w->hex[i] + 2 * b, 3, "%02x", digest[b]);
    EVP_MD_CTX_free(md);
    free(block);
}

/* As hash_all, of the inner file. */
static char (*hash_all_decoded(const struct compressed *c, struct pool *pool,
                               const struct checksum_options *o, struct error *err))[SHA256_HEX + 1]
{
    struct decoded_work d = {.c = c,
                             .work = {.st = &c->inner,
                                      .o = o,
                                      .caller = pthread_self(),
                                      .err = err,
                                      .total_bytes = c->file_bytes - c->inner.data_at}};
    d.readers = xcalloc(pool_size(pool), sizeof *d.readers);
    for (unsigned i = 0; i < pool_size(pool); i++)
        compressed_reader_init(&d.readers[i], c);
    d.work.hex = xcalloc(c->inner.n_tensors, sizeof *d.work.hex);
    pthread_mutex_init(&d.work.lock, NULL);
    pool_run_io(pool, hash_decoded, &d, (uint32_t)c->inner.n_tensors);
    pthread_mutex_destroy(&d.work.lock);
    for (unsigned i = 0; i < pool_size(pool); i++)
        compressed_reader_free(&d.readers[i]);
    free(d.readers);
    if (!atomic_load(&d.work.stop))
        return d.work.hex;
    free(d.work.hex);
    return NULL;
}

static bool verify_decoded(const char *path, struct pool *pool, const struct checksum_options *o,
                           struct checksum_report *r, struct error *err)
{
    struct compressed c;
    if (!compressed_open(&c, path, err))
        return false;
    /* Without them the frames' own checksums are all there is. */
    bool has_sums = safetensors_meta(&c.inner, META_CHECKSUMS) != NULL;
    json_t *sums = has_sums ? read_checksums(&c.inner, err) : NULL;
    char(*hex)[SHA256_HEX + 1] = sums || !has_sums ? hash_all_decoded(&c, pool, o, err) : NULL;
    if (hex && sums)
        compare(&c.inner, sums, (const char(*)[SHA256_HEX + 1]) hex, r);
    bool ok = hex != NULL;
    free(hex);
    json_decref(sums);
    compressed_close(&c);
    return ok;
}

/* ---- verifying ------------------------------------------------------------------------ */

bool checksums_verify(const char *path, unsigned n_threads, const struct checksum_options *o,
                      struct checksum_report *r, struct error *err)
{
    struct safetensors st;
    *r = (struct checksum_report){0};
    if (!safetensors_open_header(&st, path, err))
        return false;
    json_t *sums = read_checksums(&st, err);
    struct pool *pool = sums ? pool_new(n_threads) : NULL;
    char(*hex)[SHA256_HEX + 1] = sums ? hash_all(&st, path, pool, o, err) : NULL;
    bool ok = hex != NULL;
    if (ok)
        compare(&st, sums, (const char(*)[SHA256_HEX + 1]) hex, r);
    r->compressed_bytes = compressed_is(&st) ? r->n_bytes : 0;
    if (ok && !r->n_damaged && compressed_is(&st))
        ok = verify_decoded(path, pool, o, r, err);
    pool_free(pool);
    if (r->n_damaged)
        error_set(
            err, EX_DATAERR,
            "%s: damaged in %zu of %zu places (tensors and metadata); convert the model again",
            st.name, r->n_damaged, r->n_tensors + 1);
    ok = ok && !r->n_damaged;
    free(hex);
    json_decref(sums);
    safetensors_close(&st);
    return ok;
}

void checksum_report_free(struct checksum_report *r)
{
    for (size_t i = 0; i < r->n_damaged; i++)
        free(r->damaged[i].name);
    free(r->damaged);
    *r = (struct checksum_report){0};
}
