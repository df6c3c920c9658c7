/* SPDX-License-Identifier: MIT */
#include "source_rows.h"

#include <stdlib.h>
#include <unistd.h>

#include "convert_internal.h"

struct source_rows {
    const struct weight *weight;
    struct piece piece;
    struct scratch scratch;
};

struct source_rows *source_rows_new(const struct checkpoint *c, const struct weight *w,
                                    uint32_t part, uint32_t max_rows)
{
    struct error ignored;
    struct piece p = {.part = part};
    if (!checkpoint_view(c, w, part, &p.view, &ignored))
        return NULL;
    p.file = checkpoint_file(c, p.view.tensor);
    p.scales_file = p.view.scales ? checkpoint_file(c, p.view.scales) : NULL;
    struct source_rows *s = xcalloc(1, sizeof *s);
    *s = (struct source_rows){.weight = w, .piece = p, .scratch = {.fd = -1}};
    s->scratch.raw = xaligned(piece_raw_bytes(&p, max_rows, w->cols));
    s->scratch.w = xaligned((size_t)max_rows * w->cols * sizeof(float));
    s->scratch.sorted = xaligned(w->cols * sizeof(float));
    return s;
}

const float *source_rows_read(struct source_rows *s, uint32_t row0, uint32_t n_rows,
                              struct error *err)
{
    bool ok = read_piece(&s->piece, s->weight, &s->scratch, row0, n_rows, err);
    return ok ? s->scratch.w : NULL;
}

void source_rows_free(struct source_rows *s)
{
    if (!s)
        return;
    if (s->scratch.fd >= 0)
        close(s->scratch.fd);
    free(s->scratch.raw);
    free(s->scratch.w);
    free(s->scratch.sorted);
    free(s);
}
