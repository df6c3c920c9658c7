/* SPDX-License-Identifier: MIT */
#include "gguf.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are read as memory is");

enum {
    MAX_VALUES = 1 << 16,
    MAX_TENSORS = 1 << 18,
    MAX_KEY = UINT16_MAX, /* bytes */
    DEFAULT_ALIGNMENT = 32,
    MAX_ALIGNMENT = 1 << 20,
    FIRST_READ = 1 << 20,
    MAX_HEADER_BYTES = 512 << 20,
};

static const struct {
    const char *name;
    uint8_t bytes; /* 0: a string or an array */
} kinds[GGUF_N_KINDS] = {
    [GGUF_U8] = {"u8", 1},       [GGUF_I8] = {"i8", 1},     [GGUF_U16] = {"u16", 2},
    [GGUF_I16] = {"i16", 2},     [GGUF_U32] = {"u32", 4},   [GGUF_I32] = {"i32", 4},
    [GGUF_F32] = {"f32", 4},     [GGUF_BOOL] = {"bool", 1}, [GGUF_STRING] = {"string", 0},
    [GGUF_ARRAY] = {"array", 0}, [GGUF_U64] = {"u64", 8},   [GGUF_I64] = {"i64", 8},
    [GGUF_F64] = {"f64", 8},
};

/* ---- taking bytes -------------------------------------------------------------------- */

/* The beginning of a file, n_read bytes of file_bytes; what lies further sets is_short. */
struct reader {
    const uint8_t *bytes;
    uint64_t n_read, file_bytes, at;
    bool is_short;
    const char *file;
    struct error *err;
};

static unsigned long long llu(uint64_t n)
{
    return n;
}

/* -> the next n bytes, or NULL: refused, or is_short. */
static const uint8_t *take(struct reader *r, uint64_t n, const char *what)
{
    if (n > r->file_bytes - r->at) {
        error_set(r->err, EX_DATAERR,
                  "%s: offset %llu: %s of %llu bytes, but the file ends at %llu "
                  "(truncated file?)",
                  r->file, llu(r->at), what, llu(n), llu(r->file_bytes));
        return NULL;
    }
    if (n > r->n_read - r->at) {
        r->is_short = true;
        return NULL;
    }
    const uint8_t *bytes = r->bytes + r->at;
    r->at += n;
    return bytes;
}

static bool take_u32(struct reader *r, uint32_t *out, const char *what)
{
    const uint8_t *bytes = take(r, sizeof *out, what);
    if (bytes)
        memcpy(out, bytes, sizeof *out);
    return bytes != NULL;
}

static bool take_u64(struct reader *r, uint64_t *out, const char *what)
{
    const uint8_t *bytes = take(r, sizeof *out, what);
    if (bytes)
        memcpy(out, bytes, sizeof *out);
    return bytes != NULL;
}

static bool take_string(struct reader *r, struct gguf_string *out, const char *what)
{
    uint64_t n;
    if (!take_u64(r, &n, what))
        return false;
    const uint8_t *bytes = take(r, n, what);
    *out = (struct gguf_string){(const char *)bytes, (size_t)n};
    return bytes != NULL;
}

/* A key or the name of a tensor: 1..max bytes, none of them a NUL. */
static bool take_name(struct reader *r, struct gguf_string *out, size_t max, const char *what)
{
    uint64_t at = r->at;
    if (!take_string(r, out, what))
        return false;
    if (out->n >= 1 && out->n <= max && !memchr(out->data, 0, out->n))
        return true;
    return error_set(r->err, EX_DATAERR, "%s: offset %llu: %s is not 1..%zu bytes without a NUL",
                     r->file, llu(at), what, max);
}

/* ---- keys and values ----------------------------------------------------------------- */

static int key_length(struct gguf_string key)
{
    return key.n < 100 ? (int)key.n : 100;
}

