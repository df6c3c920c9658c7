/* SPDX-License-Identifier: MIT
 *
 * Matrix products of every format against sums in double over the exactly decoded weights, and the
 * promise that the number of threads changes no bit, for each way that a caller may ask for.
 */
#include <math.h>

#include "base.h"
#include "matmul.h"
#include "matmul_parts.h"
#include "qins.h"
#include "test.h"

enum { MAX_TOK = 33, MAX_COLS = 200, SPARE = 5 };

static const uint32_t shapes[][2] = {{80, 64}, {33, 200}, {200, 96}, {345, 40}};
static const uint32_t token_counts[] = {1, 3, 20, MAX_TOK};

static float next_random(uint64_t *state) /* -1 .. 1 */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((int32_t)(*state >> 32)) * 0x1p-31f;
}

struct fixture {
    struct matrix w;
    float *source;   /* [rows][cols] */
    float *decoded;  /* [rows][cols] */
    float *x;        /* [MAX_TOK][cols] */
    bool has_prompt; /* a matrix unit of bf16 may multiply them */
    void *data;      /* w's own */
    float *row;      /* w's own */
    bool by_float;   /* decoded weights and activations as they are, from 8 tokens on */
};

static struct fixture make(const struct kernels *k, enum gemm gemm, enum format format,
                           uint32_t rows, uint32_t cols)
{
    struct fixture f = {.w = matrix_shape(format, rows, cols), .by_float = gemm == GEMM_BLAS};
    bool int8 = gemm == GEMM_INT8 && k->matvec_batch[format];
    f.has_prompt = k->gemm_tiles[format] && !f.by_float && !int8;
    uint64_t seed = rows * 1000 + cols;
    size_t n = (size_t)rows * cols;
    f.source = xmalloc(n * sizeof(float));
    f.decoded = xmalloc(n * sizeof(float));
    f.x = xmalloc(MAX_TOK * cols * sizeof(float));
    for (size_t i = 0; i < n; i++)
        f.source[i] = next_random(&seed) * next_random(&seed) + 1e-4f;
    for (size_t i = 0; i < MAX_TOK * (size_t)cols; i++)
        f.x[i] = 3 * next_random(&seed);
    void *data = f.data = xaligned(matrix_data_bytes(&f.w));
    float *row = f.row = matrix_row_bytes(&f.w) ? xaligned(matrix_row_bytes(&f.w)) : NULL;
    if (format == FORMAT_F32)
        memcpy(data, f.source, n * sizeof(float));
    for (size_t i = 0; format == FORMAT_BF16 && i < n; i++)
        ((uint16_t *)data)[i] = bf16_from_f32(f.source[i]);
    if (format_info(format)->is_qins) {
        struct qins_range range = QINS_RANGE_EMPTY;
        qins_range_add(&range, f.source, n);
        qins_range_finish(&range);
        f.w.log_min = range.log_min;
        f.w.log_max = range.log_max;
        qins_encode(&f.w, &range, 0, rows, f.source, data, row, NULL);
    }
    f.w.data = data;
    f.w.row = row;
    k->dequant[format](&f.w, 0, rows, f.decoded);
    return f;
}

static void drop(struct fixture *f)
{
    free(f->data);
    free(f->row);
    free(f->source);
    free(f->decoded);
    free(f->x);
}

/* For each activation, the largest |x| of the block of ACT_BLOCK that shares its scale. */
static void block_max(const float *x, uint32_t cols, float *max)
{
    for (uint32_t k = 0; k < cols; k += ACT_BLOCK) {
        uint32_t end = k + ACT_BLOCK < cols ? k + ACT_BLOCK : cols;
        float m = 0;
        for (uint32_t i = k; i < end; i++)
            m = fmaxf(m, fabsf(x[i]));
        for (uint32_t i = k; i < end; i++)
            max[i] = m;
    }
}

/* Errors allowed: rounding of sums; for int8 activations half a step of each (127 steps to a
 * block's maximum); for QINS8 the kernels' 8-bit table of magnitudes, half of 1/255 of the row's
 * largest; for a prompt that a matrix unit multiplies weights and activations rounded to bf16, half
 * of 2^-8 each. */
