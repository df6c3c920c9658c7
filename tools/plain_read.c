/* SPDX-License-Identifier: MIT */
#include "plain_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "huge_memory.h"

enum { READ_CHUNK = 1 << 20, PRIVATE_BYTES = 512 << 20, SMALL_PAGE = 4096 };

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
        r->regions = xgrow(r->regions, r->n, &r->cap, sizeof *r->regions);
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

static void add_expert(struct reading *r, const struct experts *e, uint32_t expert)
{
    for (uint32_t p = 0; p < e->n_gate_up; p++)
        add_matrix(r, &e->gate_up[p][expert]);
    add_matrix(r, &e->down[expert]);
}

/* As many as a token goes through, spread over all of them; others in each layer. */
static void add_experts(struct reading *r, const struct experts *e, uint32_t layer)
{
    add_matrix(r, &e->router);
    for (uint32_t i = 0; i < e->n_used; i++)
        add_expert(r, e, (uint32_t)(((uint64_t)i * e->n / e->n_used + 7 * (uint64_t)layer) % e->n));
}

/* All matrices but the embedding, of which a token reads one row, and stacks of experts. */
void reading_add_weights(struct reading *r, const struct model *m)
{
    struct weight_list list = model_weights(m);
    for (size_t i = 0; i < list.n; i++) {
        const struct weight *w = &list.items[i];
        const struct matrix *matrix = model_matrix((struct model *)(uintptr_t)m, w);
        if (matrix && w->role != ROLE_EMBED && w->role != ROLE_PER_LAYER_EMBED)
            add_matrix(r, matrix);
    }
    free(list.items);
    if (m->config.tied)
        add_matrix(r, &m->head);
    for (uint32_t i = 0; i < m->config.n_layers; i++)
        if (m->layers[i].experts)
            add_experts(r, m->layers[i].experts, i);
}

typedef uint64_t line __attribute__((vector_size(64), aligned(8)));

static inline void prefetch(const uint8_t *at)
{
    __builtin_prefetch(at + 1024, 0, 3);
    __builtin_prefetch(at + 4096, 0, 2); /* crosses into the next page, which hardware does not */
}

/* Reads a region as n streams side by side. All inlined: n and ahead are constants, and GCC drops
 * the calls of a function that does nothing but prefetch. */
static inline __attribute__((always_inline, flatten)) uint64_t
read_streams(const struct region *at, const int n, const bool ahead)
{
    const uint64_t part = at->bytes / (uint64_t)n / 128 * 128;
    line sums[4] = {{0}};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < part; i += 128)
#pragma GCC unroll 4
        for (int j = 0; j < n; j++) {
            const uint8_t *x = at->data + (uint64_t)j * part + i;
            const line *p = (const line *)x;
            if (ahead) {
                prefetch(x);
                prefetch(x + 64);
            }
            sums[j] ^= p[0];
            sums[j] ^= p[1];
        }
    sums[0] ^= sums[1] ^ sums[2] ^ sums[3];
    for (int i = 0; i < 8; i++)
        sum ^= sums[0][i];
    for (uint64_t i = (uint64_t)n * part; i < at->bytes; i++)
        sum ^= at->data[i];
    return sum;
}

/* Which way is faster depends on the CPU: two streams with prefetches on Intel's, four without on
 * Zen 3, one without on Zen 5. */
static void read_ahead(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    r->sums[worker][0] ^= read_streams(&r->regions[chunk], 2, true);
}

static void read_wide(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    r->sums[worker][0] ^= read_streams(&r->regions[chunk], 4, false);
}

static void read_one(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    r->sums[worker][0] ^= read_streams(&r->regions[chunk], 1, false);
}

static pool_fn *const ways[] = {read_ahead, read_wide, read_one};
enum { N_WAYS = sizeof ways / sizeof *ways };

static double pass_ms(struct reading *r, struct pool *p, int way)
{
    const double start = now_ms();
    pool_run(p, ways[way], r, (uint32_t)r->n);
    return now_ms() - start;
}

double reading_rate(struct reading *r, struct pool *p)
{
    double best = INFINITY;
    for (int i = 0; i < N_WAYS * READ_PASSES; i++)
        best = fmin(best, pass_ms(r, p, i % N_WAYS));
    return best > 0 ? (double)r->bytes / best * 1e-6 : 0;
}

/* A byte of each page: where a machine translates addresses in software, the first read of a page
 * waits for that. */
static void touch_pages(void *arg, uint32_t chunk, uint32_t worker)
{
    struct reading *r = arg;
    const struct region *at = &r->regions[chunk];
    for (uint64_t i = 0; i < at->bytes; i += SMALL_PAGE)
        r->sums[worker][0] ^= *(const volatile uint8_t *)(at->data + i);
}

/* GB/s of one pass over experts that no pass before it chose. */
static double random_experts_rate(const struct model *m, struct pool *p, int way, uint64_t *state)
{
    struct reading *r = reading_new();
    for (uint32_t layer = 0; layer < m->config.n_layers; layer++) {
        const struct experts *e = m->layers[layer].experts;
        for (uint32_t i = 0; e && i < e->n_used; i++) {
            *state = *state * 6364136223846793005u + 1442695040888963407u;
            add_expert(r, e, (uint32_t)((*state >> 33) % e->n));
        }
    }
    pool_run(p, touch_pages, r, (uint32_t)r->n);
    const double ms = pass_ms(r, p, way), rate = ms > 0 ? (double)r->bytes / ms * 1e-6 : 0;
    reading_free(r);
    return rate;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double reading_experts_rate(const struct model *m, struct pool *p)
{
    enum { N_CHOICES = 7 };
    double best = 0;
    uint64_t state = 1;
    for (int way = 0; way < N_WAYS; way++) {
        double rates[N_CHOICES];
        for (int i = 0; i < N_CHOICES; i++)
            rates[i] = random_experts_rate(m, p, way, &state);
        qsort(rates, N_CHOICES, sizeof *rates, ascending);
        best = fmax(best, rates[N_CHOICES / 2]);
    }
    return best;
}

struct filling {
    uint8_t *data;
    size_t bytes;
};

static void fill_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct filling *f = arg;
    const size_t at = (size_t)chunk * READ_CHUNK, left = f->bytes - at;
    (void)worker;
    memset(f->data + at, 1, left < READ_CHUNK ? left : (size_t)READ_CHUNK);
}

double reading_private_rate(const struct reading *r, struct pool *p)
{
    struct filling f = {.bytes = r->bytes < PRIVATE_BYTES ? r->bytes : (size_t)PRIVATE_BYTES};
    f.data = huge_memory_new(f.bytes);
    if (!f.data)
        return 0;
    struct reading *private = reading_new();
    pool_run(p, fill_chunk, &f, (uint32_t)((f.bytes + READ_CHUNK - 1) / READ_CHUNK));
    reading_add(private, f.data, f.bytes);
    double rate = reading_rate(private, p);
    reading_free(private);
    huge_memory_free(f.data, f.bytes);
    return rate;
}
