/* SPDX-License-Identifier: MIT */
#include "matvec_cut.h"

enum {
    CHUNK_BYTES =
        128 << 10,   /* of weights: stays in L2 while one token after another goes over it */
    LEAST_APART = 4, /* row groups: shorter streams are no better than neighbours */
};

static uint32_t n_groups(const struct matrix *w)
{
    return (w->rows + ROW_GROUP - 1) / ROW_GROUP;
}

uint32_t matvec_chunk_groups(const struct matrix *w)
{
    const size_t group_bytes = matrix_data_bytes(w) / n_groups(w);
    const uint32_t n = group_bytes ? (uint32_t)(CHUNK_BYTES / group_bytes) & ~3u : 4;
    return n < 4 ? 4 : n;
}

struct matvec_cut matvec_cut(const struct kernels *k, const struct matrix *w)
{
    const uint32_t groups = matvec_chunk_groups(w), streams = w->read.streams;
    const bool may_part = k->matvec_far[w->format] && streams > 1;
    const uint32_t apart = may_part ? w->rows / ROW_GROUP / streams : 0;
    if (apart < LEAST_APART)
        return (struct matvec_cut){groups, 0, (n_groups(w) + groups - 1) / groups};
    const uint32_t of_each = groups / streams;
    const uint32_t left_over = n_groups(w) > streams * apart;
    return (struct matvec_cut){of_each, apart, (apart + of_each - 1) / of_each + left_over};
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void matvec_cut_run(const struct matvec_cut *c, const struct kernels *k, const struct matrix *w,
                    uint32_t chunk, const struct activation *x, float *y)
{
    const uint32_t all = n_groups(w), first = chunk * c->groups;
    if (!c->apart)
        k->matvec[w->format](w, first, smaller(first + c->groups, all), x, y);
    else if (first < c->apart)
        k->matvec_far[w->format](w, first, smaller(first + c->groups, c->apart), c->apart, x, y);
    else
        k->matvec[w->format](w, w->read.streams * c->apart, all, x, y);
}
