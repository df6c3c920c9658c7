/* SPDX-License-Identifier: MIT
 *
 * Sources are read, not mapped: a file that shrinks meanwhile is refused, not a SIGBUS.
 */
#include <errno.h>
#include <math.h>
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

/* Of a published row, or column. */
static uint64_t file_row(const struct source_tensor *t, uint64_t row)
{
    return t->pair_rows ? gguf_pair_row(row, t->pair_rows) : gguf_head_row(row, &t->heads);
}

/* Rows in the order of the published model. */
static bool read_rows(const struct origin *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                      size_t row_bytes, struct error *err)
{
    const struct source_tensor *t = from->tensor;
    const bool by_heads = t->heads.n_heads > 0 && !t->heads.is_columns;
    if ((t->pair_rows == 0 && !by_heads) || t->n_dims == 1)
        return read_at(from->file, s->fd, s->raw, n_rows * row_bytes,
                       t->at + (uint64_t)row0 * row_bytes, err);
    for (uint32_t i = 0; i < n_rows; i++)
        if (!read_at(from->file, s->fd, s->raw + i * row_bytes, row_bytes,
                     t->at + file_row(t, row0 + i) * row_bytes, err))
            return false;
    return true;
}

/* A vector for the rows of such a matrix, or a row of columns; `spare` holds as many. */
static void sort_row(float *w, float *spare, size_t n, const struct source_tensor *t)
{
    memcpy(spare, w, n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = spare[file_row(t, i)];
}

static void sort_values(float *w, float *spare, uint32_t n_rows, uint32_t cols,
                        const struct source_tensor *t)
{
    if (t->n_dims == 1 ? !t->pair_rows && !t->heads.n_heads : !t->heads.is_columns)
        return;
    for (uint32_t i = 0; i < n_rows; i++)
        sort_row(w + (size_t)i * cols, spare, cols, t);
}

/* w of -exp(w). It was rounded to bf16 if that tells the same. */
static float undo_decay(float x)
{
    const float w = logf(-x);
    uint32_t bits;
    memcpy(&bits, &w, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    float rounded;
    memcpy(&rounded, &bits, sizeof rounded);
    return fabsf(expf(rounded) + x) <= -x * 0x1p-22f ? rounded : w;
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

size_t read_chunk(struct job *j, struct scratch *s, const struct chunk *k, struct error *err)
{
    const struct origin *from = &j->origins[k->weight];
    const struct source_tensor *t = from->tensor;
    uint32_t n_rows = k->row1 - k->row0, cols = j->layout.list.items[k->weight].cols;
    size_t n = (size_t)n_rows * cols, row_bytes = origin_bytes(from, cols);
    if (!open_source(from, s, err) || !read_rows(from, s, k->row0, n_rows, row_bytes, err))
        return 0;
    t->type->widen(s->w, s->raw, n / t->type->block);
    sort_values(s->w, s->sorted, n_rows, cols, t);
    for (size_t i = 0; t->is_decay && i < n; i++)
        s->w[i] = undo_decay(s->w[i]);
    for (size_t i = 0; t->is_one_plus && i < n; i++)
        s->w[i] -= 1;
    return n_rows * row_bytes;
}
