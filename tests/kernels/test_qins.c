/* SPDX-License-Identifier: MIT
 *
 * The codecs against the specification's formula (the oracle in numpy, where shared/ and numpy are
 * there), against written formulas, and over hard cases.
 */
#include <float.h>
#include <math.h>

#include "kernels_internal.h"
#include "qins.h"
#include "random.h"
#include "test.h"

/* An encoded matrix and what came back from it. */
struct coded {
    struct matrix m;
    struct qins_range range;
    struct qins_error error;
    uint8_t *data;
    float *row, *back;
};

static struct coded code(enum format format, uint32_t rows, uint32_t cols, const float *w)
{
    struct coded c = {.m = matrix_shape(format, rows, cols), .range = QINS_RANGE_EMPTY};
    struct kernels k;
    kernels_init(&k, 0);
    c.data = malloc(matrix_data_bytes(&c.m));
    c.row = malloc(matrix_row_bytes(&c.m) + 1);
    c.back = malloc((size_t)rows * cols * sizeof(float));
    memset(c.data, 0xa5, matrix_data_bytes(&c.m));
    memset(c.row, 0xa5, matrix_row_bytes(&c.m));
    qins_range_add(&c.range, w, (size_t)rows * cols);
    qins_range_finish(&c.range);
    qins_encode(&c.m, &c.range, 0, rows, w, c.data, c.row, &c.error);
    c.m.data = c.data;
    c.m.row = c.row;
    c.m.log_min = c.range.log_min;
    c.m.log_max = c.range.log_max;
    k.dequant[format](&c.m, 0, rows, c.back);
    return c;
}

static void coded_free(struct coded *c)
{
    free(c->data);
    free(c->row);
    free(c->back);
}

static double relative_rms(const struct coded *c)
{
    return sqrt(c->error.sum_sq_err / c->error.sum_sq);
}

/* What a QINS9 matrix stores for one weight. */
static uint8_t stored_at(const struct coded *c, uint32_t r, uint32_t k)
{
    const uint8_t *tile = group_tiles(&c->m, r / 16) + k / 32 * 576;
    return tile[k % 32 / 4 * 64 + r % 16 * 4 + k % 4];
}

