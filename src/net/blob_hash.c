/* SPDX-License-Identifier: MIT */
#include "blob_hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { SHA1_HEX = 40 };

struct blob_hash {
    EVP_MD_CTX *md;
    char name[BLOB_NAME_MAX + 1];
};

bool blob_hash_is_name(const char *name)
{
    size_t n = strlen(name);
    return (n == SHA1_HEX || n == BLOB_NAME_MAX) && strspn(name, "0123456789abcdef") == n;
}

struct blob_hash *blob_hash_new(const char *name, uint64_t bytes)
{
    struct blob_hash *h = xcalloc(1, sizeof *h);
    char header[32];
    bool is_git = strlen(name) == SHA1_HEX;
    int n = snprintf(header, sizeof header, "blob %llu", (unsigned long long)bytes) + 1;
    snprintf(h->name, sizeof h->name, "%s", name);
    h->md = EVP_MD_CTX_new();
    if (!h->md || !EVP_DigestInit_ex(h->md, is_git ? EVP_sha1() : EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256 or SHA-1");
    if (is_git)
        EVP_DigestUpdate(h->md, header, (size_t)n);
    return h;
}

void blob_hash_add(struct blob_hash *h, const void *bytes, size_t n)
{
    EVP_DigestUpdate(h->md, bytes, n);
}

bool blob_hash_matches(struct blob_hash *h)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    EVP_DigestFinal_ex(h->md, digest, &n);
    for (unsigned i = 0; i < n; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    return strcmp(hex, h->name) == 0;
}

void blob_hash_free(struct blob_hash *h)
{
    if (h)
        EVP_MD_CTX_free(h->md);
    free(h);
}