static bool refuse_key(struct reader *r, const struct gguf_value *v, const char *why, uint64_t n)
{
    return error_set(r->err, EX_DATAERR, "%s: key \"%.*s\" at offset %llu: %s (%llu)", r->file,
                     key_length(v->key), v->key.data, llu(v->at), why, llu(n));
}

/* The bytes of v->data.n elements. */
static bool take_elements(struct reader *r, struct gguf_value *v)
{
    struct gguf_array *data = &v->data;
    uint64_t smallest = data->kind == GGUF_STRING ? sizeof(uint64_t) : kinds[data->kind].bytes;
    struct gguf_string s;
    if (data->n > (r->file_bytes - r->at) / smallest)
        return refuse_key(r, v, "more elements than the file can hold", data->n);
    data->at = r->bytes + r->at;
    if (data->kind != GGUF_STRING)
        return take(r, data->n * smallest, "a value") != NULL;
    for (uint64_t i = 0; i < data->n; i++)
        if (!take_string(r, &s, "a string"))
            return false;
    return true;
}

static bool take_value(struct reader *r, struct gguf_value *v)
{
    uint32_t kind = 0;
    *v = (struct gguf_value){.at = r->at, .data.n = 1};
    if (!take_name(r, &v->key, MAX_KEY, "a key") || !take_u32(r, &kind, "a kind"))
        return false;
    v->is_array = kind == GGUF_ARRAY;
    if (v->is_array && (!take_u32(r, &kind, "a kind") || !take_u64(r, &v->data.n, "a length")))
        return false;
    if (kind == GGUF_ARRAY)
        return refuse_key(r, v, "arrays of arrays are not supported", kind);
    if (kind >= GGUF_N_KINDS)
        return refuse_key(r, v, "unknown kind of value", kind);
    v->data.kind = (enum gguf_kind)kind;
    return take_elements(r, v);
}

