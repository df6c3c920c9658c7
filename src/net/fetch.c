/* SPDX-License-Identifier: MIT */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub.h"
#include "hub_cache.h"
#include "json.h"
#include "transfer.h"
#include "url.h"

enum { MAX_LIST_BYTES = 32 << 20, MAX_INDEX_BYTES = 64 << 20 };

struct fetch {
    const struct hub_ref *ref;
    struct transfer_options transfer;
    struct hub_client client;
    struct hub_listing listing;
    struct hub_cache cache;
    const char *found; /* GGUF file, or NULL */
};

/* ---- what there is -------------------------------------------------------------------- */

static bool list(struct fetch *f, struct error *err)
{
    struct buf text = {0};
    char *url = xasprintf("%s/api/models/%s/revision/%s?blobs=true", f->client.endpoint, f->ref->id,
                          f->ref->revision);
    f->client.progress.step = "asking";
    bool ok = hub_client_get(&f->client, url, f->ref->id, MAX_LIST_BYTES, &text, err) &&
              hub_listing_parse(&f->listing, text.data, text.len, f->ref->id, err);
    if (ok && (!f->listing.id || !hub_is_name(f->listing.id))) {
        free(f->listing.id);
        f->listing.id = xstrdup(f->ref->id);
    }
    buf_free(&text);
    free(url);
    return ok;
}

static char *url_of(const struct fetch *f, const struct hub_file *file)
{
    char *name = url_quote(file->name);
    char *url = xasprintf("%s/%s/resolve/%s/%s", f->client.endpoint, f->listing.id,
                          f->listing.commit, name);
    free(name);
    return url;
}

/* From the headers of one file, if the list did not tell. */
static bool take_headers(struct fetch *f, struct hub_file *file, const struct http_reply *r,
                         struct error *err)
{
    const char *etag = r->linked_etag ? r->linked_etag : r->etag;
    int64_t bytes = r->linked_size >= 0 ? r->linked_size : r->length;
    if (!etag || !blob_hash_is_name(etag) || bytes < 0)
        return error_set(err, EX_PROTOCOL,
                         "%s: %s: the hub tells neither size nor checksum, so it cannot be "
                         "verified",
                         f->listing.id, file->name);
    file->bytes = (uint64_t)bytes;
    snprintf(file->etag, sizeof file->etag, "%s", etag);
    return true;
}

static bool ask(struct fetch *f, struct hub_file *file, struct error *err)
{
    char *url = url_of(f, file);
    const struct http_request r = {
        .url = url, .head = true, .tick = hub_client_tick, .arg = &f->client};
    bool ok = false, again = true;
    f->client.progress.file = file->name;
    for (unsigned n = 0; again; n++) {
        struct http_reply reply;
        ok = hub_client_send(&f->client, &r, f->listing.id, &reply, err);
        double retry_after_s = reply.retry_after_s;
        ok = ok && take_headers(f, file, &reply, err);
        http_reply_free(&reply);
        again = !ok && hub_client_waits(&f->client, n, retry_after_s, err);
    }
    free(url);
    return ok;
}

static bool ask_all(struct fetch *f, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < f->listing.n; i++)
        if (f->listing.files[i].is_wanted && !f->listing.files[i].etag[0])
            ok = ask(f, &f->listing.files[i], err);
    return ok;
}

/* ---- getting it ----------------------------------------------------------------------- */

static bool get(struct fetch *f, struct hub_file *file, struct error *err)
{
    char *url = url_of(f, file);
    bool ok = transfer_file(&f->client, &f->cache, url, f->listing.id, file, &f->transfer, err) &&
              hub_cache_link(&f->cache, file, err);
    free(url);
    return ok;
}

