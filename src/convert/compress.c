/* SPDX-License-Identifier: MIT
 *
 * Chunks are compressed by the pool, a batch at a time, and written in their order. The header is
 * written behind them into room for the longest that it can be.
 */
#include "compress.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if HAVE_ZSTD
#include <zdict.h>
#include <zstd.h>
#endif

#include "checksums.h"
#include "compressed.h"
#include "hasher.h"
#include "outfile.h"
#include "pool.h"

enum {
    CHUNK_BYTES = 1 << 18,
    BATCH = 64, /* chunks in memory */
    DICTIONARY_BYTES = 112 << 10,
    SAMPLE_BYTES = 1 << 14,
    N_SAMPLES = 1024
};
static const char mark[] = "{\"__metadata__\":{\"" META_VERSION "\":";

#if HAVE_ZSTD

/* A stored tensor. */
struct stored {
    const char *name;
    uint64_t begin, end;
};

struct compressor {
    const struct compress_options *o;
    struct safetensors in;
    int fd;
    struct outfile out;
    struct pool *pool;
    ZSTD_CCtx **contexts;  /* [pool size] */
    uint8_t *raw, *packed; /* [BATCH][CHUNK_BYTES], [BATCH][bound] */
    uint32_t n[BATCH], n_packed[BATCH];
    size_t bound;
    uint64_t batch_at; /* in the input file */
    struct buf header; /* of the input */
    struct buf dictionary, index;
    ZSTD_CDict *trained;
    struct stored *tensors; /* [n_tensors] in the order of the output */
    size_t n_tensors;
    uint64_t data_at, at; /* in the output: where data begin, and what is written of them */
    uint64_t done_bytes;
    atomic_bool failed;
    struct error *err;
};

static bool report_progress(struct compressor *c, const char *tensor)
{
    struct convert_progress p = {"compressing", tensor, c->done_bytes, c->in.file.size};
    return !c->o->progress || c->o->progress(c->o->arg, &p) ||
           error_set(c->err, EXIT_INTERRUPTED, "interrupted");
}

static bool read_input(struct compressor *c, void *out, size_t n, uint64_t at)
{
    return read_whole(c->fd, out, n, at) == n ||
           error_set(c->err, EX_IOERR, "%s: cannot read: %s", c->in.name,
                     errno ? strerror(errno) : "the file shrank");
}

/* ---- chunks --------------------------------------------------------------------------- */