static float *gauss(size_t n, float sigma)
{
    float *w = malloc(n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = sigma * random_gauss();
    return w;
}

/* ---- tables --------------------------------------------------------------------------- */

static void test_tables_follow_their_formulas(void **state)
{
    (void)state;
    double top = exp2(-0.5 / 32) - 1.0 / 16;
    for (int c = 0; c < 128; c++) {
        double t = (exp2(-(c + 0.5) / 32) - 1.0 / 16) / top;
        assert_true(qins8_value[c] == (float)t);
        assert_int_equal(qins8_magnitude[c], (int)rint(255 * t));
    }
    for (int i = 0; i < 16; i++) {
        double coarse = rint(21241 * exp2(-i % 8 / 2.0) - 22);
        assert_int_equal(qins8_fine[i], (int)rint(420 * exp2(-i / 32.0)));
        assert_int_equal(qins8_coarse[i], (int)(i < 8 ? coarse : -coarse));
    }
    for (int c = 0; c < 256; c++) { /* rounded as pmulhrsw does: the nearest, halves up */
        int product = qins8_fine[c & 15] * qins8_coarse[c >> 4];
        int value = (int)floor(product / 32768.0 + 0.5), magnitude = qins8_magnitude[c & 127];
        assert_int_equal(value, c & 128 ? -magnitude - QINS8_OFFSET : magnitude + QINS8_OFFSET);
    }
    for (int i = 0; i < 16; i++)
        assert_true(qins4_fraction[i] == (float)exp2(-i / 16.0));
    static const struct {
        const int8_t *levels;
        int n;
        double g, shift[2];
    } sets[] = {{qins4_level, 8, 1.18, {.4, .7}},
                {qins3_level, 4, 1.4, {.4, .6}},
                {qins2_level, 2, 1.9, {.4, .6}}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (int code = 0; code < 2 * sets[i].n; code++) {
            int n = sets[i].n, side = code / n;
            double g = sets[i].g, norm = pow(g, n - 1 + sets[i].shift[1]) - 1;
            double level = rint(127 * (pow(g, n - 1 - code % n + sets[i].shift[side]) - 1) / norm);
            assert_int_equal(sets[i].levels[code], (int)(side ? -level : level));
        }
    for (int c = 0; c < 256; c++)
        assert_float_equal(qins4_scale((uint8_t)c), (c & 128 ? -1 : 1) * exp2(-(c & 127) / 16.0),
                           1e-7);
}

static void test_exponential_is_accurate(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -87; x <= 88; x += 0.00137) {
        double exact = exp((double)(float)x);
        worst = fmax(worst, fabs(exp_f32((float)x) - exact) / exact);
    }
    assert_true(worst < 1.5 * FLT_EPSILON);
    assert_true(exp_f32(0) == 1.0f);
    assert_true(isnan(exp_f32(NAN)));
    assert_true(exp_f32(-1e30f) < 2e-38f && isfinite(exp_f32(1e30f)));
}

static void test_half_floats(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        float value;
    } f16[] = {{0x0000, 0},        {0x0001, 0x1p-24f}, {0x03ff, 1023 * 0x1p-24f},
               {0x0400, 0x1p-14f}, {0x3c00, 1},        {0x3555, 0x1.554p-2f},
               {0x7bff, 65504},    {0xc000, -2},       {0x7c00, INFINITY},
               {0xfc00, -INFINITY}};
    for (size_t i = 0; i < sizeof f16 / sizeof *f16; i++)
        assert_true(f16_to_f32(f16[i].bits) == f16[i].value);
    assert_true(isnan(f16_to_f32(0x7e00)) && isnan(f16_to_f32(0x7c01)));
    assert_true(signbit(f16_to_f32(0x8000)));
    for (uint32_t u = 0; u < 65536; u++) {
        float x = bf16_to_f32((uint16_t)u);
        if (!isnan(x))
            assert_int_equal(bf16_from_f32(x), u);
        else
            assert_true(isnan(bf16_to_f32(bf16_from_f32(x))));
    }
    assert_int_equal(bf16_from_f32(0x1.01p0f), 0x3f80); /* a tie goes to even */
    assert_int_equal(bf16_from_f32(0x1.03p0f), 0x3f82);
    assert_int_equal(bf16_from_f32(FLT_MAX), 0x7f80);
    assert_true(isnan(bf16_to_f32(bf16_from_f32(bits_float(0x7f800001)))));
}

/* ---- the specification's codec -------------------------------------------------------- */

static void test_worked_example(void **state)
{
    (void)state;
    random_seed(3);
    float *w = gauss(64 * 96, 0.05f);
    w[1234] = -0.490955f; /* the largest of its layer */
    struct coded c = code(FORMAT_QINS9, 64, 96, w);
    assert_int_equal(stored_at(&c, 1234 / 96, 1234 % 96), 1);
    assert_float_equal(c.back[1234], -0.490955, 1e-7);
    assert_int_equal(qins_stored(w[1234], c.range.log_min, c.range.log_max), 1);
    assert_int_equal(qins_stored(0, c.range.log_min, c.range.log_max), 255);
    coded_free(&c);
    free(w);
}

static void save(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void load(const char *path, void *bytes, size_t n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(bytes, 1, n, f), n);
    fclose(f);
}

static const char *python_with_numpy(void)
{
    if (system("python3 -c 'import numpy' 2>/dev/null") == 0)
        return "python3";
    return system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") ? NULL : "/usr/bin/python3";
}

/* Codes of the oracle: stored bytes, then log_min and log_max. Skips without numpy. */
static void ask_oracle(const float *w, size_t n, uint8_t *stored, float range[2])
{
    char command[8192], in[512], out[512], *folder = temp_folder();
    const char *oracle = shared_path("oracle/reference.py");
    const char *python = python_with_numpy();
    if (!python) {
        printf("SKIPPED: no numpy\n");
        remove_folder(folder);
        skip();
    }
    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    save(in, w, n * sizeof *w);
    snprintf(
        command, sizeof command,
        "%s -B -c 'import sys, numpy as np; sys.path.insert(0, sys.argv[1].rsplit(\"/\", 1)[0])\n"
        "import reference as r\n"
        "s, g, lo, hi = r.qins_encode(np.fromfile(sys.argv[2], np.float32))\n"
        "open(sys.argv[3], \"wb\").write(s.tobytes() + np.float32([lo, hi]).tobytes())' "
        "'%s' '%s' '%s'",
        python, oracle, in, out);
    assert_int_equal(system(command), 0);
    uint8_t *bytes = malloc(n + 8);
    load(out, bytes, n + 8);
    memcpy(stored, bytes, n);
    memcpy(range, bytes + n, 8);
    free(bytes);
    remove_folder(folder);
}

