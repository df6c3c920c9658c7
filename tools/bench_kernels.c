/* SPDX-License-Identifier: MIT
 *
 * kernels: every format on every instruction set that this CPU has: the rate at which its weights
 * are multiplied with one vector, beside a plain read of the same bytes by the same threads. The
 * matrix is meant to be larger than the last-level cache.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "conditions.h"
#include "plain_read.h"

enum { COLS = 3072, CHUNK_BYTES = 128 << 10, N_TURNS = 5, MAX_LEVELS = 16 };
#define TURN_MS 300.0 /* a slow kernel gets as many rows as it can do in about this time */

struct job {
    const struct kernels *k;
    struct matrix m;
    struct activation x;
    float *y; /* [rows] */
    uint32_t groups_per_chunk, n_groups;
};

struct row {
    const char *level;
    enum format format;
    double gb_per_s, read_gb_per_s, foreign;
};

static void matvec_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    uint32_t first = chunk * j->groups_per_chunk, last = first + j->groups_per_chunk;
    j->k->matvec[j->m.format](&j->m, first, last < j->n_groups ? last : j->n_groups, &j->x, j->y);
}

static double pass_ms(struct pool *p, struct job *j, uint32_t n_groups)
{
    double start = now_ms();
    j->n_groups = n_groups;
    pool_run(p, matvec_chunk, j, (n_groups + j->groups_per_chunk - 1) / j->groups_per_chunk);
    return now_ms() - start;
}

/* Best of some passes, in GB/s. */
static double matvec_rate(struct pool *p, struct job *j)
{
    uint32_t all = j->m.rows / ROW_GROUP, part = all / 64 ? all / 64 : 1;
    double group_bytes = (double)matrix_data_bytes(&j->m) / all, best = INFINITY;
    double slice_ms = pass_ms(p, j, part);
    double fit = slice_ms > 0 ? TURN_MS / slice_ms * part : all;
    uint32_t n = fit < all ? (uint32_t)fit + 1 : all;
    for (int i = 0; i < N_TURNS; i++)
        best = fmin(best, pass_ms(p, j, n));
    return best > 0 ? group_bytes * n / best * 1e-6 : 0;
}

static void *fill(size_t bytes)
{
    uint64_t *data = xaligned_scratch(bytes + 64), state = 1;
    for (size_t i = 0; i < bytes / sizeof *data; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        data[i] = (state & 0x3fff3fff3fff3fff) | 0x3c003c003c003c00; /* as floats: 2^-7..2 */
    }
    return data;
}

static void prepare(struct job *j, enum format f, size_t bytes)
{
    struct matrix m = matrix_shape(f, ROW_GROUP, COLS);
    size_t group = matrix_data_bytes(&m), n = bytes / group ? bytes / group : 1;
    m = matrix_shape(f, (uint32_t)n * ROW_GROUP, COLS);
    float *x = xaligned_scratch(COLS * sizeof *x);
    for (int i = 0; i < COLS; i++)
        x[i] = (float)(i % 17 - 8) / 8;
    m.data = fill(matrix_data_bytes(&m));
    m.row = xaligned(matrix_row_bytes(&m) + 64);
    j->m = m;
    j->x = (struct activation){x, xaligned(COLS), xaligned(COLS / 8), xaligned(COLS / 4)};
    j->y = xaligned(m.rows * sizeof *j->y);
    j->groups_per_chunk = (uint32_t)(CHUNK_BYTES / group) & ~1u;
    if (j->groups_per_chunk < 2)
        j->groups_per_chunk = 2;
}

static void release(struct job *j)
{
    free((void *)j->m.data);
    free((void *)j->m.row);
    free((void *)j->x.x);
    free(j->x.q);
    free(j->x.scale);
    free(j->x.sum);
    free(j->y);
}

