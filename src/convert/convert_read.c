/* SPDX-License-Identifier: MIT
 *
 * Sources are read, not mapped: a file that shrinks meanwhile is refused, not a SIGBUS.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "convert_internal.h"

static bool read_at(const struct source_file *file, int fd, void *out, size_t n, uint64_t at,
                    struct error *err)
{
    size_t got = read_whole(fd, out, n, at);
    if (got < n && errno)
        return error_set(err, EX_IOERR, "%s: cannot read at %llu: %s", file->path,
                         (unsigned long long)(at + got), strerror(errno));
    if (got < n)
        return error_set(err, EX_DATAERR, "%s: the file was truncated while it was being converted",
                         file->path);
    return true;
}

size_t origin_bytes(const struct origin *o, size_t n_weights)
{
    return n_weights / o->tensor->type->block * o->tensor->type->block_bytes;
}

/* Rows in the order of the published model. */
static bool read_rows(const struct origin *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                      size_t row_bytes, struct error *err)
{
    const struct source_tensor *t = from->tensor;
    if (t->pair_rows == 0 || t->n_dims == 1)
        return read_at(from->file, s->fd, s->raw, n_rows * row_bytes,
                       t->at + (uint64_t)row0 * row_bytes, err);
    for (uint32_t i = 0; i < n_rows; i++)
        if (!read_at(from->file, s->fd, s->raw + i * row_bytes, row_bytes,
                     t->at + gguf_pair_row(row0 + i, t->pair_rows) * row_bytes, err))
            return false;
    return true;
}

/* A vector for the rows of such a matrix; `spare` holds as many. */
static void sort_pairs(float *w, float *spare, size_t n, uint32_t pair_rows)
{
    memcpy(spare, w, n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = spare[gguf_pair_row(i, pair_rows)];
}

static bool open_source(const struct origin *from, struct scratch *s, struct error *err)
{
    if (s->file == from->file)
        return s->fd >= 0;
    if (s->fd >= 0)
        close(s->fd);
    s->file = from->file;
    s->fd = source_open(from->file, err);
    return s->fd >= 0;
}

size_t read_origin(const struct origin *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                   uint32_t cols, struct error *err)
{
    const struct source_tensor *t = from->tensor;
    size_t n = (size_t)n_rows * cols, row_bytes = origin_bytes(from, cols);
    if (!open_source(from, s, err) || !read_rows(from, s, row0, n_rows, row_bytes, err))
        return 0;
    t->type->widen(s->w, s->raw, n / t->type->block);
    if (t->pair_rows && t->n_dims == 1)
        sort_pairs(s->w, (float *)(void *)s->raw, n, t->pair_rows);
    for (size_t i = 0; t->is_one_plus && i < n; i++)
        s->w[i] -= 1;
    return n_rows * row_bytes;
}

size_t read_chunk(struct job *j, struct scratch *s, const struct chunk *k, struct error *err)
{
    return read_origin(&j->origins[k->weight], s, k->row0, k->row1 - k->row0,
                       j->layout.list.items[k->weight].cols, err);
}
