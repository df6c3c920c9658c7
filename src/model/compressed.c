/* SPDX-License-Identifier: MIT */
#include "compressed.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "cpus.h"
#include "huge_memory.h"
#include "memory_limits.h"

enum { MAX_THREADS = 64, SMALL_HEADER = 1 << 16 };
#define MAX_INNER_HEADER (100u * 1000 * 1000)

bool compressed_is(const struct safetensors *st)
{
    return safetensors_meta(st, META_COMPRESSED) != NULL;
}

/* ---- zstd ----------------------------------------------------------------------------- */

#if HAVE_ZSTD
size_t compressed_result(size_t result)
{
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
        die(EX_OSERR, "out of memory");
    return result;
}

static bool decode_frame(const struct compressed *c, void *context, void *out, size_t n,
                         const void *stored, size_t n_stored, const char *what, struct error *err)
{
    const char *name = c->outer.name;
    if (ZSTD_getFrameContentSize(stored, n_stored) != n)
        return error_set(err, EX_DATAERR, "%s: %s does not state that it decodes to %zu bytes",
                         name, what, n);
    size_t got = c->dictionary
                     ? ZSTD_decompress_usingDDict(context, out, n, stored, n_stored, c->dictionary)
                     : ZSTD_decompressDCtx(context, out, n, stored, n_stored);
    if (ZSTD_isError(compressed_result(got)))
        return error_set(err, EX_DATAERR, "%s: %s cannot be decoded: %s", name, what,
                         ZSTD_getErrorName(got));
    return got == n || error_set(err, EX_DATAERR, "%s: %s decodes to %zu bytes instead of %zu",
                                 name, what, got, n);
}

static void *new_context(void)
{
    return xgiven(ZSTD_createDCtx());
}

static void free_context(void *context)
{
    ZSTD_freeDCtx(context);
}

/* -> NULL: it is damaged */
static void *new_dictionary(const void *bytes, size_t n)
{
    errno = 0;
    void *made = ZSTD_createDDict(bytes, n);
    return errno == ENOMEM ? xgiven(made) : made;
}

static void free_dictionary(void *dictionary)
{
    ZSTD_freeDDict(dictionary);
}

static bool can_decode(const char *name, struct error *err)
{
    (void)name, (void)err;
    return true;
}
#else
static bool decode_frame(const struct compressed *c, void *context, void *out, size_t n,
                         const void *stored, size_t n_stored, const char *what, struct error *err)
{
    (void)c, (void)context, (void)out, (void)n, (void)stored, (void)n_stored, (void)what, (void)err;
    return false; /* can_decode has refused it */
}

static void *new_context(void)
{
    return NULL;
}

static void free_context(void *context)
{
    (void)context;
}

static void *new_dictionary(const void *bytes, size_t n)
{
    (void)bytes, (void)n;
    return NULL;
}

static void free_dictionary(void *dictionary)
{
    (void)dictionary;
}

static bool can_decode(const char *name, struct error *err)
{
    return error_set(err, EX_UNAVAILABLE,
                     "%s: compressed with zstd, which this program was built without", name);
}
#endif

/* ---- headers -------------------------------------------------------------------------- */

static uint64_t number_of(const json_t *facts, const char *key)
{
    const json_t *x = json_object_get(facts, key);
    return json_is_integer(x) && json_integer_value(x) > 0 ? (uint64_t)json_integer_value(x) : 0;
}

uint64_t compressed_inner_bytes(const struct safetensors *st)
{
    struct error ignored;
    const char *text = safetensors_meta(st, META_COMPRESSED);
    json_t *facts = text ? json_parse(text, strlen(text), META_COMPRESSED, &ignored) : NULL;
    uint64_t n = number_of(facts, "file_bytes");
    json_decref(facts);
    return n;
}

