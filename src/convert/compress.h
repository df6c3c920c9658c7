/* SPDX-License-Identifier: MIT
 *
 * compress: a .qins file with its tensors compressed (compressed.h says how), and back: what comes
 * back is the same file, byte for byte.
 */
#ifndef QINS_COMPRESS_H
#define QINS_COMPRESS_H

#include "convert.h"

enum { COMPRESS_LEVEL = 3, COMPRESS_MAX_LEVEL = 19 };

struct compress_options {
    int level;          /* of zstd: 1 to COMPRESS_MAX_LEVEL */
    bool dictionary;    /* trained on chunks of the file */
    unsigned n_threads; /* 0: all cores; the result does not depend on it */
    bool replace;
    convert_progress_fn *progress; /* or NULL */
    void *arg;
};

struct compress_report {
    uint64_t bytes_before, bytes_after; /* of the whole files */
    double seconds;
};

/* OUT appears whole or not at all, as in convert_to_file. */
bool compress_file(const char *path, const char *out, const struct compress_options *o,
                   struct compress_report *report, struct error *err);
bool decompress_file(const char *path, const char *out, const struct compress_options *o,
                     struct compress_report *report, struct error *err);

#endif
