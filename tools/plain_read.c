/* SPDX-License-Identifier: MIT */
#include "plain_read.h"

#include <math.h>
#include <stdlib.h>

#include "base.h"

enum { READ_CHUNK = 1 << 20, N_READS = 3 };

struct region {
    const uint8_t *data;
    uint64_t bytes;
};

struct reading {
    struct region *regions;
    size_t n, cap;
    uint64_t bytes;                     /* of all regions */
    uint64_t sums[POOL_MAX_THREADS][8]; /* keeps the compiler from dropping the reads */
};

struct reading *reading_new(void)
{
    return xcalloc(1, sizeof(struct reading));
}

void reading_free(struct reading *r)
{
    free(r->regions);
    free(r);
}

uint64_t reading_bytes(const struct reading *r)
{
    return r->bytes;
}

void reading_add(struct reading *r, const void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += READ_CHUNK) {
        if (r->n == r->cap) {
            r->cap = r->cap ? 2 * r->cap : 256;
            r->regions = xrealloc(r->regions, r->cap, sizeof *r->regions);
        }
        size_t n = bytes - at < READ_CHUNK ? bytes - at : READ_CHUNK;
        r->regions[r->n++] = (struct region){(const uint8_t *)data + at, n};
    }
    r->bytes += bytes;
}

static void add_matrix(struct reading *r, const struct matrix *m)
{
    reading_add(r, m->data, matrix_data_bytes(m));
    if (m->row)
        reading_add(r, m->row, matrix_row_bytes(m));
}

void reading_add_weights(struct reading *r, const struct model *m)
{
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        const struct layer *l = &m->layers[i];
        for (uint32_t p = 0; p < l->n_qkv; p++)
            add_matrix(r, &l->qkv[p]);
        add_matrix(r, &l->attn_out);
        for (uint32_t p = 0; p < l->n_gate_up; p++)
            add_matrix(r, &l->gate_up[p]);
        add_matrix(r, &l->down);
    }
    add_matrix(r, &m->head);
}

typedef uint64_t line __attribute__((vector_size(64), aligned(8)));

/* Always inlined: GCC drops the calls of a function that does nothing but prefetch. */
static inline __attribute__((always_inline)) void prefetch(const uint8_t *at)
{
    __builtin_prefetch(at + 1024, 0, 3);
    __builtin_prefetch(at + 4096, 0, 2); /* crosses into the next page, which hardware does not */
}

/* Two streams and two distances of prefetch, as the kernels read: plain loops are slower. */
static void read_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    const struct region *at = &r->regions[chunk];
    uint64_t half = at->bytes / 256 * 128, sum = 0;
    const uint8_t *x = at->data, *y = x + half;
    line a = {0}, b = {0}, c = {0}, d = {0};
    for (uint64_t i = 0; i < half; i += 128) {
        const line *p = (const line *)(x + i), *q = (const line *)(y + i);
        prefetch(x + i);
        prefetch(x + i + 64);
        prefetch(y + i);
        prefetch(y + i + 64);
        a ^= p[0];
        b ^= p[1];
        c ^= q[0];
        d ^= q[1];
    }
    a ^= b ^ c ^ d;
    for (int i = 0; i < 8; i++)
        sum ^= a[i];
    for (uint64_t i = 2 * half; i < at->bytes; i++)
        sum ^= x[i];
    r->sums[worker][0] ^= sum;
}

double reading_rate(struct reading *r, struct pool *p)
{
    double best = INFINITY;
    for (int i = 0; i < N_READS; i++) {
        double start = now_ms();
        pool_run(p, read_chunk, r, (uint32_t)r->n);
        best = fmin(best, now_ms() - start);
    }
    return best > 0 ? (double)r->bytes / best * 1e-6 : 0;
}