/* numpy's float32 logarithm may be one unit in the last place off, differently on each machine;
 * a code may then differ by one where the exact value lies that close to a rounding boundary. */
static bool on_boundary(float w, const struct qins_range *r)
{
    double lo = log((double)r->min_abs), hi = log((double)r->max_abs);
    double stored = 255 - (log(fmax(fabs((double)w), 1e-8)) - lo) / (hi - lo) * 254;
    return fabs(stored - floor(stored) - 0.5) < 1e-3;
}

static void test_codes_equal_the_oracles(void **state)
{
    (void)state;
    enum { ROWS = 100, COLS = 1000, N = ROWS * COLS };
    random_seed(4);
    float *w = gauss(N, 0.02f), range[2];
    uint8_t *stored = malloc(N);
    size_t differing = 0;
    w[7] = 0;
    w[8] = -0.0f;
    w[9] = 5e-9f;
    w[10] = -1e-40f;
    w[11] = 3;
    ask_oracle(w, N, stored, range);
    struct coded c = code(FORMAT_QINS9, ROWS, COLS, w);
    assert_float_equal(c.range.log_min, range[0], 2e-6);
    assert_float_equal(c.range.log_max, range[1], 2e-6);
    for (size_t i = 0; i < N; i++) {
        uint8_t ours = stored_at(&c, (uint32_t)i / COLS, i % COLS);
        if (ours != stored[i]) {
            assert_in_range(ours - stored[i] + 1, 0, 2);
            assert_true(on_boundary(w[i], &c.range));
            differing++;
        }
        double value =
            exp((double)range[0] + (255 - stored[i]) / 254.0 * ((double)range[1] - range[0]));
        if (ours == stored[i])
            assert_float_equal(fabsf(c.back[i]) / value, 1, 4e-6);
    }
    assert_true(differing < N / 10000);
    coded_free(&c);
    free(stored);
    free(w);
}

static void test_error_of_log_codes_is_bounded(void **state)
{
    (void)state;
    random_seed(5);
    for (int by_row = 0; by_row < 2; by_row++) {
        float *w = gauss(48 * 200, 0.02f);
        struct coded c = code(by_row ? FORMAT_QINS9ROW : FORMAT_QINS9, 48, 200, w);
        for (size_t i = 0; i < 48 * 200; i++) {
            size_t r = i / 200;
            double lo = by_row ? c.row[r] : c.range.log_min;
            double hi = by_row ? c.row[c.m.rows_pad + r] : c.range.log_max;
            double half_step = (hi - lo) / 254 / 2;
            if (fabsf(w[i]) > 1e-8f)
                assert_true(fabs(log(fabs((double)c.back[i] / w[i]))) <= half_step + 1e-5);
        }
        coded_free(&c);
        free(w);
    }
}

/* ---- every format --------------------------------------------------------------------- */

static void check_signs(enum format format, uint32_t rows, uint32_t cols, const float *w)
{
    struct coded c = code(format, rows, cols, w);
    for (size_t i = 0; i < (size_t)rows * cols; i++) {
        assert_true(isfinite(c.back[i]));
        assert_int_equal(signbit(c.back[i]) != 0, w[i] < 0);
    }
    assert_int_equal(c.error.n, (size_t)rows * cols);
    assert_int_equal(c.error.n_sign_kept, c.error.n);
    coded_free(&c);
}