static int compare_strings(struct gguf_string a, struct gguf_string b)
{
    int order = memcmp(a.data, b.data, a.n < b.n ? a.n : b.n);
    return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

static int by_key(const void *a, const void *b)
{
    return compare_strings(((const struct gguf_value *)a)->key,
                           ((const struct gguf_value *)b)->key);
}

static bool sort_values(struct gguf *g, struct reader *r)
{
    qsort(g->values, g->n_values, sizeof *g->values, by_key);
    for (size_t i = 1; i < g->n_values; i++)
        if (by_key(&g->values[i - 1], &g->values[i]) == 0)
            return refuse_key(r, &g->values[i], "stands twice, also at offset",
                              g->values[i - 1].at);
    return true;
}

static bool take_values(struct gguf *g, struct reader *r, uint64_t n)
{
    g->values = xcalloc(n, sizeof *g->values);
    for (; g->n_values < n; g->n_values++)
        if (!take_value(r, &g->values[g->n_values]))
            return false;
    return sort_values(g, r);
}

static bool find_alignment(struct gguf *g, struct error *err)
{
    g->alignment = DEFAULT_ALIGNMENT;
    if (!gguf_get_u32(g, "general.alignment", true, &g->alignment, err))
        return false;
    bool is_power = g->alignment > 0 && (g->alignment & (g->alignment - 1)) == 0;
    return (is_power && g->alignment <= MAX_ALIGNMENT) ||
           error_set(err, EX_DATAERR,
                     "%s: key \"general.alignment\": %u is not a power of two up to %d", g->name,
                     g->alignment, MAX_ALIGNMENT);
}

/* ---- tensors ------------------------------------------------------------------------- */

static bool refuse_tensor(struct reader *r, const struct gguf_tensor *t, uint64_t at,
                          const char *why, uint64_t n)
{
    return error_set(r->err, EX_DATAERR, "%s: tensor \"%s\" at offset %llu: %s (%llu)", r->file,
                     t->name, llu(at), why, llu(n));
}

static bool take_shape(struct reader *r, struct gguf_tensor *t, uint64_t at)
{
    if (!take_u32(r, &t->n_dims, "a number of dimensions"))
        return false;
    if (t->n_dims > GGUF_MAX_DIMS)
        return refuse_tensor(r, t, at, "more than 4 dimensions", t->n_dims);
    t->n_weights = 1;
    for (uint32_t i = t->n_dims; i-- > 0;) {
        if (!take_u64(r, &t->shape[i], "a dimension"))
            return false;
        if (t->shape[i] == 0)
            return refuse_tensor(r, t, at, "an empty dimension", i);
        if (__builtin_mul_overflow(t->n_weights, t->shape[i], &t->n_weights))
            return refuse_tensor(r, t, at, "its shape overflows 64 bits", t->shape[i]);
    }
    return true;
}

static bool take_type(struct reader *r, struct gguf_tensor *t, uint64_t at)
{
    uint32_t id;
    if (!take_u32(r, &id, "a type"))
        return false;
    t->type = gguf_type_find(id);
    if (!t->type)
        return refuse_tensor(r, t, at, "unknown type", id);
    uint64_t row = t->n_dims ? t->shape[t->n_dims - 1] : 1;
    if (row % t->type->block != 0)
        return refuse_tensor(r, t, at, "its rows are not whole blocks of its type", row);
    if (__builtin_mul_overflow(t->n_weights / t->type->block, (uint64_t)t->type->block_bytes,
                               &t->bytes))
        return refuse_tensor(r, t, at, "its size overflows 64 bits", t->n_weights);
    return true;
}

/* *end: where the data of the tensor before it ends, padded; then its own. */
static bool take_tensor(struct gguf *g, struct reader *r, struct gguf_tensor *t, uint64_t *end)
{
    uint64_t at = r->at, padded;
    struct gguf_string name;
    if (!take_name(r, &name, GGUF_MAX_NAME, "the name of a tensor"))
        return false;
    memcpy(t->name, name.data, name.n);
    if (!take_shape(r, t, at) || !take_type(r, t, at) || !take_u64(r, &t->at, "an offset"))
        return false;
    if (t->at != *end)
        return refuse_tensor(r, t, at,
                             t->at % g->alignment ? "its data are not aligned"
                             : t->at < *end
                                 ? "its data overlap those of another tensor"
                                 : "its data leave a hole behind those of another tensor",
                             t->at);
    if (__builtin_add_overflow(t->bytes, g->alignment - 1, &padded) ||
        __builtin_add_overflow(*end, padded / g->alignment * g->alignment, end))
        return refuse_tensor(r, t, at, "its size overflows 64 bits", t->bytes);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gguf_tensor *)a)->name, ((const struct gguf_tensor *)b)->name);
}

/* Offsets become those in the file. */
static bool place_tensors(struct gguf *g, struct error *err)
{
    for (size_t i = 0; i < g->n_tensors; i++) {
        struct gguf_tensor *t = &g->tensors[i];
        if (__builtin_add_overflow(t->at, g->data_at, &t->at) || t->at > g->file_bytes ||
            t->bytes > g->file_bytes - t->at)
            return error_set(err, EX_DATAERR,
                             "%s: tensor \"%s\": %llu bytes at offset %llu, but the file "
                             "ends at %llu (truncated file?)",
                             g->name, t->name, llu(t->bytes), llu(t->at), llu(g->file_bytes));
    }
    qsort(g->tensors, g->n_tensors, sizeof *g->tensors, by_name);
    for (size_t i = 1; i < g->n_tensors; i++)
        if (by_name(&g->tensors[i - 1], &g->tensors[i]) == 0)
            return error_set(err, EX_DATAERR, "%s: tensor \"%s\" stands twice", g->name,
                             g->tensors[i].name);
    return true;
}

static bool take_tensors(struct gguf *g, struct reader *r, uint64_t n)
{
    uint64_t end = 0;
    g->tensors = xcalloc(n, sizeof *g->tensors);
    for (; g->n_tensors < n; g->n_tensors++)
        if (!take_tensor(g, r, &g->tensors[g->n_tensors], &end))
            return false;
    g->data_at = (r->at + g->alignment - 1) / g->alignment * g->alignment;
    return place_tensors(g, r->err);
}

