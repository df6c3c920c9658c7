/* SPDX-License-Identifier: MIT */
#include "safetensors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_members.h"
#include "wrong_file.h"

enum { LENGTH_BYTES = 8, MAX_HEADER_BYTES = 100 * 1000 * 1000 };

/* Every element type that the format knows; only some are weights for us. */
static const struct {
    const char *name;
    enum st_dtype dtype;
    unsigned bits;
} dtypes[] = {
    {"F32", ST_F32, 32},          {"F16", ST_F16, 16},
    {"BF16", ST_BF16, 16},        {"U8", ST_U8, 8},
    {"I8", ST_OTHER, 8},          {"BOOL", ST_OTHER, 8},
    {"F4", ST_OTHER, 4},          {"F6_E2M3", ST_OTHER, 6},
    {"F6_E3M2", ST_OTHER, 6},     {"F8_E4M3", ST_OTHER, 8},
    {"F8_E5M2", ST_OTHER, 8},     {"F8_E8M0", ST_OTHER, 8},
    {"F8_E4M3FNUZ", ST_OTHER, 8}, {"F8_E5M2FNUZ", ST_OTHER, 8},
    {"I16", ST_OTHER, 16},        {"U16", ST_OTHER, 16},
    {"I32", ST_OTHER, 32},        {"U32", ST_OTHER, 32},
    {"I64", ST_OTHER, 64},        {"U64", ST_OTHER, 64},
    {"F64", ST_OTHER, 64},        {"C64", ST_OTHER, 64},
};

size_t st_dtype_bytes(enum st_dtype dtype)
{
    switch (dtype) {
    case ST_F32: return 4;
    case ST_F16:
    case ST_BF16: return 2;
    case ST_U8: return 1;
    default: return 0;
    }
}

const char *st_dtype_name(enum st_dtype dtype)
{
    switch (dtype) {
    case ST_F32: return "F32";
    case ST_F16: return "F16";
    case ST_BF16: return "BF16";
    case ST_U8: return "U8";
    default: return "other";
    }
}

/* ---- one entry of the header ---------------------------------------------------------- */

static bool parse_dtype(struct st_tensor *t, const json_t *entry, unsigned *bits, const char *file,
                        struct error *err)
{
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (!name)
        return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": no \"dtype\"", file, t->name);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (strcmp(name, dtypes[i].name) != 0)
            continue;
        t->dtype = dtypes[i].dtype;
        *bits = dtypes[i].bits;
        snprintf(t->dtype_name, sizeof t->dtype_name, "%s", name);
        return true;
    }
    return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": unknown dtype \"%.40s\"", file,
                     t->name, name);
}

static bool is_size(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool parse_shape(struct st_tensor *t, const json_t *entry, uint64_t *n_elements,
                        const char *file, struct error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > ST_MAX_DIMS)
        return error_set(err, EX_DATAERR,
                         "%s: tensor \"%.200s\": \"shape\" is not a list of at most %d "
                         "sizes",
                         file, t->name, ST_MAX_DIMS);
    t->n_dims = (uint32_t)json_array_size(shape);
    *n_elements = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const json_t *v = json_array_get(shape, i);
        if (!is_size(v))
            return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": dimension %u is not a size",
                             file, t->name, i);
        t->shape[i] = (uint64_t)json_integer_value(v);
        if (__builtin_mul_overflow(*n_elements, t->shape[i], n_elements))
            return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": shape overflows 64 bits",
                             file, t->name);
    }
    return true;
}

static bool parse_offsets(struct st_tensor *t, const json_t *entry, uint64_t buffer_bytes,
                          const char *file, struct error *err)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !is_size(begin) || !is_size(end))
        return error_set(err, EX_DATAERR,
                         "%s: tensor \"%.200s\": \"data_offsets\" is not [begin, end]", file,
                         t->name);
    t->begin = (uint64_t)json_integer_value(begin);
    t->end = (uint64_t)json_integer_value(end);
    if (t->begin > t->end)
        return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": begin %llu is behind end %llu",
                         file, t->name, (unsigned long long)t->begin, (unsigned long long)t->end);
    if (t->end > buffer_bytes)
        return error_set(
            err, EX_DATAERR,
            "%s: tensor \"%.200s\": ends at offset %llu, but only %llu bytes of data follow "
            "the header (truncated file?)",
            file, t->name, (unsigned long long)t->end, (unsigned long long)buffer_bytes);
    return true;
}