static void test_signs_are_exact(void **state)
{
    (void)state;
    static const float hard[] = {0,         -0.0f,   1e-9f,   -1e-9f,    1e-40f,   -1e-40f,
                                 0x1p-149f, -1e-45f, -1e-8f,  FLT_MIN,   -FLT_MIN, 3e-5f,
                                 -3e-5f,    0.02f,   -0.02f,  -0.49095f, 1,        -1,
                                 1e4f,      -1e4f,   FLT_MAX, -FLT_MAX};
    enum { ROWS = 37, COLS = 203, N_HARD = sizeof hard / sizeof *hard };
    float *w = malloc(ROWS * COLS * sizeof *w);
    random_seed(6);
    for (enum format f = FORMAT_QINS9; f < N_FORMATS; f++)
        for (uint32_t reach = 3; reach <= N_HARD; reach++) {
            for (size_t i = 0; i < ROWS * COLS; i++)
                w[i] = hard[random_below(reach)];
            check_signs(f, ROWS, COLS, w);
            for (size_t i = 0; i < ROWS * COLS; i++) /* a constant, but one huge outlier */
                w[i] = i == 777 ? -3e30f : hard[reach - 1];
            check_signs(f, ROWS, COLS, w);
            for (size_t i = 0; i < ROWS * COLS; i++)
                w[i] = random_gauss() * hard[N_HARD - reach] * 0.1f;
            check_signs(f, ROWS, COLS, w);
        }
    free(w);
}

static void test_all_zero_is_exactly_zero(void **state)
{
    (void)state;
    float w[33 * 70];
    for (enum format f = 0; f < N_FORMATS; f++) {
        memset(w, 0, sizeof w);
        struct coded c = code(f, 33, 70, w);
        assert_true(c.range.log_min == -10 && c.range.log_max == 0 && c.range.max_abs == 0);
        for (int i = 0; i < 33 * 70; i++)
            assert_true(c.back[i] == 0 && !signbit(c.back[i]));
        coded_free(&c);
        if (f == FORMAT_QINS9)
            continue;   /* one range per tensor: a row of zeros is like any small weights there */
        w[32 * 70] = 1; /* zero rows beside a row that is not */
        c = code(f, 33, 70, w);
        for (int i = 0; i < 32 * 70; i++)
            assert_true(c.back[i] == 0);
        coded_free(&c);
    }
}

static void test_constant_comes_back(void **state)
{
    (void)state;
    float w[20 * 130];
    for (enum format f = 0; f < N_FORMATS; f++)
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int i = 0; i < 20 * 130; i++)
                w[i] = (float)sign * 0.37f;
            struct coded c = code(f, 20, 130, w);
            double allowed = f == FORMAT_BF16 ? 0x1p-8 : 2e-6;
            for (int i = 0; i < 20 * 130; i++)
                assert_true(fabs(c.back[i] / (double)w[i] - 1) <= allowed);
            coded_free(&c);
        }
}

static void test_range_counts_what_is_no_number(void **state)
{
    (void)state;
    const float w[] = {1, NAN, -INFINITY, 0.5f, INFINITY, 1e-9f};
    struct qins_range r = QINS_RANGE_EMPTY;
    qins_range_add(&r, w, 3);
    qins_range_add(&r, w + 3, 3);
    qins_range_finish(&r);
    assert_int_equal(r.n_nonfinite, 3);
    assert_true(r.max_abs == 1 && r.min_abs == 0.5f);
    assert_float_equal(r.log_min, log(0.5), 1e-7);
    assert_true(r.log_max == 0);
}

/* Figures for Gaussian weights: shared design tables, measured there with other code. */
static void test_loss_on_gaussian_weights(void **state)
{
    (void)state;
    static const struct {
        enum format format;
        double low, high;
    } expected[] = {
        {FORMAT_F32, 0, 0},
        {FORMAT_BF16, 0.0015, 0.0018}, /* uniform relative error 2^-9 / sqrt 3, less near powers */
        {FORMAT_QINS9ROW, 0.0105, 0.0125},
        {FORMAT_QINS8, 0.0073, 0.0079},
        {FORMAT_QINS4, 0.0732, 0.0772},
        {FORMAT_QINS4_16, 0.0633, 0.0673},
        {FORMAT_QINS3, 0.135, 0.141},
        {FORMAT_QINS2, 0.287, 0.299},
    };
    enum { ROWS = 48, COLS = 4096 };
    random_seed(7);
    float *w = gauss(ROWS * COLS, 0.02f);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct coded c = code(expected[i].format, ROWS, COLS, w);
        double rms = relative_rms(&c), err = 0;
        printf("%-9s relative rms %.5f\n", format_info(expected[i].format)->name, rms);
        assert_in_range((uint64_t)(rms * 1e6), (uint64_t)(expected[i].low * 1e6),
                        (uint64_t)(expected[i].high * 1e6));
        for (size_t j = 0; j < ROWS * COLS; j++)
            err += pow((double)c.back[j] - w[j], 2);
        assert_float_equal(c.error.sum_sq_err, err, 1e-9 * (1 + err));
        assert_int_equal(c.error.n, ROWS * COLS);
        coded_free(&c);
    }
    free(w);
}

