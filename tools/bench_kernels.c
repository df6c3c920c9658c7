/* SPDX-License-Identifier: MIT
 *
 * kernels: every format on every instruction set that this CPU has: the rate at which its weights
 * are multiplied with one vector, beside a plain read of the same bytes by the same threads;
 * products with several tokens; attention. Matrices are meant to be larger than the last-level
 * cache.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "conditions.h"
#include "matmul.h"
#include "matvec_cut.h"
#include "plain_read.h"

enum { COLS = 3072, N_TURNS = 5, MAX_LEVELS = 16, DEFAULT_MB = 512 };
enum { FEW = 4, MANY = 128, PRODUCT_ROWS = 2048 }; /* tokens; rows of the matrix they go through */
/* Phi-3.5's head, near the end of its first context. */
enum { HEAD = 96, N_POS = 3500, N_QUERIES = ATTEND_TILE };
#define TURN_MS 100.0 /* a slow kernel gets as many rows as it can do in about this time */

struct job {
    const struct kernels *k;
    struct matrix m;
    struct activation x;
    void *data;         /* m's own */
    float *row;         /* m's own */
    float *input;       /* x's own */
    float *y;           /* [rows] */
    struct matrix part; /* of m: the rows of a pass */
    struct matvec_cut cut;
};

struct row {
    const char *level;
    enum format format;
    double gb_per_s, read_gb_per_s, foreign;
    struct read_plan plan; /* the fastest, which gb_per_s is of */
    double few, many;      /* products per second of FEW and MANY tokens, in 10^9 */
    double peak; /* the same of dot products of int8 on registers; 0: unknown, or not its way */
};

struct attention_row {
    const char *level, *kv;
    double one, several; /* microseconds a query: alone, and among N_QUERIES */
};

static void matvec_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct job *j = arg;
    (void)worker;
    matvec_cut_run(&j->cut, j->k, &j->part, chunk, &j->x, j->y);
}

static double pass_ms(struct pool *p, struct job *j, uint32_t n_groups)
{
    double start = now_ms();
    j->part = j->m;
    j->part.rows = n_groups * ROW_GROUP;
    j->cut = matvec_cut(j->k, &j->part);
    pool_run(p, matvec_chunk, j, j->cut.n_chunks);
    return now_ms() - start;
}

/* Row groups that a level gets through in about TURN_MS. */
static uint32_t n_in_time(struct pool *p, struct job *j)
{
    uint32_t all = j->m.rows / ROW_GROUP, part = all / 64 ? all / 64 : 1;
    double slice_ms = pass_ms(p, j, part);
    double fit = slice_ms > 0 ? TURN_MS / slice_ms * part : all;
    return fit < all ? (uint32_t)fit + 1 : all;
}

/* In turns, so that all plans and the read see the machine as it is at the time; the best of each.
 */
static void measure_rates(struct pool *p, struct job *j, struct reading *reading, struct row *r)
{
    uint32_t n = n_in_time(p, j);
    double bytes = (double)matrix_data_bytes(&j->m) / (j->m.rows / ROW_GROUP) * n;
    const int n_plans = j->k->reads_plans ? N_READ_PLANS : 1;
    double best_ms = INFINITY;
    for (int i = 0; i < N_TURNS; i++) {
        r->read_gb_per_s = fmax(r->read_gb_per_s, reading_rate(reading, p));
        for (int plan = 0; plan < n_plans; plan++) {
            j->m.read = read_plans[plan];
            const double ms = fmin(pass_ms(p, j, n), pass_ms(p, j, n));
            if (ms < best_ms) {
                best_ms = ms;
                r->plan = read_plans[plan];
            }
        }
    }
    j->m.read = r->plan;
    r->gb_per_s = best_ms > 0 ? bytes / best_ms * 1e-6 : 0;
}

/* ---- what the cores could do at most -------------------------------------------------- */

enum { PEAK_ROUNDS = 100000, PEAK_CHUNKS = 4 };

struct peak {
    dot_peak_fn *run;
    _Atomic uint64_t n_products;
};

static void peak_chunk(void *arg, uint32_t chunk, uint32_t worker)
{
    struct peak *p = arg;
    int32_t sum[16];
    (void)chunk;
    (void)worker;
    p->n_products += p->run(PEAK_ROUNDS, sum);
}

