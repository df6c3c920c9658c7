/* SPDX-License-Identifier: MIT */
#include "source_rows.h"

#include <stdlib.h>
#include <unistd.h>

#include "convert_internal.h"

struct source_rows {
    struct origin from;
    struct scratch scratch;
    uint32_t cols;
};

struct source_rows *source_rows_new(const struct checkpoint *c, const char *name, uint32_t cols,
                                    uint32_t max_rows)
{
    const struct source_tensor *t = checkpoint_find(c, name);
    if (!t)
        return NULL;
    struct source_rows *s = xcalloc(1, sizeof *s);
    *s = (struct source_rows){
        .from = {checkpoint_file(c, t), t}, .scratch = {.fd = -1}, .cols = cols};
    s->scratch.raw = xaligned(max_rows * origin_bytes(&s->from, cols));
    s->scratch.w = xaligned((size_t)max_rows * cols * sizeof(float));
    return s;
}

const float *source_rows_read(struct source_rows *s, uint32_t row0, uint32_t n_rows,
                              struct error *err)
{
    return read_origin(&s->from, &s->scratch, row0, n_rows, s->cols, err) ? s->scratch.w : NULL;
}

void source_rows_free(struct source_rows *s)
{
    if (!s)
        return;
    if (s->scratch.fd >= 0)
        close(s->scratch.fd);
    free(s->scratch.raw);
    free(s->scratch.w);
    free(s);
}