static void test_rows_can_be_encoded_in_parts(void **state)
{
    (void)state;
    enum { ROWS = 70, COLS = 172 };
    random_seed(8);
    float *w = gauss(ROWS * COLS, 0.02f);
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct coded c = code(f, ROWS, COLS, w);
        uint8_t *data = malloc(matrix_data_bytes(&c.m));
        float *row = malloc(matrix_row_bytes(&c.m) + 1);
        struct qins_error e = {0};
        memset(row, 1, matrix_row_bytes(&c.m));
        qins_encode(&c.m, &c.range, 48, ROWS, w + 48 * COLS, data, row, &e);
        qins_encode(&c.m, &c.range, 0, 48, w, data, row, &e);
        assert_memory_equal(data, c.data, matrix_data_bytes(&c.m));
        if (matrix_row_bytes(&c.m))
            assert_memory_equal(row, c.row, matrix_row_bytes(&c.m));
        assert_int_equal(e.n_sign_kept, c.error.n_sign_kept);
        free(row);
        free(data);
        coded_free(&c);
    }
    free(w);
}

static void test_sizes(void **state)
{
    (void)state;
    struct matrix m = matrix_shape(FORMAT_QINS4, 9216, 3072);
    assert_int_equal(matrix_data_bytes(&m) * 8, 9216ull * 3072 * 17 / 4); /* 4.25 bits per weight */
    assert_int_equal(matrix_row_bytes(&m), 9216 * 4);
    m = matrix_shape(FORMAT_QINS4_16, 17, 130);
    assert_int_equal(m.rows_pad, 32);
    assert_int_equal(m.cols_pad, 256);
    assert_int_equal(matrix_data_bytes(&m), 4 * 1152);
    m = matrix_shape(FORMAT_QINS3, 9216, 3072);
    assert_int_equal(matrix_data_bytes(&m) * 8, 9216ull * 3072 * 7 / 2);
    m = matrix_shape(FORMAT_QINS2, 9216, 3072);
    assert_int_equal(matrix_data_bytes(&m) * 8, 9216ull * 3072 * 5 / 2);
    m = matrix_shape(FORMAT_QINS9, 16, 32);
    assert_int_equal(matrix_data_bytes(&m), 576);
    m = matrix_shape(FORMAT_QINS9ROW, 16, 33);
    assert_int_equal(matrix_row_bytes(&m), 2 * 16 * 4);
    m = matrix_shape(FORMAT_BF16, 5, 7);
    assert_int_equal(matrix_data_bytes(&m), 70);
    m = matrix_shape(FORMAT_F32, 200000, 60000); /* more than 32 bits count */
    assert_true(matrix_data_bytes(&m) == 200000ull * 60000 * 4);
    enum format f;
    assert_true(format_from_name("qins4-16", &f) && f == FORMAT_QINS4_16);
    assert_false(format_from_name("qins5", &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_follow_their_formulas),
        cmocka_unit_test(test_exponential_is_accurate),
        cmocka_unit_test(test_half_floats),
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_codes_equal_the_oracles),
        cmocka_unit_test(test_error_of_log_codes_is_bounded),
        cmocka_unit_test(test_signs_are_exact),
        cmocka_unit_test(test_all_zero_is_exactly_zero),
        cmocka_unit_test(test_constant_comes_back),
        cmocka_unit_test(test_range_counts_what_is_no_number),
        cmocka_unit_test(test_loss_on_gaussian_weights),
        cmocka_unit_test(test_rows_can_be_encoded_in_parts),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
