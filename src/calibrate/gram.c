/* SPDX-License-Identifier: MIT */
#include "gram.h"

#include <cblas.h>
#include <stdlib.h>

#include "base.h"
#include "memory_limits.h"

enum { TILE = 192 };

void gram_init(struct gram *g, uint32_t cols, bool is_full, bool has_d)
{
    size_t n = (size_t)cols * cols;
    *g = (struct gram){.cols = cols, .diag = xcalloc(cols, sizeof *g->diag)};
    g->x = is_full ? xcalloc(n, sizeof *g->x) : NULL;
    g->d = is_full && has_d ? xcalloc(n, sizeof *g->d) : NULL;
}

void gram_free(struct gram *g)
{
    free(g->x);
    free(g->d);
    free(g->diag);
    *g = (struct gram){0};
}

struct addition {
    struct gram *g;
    uint32_t n_tok, n_tiles;
    const float *x, *d;
};

static void add_tile(const struct addition *a, float *sum, const float *rows, uint32_t i,
                     uint32_t j)
{
    uint32_t cols = a->g->cols, row0 = i * TILE, col0 = j * TILE;
    uint32_t n_rows = cols - row0 < TILE ? cols - row0 : TILE;
    uint32_t n_cols = cols - col0 < TILE ? cols - col0 : TILE;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)n_rows, (blasint)n_cols,
                (blasint)a->n_tok, 1, rows + row0, (blasint)cols, a->x + col0, (blasint)cols, 1,
                sum + (size_t)row0 * cols + col0, (blasint)cols);
}

static void add_tiles(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct addition *a = arg;
    uint32_t i = chunk / a->n_tiles, j = chunk % a->n_tiles;
    (void)worker;
    if (j >= i)
        add_tile(a, a->g->x, a->x, i, j);
    if (a->d && a->g->d)
        add_tile(a, a->g->d, a->d, i, j);
}

void gram_add(struct gram *g, struct pool *p, uint32_t n_tok, const float *x, const float *d)
{
    struct addition a = {g, n_tok, (g->cols + TILE - 1) / TILE, x, d};
    g->n_tok += n_tok;
    for (uint32_t t = 0; t < n_tok; t++)
        for (uint32_t k = 0; k < g->cols; k++)
            g->diag[k] += (double)x[(size_t)t * g->cols + k] * (double)x[(size_t)t * g->cols + k];
    if (!g->x)
        return;
    memory_for_blas(pool_size(p));
    pool_run(p, add_tiles, &a, a.n_tiles * a.n_tiles);
}

void gram_finish(struct gram *g)
{
    size_t cols = g->cols;
    float mean = g->n_tok ? 1 / (float)g->n_tok : 0;
    for (size_t k = 0; k < cols; k++)
        g->diag[k] *= (double)mean;
    for (size_t i = 0; g->x && i < cols; i++)
        for (size_t j = i; j < cols; j++)
            g->x[j * cols + i] = g->x[i * cols + j] *= mean;
    for (size_t i = 0; g->d && i < cols * cols; i++)
        g->d[i] *= mean;
}