static bool read_facts(struct compressed *c, uint64_t *header_bytes, struct error *err)
{
    const char *text = safetensors_meta(&c->outer, META_COMPRESSED);
    char *what = xasprintf("%s: " META_COMPRESSED, c->outer.name);
    json_t *facts = text ? json_parse(text, strlen(text), what, err) : NULL;
    free(what);
    if (!facts)
        return text ? false : error_set(err, EX_DATAERR, "%s: not compressed", c->outer.name);
    const char *method = json_string_value(json_object_get(facts, "method"));
    bool is_zstd = method && strcmp(method, "zstd") == 0;
    c->chunk_bytes = number_of(facts, "chunk_bytes");
    c->file_bytes = number_of(facts, "file_bytes");
    *header_bytes = number_of(facts, "header_bytes");
    json_decref(facts);
    if (!is_zstd)
        return error_set(err, EX_DATAERR, "%s: compressed in a way that is not zstd",
                         c->outer.name);
    if (c->chunk_bytes < COMPRESSED_LEAST_CHUNK || c->chunk_bytes > COMPRESSED_MOST_CHUNK)
        return error_set(err, EX_DATAERR, "%s: chunks of %llu bytes: %d to %d expected",
                         c->outer.name, (unsigned long long)c->chunk_bytes, COMPRESSED_LEAST_CHUNK,
                         COMPRESSED_MOST_CHUNK);
    if (c->file_bytes / COMPRESSED_MOST_GROWTH > c->outer.file.size ||
        *header_bytes > MAX_INNER_HEADER || *header_bytes > c->file_bytes)
        return error_set(err, EX_DATAERR,
                         "%s: says that its %zu bytes become %llu, with a header of %llu; no model "
                         "grows more than %d times",
                         c->outer.name, c->outer.file.size, (unsigned long long)c->file_bytes,
                         (unsigned long long)*header_bytes, COMPRESSED_MOST_GROWTH);
    return true;
}

/* The stored bytes of a tensor of the outer file; caller frees. */
static uint8_t *read_tensor(const struct compressed *c, const char *name, uint64_t most, size_t *n,
                            struct error *err)
{
    const struct st_tensor *t = safetensors_find(&c->outer, name);
    if (!t || t->dtype != ST_U8 || t->end - t->begin > most)
        return error_set_null(err, EX_DATAERR,
                              "%s: tensor \"%s\" is missing, or no list of at most "
                              "%llu bytes",
                              c->outer.name, name, (unsigned long long)most);
    *n = (size_t)(t->end - t->begin);
    uint8_t *bytes = xmalloc(*n); /* no longer than the file */
    if (read_whole(c->fd, bytes, *n, c->outer.data_at + t->begin) == *n)
        return bytes;
    free(bytes);
    return error_set_null(err, EX_IOERR, "%s: cannot read: %s", c->outer.name,
                          errno ? strerror(errno) : "the file shrank");
}

static bool read_dictionary(struct compressed *c, struct error *err)
{
    size_t n;
    if (!safetensors_find(&c->outer, TENSOR_DICTIONARY))
        return true;
    uint8_t *bytes = read_tensor(c, TENSOR_DICTIONARY, COMPRESSED_MOST_CHUNK, &n, err);
    c->dictionary = bytes ? new_dictionary(bytes, n) : NULL;
    free(bytes);
    return c->dictionary ||
           (bytes && error_set(err, EX_DATAERR, "%s: its dictionary is none", c->outer.name));
}

static bool read_inner_header(struct compressed *c, uint64_t bytes, struct error *err)
{
    size_t n;
    uint8_t *stored = read_tensor(c, TENSOR_INNER_HEADER, UINT64_MAX, &n, err);
    if (!stored)
        return false;
    bool ok = bytes <= SMALL_HEADER + (uint64_t)n * COMPRESSED_MOST_GROWTH ||
              error_set(err, EX_DATAERR, "%s: a header of %llu bytes in %zu", c->outer.name,
                        (unsigned long long)bytes, n);
    void *context = new_context();
    if (ok) {
        c->header = (struct buf){xmalloc((size_t)bytes + 1), (size_t)bytes, (size_t)bytes + 1};
        ok = decode_frame(c, context, c->header.data, c->header.len, stored, n, TENSOR_INNER_HEADER,
                          err);
    }
    free_context(context);
    free(stored);
    char *name = xasprintf("%s (decoded)", c->outer.name);
    ok = ok && safetensors_parse_header(&c->inner, c->header.data, c->header.len, c->file_bytes,
                                        name, err);
    free(name);
    return ok && (c->inner.data_at == bytes ||
                  error_set(err, EX_DATAERR, "%s: its header has another length than it says",
                            c->outer.name));
}