/* ---- the file ------------------------------------------------------------------------ */

static bool take_version(struct gguf *g, struct reader *r)
{
    const uint8_t *magic = take(r, 4, "a magic number");
    if (!magic)
        return false;
    if (memcmp(magic, "GGUF", 4) != 0)
        return error_set(r->err, EX_DATAERR, "%s: not a GGUF file", r->file);
    if (!take_u32(r, &g->version, "a version"))
        return false;
    if (g->version == 2 || g->version == 3)
        return true;
    if ((g->version & 0xffff) == 0)
        return error_set(r->err, EX_DATAERR,
                         "%s: a big-endian GGUF file; little-endian ones are read", r->file);
    return error_set(r->err, EX_DATAERR, "%s: GGUF version %u; versions 2 and 3 are read", r->file,
                     g->version);
}

static bool take_counts(struct reader *r, uint64_t *n_tensors, uint64_t *n_values)
{
    enum { LEAST_VALUE = 8 + 1 + 4 + 1, LEAST_TENSOR = 8 + 1 + 4 + 4 + 8 }; /* bytes in the file */
    if (!take_u64(r, n_tensors, "a count") || !take_u64(r, n_values, "a count"))
        return false;
    uint64_t rest = r->file_bytes - r->at;
    if (*n_values > MAX_VALUES || *n_values > rest / LEAST_VALUE)
        return error_set(r->err, EX_DATAERR,
                         "%s: offset 16: %llu keys in a file of %llu bytes (at most "
                         "%d)",
                         r->file, llu(*n_values), llu(r->file_bytes), MAX_VALUES);
    if (*n_tensors > MAX_TENSORS || *n_tensors > rest / LEAST_TENSOR)
        return error_set(r->err, EX_DATAERR,
                         "%s: offset 8: %llu tensors in a file of %llu bytes (at most "
                         "%d)",
                         r->file, llu(*n_tensors), llu(r->file_bytes), MAX_TENSORS);
    return true;
}

static bool take_all(struct gguf *g, struct reader *r)
{
    uint64_t n_tensors, n_values;
    return take_version(g, r) && take_counts(r, &n_tensors, &n_values) &&
           take_values(g, r, n_values) && find_alignment(g, r->err) &&
           take_tensors(g, r, n_tensors);
}

static void forget_lists(struct gguf *g)
{
    free(g->values);
    free(g->tensors);
    g->values = NULL;
    g->tensors = NULL;
    g->n_values = g->n_tensors = 0;
}

/* Takes the first n_read bytes of the file, where *is_short says that more of it are needed. */
static bool parse_start(struct gguf *g, const uint8_t *bytes, uint64_t n_read, bool *is_short,
                        struct error *err)
{
    struct reader r = {bytes, n_read, g->file_bytes, 0, false, g->name, err};
    bool ok = take_all(g, &r);
    *is_short = r.is_short;
    if (!ok)
        forget_lists(g);
    return ok;
}

bool gguf_parse(struct gguf *g, const void *bytes, size_t size, const char *name, struct error *err)
{
    bool is_short;
    *g = (struct gguf){.name = xstrdup(name), .file_bytes = size, .header = bytes};
    if (parse_start(g, bytes, size, &is_short, err))
        return true;
    gguf_close(g);
    return false;
}

/* Reads on until the file's first n bytes are there. */
static bool read_start(struct gguf *g, int fd, uint8_t *header, size_t n_before, size_t n,
                       struct error *err)
{
    size_t got = read_whole(fd, header + n_before, n - n_before, n_before);
    return got == n - n_before ||
           error_set(err, errno ? EX_IOERR : EX_DATAERR, "%s: cannot read at offset %zu: %s",
                     g->name, n_before + got,
                     errno ? strerror(errno) : "the file is being truncated");
}

