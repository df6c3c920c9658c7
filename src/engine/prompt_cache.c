/* SPDX-License-Identifier: MIT */
#include "prompt_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "places.h"
#include "system.h"

enum {
    NAME_BYTES = 8, /* of the identity that are in a file's name */
    SAMPLES = 256,
    SAMPLE_BYTES = 4096,
};

static const char suffix[] = ".kv", unfinished[] = "unfinished-";

struct prompt_cache {
    char *folder;
    uint64_t max_bytes;
    struct pool *pool;
    uint8_t identity[KV_DIGEST];
    char prefix[2 * NAME_BYTES + 2]; /* of the names of this model's files: "0123456789abcdef-" */
    char *written, *place; /* between prompt_cache_write and prompt_cache_commit, else NULL */
};

/* ---- what the bits depend on ---------------------------------------------------------- */

/* The header has the hashes of the sources. A part of the weights stands for what the header does
 * not tell: how they were encoded. */
static void add_model(EVP_MD_CTX *md, const struct model *m)
{
    const struct mapping *f = &m->file.file;
    uint64_t size = f->size, step = (size - m->file.data_at) / SAMPLES;
    EVP_DigestUpdate(md, &size, sizeof size);
    EVP_DigestUpdate(md, f->data, m->file.data_at);
    for (uint64_t at = m->file.data_at; at < size; at += step + 1)
        EVP_DigestUpdate(md, f->data + at, size - at < SAMPLE_BYTES ? size - at : SAMPLE_BYTES);
}

static void add_text(EVP_MD_CTX *md, const char *text)
{
    EVP_DigestUpdate(md, text, strlen(text) + 1);
}

struct prompt_cache *prompt_cache_new(const char *folder, uint64_t max_bytes, const struct model *m,
                                      const struct kernels *k, enum gemm gemm, enum kv_type kv,
                                      struct pool *pool)
{
    struct prompt_cache *cache = xcalloc(1, sizeof *cache);
    const uint32_t layout = KV_LAYOUT;
    cache->folder = xstrdup(folder);
    cache->max_bytes = max_bytes;
    cache->pool = pool;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
    add_text(md, QINS_VERSION);
    add_text(md, kv_type_name(kv));
    add_text(md, k->level);
    add_text(md, gemm_name(gemm));
    EVP_DigestUpdate(md, &layout, sizeof layout);
    add_model(md, m);
    EVP_DigestFinal_ex(md, cache->identity, NULL);
    EVP_MD_CTX_free(md);
    for (int i = 0; i < NAME_BYTES; i++)
        snprintf(cache->prefix + 2 * i, 3, "%02x", cache->identity[i]);
    cache->prefix[sizeof cache->prefix - 2] = '-';
    return cache;
}

void prompt_cache_free(struct prompt_cache *k)
{
    if (!k)
        return;
    prompt_cache_abandon(k);
    free(k->folder);
    free(k);
}

/* ---- the folder ----------------------------------------------------------------------- */

struct entry {
    char *name;
    uint64_t bytes;
    int64_t used_ns; /* since 1970 */
};

struct entries {
    struct entry *list; /* [n] */
    size_t n, cap;
};

/* -> the conversation of a file of ours; 0: another file. */
static int64_t conversation_of(const char *name)
{
    size_t n_hex = strspn(name, "0123456789abcdef");
    char *end;
    if (n_hex != 2 * NAME_BYTES || name[n_hex] != '-' || name[n_hex + 1] < '1' ||
        name[n_hex + 1] > '9')
        return 0;
    int64_t id = strtoll(name + n_hex + 1, &end, 10);
    return strcmp(end, suffix) == 0 ? id : 0;
}

static struct entries list_folder(const char *folder)
{
    struct entries e = {0};
    DIR *d = folder_open(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        struct stat st;
        if (!conversation_of(entry->d_name) ||
            fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        const struct timespec used = system_modified(&st);
        e.list = xgrow(e.list, e.n, &e.cap, sizeof *e.list);
        e.list[e.n++] = (struct entry){.name = xstrdup(entry->d_name),
                                       .bytes = (uint64_t)st.st_size,
                                       .used_ns = used.tv_sec * 1000000000LL + used.tv_nsec};
    }
    if (d)
        closedir(d);
    return e;
}

static void entries_free(struct entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->list[i].name);
    free(e->list);
}

static void remove_file(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    unlink(path);
    free(path);
}

void prompt_cache_forget(const char *folder, int64_t conversation)
{
    struct entries e = list_folder(folder);
    for (size_t i = 0; i < e.n; i++)
        if (conversation_of(e.list[i].name) == conversation)
            remove_file(folder, e.list[i].name);
    entries_free(&e);
}

/* ---- reading -------------------------------------------------------------------------- */