/* What lists read of the outer header has to be what is in the inner one. */
static bool check_metadata(const struct compressed *c, struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(c->inner.metadata, key, value)
    {
        const char *outer = safetensors_meta(&c->outer, key);
        if (outer && strcmp(key, "qins.version") != 0 && strcmp(key, "qins.checksums") != 0 &&
            strcmp(outer, json_string_value(value)) != 0)
            return error_set(err, EX_DATAERR, "%s: its two copies of \"%.100s\" differ",
                             c->outer.name, key);
    }
    return !compressed_is(&c->inner) ||
           error_set(err, EX_DATAERR, "%s: compressed twice", c->outer.name);
}

/* ---- index ---------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct st_tensor *x = *(const struct st_tensor *const *)a,
                           *y = *(const struct st_tensor *const *)b;
    return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1)
                                : (x->end > y->end) - (x->end < y->end);
}

static uint32_t u32_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The chunks of one tensor, whose sizes begin at `sizes`. */
static bool add_chunks(struct compressed *c, const struct st_tensor *t, const uint8_t *sizes,
                       struct error *err)
{
    const struct st_tensor *stored = safetensors_find(&c->outer, t->name);
    if (!stored || stored->dtype != ST_U8)
        return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\" is missing", c->outer.name,
                         t->name);
    uint64_t from = stored->begin;
    for (uint64_t at = t->begin; at < t->end; sizes += 4) {
        const uint32_t n = u32_at(sizes);
        const uint64_t left = t->end - at;
        if (n > stored->end - from)
            return error_set(err, EX_DATAERR,
                             "%s: the chunks of tensor \"%.200s\" are longer than it",
                             c->outer.name, t->name);
        struct compressed_chunk *k = &c->chunks[c->n_chunks++];
        *k = (struct compressed_chunk){c->outer.data_at + from, c->inner.data_at + at, n,
                                       (uint32_t)(left < c->chunk_bytes ? left : c->chunk_bytes)};
        c->most_stored = n > c->most_stored ? n : c->most_stored;
        from += n;
        at += k->bytes;
    }
    return from == stored->end ||
           error_set(err, EX_DATAERR, "%s: tensor \"%.200s\" is longer than its chunks",
                     c->outer.name, t->name);
}

static uint64_t chunks_of(const struct compressed *c, const struct st_tensor *t)
{
    uint64_t bytes = t->end - t->begin;
    return bytes / c->chunk_bytes + (bytes % c->chunk_bytes != 0);
}

static bool read_chunks(struct compressed *c, const struct st_tensor **order, const uint8_t *sizes,
                        size_t n_sizes, struct error *err)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->inner.n_tensors; i++)
        n += chunks_of(c, order[i]);
    size_t n_others = c->dictionary ? 3 : 2;
    if (n * 4 != n_sizes || c->outer.n_tensors != c->inner.n_tensors + n_others)
        return error_set(err, EX_DATAERR,
                         "%s: %zu tensors in %zu bytes of index: %zu tensors and %llu chunks "
                         "expected",
                         c->outer.name, c->outer.n_tensors, n_sizes, c->inner.n_tensors + n_others,
                         (unsigned long long)n);
    c->chunks = xcalloc((size_t)n, sizeof *c->chunks);
    for (size_t i = 0; i < c->inner.n_tensors; i++)
        if (!add_chunks(c, order[i], sizes + c->n_chunks * 4, err))
            return false;
    return true;
}

static bool read_index(struct compressed *c, struct error *err)
{
    size_t n;
    uint8_t *sizes = read_tensor(c, TENSOR_INDEX, UINT64_MAX, &n, err);
    if (!sizes)
        return false;
    const struct st_tensor **order = xcalloc(c->inner.n_tensors, sizeof *order);
    for (size_t i = 0; i < c->inner.n_tensors; i++)
        order[i] = &c->inner.tensors[i];
    qsort(order, c->inner.n_tensors, sizeof *order, by_place);
    bool ok = read_chunks(c, order, sizes, n, err);
    free(order);
    free(sizes);
    return ok;
}

