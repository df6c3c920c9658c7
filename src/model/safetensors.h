/* SPDX-License-Identifier: MIT
 *
 * safetensors: validate-then-map reader. A .qins file is a safetensors file too.
 *
 * Nothing is allocated by a size that the file declares before that size was checked against the
 * file's length. Rules: u64 header length <= 100 MB, JSON header that starts with '{', tensors that
 * cover the data buffer without holes or overlap, end - begin = product(shape) * element size, at
 * most 8 dimensions, no duplicate names.
 */
#ifndef QINS_SAFETENSORS_H
#define QINS_SAFETENSORS_H

#include "json.h"

enum st_dtype { ST_F32, ST_F16, ST_BF16, ST_U8, ST_OTHER };
enum { ST_MAX_DIMS = 8 };

struct st_tensor {
    char *name; /* owned by the safetensors */
    enum st_dtype dtype;
    char dtype_name[12]; /* as the file says, for messages */
    uint32_t n_dims;
    uint64_t shape[ST_MAX_DIMS];
    uint64_t begin, end; /* bytes from the start of the data buffer */
};

struct safetensors {
    struct mapping file; /* without data after safetensors_open_header */
    const uint8_t *data; /* the data buffer, inside file; NULL after safetensors_open_header */
    uint64_t data_at;    /* where the data buffer begins in the file */
    struct st_tensor *tensors; /* sorted by name */
    size_t n_tensors;
    json_t *metadata; /* an object of strings; NULL: it has none */
    char *name;       /* of the file, for messages */
    bool owns_file;
};

/* Maps and validates. On failure nothing stays open. */
bool safetensors_open(struct safetensors *st, const char *path, struct error *err);
/* Reads and validates the header alone; the tensors are then read by their offsets. */
bool safetensors_open_header(struct safetensors *st, const char *path, struct error *err);
/* The same as safetensors_open over bytes in memory that outlive `st`. */
bool safetensors_parse(struct safetensors *st, const void *bytes, size_t size, const char *name,
                       struct error *err);
/* The header alone, of a file of so many bytes that does not exist as such. */
bool safetensors_parse_header(struct safetensors *st, const void *bytes, size_t n,
                              uint64_t file_bytes, const char *name, struct error *err);
void safetensors_close(struct safetensors *st);

const struct st_tensor *safetensors_find(const struct safetensors *st, const char *name);
/* Value of a __metadata__ key, or NULL. */
const char *safetensors_meta(const struct safetensors *st, const char *key);

size_t st_dtype_bytes(enum st_dtype dtype); /* 0 for ST_OTHER */
const char *st_dtype_name(enum st_dtype dtype);

#endif
