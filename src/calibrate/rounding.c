/* SPDX-License-Identifier: MIT */
#include "rounding.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "linear.h"
#include "memory_limits.h"
#include "qins.h"
#include "qins_block.h"

enum {
    CHUNK_ROWS = 32, /* whole row groups */
    MAX_BLOCK = 32,
    MAX_SIDE = 8, /* levels of one sign */
    NEARBY = 3,   /* steps around the weighted search's scale that are tried with feedback */
    HEADROOM = 8, /* steps above the row's base: feedback makes weights larger */
    SAMPLE_ROWS = 64,
};

/* Levels of the format, side 0 and 1, the largest first, and halves between neighbours. */
struct levels {
    int n;
    float level[2][MAX_SIDE], threshold[2][MAX_SIDE];
};

struct work {
    const struct rounding *r;
    const struct format_info *info;
    struct levels levels;
    const float *target; /* [rows][cols] w, corrected */
    float *importance;   /* [cols] about 1 on average */
    uint32_t n_blocks;
    uint32_t *blocks; /* [n_blocks] in the order in which they are rounded */
    uint32_t *order;  /* [cols] columns in that order */
    float *u;         /* [cols][cols] of inverse H in that order; NULL: no feedback */
    struct matrix m;
    void *data;
    float *row;
    float *back; /* [rows][cols] what the codes stand for, or NULL */
};

/* ---- preparation ---------------------------------------------------------------------- */

static void load_levels(struct levels *l, enum format format)
{
    l->n = 1 << (format_info(format)->code_bits - 1);
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < l->n; k++) {
            l->level[side][k] = fabsf(qins_block_value(format, (uint8_t)(side * l->n + k), 1));
            if (k > 0)
                l->threshold[side][k] = 0.5f * (l->level[side][k] + l->level[side][k - 1]);
        }
}

/* What no token has used counts a little, so that its codes are sensible. */
static float *importance_of(const struct gram *g)
{
    double sum = 0;
    float *out = xcalloc(g->cols, sizeof *out);
    for (uint32_t k = 0; k < g->cols; k++)
        sum += g->diag[k];
    for (uint32_t k = 0; k < g->cols; k++)
        out[k] = sum > 0 ? (float)(g->diag[k] * g->cols / sum) + 1e-4f : 1;
    return out;
}

struct ranked {
    uint32_t block;
    float weight;
};

static int by_weight(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->block < y->block ? -1 : x->block > y->block;
}

static uint32_t block_size(const struct work *k, uint32_t block)
{
    uint32_t left = k->r->cols - block * k->info->block;
    return left < k->info->block ? left : k->info->block;
}

static void plan_order(struct work *k)
{
    struct ranked *ranked = xcalloc(k->n_blocks, sizeof *ranked);
    uint32_t at = 0;
    for (uint32_t b = 0; b < k->n_blocks; b++) {
        ranked[b].block = b;
        for (uint32_t i = 0; i < block_size(k, b); i++)
            ranked[b].weight += k->importance[b * k->info->block + i];
    }
    if (k->r->feedback)
        qsort(ranked, k->n_blocks, sizeof *ranked, by_weight);
    k->blocks = xcalloc(k->n_blocks, sizeof *k->blocks);
    k->order = xcalloc(k->r->cols, sizeof *k->order);
    for (uint32_t i = 0; i < k->n_blocks; i++) {
        k->blocks[i] = ranked[i].block;
        for (uint32_t c = 0; c < block_size(k, ranked[i].block); c++)
            k->order[at++] = ranked[i].block * k->info->block + c;
    }
    free(ranked);
}

/* ---- one block of one row ------------------------------------------------------------- */

/* Of a weight whose magnitude in units of the scale is v. */
static inline int nearest(const struct levels *l, int side, float v)
{
    int k = l->n - 1;
    while (k > 0 && v > l->threshold[side][k])
        k--;
    return k;
}

struct rounded {
    uint8_t byte, code[MAX_BLOCK];
    float error[MAX_BLOCK]; /* (w - q) / u[j][j] */
    float value[MAX_BLOCK];
    float loss;
};

/* The sign of weight i is that of `negative`; what an update has moved beyond zero counts as zero.
 * u: NULL, or the block's corner of the factor. */
static void round_block(const struct work *k, const float *w, const bool *negative, uint32_t n,
                        const float *u, uint8_t byte, float base, float limit, struct rounded *out)
{
    float v[MAX_BLOCK], scale = qins_block_scale(byte, base), size = fabsf(scale);
    float inverse = size > 0 ? 1 / size : 0;
    const int polarity = byte >> 7;
    memcpy(v, w, n * sizeof *v);
    out->byte = byte;
    out->loss = 0;
    for (uint32_t j = 0; j < n && out->loss < limit; j++) {
        int side = negative[j] ^ polarity;
        float magnitude = negative[j] ? -v[j] : v[j];
        int level = nearest(&k->levels, side, magnitude * inverse);
        float value = size * k->levels.level[side][level];
        out->code[j] = (uint8_t)(side * k->levels.n + level);
        out->value[j] = negative[j] ? -value : value;
        if (!u)
            continue;
        const float *row = u + (size_t)j * k->r->cols;
        float e = (v[j] - out->value[j]) / row[j];
        out->error[j] = e;
        out->loss += e * e;
        for (uint32_t i = j + 1; i < n; i++)
            v[i] -= e * row[i];
    }
}