/* The index says which shards there are, so it comes first. */
static bool get_index(struct fetch *f, struct error *err)
{
    struct hub_file *index = hub_listing_find(&f->listing, HUB_INDEX_FILE);
    struct buf text = {0};
    if (!index || !index->is_wanted)
        return true;
    f->client.progress.total = index->bytes;
    char *path = path_join(f->cache.snapshot, HUB_INDEX_FILE);
    bool ok = (index->bytes <= MAX_INDEX_BYTES ||
               error_set(err, EX_DATAERR, "%s: an index of %llu bytes", f->listing.id,
                         (unsigned long long)index->bytes)) &&
              get(f, index, err) && read_file(&text, path, MAX_INDEX_BYTES, err) &&
              hub_listing_want_shards(&f->listing, text.data, text.len, err);
    f->client.progress.done = 0;
    buf_free(&text);
    free(path);
    return ok;
}

/* ---- what a converter wants to know before the weights come --------------------------- */

enum { HEADER_LENGTH = 8, MAX_HEADER = 16 << 20, FIRST_BYTES = 64 << 10 };

static bool is_weights(const struct hub_file *file)
{
    const char *dot = strrchr(file->name, '.');
    return dot && (strcasecmp(dot, ".safetensors") == 0 || strcasecmp(dot, ".gguf") == 0);
}

static bool read_start(const char *path, size_t n, struct buf *out)
{
    struct error ignored;
    uint64_t size;
    int fd = open_regular(path, &size, &ignored);
    if (fd < 0)
        return false;
    char *start = xmalloc(n);
    buf_free(out);
    buf_append(out, start, read_whole(fd, start, n, 0));
    free(start);
    close(fd);
    return true;
}

/* The first bytes of a file, from the cache if it is there; fewer if it has no more. */
static bool get_start(struct fetch *f, const struct hub_file *file, size_t n, struct buf *out,
                      struct error *err)
{
    char *url = url_of(f, file), *blob = hub_cache_blob(&f->cache, file->etag);
    n = n < file->bytes ? n : (size_t)file->bytes;
    bool ok = is_file(blob) ? read_start(blob, n, out)
                            : hub_client_get_start(&f->client, url, f->listing.id, n, out, err);
    free(url);
    free(blob);
    return ok && out->len == n;
}

/* The length of the header, and the header. */
static bool get_header(struct fetch *f, const struct hub_file *file, struct buf *out,
                       struct error *err)
{
    uint64_t n = 0;
    f->client.progress.file = file->name;
    if (!get_start(f, file, FIRST_BYTES, out, err) || out->len < HEADER_LENGTH)
        return false;
    for (int i = HEADER_LENGTH - 1; i >= 0; i--)
        n = n << 8 | (uint8_t)out->data[i];
    if (n > MAX_HEADER || n + HEADER_LENGTH > file->bytes)
        return false;
    if (n + HEADER_LENGTH > out->len && !get_start(f, file, n + HEADER_LENGTH, out, err))
        return false;
    out->len = n + HEADER_LENGTH;
    return true;
}

/* Without a header that can be had, or a checksum that becomes the file's own (TECHNICAL_SPEC,
 * "Converting while it comes"), there is nothing to hear: the model is converted afterwards. ->
 * false: interrupted. */
static bool announce(struct fetch *f, struct arrival *a, struct error *err)
{
    struct error why = {0};
    bool ok = a && !f->found;
    for (size_t i = 0; ok && i < f->listing.n; i++) {
        const struct hub_file *file = &f->listing.files[i];
        struct buf header = {0};
        if (!file->is_wanted || !is_weights(file))
            continue;
        ok = strlen(file->etag) == BLOB_NAME_MAX && get_header(f, file, &header, &why);
        if (ok)
            arrival_add(a, file->name, file->bytes, file->etag, &header);
        buf_free(&header);
    }
    if (ok)
        arrival_begin(a, f->cache.snapshot);
    if (why.code == EXIT_INTERRUPTED)
        *err = why;
    return why.code != EXIT_INTERRUPTED;
}

/* ---- all of it ------------------------------------------------------------------------ */