/* The levels of this CPU up to what was asked for, lowest first. -> their number */
static uint32_t find_levels(const struct bench *b, struct kernels *k)
{
    char *names = xstrdup(cpu_level_names()), *rest = names, *name;
    uint32_t n = 0;
    while (n < MAX_LEVELS && (name = strsep(&rest, " "))) {
        unsigned flags;
        if (strcmp(name, "auto") != 0 && cpu_flags_from_name(name, &flags) &&
            !(flags & ~b->cpu_flags))
            kernels_init(&k[n++], flags);
    }
    free(names);
    return n;
}

/* A level that adds nothing for a format is not measured again. */
static uint32_t measure_format(struct bench *b, const struct kernels *k, uint32_t n_levels,
                               enum format f, struct row *rows)
{
    struct job j;
    struct reading *reading = reading_new();
    uint32_t n = 0;
    prepare(&j, f, (size_t)b->size_mb << 20);
    reading_add(reading, j.m.data, matrix_data_bytes(&j.m));
    for (uint32_t i = 0; i < n_levels; i++) {
        if (i > 0 && k[i].matvec[f] == k[i - 1].matvec[f])
            continue;
        struct load start = load_now();
        double read = reading_rate(reading, b->pool);
        j.k = &k[i];
        k[i].quantise(&j.x, COLS, COLS);
        double rate = matvec_rate(b->pool, &j);
        read = fmax(read, reading_rate(reading, b->pool));
        struct load end = load_now();
        rows[n++] = (struct row){k[i].level, f, rate, read, load_foreign(&start, &end)};
    }
    reading_free(reading);
    release(&j);
    return n;
}

static double fraction(const struct row *r)
{
    return r->read_gb_per_s > 0 ? r->gb_per_s / r->read_gb_per_s : 0;
}

static void json_member(const char *name, double x, const char *end)
{
    printf("\"%s\":", name);
    bench_json_number(x);
    fputs(end, stdout);
}

static void print_json(const struct bench *b, const struct row *rows, uint32_t n)
{
    putchar('{');
    json_member("threads", pool_size(b->pool), ",");
    json_member("size_bytes", (double)b->size_mb * (1 << 20), ",\"kernels\":[");
    for (uint32_t i = 0; i < n; i++) {
        printf("%s{\"format\":\"%s\",\"cpu\":\"%s\",", i ? "," : "",
               format_info(rows[i].format)->name, rows[i].level);
        json_member("gb_per_s", rows[i].gb_per_s, ",");
        json_member("read_gb_per_s", rows[i].read_gb_per_s, ",");
        json_member("read_fraction", fraction(&rows[i]), ",");
        json_member("foreign_cpu_percent", rows[i].foreign < 0 ? NAN : rows[i].foreign, "}");
    }
    puts("]}");
}

static void print_table(const struct bench *b, const struct row *rows, uint32_t n)
{
    printf("matrices of %u MB, %d columns, %u threads\n\n", b->size_mb, COLS, pool_size(b->pool));
    puts("format     level        GB/s   plain read      of   others' CPU");
    for (uint32_t i = 0; i < n; i++) {
        printf("%-10s %-8s %8.2f %12.2f  %5.1f%%", format_info(rows[i].format)->name,
               rows[i].level, rows[i].gb_per_s, rows[i].read_gb_per_s, 100 * fraction(&rows[i]));
        if (rows[i].foreign >= 0)
            printf(" %10.0f%%", rows[i].foreign);
        putchar('\n');
    }
}

bool bench_kernels(struct bench *b, struct error *err)
{
    struct kernels *k = xcalloc(MAX_LEVELS, sizeof *k);
    struct row *rows = xcalloc((size_t)MAX_LEVELS * N_FORMATS, sizeof *rows);
    uint32_t n_levels = find_levels(b, k), n = 0;
    (void)err;
    b->pool = pool_new(b->n_threads);
    for (enum format f = 0; f < N_FORMATS; f++)
        n += measure_format(b, k, n_levels, f, rows + n);
    if (b->json)
        print_json(b, rows, n);
    else
        print_table(b, rows, n);
    pool_free(b->pool);
    free(rows);
    free(k);
    return true;
}
