/* SPDX-License-Identifier: MIT */
#include "matvec_cut.h"

#include "matmul_internal.h"

enum { LEAST_APART = 4 /* row groups: shorter streams are no better than neighbours */ };

static uint32_t n_groups(const struct matrix *w)
{
    return (w->rows + ROW_GROUP - 1) / ROW_GROUP;
}

static uint32_t n_streams(const struct matrix *w)
{
    return w->read.twice ? 4 : w->read.streams;
}

struct matvec_cut matvec_cut(const struct kernels *k, const struct pool *p, const struct matrix *w)
{
    const uint32_t groups = matmul_chunk_groups(p, w, 1), streams = n_streams(w);
    const uint32_t apart = w->rows / ROW_GROUP / streams;
    if (!k->matvec_far[w->format] || streams == 1 || apart < LEAST_APART)
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
        k->matvec[w->format](w, n_streams(w) * c->apart, all, x, y);
}