static bool check_space(const struct fetch *f, uint64_t missing, struct error *err)
{
    uint64_t has = hub_cache_free(&f->cache);
    return missing == 0 || !has || missing <= has ||
           error_set(
               err, EX_CANTCREAT,
               "%s: %.1f GB are to be downloaded to %s, where %.1f GB are free; make room, or "
               "set HF_HUB_CACHE to another disk's folder",
               f->listing.id, (double)missing / 1e9, f->cache.root, (double)has / 1e9);
}

static bool measure(struct fetch *f, struct error *err)
{
    uint64_t missing = 0, total = 0;
    for (size_t i = 0; i < f->listing.n; i++) {
        const struct hub_file *file = &f->listing.files[i];
        if (!file->is_wanted)
            continue;
        if (total + file->bytes < total)
            return error_set(err, EX_PROTOCOL, "%s: the hub's list states impossible sizes",
                             f->listing.id);
        total += file->bytes;
        missing += file->bytes - hub_cache_has(&f->cache, file);
    }
    f->client.progress.total = total;
    return check_space(f, missing, err);
}

/* Small files first: what cannot run is noticed before the weights come. */
static bool get_files(struct fetch *f, bool weights, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < f->listing.n; i++) {
        struct hub_file *file = &f->listing.files[i];
        if (file->is_wanted && is_weights(file) == weights)
            ok = get(f, file, err);
    }
    return ok;
}

static bool get_all(struct fetch *f, struct error *err)
{
    return hub_listing_want(&f->listing, f->ref->file, &f->found, err) && ask_all(f, err) &&
           hub_cache_open(&f->cache, f->ref->id, f->listing.commit, err) && get_index(f, err) &&
           ask_all(f, err) && measure(f, err) && get_files(f, false, err) &&
           announce(f, f->transfer.arrival, err) && get_files(f, true, err) &&
           (strcmp(f->ref->revision, f->listing.commit) == 0 ||
            hub_cache_write_ref(&f->cache, f->ref->revision, f->listing.commit, err));
}

char *fetch_model(const struct hub_ref *ref, const struct fetch_options *o, struct error *err)
{
    struct fetch f = {.ref = ref, .transfer = {.lock_ms = o->lock_ms, .arrival = o->arrival}};
    char *path = NULL;
    if (!hub_client_open(&f.client, o->stall_ms, err)) {
        struct error why = *err;
        return error_set_null(err, why.code, "%s: not on this machine; %s", ref->id, why.text);
    }
    f.client.report = o->progress;
    f.client.arg = o->arg;
    if (o->retry_ms > 0)
        f.client.retry_ms = o->retry_ms;
    if (list(&f, err) && get_all(&f, err)) {
        hub_cache_tidy(&f.cache, &f.listing);
        path = f.found ? path_join(f.cache.snapshot, f.found) : xstrdup(f.cache.snapshot);
    }
    hub_cache_close(&f.cache);
    hub_listing_free(&f.listing);
    hub_client_close(&f.client);
    return path;
}

bool fetch_is_possible(struct error *err)
{
    return hub_client_may_ask(err);
}

/* ---- what an earlier download has left ------------------------------------------------ */

static bool has(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    bool is = is_file(path);
    free(path);
    return is;
}

static bool has_shards(const char *folder)
{
    struct error ignored;
    struct buf text = {0};
    const char *tensor;
    json_t *root = NULL, *shard;
    char *path = path_join(folder, HUB_INDEX_FILE);
    if (read_file(&text, path, MAX_INDEX_BYTES, &ignored))
        root = json_parse(text.data, text.len, path, &ignored);
    bool ok = root != NULL;
    json_object_foreach(json_object_get(root, "weight_map"), tensor, shard)
    {
        const char *name = json_string_value(shard);
        ok = ok && name && hub_listing_name_is_fine(name) && has(folder, name);
    }
    json_decref(root);
    buf_free(&text);
    free(path);
    return ok;
}

bool fetch_is_whole(const char *folder)
{
    return has(folder, "config.json") && has(folder, "tokenizer.json") &&
           (has(folder, "model.safetensors") || has_shards(folder));
}