static bool parse_tensor(struct st_tensor *t, const char *name, const json_t *entry,
                         uint64_t buffer_bytes, const char *file, struct error *err)
{
    unsigned bits = 0;
    uint64_t n_elements = 0, n_bits;
    t->name = xstrdup(name);
    if (!json_is_object(entry))
        return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": its entry is not an object", file,
                         name);
    if (!parse_dtype(t, entry, &bits, file, err) ||
        !parse_shape(t, entry, &n_elements, file, err) ||
        !parse_offsets(t, entry, buffer_bytes, file, err))
        return false;
    if (__builtin_mul_overflow(n_elements, (uint64_t)bits, &n_bits) || n_bits % 8 != 0 ||
        n_bits / 8 != t->end - t->begin)
        return error_set(err, EX_DATAERR,
                         "%s: tensor \"%.200s\": %llu elements of %s do not fill bytes %llu..%llu",
                         file, name, (unsigned long long)n_elements, t->dtype_name,
                         (unsigned long long)t->begin, (unsigned long long)t->end);
    return true;
}

static bool check_metadata(const json_t *metadata, const char *file, struct error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return error_set(err, EX_DATAERR, "%s: \"__metadata__\" is not an object", file);
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return error_set(err, EX_DATAERR, "%s: metadata \"%.200s\" is not a plain string", file,
                             key);
    }
    return true;
}

/* ---- bounds --------------------------------------------------------------------------- */

enum {
    MAX_ENTRIES = 250000, /* tensors and metadata; each costs some 200 bytes of memory */
    MAX_MEMBERS = 16,     /* of a tensor's entry; lists in it */
    MAX_ELEMENTS = 64,    /* of a list */
    MAX_DEPTH = 3,        /* header, entry, list */
};

/* Whether a header is an object of objects of strings, numbers and short lists: what else there is
 * would take many times the memory of its text. */
static bool check_bounds(const char *s, size_t n, const char *file, struct error *err)
{
    size_t depth = 0, n_values[MAX_DEPTH + 1] = {0};
    bool list = false, metadata = false;
    for (size_t i = 0; i < n; i++) {
        switch (s[i]) {
        case '"': {
            size_t end = json_behind_string(s, n, i);
            if (depth == 1)
                metadata = end - i == 14 && memcmp(s + i, "\"__metadata__\"", 14) == 0;
            i = end - 1;
            break;
        }
        case '{':
        case '[':
            list = s[i] == '[';
            if (depth == MAX_DEPTH || (!list && depth > 1))
                return error_set(err, EX_DATAERR,
                                 "%s: offset %zu of its header: not the JSON of a safetensors file",
                                 file, i);
            n_values[++depth] = 0;
            break;
        case '}':
        case ']': depth -= depth > 0; break;
        case ',': {
            size_t most = depth == 1 || (depth == 2 && metadata) ? MAX_ENTRIES
                          : depth == 2                           ? MAX_MEMBERS
                                                                 : MAX_ELEMENTS;
            if (++n_values[depth] >= most)
                return error_set(err, EX_DATAERR, "%s: offset %zu of its header: more than %zu %s",
                                 file, i, most, depth == 1 ? "entries" : "values in a row");
            break;
        }
        default: break;
        }
    }
    return true;
}

/* ---- the whole header ----------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const struct st_tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct st_tensor *)a)->name, ((const struct st_tensor *)b)->name);
}

/* The tensors, sorted by offset, cover the buffer without holes, overlap or a rest. */
static bool check_cover(const struct safetensors *st, uint64_t buffer_bytes, struct error *err)
{
    uint64_t at = 0;
    for (size_t i = 0; i < st->n_tensors; i++) {
        const struct st_tensor *t = &st->tensors[i];
        if (t->begin != at)
            return error_set(
                err, EX_DATAERR, "%s: tensor \"%.200s\": begins at offset %llu, %s %llu", st->name,
                t->name, (unsigned long long)t->begin,
                t->begin < at ? "inside the tensor that ends at" : "leaving a hole behind offset",
                (unsigned long long)at);
        at = t->end;
    }
    return at == buffer_bytes || error_set(err, EX_DATAERR, "%s: %llu bytes behind the last tensor",
                                           st->name, (unsigned long long)(buffer_bytes - at));
}