static void search_block(const struct work *k, const float *w, const bool *negative,
                         const float *importance, uint32_t n, const float *u, float base,
                         struct rounded *best)
{
    float locked[MAX_BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        float magnitude = negative[i] ? -w[i] : w[i];
        magnitude = magnitude > 1e-30f ? magnitude : 1e-30f;
        locked[i] = negative[i] ? -magnitude : magnitude;
    }
    uint8_t first = qins_block_search(k->r->format, locked, importance, n, base);
    round_block(k, w, negative, n, u, first, base, INFINITY, best);
    for (int step = -NEARBY; u && step <= NEARBY; step++)
        for (int polarity = 0; polarity < 2; polarity++) {
            int c = (first & 127) + step;
            struct rounded other;
            if (c < 0 || c > 127 || (polarity << 7 | c) == first)
                continue;
            round_block(k, w, negative, n, u, (uint8_t)(polarity << 7 | c), base, best->loss,
                        &other);
            if (other.loss < best->loss)
                *best = other;
        }
}

/* ---- some rows ------------------------------------------------------------------------ */

static void store_block(const struct work *k, uint32_t row, uint32_t block, uint32_t n,
                        const struct rounded *x, float base)
{
    uint32_t col0 = block * k->info->block;
    uint8_t zero = qins_block_code(k->r->format, 0, qins_block_scale(x->byte, base));
    if (k->back)
        memcpy(k->back + (size_t)row * k->r->cols + col0, x->value, n * sizeof *x->value);
    if (!k->data)
        return;
    qins_block_put_scale(&k->m, k->data, row, block, x->byte);
    for (uint32_t i = 0; i < k->info->block; i++)
        qins_block_put_code(&k->m, k->data, row, col0 + i, i < n ? x->code[i] : zero);
}

/* The base from weights of the original signs. */
static float base_of_row(const struct work *k, uint32_t row)
{
    const float *w = k->r->w + (size_t)row * k->r->cols;
    float base = qins_block_base(k->r->format, w, k->importance, k->r->cols);
    return k->u && base < 1e30f ? base * exp2f(HEADROOM / 16.0f) : base;
}

static void round_rows(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct work *k = arg;
    const uint32_t cols = k->r->cols, row0 = chunk * CHUNK_ROWS;
    const uint32_t n_rows = k->r->rows - row0 < CHUNK_ROWS ? k->r->rows - row0 : CHUNK_ROWS;
    float *w = xmalloc((size_t)n_rows * cols * sizeof *w), base[CHUNK_ROWS];
    float error[CHUNK_ROWS * MAX_BLOCK];
    (void)worker;
    for (uint32_t r = 0; r < n_rows; r++) {
        base[r] = base_of_row(k, row0 + r);
        for (uint32_t i = 0; i < cols; i++)
            w[(size_t)r * cols + i] = k->target[(size_t)(row0 + r) * cols + k->order[i]];
    }
    for (uint32_t b = 0, at = 0; b < k->n_blocks; b++) {
        const uint32_t block = k->blocks[b], n = block_size(k, block),
                       col0 = block * k->info->block;
        const float *u = k->u ? k->u + (size_t)at * cols + at : NULL;
        for (uint32_t r = 0; r < n_rows; r++) {
            struct rounded x;
            bool negative[MAX_BLOCK];
            for (uint32_t i = 0; i < n; i++)
                negative[i] = k->r->w[(size_t)(row0 + r) * cols + col0 + i] < 0;
            search_block(k, w + (size_t)r * cols + at, negative, k->importance + col0, n, u,
                         base[r], &x);
            store_block(k, row0 + r, block, n, &x, base[r]);
            if (u)
                memcpy(error + r * n, x.error, n * sizeof *error);
        }
        at += n;
        if (u && at < cols)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)n_rows,
                        (blasint)(cols - at), (blasint)n, -1, error, (blasint)n,
                        k->u + (size_t)(at - n) * cols + at, (blasint)cols, 1, w + at,
                        (blasint)cols);
    }
    for (uint32_t r = 0; k->data && r < n_rows; r++)
        k->row[row0 + r] = qins_block_finish_row(&k->m, k->data, row0 + r, base[r]);
    free(w);
}

/* ---- a matrix ------------------------------------------------------------------------- */

struct product {
    const struct rounding *r;
    const float *by; /* [cols][cols] */
    float *out;      /* [rows][cols] */
};

static void correct_rows(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct product *p = arg;
    const uint32_t cols = p->r->cols, row0 = chunk * CHUNK_ROWS;
    const uint32_t n = p->r->rows - row0 < CHUNK_ROWS ? p->r->rows - row0 : CHUNK_ROWS;
    const float *w = p->r->w + (size_t)row0 * cols;
    float *out = p->out + (size_t)row0 * cols;
    (void)worker;
    memcpy(out, w, (size_t)n * cols * sizeof *out);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)n, (blasint)cols, (blasint)cols,
                1, w, (blasint)cols, p->by, (blasint)cols, 1, out, (blasint)cols);
}