double bench_dot_peak(const struct kernels *k, struct pool *pool, uint32_t n_chunks)
{
    struct peak p = {.run = k->dot_peak};
    if (!k->dot_peak)
        return 0;
    double start = now_ms();
    pool_run(pool, peak_chunk, &p, n_chunks * pool_size(pool));
    return (double)p.n_products / (now_ms() - start) * 1e-6;
}

static double best_peak(struct pool *pool, const struct kernels *k)
{
    double best = 0;
    for (int i = 0; i < N_TURNS; i++)
        best = fmax(best, bench_dot_peak(k, pool, PEAK_CHUNKS));
    return best;
}

static double peak_fraction(const struct row *r)
{
    return r->peak > 0 ? r->many / r->peak : NAN;
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
    float *x = j->input = xaligned_scratch(COLS * sizeof *x);
    for (int i = 0; i < COLS; i++)
        x[i] = (float)(i % 17 - 8) / 8;
    m.data = j->data = fill(matrix_data_bytes(&m));
    m.row = j->row = xaligned(matrix_row_bytes(&m) + 64);
    j->m = m;
    j->x = (struct activation){x,
                               xaligned(COLS),
                               xaligned(COLS / 8),
                               xaligned(COLS / 4),
                               xaligned(COLS),
                               xaligned(COLS * 2)};
    j->y = xaligned(m.rows * sizeof *j->y);
}

static void release(struct job *j)
{
    free(j->data);
    free(j->row);
    free(j->input);
    free(j->x.q);
    free(j->x.scale);
    free(j->x.sum);
    free(j->x.low);
    free(j->x.wide);
    free(j->y);
}

/* Billions of products per second of n_tok tokens with the first rows, in the way that prompts go.
 */
static double product_rate(struct bench *b, const struct kernels *k, const struct job *j,
                           uint32_t n_tok)
{
    struct matrix m = j->m;
    if (m.rows > PRODUCT_ROWS)
        m.rows = m.rows_pad = PRODUCT_ROWS;
    float *x = xaligned_scratch((size_t)n_tok * COLS * sizeof *x);
    float *y = xaligned_scratch((size_t)n_tok * m.rows * sizeof *y);
    struct matmul *mm = matmul_new(k, b->pool, b->gemm, n_tok, COLS);
    double best = INFINITY, spent = 0;
    for (size_t i = 0; i < (size_t)n_tok * COLS; i++)
        x[i] = (float)(i % 17) / 8 - 1;
    for (int i = 0; i < N_TURNS && spent < TURN_MS * N_TURNS; i++) {
        double start = now_ms();
        matmul_run(mm, &m, n_tok, x, y, m.rows);
        double ms = now_ms() - start;
        best = fmin(best, ms);
        spent += ms;
    }
    matmul_free(mm);
    free(x);
    free(y);
    return best > 0 ? (double)n_tok * m.rows * COLS / best * 1e-6 : 0;
}

/* One head with a cache in one kind of numbers, on the calling thread. */
struct head {
    const struct kernels *k;
    enum kv_type type;
    float *q, *out;    /* [N_QUERIES][HEAD] */
    void *key, *value; /* [N_POS][HEAD] */
    float *unit;       /* [N_POS] scales of int8 */
    float *scores;     /* [N_QUERIES][N_POS] */
    float *wide;       /* [ATTEND_NEAR][HEAD] */
};

/* Queries [first, first + n), as a prompt has them if there is no matrix unit. */
static void attend(const struct head *h, uint32_t first, uint32_t n)
{
    const struct attend_group a = {.out = h->out + first * HEAD,
                                   .ld_out = HEAD,
                                   .q = h->q + first * HEAD,
                                   .ld_q = HEAD,
                                   .n = n,
                                   .n_pos = N_POS - N_QUERIES + first + 1,
                                   .dim = HEAD,
                                   .step = 1,
                                   .k = h->key,
                                   .v = h->value,
                                   .k_scale = h->type == KV_INT8 ? h->unit : NULL,
                                   .v_scale = h->type == KV_INT8 ? h->unit : NULL,
                                   .scale = 0.1f,
                                   .scores = h->scores,
                                   .ld_scores = N_POS,
                                   .n_rows = N_QUERIES,
                                   .wide = h->wide};
    if (h->type == KV_INT8)
        h->k->attend_group_int8(&a);
    else if (h->type == KV_BF16)
        h->k->attend_group_bf16(&a);
    else
        h->k->attend_group_f32(&a);
}