/* Of tensors sorted by name. */
static bool check_names(const struct safetensors *st, struct error *err)
{
    for (size_t i = 1; i < st->n_tensors; i++)
        if (strcmp(st->tensors[i - 1].name, st->tensors[i].name) == 0)
            return error_set(err, EX_DATAERR, "%s: tensor \"%.200s\": a duplicate name", st->name,
                             st->tensors[i].name);
    return true;
}

static bool take_metadata(struct safetensors *st, const struct json_member *m, struct error *err)
{
    if (st->metadata)
        return error_set(err, EX_DATAERR, "%s: a duplicate \"__metadata__\"", st->name);
    st->metadata = json_incref(m->value);
    return check_metadata(st->metadata, st->name, err);
}

static bool take_member(struct safetensors *st, const struct json_member *m, uint64_t buffer_bytes,
                        size_t *cap, struct error *err)
{
    if (strcmp(m->name, "__metadata__") == 0)
        return take_metadata(st, m, err);
    st->tensors = xgrow(st->tensors, st->n_tensors, cap, sizeof *st->tensors);
    struct st_tensor *t = &st->tensors[st->n_tensors++];
    *t = (struct st_tensor){0};
    return parse_tensor(t, m->name, m->value, buffer_bytes, st->name, err);
}

static bool parse_entries(struct safetensors *st, struct json_members *h, uint64_t buffer_bytes,
                          struct error *err)
{
    struct json_member m;
    size_t cap = 0;
    int more;
    while ((more = json_next_member(h, &m, err)) > 0) {
        bool ok = take_member(st, &m, buffer_bytes, &cap, err);
        json_decref(m.all);
        if (!ok)
            return false;
    }
    if (more < 0)
        return false;
    if (st->n_tensors == 0)
        return error_set(err, EX_DATAERR, "%s: holds no tensors", st->name);
    qsort(st->tensors, st->n_tensors, sizeof *st->tensors, by_name);
    if (!check_names(st, err))
        return false;
    qsort(st->tensors, st->n_tensors, sizeof *st->tensors, by_offset);
    if (!check_cover(st, buffer_bytes, err))
        return false;
    qsort(st->tensors, st->n_tensors, sizeof *st->tensors, by_name);
    return true;
}

static bool is_text(const uint8_t bytes[LENGTH_BYTES])
{
    int n = 0;
    for (int i = 0; i < LENGTH_BYTES; i++)
        n += (bytes[i] >= ' ' && bytes[i] < 0x7f) || (bytes[i] && strchr("\t\n\r", bytes[i]));
    return n == LENGTH_BYTES;
}

/* bytes[0..n_bytes): the file's start. -> whether a header of *n bytes can follow the 8 bytes of
 * its length in a file of this size. */
static bool header_length(const uint8_t *bytes, size_t n_bytes, uint64_t file_bytes, uint64_t *n,
                          const char *file, struct error *err)
{
    const char *kind;
    if (file_bytes < LENGTH_BYTES)
        return error_set(err, EX_DATAERR, "%s: %llu bytes: too short for a safetensors file", file,
                         (unsigned long long)file_bytes);
    *n = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        *n = *n << 8 | bytes[i];
    if (*n <= MAX_HEADER_BYTES && *n <= file_bytes - LENGTH_BYTES)
        return true;
    if ((kind = wrong_file_kind(bytes, n_bytes)))
        return error_set(err, EX_DATAERR, "%s: %s", file, kind);
    if (*n > MAX_HEADER_BYTES)
        return error_set(err, EX_DATAERR, "%s: %snot a .qins or safetensors file", file,
                         is_text(bytes) ? "text, " : "");
    return error_set(err, EX_DATAERR,
                     "%s: not a .qins or safetensors file, or truncated: it declares a header of "
                     "%llu bytes, but has %llu",
                     file, (unsigned long long)*n, (unsigned long long)file_bytes);
}