static ZSTD_CCtx *new_context(const struct compressor *c)
{
    ZSTD_CCtx *context = xgiven(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, c->o->level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (c->trained)
        ZSTD_CCtx_refCDict(context, c->trained);
    return context;
}

static void pack_chunk(void *arg, uint32_t i, uint32_t worker)
{
    struct compressor *c = arg;
    size_t n = ZSTD_compress2(c->contexts[worker], c->packed + i * c->bound, c->bound,
                              c->raw + (size_t)i * CHUNK_BYTES, c->n[i]);
    if (ZSTD_isError(compressed_result(n)))
        atomic_store(&c->failed, true);
    c->n_packed[i] = ZSTD_isError(n) ? 0 : (uint32_t)n;
}

static bool put(struct compressor *c, const void *bytes, size_t n)
{
    bool ok = outfile_write(&c->out, c->data_at + c->at, bytes, n, c->err);
    c->at += n;
    return ok;
}

static bool put_batch(struct compressor *c, uint32_t n_chunks)
{
    pool_run_io(c->pool, pack_chunk, c, n_chunks);
    if (atomic_load(&c->failed))
        return error_set(c->err, EX_SOFTWARE, "%s: zstd cannot compress it", c->in.name);
    bool ok = true;
    for (uint32_t i = 0; ok && i < n_chunks; i++) {
        const uint32_t n = c->n_packed[i];
        const uint8_t le[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                               (uint8_t)(n >> 24)};
        buf_append(&c->index, le, sizeof le);
        ok = put(c, c->packed + i * c->bound, n);
    }
    return ok;
}

static bool put_tensor(struct compressor *c, const struct st_tensor *t)
{
    bool ok = true;
    for (uint64_t at = t->begin; ok && at < t->end;) {
        uint32_t n_chunks = 0;
        const uint64_t from = at;
        for (; n_chunks < BATCH && at < t->end; n_chunks++) {
            c->n[n_chunks] = t->end - at < CHUNK_BYTES ? (uint32_t)(t->end - at) : CHUNK_BYTES;
            at += c->n[n_chunks];
        }
        ok = read_input(c, c->raw, (size_t)(at - from), c->in.data_at + from) &&
             put_batch(c, n_chunks);
        c->done_bytes += at - from;
        ok = ok && report_progress(c, t->name);
    }
    return ok;
}

static void begin_tensor(struct compressor *c, const char *name)
{
    c->tensors[c->n_tensors] = (struct stored){name, c->at, c->at};
}

static void end_tensor(struct compressor *c)
{
    c->tensors[c->n_tensors++].end = c->at;
}

static bool put_whole(struct compressor *c, const char *name, const void *bytes, size_t n)
{
    begin_tensor(c, name);
    bool ok = put(c, bytes, n);
    end_tensor(c);
    return ok;
}

static bool put_inner_header(struct compressor *c)
{
    size_t bound = ZSTD_compressBound(c->header.len);
    uint8_t *packed = xmalloc(bound);
    ZSTD_CCtx *context = xgiven(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, COMPRESS_MAX_LEVEL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(context, packed, bound, c->header.data, c->header.len);
    bool ok = !ZSTD_isError(compressed_result(n))
                  ? put_whole(c, TENSOR_INNER_HEADER, packed, n)
                  : error_set(c->err, EX_SOFTWARE, "zstd: %s", ZSTD_getErrorName(n));
    ZSTD_freeCCtx(context);
    free(packed);
    return ok;
}

static int by_place(const void *a, const void *b)
{
    const struct st_tensor *x = *(const struct st_tensor *const *)a,
                           *y = *(const struct st_tensor *const *)b;
    return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1)
                                : (x->end > y->end) - (x->end < y->end);
}

static bool put_tensors(struct compressor *c)
{
    const struct st_tensor **order = xcalloc(c->in.n_tensors, sizeof *order);
    bool ok = true;
    for (size_t i = 0; i < c->in.n_tensors; i++)
        order[i] = &c->in.tensors[i];
    qsort(order, c->in.n_tensors, sizeof *order, by_place);
    for (size_t i = 0; ok && i < c->in.n_tensors; i++) {
        begin_tensor(c, order[i]->name);
        ok = put_tensor(c, order[i]);
        end_tensor(c);
    }
    free(order);
    return ok;
}

/* Samples at equal distances over the whole file. */
static bool train(struct compressor *c)
{
    const uint64_t data = c->in.file.size - c->in.data_at;
    const size_t n = data / SAMPLE_BYTES < N_SAMPLES ? (size_t)(data / SAMPLE_BYTES) : N_SAMPLES;
    uint8_t *samples = xmalloc(n * SAMPLE_BYTES + 1);
    size_t *sizes = xcalloc(n + 1, sizeof *sizes);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        sizes[i] = SAMPLE_BYTES;
        ok = read_input(c, samples + i * SAMPLE_BYTES, SAMPLE_BYTES,
                        c->in.data_at + (data - SAMPLE_BYTES) / n * i);
    }
    uint8_t *bytes = xmalloc(DICTIONARY_BYTES);
    size_t made =
        ok ? ZDICT_trainFromBuffer(bytes, DICTIONARY_BYTES, samples, sizes, (unsigned)n) : 0;
    if (ok && ZDICT_isError(compressed_result(made)))
        ok = error_set(c->err, EX_DATAERR, "%s: no dictionary can be trained on it: %s", c->in.name,
                       ZDICT_getErrorName(made));
    if (ok) {
        buf_append(&c->dictionary, bytes, made);
        c->trained = xgiven(ZSTD_createCDict(c->dictionary.data, c->dictionary.len, c->o->level));
        ok = put_whole(c, TENSOR_DICTIONARY, c->dictionary.data, c->dictionary.len);
    }
    free(bytes);
    free(sizes);
    free(samples);
    return ok;
}

/* ---- the header ----------------------------------------------------------------------- */

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

/* The input's, but for what compressed.h says. `checksums`: of what is stored. */
static json_t *outer_metadata(const struct compressor *c, const char *checksums)
{
    const char *key;
    json_t *value, *all = json_object();
    char *facts = xasprintf("{\"method\":\"zstd\",\"level\":%d,\"chunk_bytes\":%d,"
                            "\"header_bytes\":%zu,\"file_bytes\":%zu}",
                            c->o->level, CHUNK_BYTES, c->header.len, c->in.file.size);
    set_text(all, META_VERSION, QINS_FILE_VERSION_COMPRESSED);
    json_object_foreach(c->in.metadata, key, value)
    {
        if (strcmp(key, META_VERSION) != 0 && strcmp(key, META_CHECKSUMS) != 0)
            json_object_set(all, key, value);
    }
    set_text(all, META_COMPRESSED, facts);
    set_text(all, META_CHECKSUMS, checksums);
    free(facts);
    return all;
}

