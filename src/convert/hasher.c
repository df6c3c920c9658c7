/* SPDX-License-Identifier: MIT */
#include "hasher.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20 };

/* Out of memory ends the program here too, and no checksum is missing. */
static void *allocate(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return n ? xmalloc(n) : NULL;
}

static void *reallocate(void *p, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    if (n)
        return xrealloc(p, n, 1);
    free(p);
    return NULL;
}

static void release(void *p, const char *file, int line)
{
    (void)file, (void)line;
    free(p);
}

__attribute__((constructor)) static void use_our_memory(void)
{
    CRYPTO_set_mem_functions(allocate, reallocate, release);
}

struct hasher {
    const struct checkpoint *c;
    pthread_t thread;
    atomic_bool stop, done;
    _Atomic uint64_t bytes;
    bool ok;
    struct error err;
    char (*hex)[SHA256_HEX + 1]; /* [n_sources] */
};

static bool hash_stream(struct hasher *h, const struct source_file *s, int fd, EVP_MD_CTX *md,
                        uint8_t *block)
{
    uint64_t total = 0;
    while (!atomic_load_explicit(&h->stop, memory_order_relaxed)) {
        ssize_t n = read(fd, block, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(&h->err, EX_IOERR, "%s: cannot read: %s", s->path, strerror(errno));
        if (n == 0)
            return total == s->bytes ||
                   error_set(&h->err, EX_DATAERR,
                             "%s: the file changed while it was being converted", s->path);
        EVP_DigestUpdate(md, block, (size_t)n);
        total += (uint64_t)n;
        atomic_fetch_add_explicit(&h->bytes, (uint64_t)n, memory_order_relaxed);
    }
    return error_set(&h->err, EXIT_INTERRUPTED, "interrupted");
}

bool sha256_hex(const void *bytes, size_t n, char hex[SHA256_HEX + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!EVP_Digest(bytes, n, digest, NULL, EVP_sha256(), NULL))
        return false;
    for (size_t b = 0; b < SHA256_HEX / 2; b++)
        snprintf(hex + 2 * b, 3, "%02x", digest[b]);
    return true;
}

static bool hash_source(struct hasher *h, size_t i, uint8_t *block)
{
    const struct source_file *s = &h->c->sources[i];
    if (s->arriving) { /* its download compares it with its contents before anybody asks here */
        snprintf(h->hex[i], sizeof h->hex[i], "%s", s->arriving->sha256);
        atomic_fetch_add_explicit(&h->bytes, s->bytes, memory_order_relaxed);
        return true;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    int fd = source_open(s, &h->err);
    if (fd < 0)
        return false;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL)
                  ? hash_stream(h, s, fd, md, block)
                  : error_set(&h->err, EX_SOFTWARE, "libcrypto has no SHA-256");
    if (ok)
        EVP_DigestFinal_ex(md, digest, NULL);
    EVP_MD_CTX_free(md);
    close(fd);
    for (size_t b = 0; ok && b < SHA256_HEX / 2; b++)
        snprintf(h->hex[i] + 2 * b, 3, "%02x", digest[b]);
    return ok;
}

static void *run(void *arg)
{
    struct hasher *h = arg;
    uint8_t *block = xmalloc(READ_BYTES);
    h->ok = true;
    for (size_t i = 0; h->ok && i < h->c->n_sources; i++)
        h->ok = hash_source(h, i, block);
    free(block);
    atomic_store(&h->done, true);
    return NULL;
}

struct hasher *hasher_start(const struct checkpoint *c)
{
    struct hasher *h = xcalloc(1, sizeof *h);
    h->c = c;
    h->hex = xcalloc(c->n_sources, sizeof *h->hex);
    int failed = start_thread(&h->thread, run, h);
    if (failed)
        die(EX_OSERR, "cannot start a thread: %s", strerror(failed));
    return h;
}

bool hasher_is_done(const struct hasher *h)
{
    return atomic_load(&h->done);
}

uint64_t hasher_bytes(const struct hasher *h)
{
    return atomic_load_explicit(&h->bytes, memory_order_relaxed);
}

const char (*hasher_result(const struct hasher *h, struct error *err))[SHA256_HEX + 1]
{
    if (h->ok)
        return (const char(*)[SHA256_HEX + 1]) h->hex;
    *err = h->err;
    return NULL;
}

void hasher_free(struct hasher *h)
{
    if (!h)
        return;
    atomic_store(&h->stop, true);
    pthread_join(h->thread, NULL);
    free(h->hex);
    free(h);
}