static bool read_header(struct gguf *g, int fd, struct error *err)
{
    uint8_t *header = NULL;
    bool is_short = true, ok = false;
    size_t n_before = 0, n = 0;
    while (!ok && is_short && n < MAX_HEADER_BYTES) {
        n_before = n;
        n = n ? 4 * n : FIRST_READ;
        n = n < g->file_bytes ? n : (size_t)g->file_bytes;
        header = xrealloc(header, n, 1);
        g->header = header;
        is_short = false;
        ok = read_start(g, fd, header, n_before, n, err) &&
             parse_start(g, header, n, &is_short, err);
    }
    return ok || (!is_short ? false
                            : error_set(err, EX_DATAERR,
                                        "%s: more than %d bytes stand before the tensors' "
                                        "data",
                                        g->name, MAX_HEADER_BYTES));
}

bool gguf_open(struct gguf *g, const char *path, struct error *err)
{
    uint64_t size;
    *g = (struct gguf){0};
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    *g = (struct gguf){.name = xstrdup(path), .file_bytes = size, .owns_header = true};
    bool ok = read_header(g, fd, err);
    close(fd);
    if (!ok)
        gguf_close(g);
    return ok;
}

bool gguf_glance(struct gguf *g, const char *path, struct error *err)
{
    enum { GLANCE = 128 << 10 };
    uint64_t size, n_tensors, n_values;
    *g = (struct gguf){0};
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    size_t n = size < GLANCE ? (size_t)size : GLANCE;
    uint8_t *header = xmalloc(n ? n : 1);
    *g = (struct gguf){
        .name = xstrdup(path), .file_bytes = size, .header = header, .owns_header = true};
    struct reader r = {header, n, size, 0, false, g->name, err};
    bool ok = read_start(g, fd, header, 0, n, err) && take_version(g, &r) &&
              take_counts(&r, &n_tensors, &n_values) &&
              (take_values(g, &r, n_values) || (r.is_short && sort_values(g, &r)));
    g->is_partial = r.is_short;
    close(fd);
    if (!ok)
        gguf_close(g);
    return ok;
}

void gguf_close(struct gguf *g)
{
    forget_lists(g);
    if (g->owns_header)
        free((void *)g->header);
    free(g->name);
    *g = (struct gguf){0};
}

bool gguf_is_file(const char *path)
{
    char magic[4] = "";
    uint64_t size;
    struct error err;
    int fd = open_regular(path, &size, &err);
    bool is = fd >= 0 && read_whole(fd, magic, sizeof magic, 0) == sizeof magic &&
              memcmp(magic, "GGUF", sizeof magic) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name)
{
    struct gguf_tensor key;
    if (strlen(name) > GGUF_MAX_NAME)
        return NULL;
    strcpy(key.name, name);
    return bsearch(&key, g->tensors, g->n_tensors, sizeof key, by_name);
}

const struct gguf_value *gguf_value(const struct gguf *g, const char *key)
{
    struct gguf_value wanted = {.key = {key, strlen(key)}};
    return bsearch(&wanted, g->values, g->n_values, sizeof wanted, by_key);
}

/* ---- typed values -------------------------------------------------------------------- */

bool gguf_string_is(struct gguf_string s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.data, text, s.n) == 0;
}

struct gguf_string gguf_take_string(struct gguf_array *a)
{
    uint64_t n;
    assert(a->kind == GGUF_STRING && a->n > 0);
    memcpy(&n, a->at, sizeof n);
    struct gguf_string s = {(const char *)a->at + sizeof n, (size_t)n};
    a->at += sizeof n + n;
    a->n--;
    return s;
}

int64_t gguf_integer_at(const struct gguf_array *a, uint64_t i)
{
    uint64_t bits = 0;
    size_t size = kinds[a->kind].bytes;
    bool is_signed =
        a->kind == GGUF_I8 || a->kind == GGUF_I16 || a->kind == GGUF_I32 || a->kind == GGUF_I64;
    memcpy(&bits, a->at + i * size, size);
    if (is_signed && size < sizeof bits && bits >> (8 * size - 1))
        bits |= UINT64_MAX << (8 * size);
    return !is_signed && bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
}