static uint32_t n_chunks(const struct rounding *r)
{
    return (r->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

/* -> [rows][cols], or NULL: not finite. */
static float *corrected(const struct rounding *r, struct pool *p)
{
    const struct gram *g = r->gram;
    float *by = xmalloc((size_t)r->cols * r->cols * sizeof *by), *out = NULL;
    if (linear_right_divide(r->cols, g->x, r->correction_damping, g->d, by)) {
        out = xmalloc((size_t)r->rows * r->cols * sizeof *out);
        struct product product = {r, by, out};
        pool_run(p, correct_rows, &product, n_chunks(r));
    }
    free(by);
    return out;
}

static void free_work(struct work *k)
{
    free(k->importance);
    free(k->blocks);
    free(k->order);
    free(k->u);
}

/* -> false: no factor. */
static bool prepare(struct work *k, const struct rounding *r)
{
    *k = (struct work){.r = r, .info = format_info(r->format), .target = r->w};
    k->n_blocks = (r->cols + k->info->block - 1) / k->info->block;
    k->m = matrix_shape(r->format, r->rows, r->cols);
    load_levels(&k->levels, r->format);
    k->importance = importance_of(r->gram);
    plan_order(k);
    if (!r->feedback || !r->gram->x)
        return true;
    k->u = xmalloc((size_t)r->cols * r->cols * sizeof *k->u);
    return linear_inverse_factor(r->cols, r->gram->x, r->damping, k->order, k->u);
}

/* Formats without blocks have nothing to search. */
static void round_plain(const struct rounding *r, const float *target, void *data, float *row)
{
    struct matrix m = matrix_shape(r->format, r->rows, r->cols);
    struct qins_range range = QINS_RANGE_EMPTY;
    float *locked = xmalloc((size_t)r->rows * r->cols * sizeof *locked);
    for (size_t i = 0; i < (size_t)r->rows * r->cols; i++) {
        bool crossed = (target[i] < 0) != (r->w[i] < 0) || (target[i] == 0 && r->w[i] != 0);
        locked[i] = crossed ? copysignf(1e-30f, r->w[i]) : target[i];
    }
    qins_range_add(&range, r->w, (size_t)r->rows * r->cols);
    qins_range_finish(&range);
    qins_encode(&m, &range, 0, r->rows, locked, data, row, NULL);
    free(locked);
}

bool rounding_run(const struct rounding *r, struct pool *p, void *data, float *row)
{
    struct work k;
    if (r->gram->x)
        memory_for_blas(pool_size(p));
    float *target = r->correction && r->gram->d ? corrected(r, p) : NULL;
    bool ok = true;
    if (format_info(r->format)->block == 0) {
        round_plain(r, target ? target : r->w, data, row);
        free(target);
        return true;
    }
    if ((ok = prepare(&k, r))) {
        k.target = target ? target : r->w;
        k.data = data;
        k.row = row;
        pool_run(p, round_rows, &k, n_chunks(r));
    }
    free_work(&k);
    free(target);
    return ok;
}

/* ---- damping -------------------------------------------------------------------------- */

/* sum over rows of e H e^T */
static double output_error(const struct rounding *r, const float *back, const struct gram *g)
{
    size_t cols = r->cols, n = (size_t)r->rows * cols;
    float *e = xmalloc(n * sizeof *e), *product = xmalloc(n * sizeof *product);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        e[i] = r->w[i] - back[i];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)r->rows, (blasint)cols,
                (blasint)cols, 1, e, (blasint)cols, g->x, (blasint)cols, 0, product, (blasint)cols);
    for (size_t i = 0; i < n; i++)
        sum += (double)e[i] * (double)product[i];
    free(e);
    free(product);
    return sum;
}

float rounding_best_damping(const struct rounding *r, struct pool *p, const struct gram *held,
                            const float *dampings, uint32_t n)
{
    struct rounding sample = *r;
    float *w = xmalloc((size_t)SAMPLE_ROWS * r->cols * sizeof *w), best = dampings[n - 1];
    float *back = xmalloc((size_t)SAMPLE_ROWS * r->cols * sizeof *back);
    double least = INFINITY;
    sample.rows = r->rows < SAMPLE_ROWS ? r->rows : SAMPLE_ROWS;
    for (uint32_t i = 0; i < sample.rows; i++) /* spread over the matrix */
        memcpy(w + (size_t)i * r->cols,
               r->w + (size_t)((uint64_t)i * r->rows / sample.rows) * r->cols, r->cols * sizeof *w);
    sample.w = w;
    for (uint32_t i = 0; i < n; i++) {
        struct work k;
        sample.damping = dampings[i];
        if (prepare(&k, &sample)) {
            k.back = back;
            pool_run(p, round_rows, &k, n_chunks(&sample));
            double e = output_error(&sample, back, held);
            if (e < least) {
                least = e;
                best = dampings[i];
            }
        }
        free_work(&k);
    }
    free(w);
    free(back);
    return best;
}