static bool parse_header(struct safetensors *st, const char *header, uint64_t n, struct error *err)
{
    if (n == 0)
        return error_set(err, EX_DATAERR,
                         "%s: not finished: its conversion was stopped; convert the model again",
                         st->name);
    if (header[0] != '{')
        return error_set(err, EX_DATAERR, "%s: offset %d: the header does not start with '{'",
                         st->name, LENGTH_BYTES);
    size_t n_text = (size_t)n;
    while (n_text && header[n_text - 1] == ' ') /* padding, up to 100 MB of it */
        n_text--;
    if (!check_bounds(header, n_text, st->name, err))
        return false;
    st->data_at = LENGTH_BYTES + n;
    return parse_entries(st, &(struct json_members){.s = header, .n = n_text, .file = st->name},
                         st->file.size - st->data_at, err);
}

bool safetensors_parse(struct safetensors *st, const void *bytes, size_t size, const char *name,
                       struct error *err)
{
    uint64_t n = 0;
    *st = (struct safetensors){.file = {bytes, size}, .name = xstrdup(name)};
    if (header_length(bytes, size, size, &n, name, err) &&
        parse_header(st, (const char *)bytes + LENGTH_BYTES, n, err)) {
        st->data = st->file.data + st->data_at;
        return true;
    }
    safetensors_close(st);
    return false;
}

bool safetensors_parse_header(struct safetensors *st, const void *bytes, size_t n,
                              uint64_t file_bytes, const char *name, struct error *err)
{
    uint64_t length = 0;
    *st = (struct safetensors){.file = {NULL, (size_t)file_bytes}, .name = xstrdup(name)};
    bool ok = header_length(bytes, n, file_bytes, &length, name, err) &&
              parse_header(st, (const char *)bytes + LENGTH_BYTES, length, err);
    if (!ok)
        safetensors_close(st);
    return ok;
}

bool safetensors_open(struct safetensors *st, const char *path, struct error *err)
{
    struct mapping file;
    *st = (struct safetensors){0};
    if (!map_file(&file, path, err))
        return false;
    if (!safetensors_parse(st, file.data, file.size, path, err)) {
        unmap_file(&file);
        return false;
    }
    st->file = file;
    st->owns_file = true;
    return true;
}

/* Reads exactly n bytes. */
static bool read_bytes(int fd, void *out, size_t n, uint64_t at, const char *path,
                       struct error *err)
{
    errno = 0;
    return read_whole(fd, out, n, at) == n ||
           error_set(err, errno ? EX_IOERR : EX_DATAERR, "%s: cannot read its header: %s", path,
                     errno ? strerror(errno) : "the file is truncated");
}

static bool read_header(struct safetensors *st, int fd, struct error *err)
{
    uint8_t start[64] = {0};
    uint64_t n = 0;
    size_t n_start = st->file.size < sizeof start ? st->file.size : sizeof start;
    if (!read_bytes(fd, start, n_start, 0, st->name, err) ||
        !header_length(start, n_start, st->file.size, &n, st->name, err))
        return false;
    char *header = xmalloc((size_t)n); /* no longer than the file */
    bool ok = read_bytes(fd, header, (size_t)n, LENGTH_BYTES, st->name, err) &&
              parse_header(st, header, n, err);
    free(header);
    return ok;
}

bool safetensors_open_header(struct safetensors *st, const char *path, struct error *err)
{
    uint64_t size;
    *st = (struct safetensors){0};
    int fd = open_regular(path, &size, err);
    if (fd < 0)
        return false;
    *st = (struct safetensors){.file = {NULL, (size_t)size}, .name = xstrdup(path)};
    bool ok = read_header(st, fd, err);
    if (!ok)
        safetensors_close(st);
    close(fd);
    return ok;
}

void safetensors_close(struct safetensors *st)
{
    if (st->owns_file)
        unmap_file(&st->file);
    json_decref(st->metadata);
    for (size_t i = 0; i < st->n_tensors; i++)
        free(st->tensors[i].name);
    free(st->tensors);
    free(st->name);
    *st = (struct safetensors){0};
}

const struct st_tensor *safetensors_find(const struct safetensors *st, const char *name)
{
    struct st_tensor key = {.name = (char *)name};
    return bsearch(&key, st->tensors, st->n_tensors, sizeof key, by_name);
}

const char *safetensors_meta(const struct safetensors *st, const char *key)
{
    return json_string_value(json_object_get(st->metadata, key));
}