static double bound(const struct fixture *f, uint32_t n_tok, const float *x, const float *w,
                    const float *max)
{
    double sum = 0, max_w = 0, sum_x = 0;
    bool codes = format_info(f->w.format)->is_qins, by_unit = f->has_prompt && n_tok > 3;
    if (f->by_float && n_tok > 3)
        codes = false;
    for (uint32_t k = 0; k < f->w.cols; k++) {
        sum += 1e-6 * fabs((double)w[k] * x[k]);
        if (by_unit)
            sum += 1.002 * 0x1p-8 * fabs((double)w[k] * x[k]);
        else if (codes)
            sum += 0.502 / 127 * max[k] * fabs(w[k]);
        max_w = fmax(max_w, fabs(w[k]));
        sum_x += fabs(x[k]) + max[k] / 127;
    }
    bool table = f->w.format == FORMAT_QINS8 && codes && !by_unit;
    return sum + (table ? 0.51 / 255 * max_w * sum_x : 0) + 1e-7;
}

static void check_product(const struct fixture *f, uint32_t n_tok, const float *y)
{
    float max[MAX_COLS];
    for (uint32_t t = 0; t < n_tok; t++) {
        const float *x = f->x + (size_t)t * f->w.cols, *row = y + (size_t)t * (f->w.rows + SPARE);
        block_max(x, f->w.cols, max);
        for (uint32_t r = 0; r < f->w.rows; r++) {
            const float *w = f->decoded + (size_t)r * f->w.cols;
            double want = 0;
            for (uint32_t k = 0; k < f->w.cols; k++)
                want += (double)w[k] * x[k];
            if (!(fabs(row[r] - want) <= bound(f, n_tok, x, w, max)))
                fail_msg("%s %ux%u, %u tokens: row %u is %g, expected %g",
                         format_info(f->w.format)->name, f->w.rows, f->w.cols, n_tok, r, row[r],
                         want);
        }
        for (uint32_t r = 0; r < SPARE; r++) /* nothing is written beside the rows */
            assert_true(row[f->w.rows + r] == -77.0f);
    }
}

static float *product(struct matmul *mm, const struct fixture *f, uint32_t n_tok)
{
    size_t n = (size_t)n_tok * (f->w.rows + SPARE);
    float *y = xmalloc(n * sizeof *y);
    for (size_t i = 0; i < n; i++)
        y[i] = -77.0f;
    matmul_run(mm, &f->w, n_tok, f->x, y, f->w.rows + SPARE);
    return y;
}

/* Each token alone gives the bits that it has among the others. */
static void check_bits_of_single_tokens(struct matmul *mm, const struct fixture *f, uint32_t n_tok,
                                        const float *y)
{
    float *one = xmalloc(f->w.rows * sizeof *one);
    for (uint32_t t = 0; t < n_tok; t++) {
        matmul_run(mm, &f->w, 1, f->x + (size_t)t * f->w.cols, one, f->w.rows);
        assert_memory_equal(y + (size_t)t * (f->w.rows + SPARE), one, f->w.rows * sizeof *one);
    }
    free(one);
}

static void check_format(const struct kernels *k, enum gemm gemm, enum format format)
{
    const unsigned threads[] = {1, 2, 3, 5};
    struct pool *pools[4];
    struct matmul *mm[4];
    for (int i = 0; i < 4; i++) {
        pools[i] = pool_new(threads[i]);
        mm[i] = matmul_new(k, pools[i], gemm, MAX_TOK, MAX_COLS);
    }
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct fixture f = make(k, gemm, format, shapes[s][0], shapes[s][1]);
        for (size_t c = 0; c < sizeof token_counts / sizeof *token_counts; c++) {
            uint32_t n_tok = token_counts[c];
            float *first = product(mm[0], &f, n_tok);
            check_product(&f, n_tok, first);
            if (gemm == GEMM_INT8 && k->matvec_batch[format])
                check_bits_of_single_tokens(mm[0], &f, n_tok, first);
            for (int i = 1; i < 4; i++) {
                float *y = product(mm[i], &f, n_tok);
                assert_memory_equal(y, first, n_tok * (f.w.rows + SPARE) * sizeof *y);
                free(y);
            }
            free(first);
        }
        drop(&f);
    }
    for (int i = 0; i < 4; i++) {
        matmul_free(mm[i]);
        pool_free(pools[i]);
    }
}

static void test_products_of_all_formats_and_thread_counts(void **state)
{
    (void)state;
    const unsigned levels[] = {0, cpu_flags() & CPU_AVX2, cpu_flags() & ~(unsigned)CPU_AMX,
                               cpu_flags()};
    for (int i = 0; i < 4; i++) {
        if (i > 0 && levels[i] == levels[i - 1])
            continue; /* not on this machine */
        struct kernels k;
        kernels_init(&k, levels[i]);
        for (int gemm = GEMM_AUTO; gemm <= GEMM_BLAS; gemm++)
            for (int format = 0; format < N_FORMATS; format++)
                check_format(&k, (enum gemm)gemm, (enum format)format);
    }
}