bool compressed_open(struct compressed *c, const char *path, struct error *err)
{
    uint64_t header_bytes = 0, size;
    *c = (struct compressed){.fd = -1};
    bool ok = safetensors_open_header(&c->outer, path, err) && read_facts(c, &header_bytes, err) &&
              can_decode(c->outer.name, err) && (c->fd = open_regular(path, &size, err)) >= 0 &&
              read_inner_header(c, header_bytes, err) && read_dictionary(c, err) &&
              check_metadata(c, err) && read_index(c, err);
    if (!ok)
        compressed_close(c);
    return ok;
}

void compressed_close(struct compressed *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free_dictionary(c->dictionary);
    free(c->chunks);
    safetensors_close(&c->inner);
    safetensors_close(&c->outer);
    buf_free(&c->header);
    *c = (struct compressed){.fd = -1};
}

/* ---- decoding ------------------------------------------------------------------------- */

void compressed_reader_init(struct compressed_reader *r, const struct compressed *c)
{
    *r = (struct compressed_reader){c, new_context(), xmalloc(c->most_stored)};
}

void compressed_reader_free(struct compressed_reader *r)
{
    free_context(r->context);
    free(r->stored);
}

bool compressed_read(struct compressed_reader *r, size_t chunk, void *out, struct error *err)
{
    const struct compressed_chunk *k = &r->c->chunks[chunk];
    char what[64];
    snprintf(what, sizeof what, "the chunk at offset %llu", (unsigned long long)k->from);
    if (read_whole(r->c->fd, r->stored, k->stored, k->from) != k->stored)
        return error_set(err, EX_IOERR, "%s: cannot read %s: %s", r->c->outer.name, what,
                         errno ? strerror(errno) : "the file shrank");
    return decode_frame(r->c, r->context, out, k->bytes, r->stored, k->stored, what, err);
}

struct decoding {
    const struct compressed *c;
    uint8_t *image;
    _Atomic size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* err */
    struct error *err;
};

static void *decode_chunks(void *arg)
{
    struct decoding *d = arg;
    struct compressed_reader r;
    struct error err;
    compressed_reader_init(&r, d->c);
    for (size_t i;
         !atomic_load(&d->failed) && (i = atomic_fetch_add(&d->next, 1)) < d->c->n_chunks;)
        if (!compressed_read(&r, i, d->image + d->c->chunks[i].to, &err)) {
            pthread_mutex_lock(&d->lock);
            if (!atomic_exchange(&d->failed, true))
                *d->err = err;
            pthread_mutex_unlock(&d->lock);
        }
    compressed_reader_free(&r);
    return NULL;
}

/* One thread is the caller. */
static void decode_on_all(struct decoding *d)
{
    pthread_t threads[MAX_THREADS];
    unsigned n = cpus_usable() < MAX_THREADS ? cpus_usable() : MAX_THREADS, started = 0;
    while (started + 1 < n && start_thread(&threads[started], decode_chunks, d) == 0)
        started++;
    decode_chunks(d);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void *decode_to(const struct compressed *c, void *image, struct error *err)
{
    struct decoding d = {.c = c, .image = image, .err = err};
    memcpy(image, c->header.data, c->header.len);
    pthread_mutex_init(&d.lock, NULL);
    decode_on_all(&d);
    pthread_mutex_destroy(&d.lock);
    if (!atomic_load(&d.failed))
        return image;
    huge_memory_free(image, (size_t)c->file_bytes);
    return NULL;
}

void *compressed_decode(const char *path, size_t *size, uint64_t *stored_bytes, struct error *err)
{
    struct compressed c;
    if (!compressed_open(&c, path, err))
        return NULL;
    const uint64_t available = memory_free();
    const bool fits = !available || c.file_bytes <= available;
    /* Weights are read end to end. */
    void *image = fits ? huge_memory_new((size_t)c.file_bytes) : NULL;
    if (!fits)
        error_set(err, EX_UNAVAILABLE,
                  "%s: decoded it takes %.2f GB of memory, and %.2f GB are free; qins-convert "
                  "--decompress makes a file that needs none of its own",
                  path, (double)c.file_bytes * 1e-9, (double)available * 1e-9);
    else if (!image)
        error_set(err, EX_OSERR, "%s: no memory for %llu bytes", path,
                  (unsigned long long)c.file_bytes);
    image = image ? decode_to(&c, image, err) : NULL;
    *size = (size_t)c.file_bytes;
    *stored_bytes = c.outer.file.size;
    compressed_close(&c);
    return image;
}