/* A prompt and what is known of its text; t NULL: of its very tokens. */
struct wanted {
    const struct tokenizer *t;
    const int32_t *ids; /* [n] */
    uint32_t n;
    bool is_long;
};

static struct common_text match(const struct wanted *w, const int32_t *ids, uint32_t n,
                                bool is_long)
{
    struct common_text c = {0};
    if (is_long != w->is_long)
        return c;
    if (w->t)
        return tokenizer_common(w->t, ids, n, w->ids, w->n);
    while (c.n_a < n && c.n_a < w->n && ids[c.n_a] == w->ids[c.n_a])
        c.n_a = ++c.n_b;
    return c;
}

/* What a session may go on behind, of n ids in its cache. */
static struct common_text match_session(const struct wanted *w, const struct session *s)
{
    struct common_text c = {.n_a = session_len(s)};
    uint32_t n;
    do {
        n = session_reach(s, (uint32_t)c.n_a);
        c = match(w, session_ids(s), n, session_is_long(s));
    } while (c.n_a < n && !session_holds(s, (uint32_t)c.n_a));
    return c;
}

/* A file as a whole: keys and values, states behind them. */
struct kept_file {
    struct kv_file kv;
    struct state_file states;
};

static void close_kept(struct kept_file *f)
{
    state_file_close(&f->states);
    kv_file_close(&f->kv);
}

/* Takes fd over. -> false: not a whole file of this model. */
static bool open_kept(struct kept_file *f, int fd, const uint8_t identity[KV_DIGEST],
                      const struct session *s)
{
    if (!kv_file_open(&f->kv, fd, identity, session_kv(s)))
        return false;
    if (state_file_open(&f->states, &f->kv, session_state(s)))
        return true;
    kv_file_close(&f->kv);
    return false;
}

/* The same of a file: where it has a state, and sliding layers reach. */
static struct common_text match_file(const struct wanted *w, const struct kept_file *f,
                                     const struct session *s)
{
    struct common_text c = {.n_a = f->kv.n};
    uint32_t n;
    do {
        n = state_file_reach(&f->states, session_state(s), (uint32_t)c.n_a);
        c = match(w, f->kv.ids, n, f->kv.is_long);
    } while (state_file_reach(&f->states, session_state(s), (uint32_t)c.n_a) != c.n_a);
    return kv_file_reaches(&f->kv, session_kv(s), (uint32_t)c.n_a) ? c : (struct common_text){0};
}

/* The file that has more of the prompt than `best`, which is improved, and than all others; or one
 * with fd -1. A file that is not whole is removed. */
static struct kept_file find(const struct prompt_cache *k, const struct session *s,
                             const struct wanted *w, struct common_text *best)
{
    struct entries e = list_folder(k->folder);
    struct kept_file found = {.kv = {.fd = -1}};
    for (size_t i = 0; i < e.n; i++) {
        struct kept_file f;
        if (strncmp(e.list[i].name, k->prefix, sizeof k->prefix - 1) != 0)
            continue;
        char *path = path_join(k->folder, e.list[i].name);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && !open_kept(&f, fd, k->identity, s)) {
            unlink(path);
        } else if (fd >= 0) {
            struct common_text c = match_file(w, &f, s);
            struct kept_file other = f;
            if (c.n_b > best->n_b) {
                *best = c;
                other = found;
                found = f;
            }
            close_kept(&other);
        }
        free(path);
    }
    entries_free(&e);
    return found;
}

/* The first n_b ids become these n_a. */
static void respell(struct ids *ids, const int32_t *a, struct common_text c)
{
    struct ids new = {0};
    for (size_t i = 0; i < c.n_a; i++)
        ids_push(&new, a[i]);
    for (size_t i = c.n_b; i < ids->n; i++)
        ids_push(&new, ids->ids[i]);
    ids_free(ids);
    *ids = new;
}

uint32_t prompt_cache_resume(struct prompt_cache *k, struct session *s, const struct tokenizer *t,
                             struct ids *ids, kv_file_progress_fn *go_on, void *arg)
{
    uint32_t n = (uint32_t)ids->n;
    struct wanted w = {.t = t,
                       .ids = ids->ids,
                       .n = n - 1, /* the last is evaluated in any case */
                       .is_long = session_needs_long(s, n)};
    struct common_text best = match_session(&w, s);
    struct kept_file f = find(k, s, &w, &best);
    if (best.n_a > session_ctx(s)) {
        close_kept(&f);
        return 0;
    }
    respell(ids, f.kv.fd < 0 ? session_ids(s) : f.kv.ids, best);
    if (f.kv.fd < 0)
        return 0;
    session_truncate(s, 0);
    session_hold(s, best.n_a);
    uint32_t from;
    n = kv_file_read(&f.kv, session_kv(s), (uint32_t)best.n_a, &from, k->pool, go_on, arg);
    n = state_file_read(&f.states, session_state(s), n, k->pool);
    n = session_adopt(s, f.kv.ids, n, from, w.is_long);
    futimens(f.kv.fd, NULL); /* used now */
    close_kept(&f);
    return n;
}

