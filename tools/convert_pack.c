/* SPDX-License-Identifier: MIT */
#include "convert_pack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"
#include "sanitise.h"

bool convert_pack_level(const char *text, int *level, struct error *err)
{
    double x = COMPRESS_LEVEL;
    if (text && (!number_parse(text, &x) || x < 1 || x > COMPRESS_MAX_LEVEL || x != (double)(int)x))
        return error_set(err, EX_USAGE, "compress \"%s\": not a level of 1..%d", text,
                         COMPRESS_MAX_LEVEL);
    *level = (int)x;
    return true;
}

bool convert_pack_share(const char *text, float *share, struct error *err)
{
    double x;
    if (!number_parse(text, &x) || !(x >= 0 && x <= 0.99))
        return error_set(err, EX_USAGE, "sparsity \"%s\": not a share from 0 to 0.99", text);
    *share = (float)x;
    return true;
}

char *convert_pack_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name);
    bool ends = n > 5 && strcmp(name + n - 5, ".qins") == 0;
    return xasprintf("%.*s-zstd.qins", (int)(ends ? n - 5 : n), name);
}

bool convert_pack(const char *plain, const char *out, const struct compress_options *o,
                  struct compress_report *r, struct error *err)
{
    bool ok = compress_file(plain, out, o, r, err);
    unlink(plain);
    return ok;
}

void convert_pack_print(const struct compress_report *r, const char *out, FILE *f)
{
    char *name = sanitise_text(out, strlen(out), true);
    fprintf(f, "%s: %.2f MB from %.2f MB, %.1f %%, in %.1f s\n", name,
            (double)r->bytes_after * 1e-6, (double)r->bytes_before * 1e-6,
            100 * (double)r->bytes_after / (double)r->bytes_before, r->seconds);
    free(name);
}

void convert_pack_json(const struct compress_report *r, const char *out, FILE *f)
{
    char *name = sanitise_text(out, strlen(out), true);
    json_t *all = json_pack("{s:s, s:I, s:I, s:f}", "output", name, "bytes_before",
                            (json_int_t)r->bytes_before, "bytes_after", (json_int_t)r->bytes_after,
                            "seconds", r->seconds);
    json_dumpf(all, f, JSON_COMPACT);
    fputc('\n', f);
    json_decref(all);
    free(name);
}
