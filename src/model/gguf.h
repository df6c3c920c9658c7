/* SPDX-License-Identifier: MIT
 *
 * gguf: reader of one GGUF file (version 2 and 3, little endian), checked before anything of it is
 * used. A file without tensors (a vocabulary) is fine. Only the part before the tensors' data is
 * held in memory; their bytes are read by offset.
 *
 *   "GGUF"  u32 version  u64 tensors  u64 keys
 *   keys:    string name  u32 kind  value          string: u64 length, then bytes without a NUL
 *   tensors: string name  u32 n_dims  u64 dims[n_dims], a row's length first  u32 type  u64 offset
 *   data:    from the next multiple of general.alignment (else 32); offsets count from here
 *
 * Nothing is allocated by a size that the file declares before it was checked against the file's
 * length. As in llama.cpp the tensors' data follow one another in the order of the list, each at
 * the next multiple of the alignment; arrays of arrays are refused.
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
#ifndef QINS_GGUF_H
#define QINS_GGUF_H

#include "base.h"
#include "gguf_types.h"

/* The numbers stand in the file. */
enum gguf_kind {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_N_KINDS
};

enum { GGUF_MAX_DIMS = 4, GGUF_MAX_NAME = 63 /* bytes of a tensor's name */ };

/* Bytes of the file, without a NUL behind them; any bytes may stand within. */
struct gguf_string {
    const char *data;
    size_t n;
};

/* Elements of an array, or the one value of a key. Taking strings moves it on: keep a copy. */
struct gguf_array {
    enum gguf_kind kind; /* of the elements; never GGUF_ARRAY */
    uint64_t n;
    const uint8_t *at; /* not aligned */
};

struct gguf_value {
    struct gguf_string key;
    bool is_array;
    struct gguf_array data;
    uint64_t at; /* of the key, in the file */
};

struct gguf_tensor {
    char name[GGUF_MAX_NAME + 1];
    const struct gguf_type *type;
    uint32_t n_dims;
    uint64_t shape[GGUF_MAX_DIMS]; /* as [rows][cols]: the reverse of the file's order */
    uint64_t n_weights;
    uint64_t at, bytes; /* in the file */
};

struct gguf {
    char *name; /* of the file, for messages */
    uint64_t file_bytes;
    uint32_t version, alignment;
    struct gguf_value *values; /* sorted by key */
    size_t n_values;
    struct gguf_tensor *tensors; /* sorted by name */
    size_t n_tensors;
    const uint8_t *header; /* the file up to data_at: owns all strings and arrays */
    uint64_t data_at;
    bool owns_header;
    bool is_partial; /* gguf_glance: keys behind long arrays are missing */
};

/* Reads and checks everything before the data. On failure nothing stays open. */
bool gguf_open(struct gguf *g, const char *path, struct error *err);
/* The same of a file's bytes in memory that outlive `g`. */
bool gguf_parse(struct gguf *g, const void *bytes, size_t size, const char *name,
                struct error *err);
void gguf_close(struct gguf *g);
/* The keys at the file's beginning alone, for a list of many files: no tensors, and none of the
 * keys that stand behind long arrays. */
bool gguf_glance(struct gguf *g, const char *path, struct error *err);
/* Whether a file begins as GGUF does; false too if it cannot be read. */
bool gguf_is_file(const char *path);

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);
const struct gguf_value *gguf_value(const struct gguf *g, const char *key);

/* Typed values. Absent: `optional` leaves *out as it is. Another kind, or a value that does not
 * fit, is refused in a line that names file, key and offset. Integers of every width are one kind
 * here, and numbers are integers or floats. */
bool gguf_get_u32(const struct gguf *g, const char *key, bool optional, uint32_t *out,
                  struct error *err);
bool gguf_get_number(const struct gguf *g, const char *key, bool optional, double *out,
                     struct error *err);
bool gguf_get_bool(const struct gguf *g, const char *key, bool optional, bool *out,
                   struct error *err);
bool gguf_get_string(const struct gguf *g, const char *key, bool optional, struct gguf_string *out,
                     struct error *err);

enum gguf_wanted { GGUF_WANT_STRINGS, GGUF_WANT_INTEGERS, GGUF_WANT_NUMBERS, GGUF_WANT_BOOLS };
bool gguf_get_array(const struct gguf *g, const char *key, bool optional, enum gguf_wanted wanted,
                    struct gguf_array *out, struct error *err);

/* The next string of an array of strings, while n > 0. */
struct gguf_string gguf_take_string(struct gguf_array *a);
/* Element i of an array of integers or bools; a u64 above INT64_MAX is INT64_MAX. */
int64_t gguf_integer_at(const struct gguf_array *a, uint64_t i);
/* Element i of an array of numbers; may be NaN or infinite. */
double gguf_number_at(const struct gguf_array *a, uint64_t i);

bool gguf_string_is(struct gguf_string s, const char *text);

#endif
