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

/* MXFP4 in two tensors takes what blocks of GGUF's MXFP4 take. */
static const struct gguf_type *type_of(const struct piece *p)
{
    return p->view.scales ? gguf_type_named("MXFP4") : p->view.tensor->type;
}

size_t piece_bytes(const struct piece *p, size_t n_rows, size_t cols)
{
    const struct gguf_type *type = type_of(p);
    return n_rows * cols / type->block * type->block_bytes;
}

size_t piece_raw_bytes(const struct piece *p, size_t n_rows, size_t cols)
{
    size_t n = p->view.step * n_rows, line = p->view.n_turned ? 64 + n * sizeof(float) : 0;
    return p->view.step * piece_bytes(p, n_rows, cols) + line;
}

/* Of a published row, or column. */
static uint64_t file_row(const struct source_tensor *t, uint64_t row)
{
    return t->pair_rows ? gguf_pair_row(row, t->pair_rows) : gguf_head_row(row, &t->heads);
}

/* Rows in the order of the published model. */
static bool read_pairs(const struct piece *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                       size_t row_bytes, struct error *err)
{
    const struct source_tensor *t = from->view.tensor;
    for (uint32_t i = 0; i < n_rows; i++)
        if (!read_at(from->file, s->fd, s->raw + i * row_bytes, row_bytes,
                     t->at + file_row(t, row0 + i) * row_bytes, err))
            return false;
    return true;
}

/* Rows row0 + i of the view from a tensor with rows of so many bytes, without those between. */
static bool read_rows(const struct source_file *file, const struct source_tensor *t,
                      const struct source_view *v, struct scratch *s, uint8_t *out, uint64_t row0,
                      size_t n_rows, size_t row_bytes, struct error *err)
{
    uint64_t first = v->first + row0 * v->step;
    size_t n = ((n_rows - 1) * v->step + 1) * row_bytes;
    if (!read_at(file, s->fd, out, n, t->at + first * row_bytes, err))
        return false;
    for (size_t i = 1; v->step > 1 && i < n_rows; i++)
        memmove(out + i * row_bytes, out + i * v->step * row_bytes, row_bytes);
    return true;
}

/* Rows that are columns of the tensor: what all of them have in one of its rows stands together. */
static bool read_turned(const struct piece *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                        uint32_t cols, struct error *err)
{
    const struct source_view *v = &from->view;
    const struct source_tensor *t = v->tensor;
    const size_t bytes = t->type->block_bytes, run = ((n_rows - 1) * v->step + 1) * bytes;
    const uint64_t expert = v->first / v->n_turned, column = v->first % v->n_turned;
    float *line = (float *)(void *)(s->raw + (run + 63) / 64 * 64);
    for (uint32_t c = 0; c < cols; c++) {
        uint64_t at = (expert * cols + c) * v->n_turned + column + (uint64_t)row0 * v->step;
        if (!read_at(from->file, s->fd, s->raw, run, t->at + at * bytes, err))
            return false;
        t->type->widen(line, s->raw, run / bytes);
        for (uint32_t i = 0; i < n_rows; i++)
            s->w[(size_t)i * cols + c] = line[(size_t)i * v->step];
    }
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

static bool open_source(const struct source_file *file, struct scratch *s, struct error *err)
{
    if (s->file == file)
        return s->fd >= 0;
    if (s->fd >= 0)
        close(s->fd);
    s->file = file;
    s->fd = source_open(file, err);
    return s->fd >= 0;
}

/* MXFP4: a block is 16 bytes, two weights in each, the first in the low half; its scale is a power
 * of two. */
static bool read_blocks(const struct piece *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                        uint32_t cols, struct error *err)
{
    const struct source_view *v = &from->view;
    const size_t n_blocks = cols / 32, span = (size_t)n_rows * v->step * n_blocks;
    uint8_t *scales = s->raw + span * 16;
    if (!open_source(from->file, s, err) ||
        !read_rows(from->file, v->tensor, v, s, s->raw, row0, n_rows, n_blocks * 16, err) ||
        !open_source(from->scales_file, s, err) ||
        !read_rows(from->scales_file, v->scales, v, s, scales, row0, n_rows, n_blocks, err))
        return false;
    for (size_t i = 0; i < n_rows * n_blocks; i++)
        gguf_widen_mxfp4_pairs(s->w + 32 * i, s->raw + 16 * i, scales[i]);
    return true;
}

static bool read_weights(const struct piece *p, struct scratch *s, uint32_t row0, uint32_t n_rows,
                         uint32_t cols, struct error *err)
{
    const struct source_tensor *t = p->view.tensor;
    if (p->view.scales)
        return read_blocks(p, s, row0, n_rows, cols, err);
    if (!open_source(p->file, s, err))
        return false;
    if (p->view.n_turned)
        return read_turned(p, s, row0, n_rows, cols, err);
    size_t row_bytes = piece_bytes(p, 1, cols);
    const bool by_heads = t->heads.n_heads > 0 && !t->heads.is_columns;
    bool ok = (t->pair_rows || by_heads) && t->n_dims > 1
                  ? read_pairs(p, s, row0, n_rows, row_bytes, err)
                  : read_rows(p->file, t, &p->view, s, s->raw, row0, n_rows, row_bytes, err);
    if (ok)
        t->type->widen(s->w, s->raw, (size_t)n_rows * cols / t->type->block);
    return ok;
}

size_t read_piece(const struct piece *p, const struct weight *w, struct scratch *s, uint32_t row0,
                  uint32_t n_rows, struct error *err)
{
    const struct source_tensor *t = p->view.tensor;
    const uint32_t cols = w->cols;
    const size_t n = (size_t)n_rows * cols;
    bool by_element = w->is_vector && w->n_experts; /* they are the view's rows */
    if (by_element ? !read_weights(p, s, 0, cols, 1, err)
                   : !read_weights(p, s, row0, n_rows, cols, err))
        return 0;
    sort_values(s->w, s->sorted, n_rows, cols, t);
    for (size_t i = 0; t->is_decay && i < n; i++)
        s->w[i] = undo_decay(s->w[i]);
    for (size_t i = 0; t->is_one_plus && i < n; i++)
        s->w[i] -= 1;
    return piece_bytes(p, n_rows, cols);
}

size_t read_chunk(struct job *j, struct scratch *s, const struct chunk *k, struct error *err)
{
    const struct piece *p = &j->pieces[k->piece];
    return read_piece(p, piece_weight(j, p), s, k->row0, k->row1 - k->row0, err);
}
