/* SPDX-License-Identifier: MIT */
#include "bench_kernels.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "random.h"

enum { COLS = 3072, PANEL_ROWS = 64, TURNS = 7 };

static volatile uint64_t sink;

/* Time that this thread really ran: others may share the machine. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Large buffers lie in huge pages, as mapped models do. */
static void *allocate(size_t bytes)
{
    enum { HUGE_PAGE = 2 << 20 };
    void *p = NULL;
    bool large = bytes >= 4 * HUGE_PAGE;
    int failed = posix_memalign(&p, large ? HUGE_PAGE : 64, bytes + 64);
    assert(!failed);
    (void)failed;
#ifdef MADV_HUGEPAGE
    if (large)
        madvise(p, bytes, MADV_HUGEPAGE);
#endif
    memset(p, 0, bytes);
    return p;
}

static float *random_floats(size_t n)
{
    float *x = allocate(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = random_gauss();
    return x;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

typedef uint64_t part __attribute__((vector_size(64)));

/* Always inlined: GCC drops the calls of a function that does nothing but prefetch. */
static inline __attribute__((always_inline)) void prefetch(const part *p)
{
    __builtin_prefetch((const char *)p + 1024);
    __builtin_prefetch((const char *)p + 4096, 0, 2);
}

/* A plain read of the bytes by two streams, with prefetches of its own: the fastest that we know. */
static double time_read(const struct matrix *m)
{
    double t = seconds();
    part sum[4] = {{0}};
    const size_t half = matrix_data_bytes(m) / sizeof(part) / 2;
    const part *p = m->data, *q = p + half;
    for (size_t i = 0; i + 2 <= half; i += 2)
        for (size_t j = 0; j < 2; j++) {
            prefetch(p + i + j);
            prefetch(q + i + j);
            sum[j] += p[i + j];
            sum[2 + j] += q[i + j];
        }
    sum[0] += sum[1] + sum[2] + sum[3];
    sink = sum[0][0] + sum[0][1] + sum[0][7];
    return seconds() - t;
}

static double time_matvec(const struct kernels *k, const struct matrix *m,
                          const struct activation *x, float *y)
{
    double t = seconds();
    k->matvec[m->format](m, 0, m->rows / ROW_GROUP, x, y);
    return seconds() - t;
}

/* Decodes the first panels one by one, as a matrix product does. -> seconds a weight */
static double time_dequant(const struct kernels *k, const struct matrix *m, float *panel)
{
    uint32_t rows = 0;
    double t = seconds();
    for (; rows + PANEL_ROWS <= m->rows && rows < 16 * PANEL_ROWS; rows += PANEL_ROWS)
        k->dequant[m->format](m, rows, rows + PANEL_ROWS, panel);
    return (seconds() - t) / ((double)rows * COLS);
}

static void bench_format(const struct kernels *k, enum format f, size_t bytes)
{
    struct matrix m = matrix_shape(f, ROW_GROUP, COLS);
    m = matrix_shape(f, (uint32_t)(bytes / matrix_data_bytes(&m)) * ROW_GROUP, COLS);
    const size_t n = matrix_data_bytes(&m);
    uint64_t *data = allocate(n);
    float *row = allocate(matrix_row_bytes(&m)), *y = allocate(m.rows * sizeof *y);
    float *x = random_floats(COLS), *panel = allocate(sizeof *panel * PANEL_ROWS * COLS);
    struct activation a = {x, allocate(COLS), allocate(COLS / 8), allocate(COLS / 4)};
    for (size_t i = 0; i < n / sizeof *data; i++)
        data[i] = (random_bits() & 0x3fff3fff3fff3fff) | 0x3c003c003c003c00; /* 2^-7..2 */
    m.data = data;
    m.row = row;
    k->quantise(&a, COLS, COLS);
    double matvec = 1e9, read = 1e9, decode = 1e9;
    for (int turn = 0; turn < TURNS; turn++) {
        read = least(read, time_read(&m));
        matvec = least(matvec, time_matvec(k, &m, &a, y));
        decode = least(decode, time_dequant(k, &m, panel));
    }
    printf(
        "%-8s %-9s matvec %6.2f GB/s, plain read %6.2f GB/s: %3.0f %%   dequant %5.2f Gweights/s\n",
        k->level, format_info(f)->name, (double)n * 1e-9 / matvec, (double)n * 1e-9 / read,
        100 * read / matvec, 1e-9 / decode);
    free(data), free(row), free(y), free(x), free(panel);
    free(a.q), free(a.scale), free(a.sum);
}

/* Integer products with several tokens: what they cost, in passes over the weights for one. */
static void bench_matvecs(const struct kernels *k, enum format f, size_t bytes)
{
    enum { N_TOK = 512 };
    static const uint32_t some_tokens[] = {1, 2, 4, 8, 16, 64, 512};
    struct matrix m = matrix_shape(f, ROW_GROUP, COLS);
    m = matrix_shape(f, (uint32_t)(bytes / matrix_data_bytes(&m)) * ROW_GROUP, COLS);
    struct activation a[N_TOK];
    m.data = allocate(matrix_data_bytes(&m));
    m.row = allocate(matrix_row_bytes(&m));
    float *y = allocate(sizeof *y * N_TOK * m.rows);
    for (uint32_t t = 0; t < N_TOK; t++) {
        a[t] = (struct activation){random_floats(COLS), allocate(COLS), allocate(COLS / 8),
                                   allocate(COLS / 4)};
        k->quantise(&a[t], COLS, COLS);
    }
    printf("%-8s %-9s GFLOP/s by tokens:", k->level, format_info(f)->name);
    for (size_t i = 0; i < sizeof some_tokens / sizeof *some_tokens; i++) {
        uint32_t n = some_tokens[i], last = n > 16 ? 512 / ROW_GROUP : m.rows / ROW_GROUP;
        double best = 1e9;
        for (int turn = 0; turn < TURNS; turn++) {
            double t = seconds();
            for (uint32_t group = 0; group < last; group += 4) /* as matmul cuts it */
                k->matvecs[f](&m, group, group + 4 < last ? group + 4 : last, a, n, y, m.rows);
            best = least(best, seconds() - t);
        }
        printf("  %u: %.0f", n, 2e-9 * n * last * ROW_GROUP * COLS / best);
    }
    putchar('\n');
    for (uint32_t t = 0; t < N_TOK; t++)
        free((void *)a[t].x), free(a[t].q), free(a[t].scale), free(a[t].sum);
    free(y), free((void *)m.data), free((void *)m.row);
}

/* Products of decoded rows with a whole prompt. */
static void bench_prompt(const struct kernels *k, enum format f, uint32_t cols)
{
    enum { N_TOK = 512, ROWS = 1024 };
    struct matrix m = matrix_shape(f, ROWS, cols);
    float *x = random_floats((size_t)N_TOK * cols), *y = allocate(sizeof *y * N_TOK * ROWS);
    uint16_t *tiles = allocate(N_TOK / PROMPT_TOKENS * prompt_tiles_bytes(cols));
    void *scratch = allocate(PROMPT_SCRATCH);
    m.data = allocate(matrix_data_bytes(&m));
    m.row = allocate(matrix_row_bytes(&m));
    double pack = 1e9, product = 1e9;
    for (int turn = 0; turn < TURNS; turn++) {
        double t = seconds();
        for (uint32_t i = 0; i < N_TOK; i += PROMPT_TOKENS)
            k->pack_tokens(x + (size_t)i * cols, PROMPT_TOKENS, cols,
                           tiles + i / PROMPT_TOKENS * (prompt_tiles_bytes(cols) / 2));
        pack = least(pack, seconds() - t);
        t = seconds();
        k->prompt[f](&m, 0, ROWS / ROW_GROUP, tiles, N_TOK, y, ROWS, scratch);
        product = least(product, seconds() - t);
    }
    printf("%-8s %-9s prompt, %d tokens, %u columns: %.0f GFLOP/s, packing %.2f G/s\n", k->level,
           format_info(f)->name, N_TOK, cols, 2e-9 * N_TOK * ROWS * cols / product,
           1e-9 * N_TOK * cols / pack);
    free(x), free(y), free(tiles), free(scratch), free((void *)m.data), free((void *)m.row);
}

static void bench_attend(const struct kernels *k)
{
    enum { N_POS = 4096, DIM = 96 };
    float *q = random_floats(DIM), *key = random_floats(N_POS * DIM);
    float *v = random_floats(N_POS * DIM), *out = allocate(DIM * sizeof *out);
    float *scores = allocate(N_POS * sizeof *scores);
    uint16_t *half = allocate(sizeof *half * N_POS * DIM);
    double f32 = 1e9, bf16 = 1e9, int8 = 1e9;
    float *ones = random_floats(N_POS);
    for (int turn = 0; turn < TURNS; turn++) {
        double t = seconds();
        k->attend_f32(out, q, key, v, N_POS, DIM, 0.1f, scores);
        f32 = least(f32, seconds() - t);
        t = seconds();
        k->attend_bf16(out, q, half, half, N_POS, DIM, 0.1f, scores);
        bf16 = least(bf16, seconds() - t);
        t = seconds();
        k->attend_int8(out, q, (int8_t *)half, ones, (int8_t *)half, ones, N_POS, DIM, 0.1f, scores);
        int8 = least(int8, seconds() - t);
    }
    printf("%-8s attend, %d positions, head %d: f32 %.1f us, bf16 %.1f us, int8 %.1f us\n",
           k->level, N_POS, DIM, f32 * 1e6, bf16 * 1e6, int8 * 1e6);
    free(ones);
    free(q), free(key), free(v), free(out), free(scores), free(half);
}

void bench_kernels(const struct kernels *k, size_t bytes, const char *filter)
{
    for (enum format f = 0; f < N_FORMATS; f++)
        if (!filter || strstr(format_info(f)->name, filter))
            bench_format(k, f, bytes);
    for (enum format f = 0; f < N_FORMATS; f++)
        if (k->matvecs[f] && (!filter || strstr(format_info(f)->name, filter)))
            bench_matvecs(k, f, bytes);
    for (enum format f = 0; f < N_FORMATS; f++)
        if (k->prompt[f] && (!filter || strstr(format_info(f)->name, filter)))
            for (uint32_t cols = 3072; cols <= 8192; cols += 5120)
                bench_prompt(k, f, cols);
    if (!filter || strstr("attend", filter))
        bench_attend(k);
}
