/* SPDX-License-Identifier: MIT */
#include "converted.h"

#include <assert.h>
#include <dirent.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "places.h"
#include "weights_file.h"

/* ---- the name in the cache ----------------------------------------------------------- */

enum { KEY_BYTES = 12 };

static void digest_text(EVP_MD_CTX *md, const char *text, size_t n)
{
    uint64_t length = n; /* so that neighbours do not run together */
    EVP_DigestUpdate(md, &length, sizeof length);
    EVP_DigestUpdate(md, text, n);
}

static void digest_number(EVP_MD_CTX *md, uint64_t n)
{
    EVP_DigestUpdate(md, &n, sizeof n);
}

static void digest_source(EVP_MD_CTX *md, const struct source_file *s)
{
    digest_text(md, s->name, strlen(s->name));
    digest_number(md, s->bytes);
    digest_number(md, (uint64_t)s->id.modified.tv_sec);
    digest_number(md, (uint64_t)s->id.modified.tv_nsec);
}

static void digest_tensor(EVP_MD_CTX *md, const struct source_tensor *t)
{
    digest_text(md, t->name, strlen(t->name));
    digest_text(md, t->type_name, strlen(t->type_name));
    digest_number(md, t->at);
    digest_number(md, t->bytes);
}

/* The source as it is, and what is made of it. */
static void digest_all(EVP_MD_CTX *md, const struct checkpoint *c, const char *path, enum format f)
{
    const char *format = format_info(f)->name;
    digest_text(md, QINS_VERSION, strlen(QINS_VERSION));
    digest_text(md, QINS_FILE_VERSION, strlen(QINS_FILE_VERSION));
    digest_text(md, format, strlen(format));
    digest_text(md, path, strlen(path));
    for (size_t i = 0; i < c->n_sources; i++)
        digest_source(md, &c->sources[i]);
    for (size_t i = 0; i < c->n_tensors; i++)
        digest_tensor(md, &c->tensors[i]);
    digest_text(md, c->config_json.data, c->config_json.len);
}

static void make_key(char hex[2 * KEY_BYTES + 1], const struct checkpoint *c, const char *path,
                     enum format f)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
    digest_all(md, c, path, f);
    EVP_DigestFinal_ex(md, digest, NULL);
    EVP_MD_CTX_free(md);
    for (size_t i = 0; i < KEY_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* NAME-FORMAT-KEY.qins, with what no file name should hold replaced. */
static char *file_name(const struct checkpoint *c, const char *path, enum format f)
{
    char key[2 * KEY_BYTES + 1], *name = checkpoint_name(c);
    make_key(key, c, path, f);
    for (char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || strchr("/\\:*?\"<>|", *p))
            *p = '_';
    char *file = xasprintf("%.100s-%s-%s.qins", name, format_info(f)->name, key);
    free(name);
    return file;
}

/* ---- what is no longer wanted -------------------------------------------------------- */

static bool has_suffix(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);
    return n > n_end && strcmp(name + n - n_end, end) == 0;
}

/* A conversion of a source that is gone, or of this one as it was before. */
static bool is_stale(const char *folder, const char *name, const struct checkpoint *c,
                     const char *path)
{
    struct safetensors st;
    struct error err;
    char *file = path_join(folder, name);
    bool stale = false;
    if (safetensors_open_header(&st, file, &err)) {
        const char *from = safetensors_meta(&st, META_CACHED_FROM);
        const char *format = safetensors_meta(&st, META_FORMAT);
        enum format f;
        if (from && strcmp(from, path) != 0) {
            stale = access(from, F_OK) != 0;
        } else if (from && format && format_from_name(format, &f)) {
            char *now = file_name(c, path, f);
            stale = strcmp(now, name) != 0;
            free(now);
        }
        safetensors_close(&st);
    }
    free(file);
    return stale;
}

static void remove_stale(const char *folder, const struct checkpoint *c, const char *path)
{
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (has_suffix(entry->d_name, ".qins") && is_stale(folder, entry->d_name, c, path)) {
            char *file = path_join(folder, entry->d_name);
            unlink(file);
            free(file);
        }
    }
    if (dir)
        closedir(dir);
}

/* ---- finding or making it ------------------------------------------------------------ */

static char *cache_folder(void)
{
    struct error err;
    char *cache = places_cache_folder();
    char *folder = cache ? path_join(cache, "models") : NULL;
    if (folder && !places_make_private(folder, &err)) {
        free(folder);
        folder = NULL;
    }
    free(cache);
    return folder;
}

static bool is_small(const struct checkpoint *c)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < c->n_tensors; i++)
        bytes += c->tensors[i].bytes;
    return bytes < CONVERTED_MIN_BYTES;
}

/* A folder that cannot take the file is no reason to fail. */
static bool convert_into(const struct checkpoint *c, const struct convert_options *o,
                         const char *folder, const char *path, char **file, struct error *err)
{
    struct convert_report report;
    struct convert_options cached = *o;
    json_t *is_text = json_string(path); /* a name that is not UTF-8 cannot stand in the file */
    cached.replace = true;
    cached.cached_from = is_text ? path : NULL;
    json_decref(is_text);
    if (convert_to_file(c, &cached, *file, &report, err)) {
        remove_stale(folder, c, path);
        return true;
    }
    free(*file);
    *file = NULL;
    return err->code == EX_CANTCREAT || err->code == EX_IOERR;
}

static bool find_or_convert(const struct checkpoint *c, const struct convert_options *o,
                            const char *path, char **file, struct error *err)
{
    char *folder = is_small(c) ? NULL : cache_folder();
    if (!folder)
        return true;
    char *name = file_name(c, path, o->format);
    *file = path_join(folder, name);
    bool ok = is_file(*file) || convert_into(c, o, folder, path, file, err);
    free(name);
    free(folder);
    return ok;
}

bool converted_file(const char *path, const struct convert_options *o, char **file,
                    struct error *err)
{
    struct checkpoint c;
    *file = NULL;
    if (!checkpoint_open(&c, path, err))
        return false;
    char *real = real_path(path);
    bool ok = find_or_convert(&c, o, real ? real : path, file, err);
    free(real);
    checkpoint_close(&c);
    return ok;
}