static uint32_t measure_attention(const struct kernels *k, uint32_t n_levels,
                                  struct attention_row *rows)
{
    uint32_t n = 0;
    struct head h = {.q = fill(N_QUERIES * HEAD * sizeof(float)),
                     .out = fill(N_QUERIES * HEAD * sizeof(float)),
                     .key = fill(N_POS * HEAD * sizeof(float)),
                     .value = fill(N_POS * HEAD * sizeof(float)),
                     .unit = fill(N_POS * sizeof(float)),
                     .scores = fill(N_QUERIES * N_POS * sizeof(float)),
                     .wide = fill(ATTEND_NEAR * HEAD * sizeof(float))};
    for (uint32_t i = 0; i < n_levels; i++)
        for (enum kv_type type = KV_F32; type <= KV_INT8; type++) {
            double one = INFINITY, several = INFINITY;
            h.k = &k[i];
            h.type = type;
            for (int turn = 0; turn < N_TURNS; turn++) {
                double start = now_ms();
                for (uint32_t t = 0; t < N_QUERIES; t++)
                    attend(&h, t, 1);
                double middle = now_ms();
                attend(&h, 0, N_QUERIES);
                one = fmin(one, middle - start);
                several = fmin(several, now_ms() - middle);
            }
            rows[n++] = (struct attention_row){k[i].level, kv_type_name(type),
                                               one * 1e3 / N_QUERIES, several * 1e3 / N_QUERIES};
        }
    free(h.q);
    free(h.out);
    free(h.key);
    free(h.value);
    free(h.unit);
    free(h.scores);
    free(h.wide);
    return n;
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
        if (i > 0 && k[i].matvec[f] == k[i - 1].matvec[f] &&
            k[i].matvec_batch[f] == k[i - 1].matvec_batch[f] &&
            k[i].gemm_tiles[f] == k[i - 1].gemm_tiles[f])
            continue;
        struct row *r = &rows[n++];
        *r = (struct row){.level = k[i].level, .format = f};
        struct load start = load_now();
        j.k = &k[i];
        k[i].quantise(&j.x, COLS, COLS);
        measure_rates(b->pool, &j, reading, r);
        struct load end = load_now();
        r->foreign = load_foreign(&start, &end);
        r->few = product_rate(b, &k[i], &j, FEW);
        r->many = product_rate(b, &k[i], &j, MANY);
        if (format_info(f)->is_int8 && !gemm_uses_unit(b->gemm, &k[i], f))
            r->peak = best_peak(b->pool, &k[i]);
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

static void print_json(const struct bench *b, const struct machine *machine, const struct row *rows,
                       uint32_t n, const struct attention_row *attention, uint32_t n_attention)
{
    putchar('{');
    bench_json_machine(machine);
    json_member("cache_bytes", machine->cache_bytes ? (double)machine->cache_bytes : NAN, ",");
    json_member("threads", pool_size(b->pool), ",");
    json_member("size_bytes", (double)b->size_mb * (1 << 20), ",\"kernels\":[");
    for (uint32_t i = 0; i < n; i++) {
        printf("%s{\"format\":\"%s\",\"cpu\":\"%s\",", i ? "," : "",
               format_info(rows[i].format)->name, rows[i].level);
        json_member("gb_per_s", rows[i].gb_per_s, ",");
        json_member("read_gb_per_s", rows[i].read_gb_per_s, ",");
        json_member("read_fraction", fraction(&rows[i]), ",");
        printf("\"read_plan\":{\"streams\":%u,\"twice\":%s,\"ahead\":%u},", rows[i].plan.streams,
               rows[i].plan.twice ? "true" : "false", rows[i].plan.ahead);
        json_member("products_few_per_ns", rows[i].few, ",");
        json_member("products_many_per_ns", rows[i].many, ",");
        json_member("peak_products_per_ns", rows[i].peak > 0 ? rows[i].peak : NAN, ",");
        json_member("peak_fraction", peak_fraction(&rows[i]), ",");
        json_member("foreign_cpu_percent", rows[i].foreign < 0 ? NAN : rows[i].foreign, "}");
    }
    fputs("],\"attention\":[", stdout);
    for (uint32_t i = 0; i < n_attention; i++) {
        printf("%s{\"kv\":\"%s\",\"cpu\":\"%s\",", i ? "," : "", attention[i].kv,
               attention[i].level);
        json_member("one_us", attention[i].one, ",");
        json_member("several_us", attention[i].several, "}");
    }
    puts("]}");
}

static void print_table(const struct bench *b, const struct machine *machine,
                        const struct row *rows, uint32_t n, const struct attention_row *attention,
                        uint32_t n_attention)
{
    bench_print_machine(machine);
    printf("matrices of %u MB, %d columns, %u threads; last-level cache ", b->size_mb, COLS,
           pool_size(b->pool));
    if (machine->cache_bytes)
        printf("%.0f MB%s\n\n", (double)machine->cache_bytes / (1 << 20),
               2 * machine->cache_bytes >> 20 > b->size_mb ? ": they are partly read from there"
                                                           : "");
    else
        puts("unknown\n");
    puts("                           one token               products a ns, tokens      of the");
    printf("format     level        GB/s   plain read      of   %7d   %7d      peak   peak"
           "   others' CPU   plan\n",
           FEW, MANY);
    for (uint32_t i = 0; i < n; i++) {
        printf("%-10s %-8s %8.2f %12.2f  %5.1f%%   %7.1f   %7.1f",
               format_info(rows[i].format)->name, rows[i].level, rows[i].gb_per_s,
               rows[i].read_gb_per_s, 100 * fraction(&rows[i]), rows[i].few, rows[i].many);
        if (rows[i].peak > 0)
            printf("   %7.1f  %4.0f%%", rows[i].peak, 100 * peak_fraction(&rows[i]));
        else
            printf("   %7s  %5s", "-", "-");
        if (rows[i].foreign >= 0)
            printf(" %10.0f%%", rows[i].foreign);
        else
            printf(" %11s", "");
        printf("   %u streams, %s, %u ahead\n", rows[i].plan.streams,
               rows[i].plan.twice ? "twice" : "once", rows[i].plan.ahead);
    }
    printf("\nattention, a head of %d, %d positions, 1 thread: us a query\n", HEAD, N_POS);
    printf("cache      level       alone   among %d\n", N_QUERIES);
    for (uint32_t i = 0; i < n_attention; i++)
        printf("%-10s %-8s %8.1f %9.1f\n", attention[i].kv, attention[i].level, attention[i].one,
               attention[i].several);
}

/* Well beyond the cache, but no more than the machine has to spare. */
static uint32_t default_mb(const struct machine *m)
{
    uint64_t mb = 2 * m->cache_bytes >> 20, most = m->memory_bytes >> 22;
    mb = mb > DEFAULT_MB ? mb : DEFAULT_MB;
    return (uint32_t)(most > 0 && mb > most ? most : mb);
}

/* The formats that were named, or all. */
static bool choose_formats(const struct bench *b, bool chosen[N_FORMATS], struct error *err)
{
    for (int f = 0; f < N_FORMATS; f++)
        chosen[f] = b->n_words == 0;
    for (uint32_t i = 0; i < b->n_words; i++) {
        enum format f;
        if (!format_from_name(b->words[i], &f))
            return error_set(err, EX_USAGE, "kernels: no format is called \"%s\"", b->words[i]);
        chosen[f] = true;
    }
    return true;
}

bool bench_kernels(struct bench *b, struct error *err)
{
    bool chosen[N_FORMATS];
    if (!choose_formats(b, chosen, err))
        return false;
    struct kernels *k = xcalloc(MAX_LEVELS, sizeof *k);
    const struct machine machine = machine_now();
    struct attention_row attention[MAX_LEVELS * 3];
    struct row *rows = xcalloc((size_t)MAX_LEVELS * N_FORMATS, sizeof *rows);
    uint32_t n_levels = find_levels(b, k), n = 0;
    if (b->size_mb == 0)
        b->size_mb = default_mb(&machine);
    b->pool = pool_new(b->n_threads);
    for (enum format f = 0; f < N_FORMATS; f++)
        if (chosen[f])
            n += measure_format(b, k, n_levels, f, rows + n);
    const uint32_t n_attention = measure_attention(k, n_levels, attention);
    if (b->json)
        print_json(b, &machine, rows, n, attention, n_attention);
    else
        print_table(b, &machine, rows, n, attention, n_attention);
    pool_free(b->pool);
    free(rows);
    free(k);
    return true;
}