static json_t *entry(uint64_t begin, uint64_t end)
{
    return json_pack("{s:s, s:[I], s:[I, I]}", "dtype", "U8", "shape", (json_int_t)(end - begin),
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* Of `room` bytes; 0: as long as it is. */
static struct buf header_text(const struct compressor *c, const struct stored *tensors, size_t n,
                              const char *checksums, size_t room)
{
    json_t *root = json_object();
    struct buf out = {0};
    uint8_t length[8];
    json_object_set_new(root, "__metadata__", outer_metadata(c, checksums));
    for (size_t i = 0; i < n; i++)
        json_object_set_new(root, tensors[i].name, entry(tensors[i].begin, tensors[i].end));
    char *text = json_dumps(root, JSON_COMPACT);
    assert(text);
    json_decref(root);
    size_t n_text = strlen(text), whole = room ? room : sizeof length + n_text;
    whole = (whole + QINS_PAGE - 1) / QINS_PAGE * QINS_PAGE;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)((uint64_t)(whole - sizeof length) >> (8 * i));
    buf_append(&out, length, sizeof length);
    buf_append(&out, text, n_text);
    assert(out.len <= whole);
    while (out.len < whole)
        buf_append(&out, " ", 1);
    free(text);
    return out;
}

/* As many bytes as the checksums of these tensors will take. */
static char *blank_checksums(const struct stored *tensors, size_t n)
{
    json_t *sums = json_object();
    char zeros[SHA256_HEX + 1];
    memset(zeros, '0', SHA256_HEX);
    zeros[SHA256_HEX] = '\0';
    set_text(sums, "__metadata__", zeros);
    for (size_t i = 0; i < n; i++)
        set_text(sums, tensors[i].name, zeros);
    char *text = json_dumps(sums, JSON_COMPACT);
    json_decref(sums);
    return text;
}

/* Room for the longest header: offsets with all their digits. */
static void plan_header(struct compressor *c)
{
    size_t n = 0;
    struct stored *all = xcalloc(c->in.n_tensors + 3, sizeof *all);
    const char *const own[] = {TENSOR_INNER_HEADER, TENSOR_INDEX, TENSOR_DICTIONARY};
    for (size_t i = 0; i < 2 + (size_t)c->o->dictionary; i++)
        all[n++] = (struct stored){own[i], INT64_MAX, INT64_MAX};
    for (size_t i = 0; i < c->in.n_tensors; i++)
        all[n++] = (struct stored){c->in.tensors[i].name, INT64_MAX, INT64_MAX};
    for (size_t i = 0; i < n; i++)
        all[i].begin = 0x4000000000000000; /* the difference has all digits, too */
    char *blank = blank_checksums(all, n);
    struct buf text = header_text(c, all, n, blank, 0);
    c->data_at = text.len;
    buf_free(&text);
    free(blank);
    free(all);
}

static bool put_header(struct compressor *c, const char *checksums)
{
    struct buf text = header_text(c, c->tensors, c->n_tensors, checksums, (size_t)c->data_at);
    bool ok = outfile_write(&c->out, 0, text.data, text.len, c->err);
    buf_free(&text);
    return ok;
}

/* First with zeros, then with the checksums of what stands there. */
static bool finish_header(struct compressor *c)
{
    struct checksum_options o = {.progress = c->o->progress, .arg = c->o->arg};
    char *sums = blank_checksums(c->tensors, c->n_tensors);
    bool ok = put_header(c, sums);
    free(sums);
    ok = ok && outfile_whole(&c->out, c->err);
    sums = ok ? checksums_of_file(c->out.partial, c->pool, &o, c->err) : NULL;
    ok = sums && put_header(c, sums);
    free(sums);
    return ok;
}

/* ---- the whole file ------------------------------------------------------------------- */

static bool open_input(struct compressor *c, const char *path)
{
    uint64_t size;
    if (!safetensors_open_header(&c->in, path, c->err))
        return false;
    const char *version = safetensors_meta(&c->in, META_VERSION);
    if (!version)
        return error_set(c->err, EX_DATAERR,
                         "%s: not a .qins file: no \"" META_VERSION "\" in its metadata", path);
    if (compressed_is(&c->in))
        return error_set(c->err, EX_USAGE, "%s: is compressed already", path);
    c->fd = open_regular(path, &size, c->err);
    c->header =
        (struct buf){xmalloc((size_t)c->in.data_at), (size_t)c->in.data_at, (size_t)c->in.data_at};
    return c->fd >= 0 && read_input(c, c->header.data, c->header.len, 0);
}

static bool does_not_grow_back_too_much(const struct compressor *c)
{
    return c->in.file.size / COMPRESSED_MOST_GROWTH <= c->data_at + c->at ||
           error_set(c->err, EX_DATAERR,
                     "%s: becomes more than %d times smaller: such a file would be refused",
                     c->in.name, COMPRESSED_MOST_GROWTH);
}

static bool write_all(struct compressor *c)
{
    c->tensors = xcalloc(c->in.n_tensors + 3, sizeof *c->tensors);
    c->bound = ZSTD_compressBound(CHUNK_BYTES);
    c->raw = xmalloc((size_t)BATCH * CHUNK_BYTES);
    c->packed = xmalloc(BATCH * c->bound);
    plan_header(c);
    /* so that what a killed run leaves can be recognised */
    struct buf start = header_text(c, NULL, 0, "", (size_t)c->data_at);
    bool ok = outfile_write(&c->out, 0, start.data, start.len, c->err);
    buf_free(&start);
    ok = ok && put_inner_header(c) && (!c->o->dictionary || train(c));
    c->contexts = xcalloc(pool_size(c->pool), sizeof(ZSTD_CCtx *));
    for (unsigned i = 0; ok && i < pool_size(c->pool); i++)
        c->contexts[i] = new_context(c);
    return ok && put_tensors(c) && put_whole(c, TENSOR_INDEX, c->index.data, c->index.len) &&
           does_not_grow_back_too_much(c) && finish_header(c);
}

static void close_all(struct compressor *c)
{
    for (unsigned i = 0; c->contexts && i < pool_size(c->pool); i++)
        ZSTD_freeCCtx(c->contexts[i]);
    free(c->contexts);
    ZSTD_freeCDict(c->trained);
    pool_free(c->pool);
    free(c->tensors);
    free(c->raw);
    free(c->packed);
    buf_free(&c->header);
    buf_free(&c->dictionary);
    buf_free(&c->index);
    if (c->fd >= 0)
        close(c->fd);
    safetensors_close(&c->in);
}

bool compress_file(const char *path, const char *out, const struct compress_options *o,
                   struct compress_report *report, struct error *err)
{
    struct compressor c = {.o = o, .fd = -1, .err = err};
    const double start = now_ms();
    bool ok = open_input(&c, path) && outfile_open(&c.out, out, o->replace, mark, err);
    if (ok) {
        c.pool = pool_new(o->n_threads);
        ok = write_all(&c);
        if (ok)
            ok = outfile_commit(&c.out, err);
        else
            outfile_abandon(&c.out);
        *report =
            (struct compress_report){c.in.file.size, c.data_at + c.at, (now_ms() - start) / 1e3};
    } else {
        c.pool = NULL;
    }
    close_all(&c);
    return ok;
}

#else

bool compress_file(const char *path, const char *out, const struct compress_options *o,
                   struct compress_report *report, struct error *err)
{
    (void)path, (void)out, (void)o, (void)report;
    return error_set(err, EX_UNAVAILABLE,
                     "this program was built without zstd, which compresses files");
}

#endif

/* ---- back ----------------------------------------------------------------------------- */

static bool write_decoded(const struct compressed *c, struct outfile *f,
                          const struct compress_options *o, struct error *err)
{
    struct compressed_reader r;
    uint8_t *bytes = xmalloc((size_t)c->chunk_bytes);
    bool ok = outfile_write(f, 0, c->header.data, c->header.len, err);
    compressed_reader_init(&r, c);
    for (size_t i = 0; ok && i < c->n_chunks; i++) {
        const struct compressed_chunk *k = &c->chunks[i];
        struct convert_progress p = {"decoding", "", k->to, c->file_bytes};
        ok = compressed_read(&r, i, bytes, err) && outfile_write(f, k->to, bytes, k->bytes, err) &&
             (!o->progress || o->progress(o->arg, &p) ||
              error_set(err, EXIT_INTERRUPTED, "interrupted"));
    }
    compressed_reader_free(&r);
    free(bytes);
    return ok;
}

bool decompress_file(const char *path, const char *out, const struct compress_options *o,
                     struct compress_report *report, struct error *err)
{
    struct compressed c;
    struct outfile f;
    const double start = now_ms();
    if (!compressed_open(&c, path, err))
        return false;
    bool ok = outfile_open(&f, out, o->replace, mark, err);
    if (ok) {
        ok = outfile_write(&f, 0, c.header.data, c.header.len, err) &&
             outfile_reserve(&f, c.file_bytes, err) && write_decoded(&c, &f, o, err);
        if (ok)
            ok = outfile_commit(&f, err);
        else
            outfile_abandon(&f);
    }
    *report = (struct compress_report){c.outer.file.size, c.file_bytes, (now_ms() - start) / 1e3};
    compressed_close(&c);
    return ok;
}