/* ---- several matrices in one go ------------------------------------------------------- */

enum { N_PARTS = 4 };

/* Matrix i of four over its own rows of x, 1, 9, 16 and 33 of them, two of the matrices over the
 * same: as each of them alone. */
static void check_parts(struct matmul *mm, enum format format, const struct kernels *k)
{
    static const uint32_t counts[N_PARTS] = {1, 9, 33, 33}, firsts[N_PARTS] = {0, 1, 10, 10};
    enum { ROWS = 80, COLS = 192, N_ROWS = 43, LD = ROWS + SPARE };
    struct fixture f[N_PARTS];
    struct matmul_part parts[N_PARTS];
    uint32_t rows[N_ROWS];
    float *y[N_PARTS], x[MAX_TOK * COLS], one[MAX_TOK * LD];
    for (uint32_t i = 0; i < N_PARTS; i++) {
        f[i] = make(k, GEMM_AUTO, format, ROWS, COLS);
        y[i] = xcalloc(N_ROWS * LD, sizeof *y[i]);
        parts[i] = (struct matmul_part){&f[i].w, firsts[i], counts[i], y[i]};
    }
    for (uint32_t i = 0; i < N_ROWS; i++)
        rows[i] = i * 7 % MAX_TOK;
    matmul_run_parts(mm, parts, N_PARTS, f[0].x, MAX_TOK, rows, LD);
    for (uint32_t i = 0; i < N_PARTS; i++) {
        for (uint32_t r = 0; r < counts[i]; r++)
            memcpy(x + r * COLS, f[0].x + (size_t)rows[firsts[i] + r] * COLS, COLS * sizeof *x);
        memset(one, 0, sizeof one);
        matmul_run(mm, &f[i].w, counts[i], x, one, LD);
        assert_memory_equal(y[i] + (size_t)firsts[i] * LD, one, counts[i] * LD * sizeof *one);
    }
    for (uint32_t i = 0; i < N_PARTS; i++) {
        free(y[i]);
        drop(&f[i]);
    }
}

static void test_parts_are_as_each_matrix_alone(void **state)
{
    (void)state;
    const unsigned levels[] = {0, cpu_flags() & ~(unsigned)CPU_AMX, cpu_flags()};
    for (int i = 0; i < 3; i++) {
        struct kernels k;
        kernels_init(&k, levels[i]);
        for (unsigned n_threads = 1; n_threads <= 3; n_threads += 2)
            for (int gemm = GEMM_AUTO; gemm <= GEMM_BLAS; gemm++) {
                struct pool *p = pool_new(n_threads);
                struct matmul *mm = matmul_new(&k, p, (enum gemm)gemm, 43 + 4 * TILE_TOKENS, 200);
                for (int format = 0; format < N_FORMATS; format++)
                    check_parts(mm, (enum format)format, &k);
                matmul_free(mm);
                pool_free(p);
            }
    }
}

static void test_ways_that_a_level_lacks_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    enum gemm gemm;
    for (int i = GEMM_AUTO; i <= GEMM_BLAS; i++) {
        bool here = i != GEMM_AMX || cpu_flags() & CPU_AMX;
        assert_int_equal(gemm_from_name(gemm_name((enum gemm)i), cpu_flags(), &gemm, &err), here);
        if (here)
            assert_int_equal(gemm, i);
    }
    assert_false(gemm_from_name("amx", 0, &gemm, &err));
    assert_int_equal(err.code, EX_USAGE);
    assert_string_equal(err.text,
                        "gemm: level scalar has no \"amx\"; it has auto, int8, blas, measure");
    assert_false(gemm_from_name("mkl", cpu_flags(), &gemm, &err));
}

/* Whatever is the fastest: a way that this level has for the format. */
static void test_the_fastest_way_is_one_that_is_there(void **state)
{
    (void)state;
    struct kernels k;
    struct pool *p = pool_new(2);
    kernels_init(&k, cpu_flags());
    for (int format = 0; format < N_FORMATS; format++) {
        struct fixture f = make(&k, GEMM_AUTO, (enum format)format, 80, 128);
        enum gemm way = matmul_fastest(&k, p, &f.w);
        assert_true(way == GEMM_BLAS || (way == GEMM_INT8 && k.matvec_batch[format]) ||
                    (way == GEMM_AMX && k.gemm_tiles[format]));
        drop(&f);
    }
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_of_all_formats_and_thread_counts),
        cmocka_unit_test(test_parts_are_as_each_matrix_alone),
        cmocka_unit_test(test_ways_that_a_level_lacks_are_refused),
        cmocka_unit_test(test_the_fastest_way_is_one_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