double gguf_number_at(const struct gguf_array *a, uint64_t i)
{
    float f;
    double d;
    if (a->kind == GGUF_F32) {
        memcpy(&f, a->at + i * sizeof f, sizeof f);
        return f;
    }
    if (a->kind == GGUF_F64) {
        memcpy(&d, a->at + i * sizeof d, sizeof d);
        return d;
    }
    return (double)gguf_integer_at(a, i);
}

static bool is_wanted(enum gguf_kind kind, enum gguf_wanted wanted)
{
    bool is_float = kind == GGUF_F32 || kind == GGUF_F64;
    bool is_integer = !is_float && kind != GGUF_BOOL && kind != GGUF_STRING;
    switch (wanted) {
    case GGUF_WANT_STRINGS: return kind == GGUF_STRING;
    case GGUF_WANT_INTEGERS: return is_integer;
    case GGUF_WANT_NUMBERS: return is_integer || is_float;
    default: return kind == GGUF_BOOL;
    }
}

/* *found: whether the key is there. */
static bool get(const struct gguf *g, const char *key, bool optional, bool is_array,
                enum gguf_wanted wanted, struct gguf_array *out, bool *found, struct error *err)
{
    static const char *const names[] = {"string", "integer", "number", "bool"};
    const struct gguf_value *v = gguf_value(g, key);
    *found = v != NULL;
    if (!v)
        return optional || error_set(err, EX_DATAERR, "%s: key \"%s\" is missing", g->name, key);
    if (v->is_array != is_array || !is_wanted(v->data.kind, wanted))
        return error_set(err, EX_DATAERR, "%s: key \"%s\" at offset %llu: is %s%s, not %s%s",
                         g->name, key, llu(v->at), v->is_array ? "an array of " : "",
                         kinds[v->data.kind].name, is_array ? "an array of " : "", names[wanted]);
    *out = v->data;
    return true;
}

bool gguf_get_array(const struct gguf *g, const char *key, bool optional, enum gguf_wanted wanted,
                    struct gguf_array *out, struct error *err)
{
    bool found;
    return get(g, key, optional, true, wanted, out, &found, err);
}

bool gguf_get_u32(const struct gguf *g, const char *key, bool optional, uint32_t *out,
                  struct error *err)
{
    struct gguf_array a;
    bool found;
    if (!get(g, key, optional, false, GGUF_WANT_INTEGERS, &a, &found, err) || !found)
        return !found && optional;
    int64_t n = gguf_integer_at(&a, 0);
    if (n < 0 || n > UINT32_MAX)
        return error_set(err, EX_DATAERR, "%s: key \"%s\": %lld is not in 0..%u", g->name, key,
                         (long long)n, UINT32_MAX);
    *out = (uint32_t)n;
    return true;
}

bool gguf_get_number(const struct gguf *g, const char *key, bool optional, double *out,
                     struct error *err)
{
    struct gguf_array a;
    bool found;
    if (!get(g, key, optional, false, GGUF_WANT_NUMBERS, &a, &found, err) || !found)
        return !found && optional;
    double n = gguf_number_at(&a, 0);
    if (!isfinite(n))
        return error_set(err, EX_DATAERR, "%s: key \"%s\": not a finite number", g->name, key);
    *out = n;
    return true;
}

bool gguf_get_bool(const struct gguf *g, const char *key, bool optional, bool *out,
                   struct error *err)
{
    struct gguf_array a;
    bool found;
    if (!get(g, key, optional, false, GGUF_WANT_BOOLS, &a, &found, err) || !found)
        return !found && optional;
    *out = *a.at != 0;
    return true;
}

bool gguf_get_string(const struct gguf *g, const char *key, bool optional, struct gguf_string *out,
                     struct error *err)
{
    struct gguf_array a;
    bool found;
    if (!get(g, key, optional, false, GGUF_WANT_STRINGS, &a, &found, err) || !found)
        return !found && optional;
    *out = gguf_take_string(&a);
    return true;
}