static uint64_t bytes_of(const struct session *s, uint32_t n)
{
    return kv_file_bytes(session_kv(s), n) + state_file_bytes(session_state(s), n);
}

/* Positions that fit the bound. */
static uint32_t n_allowed(const struct prompt_cache *k, const struct session *s)
{
    uint32_t n = session_len(s);
    while (n > 0 && bytes_of(s, n) > k->max_bytes)
        n -= n / 16 + 1;
    n = state_file_end(session_state(s), n);
    return session_holds(s, n) ? n : 0;
}

uint32_t prompt_cache_missing(const struct prompt_cache *k, const struct session *s)
{
    struct wanted w = {.ids = session_ids(s), .n = n_allowed(k, s), .is_long = session_is_long(s)};
    struct common_text best = {0};
    struct kept_file f = find(k, s, &w, &best);
    close_kept(&f);
    return w.n - (uint32_t)best.n_b;
}

/* ---- writing -------------------------------------------------------------------------- */

static int by_use(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->used_ns > y->used_ns) - (x->used_ns < y->used_ns);
}

/* Files that writers left which no longer run: a running one holds a lock. */
static void remove_leftovers(const char *folder)
{
    DIR *d = folder_open(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (strncmp(entry->d_name, unfinished, sizeof unfinished - 1) != 0)
            continue;
        int fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(d), entry->d_name, 0);
        if (fd >= 0)
            close(fd);
    }
    if (d)
        closedir(d);
}

/* What was not used for longest goes until `bytes` more are within the bound. */
static void make_room(const struct prompt_cache *k, const char *name, uint64_t bytes)
{
    struct entries e = list_folder(k->folder);
    uint64_t all = bytes;
    remove_leftovers(k->folder);
    for (size_t i = 0; i < e.n; i++)
        if (strcmp(e.list[i].name, name) != 0) /* that one is replaced */
            all += e.list[i].bytes;
    if (e.n > 0)
        qsort(e.list, e.n, sizeof *e.list, by_use);
    for (size_t i = 0; i < e.n && all > k->max_bytes; i++) {
        if (strcmp(e.list[i].name, name) == 0)
            continue;
        remove_file(k->folder, e.list[i].name);
        all -= e.list[i].bytes;
    }
    entries_free(&e);
}

/* The disk keeps at least as much free as it is given. */
static bool is_roomy(const char *folder, uint64_t bytes)
{
    struct statvfs v;
    return statvfs(folder, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize / 2 > bytes;
}

/* Not synced: after a power cut the digests tell. */
static bool write_file(struct prompt_cache *k, const struct session *s, uint32_t n)
{
    k->written = xasprintf("%s/%sXXXXXX", k->folder, unfinished);
    int fd = mkstemp(k->written);
    bool ok = fd >= 0 && flock(fd, LOCK_EX) == 0 &&
              kv_file_write(fd, k->identity, session_kv(s), session_ids(s), n, session_is_long(s),
                            state_file_bytes(session_state(s), n), k->pool) &&
              state_file_write(fd, kv_file_bytes(session_kv(s), n), session_state(s), n, k->pool);
    if (fd < 0) {
        free(k->written);
        k->written = NULL;
    } else {
        close(fd);
    }
    return ok;
}

bool prompt_cache_write(struct prompt_cache *k, const struct session *s, int64_t conversation)
{
    struct error err;
    uint32_t n = n_allowed(k, s);
    uint64_t bytes = bytes_of(s, n);
    char *name = xasprintf("%s%" PRId64 "%s", k->prefix, conversation, suffix);
    prompt_cache_abandon(k);
    bool ok = n > 0 && places_make_private(k->folder, &err);
    if (ok) {
        system_exclude_from_backup(k->folder);
        make_room(k, name, bytes);
    }
    ok = ok && is_roomy(k->folder, bytes) && write_file(k, s, n);
    if (ok)
        k->place = path_join(k->folder, name);
    else
        prompt_cache_abandon(k);
    free(name);
    return ok;
}

static void written_over(struct prompt_cache *k)
{
    free(k->written);
    free(k->place);
    k->written = k->place = NULL;
}

void prompt_cache_commit(struct prompt_cache *k)
{
    if (k->place && rename(k->written, k->place) != 0)
        unlink(k->written);
    written_over(k);
}

void prompt_cache_abandon(struct prompt_cache *k)
{
    if (k->written)
        unlink(k->written);
    written_over(k);
}
