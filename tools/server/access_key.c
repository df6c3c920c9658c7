/* SPDX-License-Identifier: MIT */
#include "access_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_FILE = 4096, LEAST_CHARS = 8 };

static bool hash(unsigned char out[32], const char *text, size_t n)
{
    return EVP_Digest(text, n, out, NULL, EVP_sha256(), NULL) == 1;
}

bool access_key_read(struct access_key *k, const char *path, struct error *err)
{
    struct buf text = {0};
    struct stat st;
    if (!read_file(&text, path, MAX_FILE, err))
        return false;
    const char *data = text.data ? text.data : "";
    const size_t n = strcspn(data, "\r\n");
    bool ok = stat(path, &st) == 0;
    if (!ok || (st.st_mode & 077))
        ok = error_set(err, EX_NOPERM, "%s: others may read it; chmod 600 puts that right", path);
    else if (n < LEAST_CHARS)
        ok = error_set(err, EX_DATAERR, "%s: its first line is the key, of at least %d characters",
                       path, LEAST_CHARS);
    else if (!hash(k->hash, data, n))
        ok = error_set(err, EX_SOFTWARE, "no SHA-256 in this libcrypto");
    k->on = ok;
    if (text.data)
        OPENSSL_cleanse(text.data, text.len);
    buf_free(&text);
    return ok;
}

bool access_key_fits(const struct access_key *k, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    unsigned char given[32] = {0};
    if (!k->on)
        return true;
    if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return false;
    const char *key = authorization + strlen(scheme);
    return hash(given, key, strlen(key)) && CRYPTO_memcmp(given, k->hash, sizeof given) == 0;
}
