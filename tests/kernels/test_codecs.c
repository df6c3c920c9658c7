/* SPDX-License-Identifier: MIT
 *
 * The codecs of all formats against a plain restatement of TECHNICAL_SPEC, "Number formats": where
 * each bit lies and what it means, computed in double from formulas, without the library's tables
 * or layout code; signs, order and error bounds on hostile and odd shapes.
 */
#include <float.h>
#include <math.h>

#include "qins.h"
#include "qins_block.h"
#include "qins_view.h"
#include "random.h"
#include "test.h"

/* ---- the formulas --------------------------------------------------------------------- */

struct plain_format {
    enum format format;
    uint32_t tile_cols, tile_bytes, block, n_levels; /* block 0: none */
    double g, shift[2];
};

static const struct plain_format plain_formats[] = {
    {FORMAT_QINS9, 32, 576, 0, 0, 0, {0}},
    {FORMAT_QINS9ROW, 32, 576, 0, 0, 0, {0}},
    {FORMAT_QINS8, 32, 512, 0, 0, 0, {0}},
    {FORMAT_QINS4, 128, 1088, 32, 8, 1.18, {.4, .7}},
    {FORMAT_QINS4_16, 128, 1152, 16, 8, 1.18, {.4, .7}},
    {FORMAT_QINS3, 128, 896, 16, 4, 1.4, {.4, .6}},
    {FORMAT_QINS2, 128, 640, 16, 2, 1.9, {.4, .6}},
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static double plain_level(const struct plain_format *p, uint32_t code)
{
    uint32_t side = code / p->n_levels, j = p->n_levels - 1 - code % p->n_levels;
    double top = pow(p->g, p->n_levels - 1 + p->shift[1]) - 1;
    return (side ? -1 : 1) * rint(127 * (pow(p->g, j + p->shift[side]) - 1) / top);
}

/* Bit `bit` of the byte of row r, column k mod 4 in a line. */
static uint32_t line_bit(const uint8_t *line, uint32_t r, uint32_t k, uint32_t bit)
{
    return line[r * 4 + k % 4] >> bit & 1;
}

/* Code of a format with blocks, bit by bit. */
static uint32_t plain_code(const struct plain_format *p, const uint8_t *codes, uint32_t r,
                           uint32_t k)
{
    static const uint8_t top_line[2][3] = {{0, 0, 1}, {1, 2, 2}};
    static const uint8_t top_bit[2][3] = {{6, 7, 6}, {7, 6, 7}};
    uint32_t bits = p->n_levels == 8 ? 4 : p->n_levels == 4 ? 3 : 2, code = 0;
    const uint8_t *unit = codes + k / 32 * bits * 64;
    uint32_t four = k % 32 / 4;
    for (uint32_t i = 0; i < bits; i++) {
        uint32_t line, bit;
        if (bits == 4) {
            line = four / 2;
            bit = four % 2 * 4 + i;
        } else if (bits == 2) {
            line = four / 4;
            bit = four % 4 * 2 + i;
        } else if (four < 6) {
            line = four / 2;
            bit = four % 2 * 3 + i;
        } else {
            line = top_line[four - 6][i];
            bit = top_bit[four - 6][i];
        }
        code |= line_bit(unit + line * 64, r, k, bit) << i;
    }
    return code;
}

/* What the bytes of a matrix say about one weight, and the law's word for it. */
struct plain_weight {
    double value, scale; /* scale: of the block, signed */
    uint32_t code;
};

static struct plain_weight plain_weight(const struct plain_format *p, const struct matrix *m,
                                        uint32_t row, uint32_t col)
{
    const uint32_t r = row % 16, k = col % p->tile_cols, across = m->cols_pad / p->tile_cols;
    const uint8_t *tile = (const uint8_t *)m->data +
                          ((size_t)(row / 16) * across + col / p->tile_cols) * p->tile_bytes;
    struct plain_weight w = {0};
    if (p->block) {
        uint8_t byte = tile[k / p->block * 16 + r];
        w.code = plain_code(p, tile + p->tile_cols / p->block * 16, r, k);
        w.scale = (byte >> 7 ? -1 : 1) * (double)m->row[row] * exp2(-(byte & 127) / 16.0);
        w.value = w.scale * plain_level(p, w.code);
        return w;
    }
    w.code = tile[k / 4 * 64 + r * 4 + k % 4];
    if (p->format == FORMAT_QINS8) {
        double top = exp2(-.5 / 32) - 1. / 16, t = exp2(-((w.code & 127) + .5) / 32) - 1. / 16;
        w.value = (w.code >> 7 ? -1 : 1) * (double)m->row[row] * t / top;
        return w;
    }
    bool by_row = p->format == FORMAT_QINS9ROW;
    double lo = by_row ? (double)m->row[row] : (double)m->log_min;
    double hi = by_row ? (double)m->row[m->rows_pad + row] : (double)m->log_max;
    uint32_t at = r * 4 + k % 4, negative = tile[512 + k / 4 * 8 + at / 8] >> at % 8 & 1;
    w.value = w.code ? (negative ? -1 : 1) * exp(lo + (255 - w.code) / 254.0 * (hi - lo)) : 0;
    return w;
}

/* ---- encoding ------------------------------------------------------------------------- */

struct coded {
    struct matrix m;
    struct qins_error error;
    uint8_t *data;
    float *row, *back;
};

static struct coded code(enum format format, uint32_t rows, uint32_t cols, const float *w)
{
    struct coded c = {.m = matrix_shape(format, rows, cols)};
    struct qins_range range = QINS_RANGE_EMPTY;
    struct kernels k;
    kernels_init(&k, 0);
    c.data = malloc(matrix_data_bytes(&c.m));
    c.row = malloc(matrix_row_bytes(&c.m) + 1);
    c.back = malloc((size_t)rows * cols * sizeof(float));
    memset(c.data, 0xa5, matrix_data_bytes(&c.m));
    qins_range_add(&range, w, (size_t)rows * cols);
    qins_range_finish(&range);
    qins_encode(&c.m, &range, 0, rows, w, c.data, c.row, &c.error);
    c.m.data = c.data;
    c.m.row = c.row;
    c.m.log_min = range.log_min;
    c.m.log_max = range.log_max;
    k.dequant[format](&c.m, 0, rows, c.back);
    return c;
}

static void coded_free(struct coded *c)
{
    free(c->data);
    free(c->row);
    free(c->back);
}

/* Kinds of weights, from ordinary to nasty. */
enum { N_KINDS = 8 };

static float weight_of(int kind)
{
    switch (kind) {
    case 0: return 0.02f * random_gauss();
    case 1: return random_below(50) ? 0.02f * random_gauss() : 5 * random_gauss(); /* outliers */
    case 2: return (random_below(2) ? -1 : 1) * ldexpf(1, (int)random_below(250) - 149);
    case 3: return random_below(3) ? 0 : -0.0f;
    case 4: return ldexpf(random_gauss(), -140);                 /* denormals */
    case 5: return (random_below(2) ? -1 : 1) * FLT_MAX;         /* huge */
    case 6: return random_below(4) ? 1e-9f * random_gauss() : 0; /* tiny, and zeros */
    default: return random_below(2) ? -0.37f : 0.37f;
    }
}

static void fill(float *w, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++)
        w[i] = weight_of(kind < N_KINDS ? kind : (int)random_below(N_KINDS));
}

static const struct {
    uint32_t rows, cols;
} shapes[] = {{1, 1}, {5, 31}, {16, 128}, {17, 33}, {33, 172}, {20, 129}, {16, 300}, {3, 7}};

/* ---- tests ---------------------------------------------------------------------------- */

static void test_bytes_mean_what_the_specification_says(void **state)
{
    (void)state;
    random_seed(11);
    for (size_t f = 0; f < COUNT(plain_formats); f++)
        for (size_t s = 0; s < COUNT(shapes); s++) {
            const uint32_t rows = shapes[s].rows, cols = shapes[s].cols;
            float *w = malloc((size_t)rows * cols * sizeof *w);
            fill(w, (size_t)rows * cols, (int)s % 2);
            struct coded c = code(plain_formats[f].format, rows, cols, w);
            assert_int_equal(matrix_data_bytes(&c.m) % plain_formats[f].tile_bytes, 0);
            for (uint32_t i = 0; i < rows * cols; i++) {
                double plain = plain_weight(&plain_formats[f], &c.m, i / cols, i % cols).value;
                assert_true(fabs((double)c.back[i] - plain) <= 1e-5 * fabs(plain));
                assert_int_equal(signbit(c.back[i]) != 0, w[i] < 0);
            }
            coded_free(&c);
            free(w);
        }
}

/* Within whatever shares a scale, and a sign where the signs have levels of their own. */
static bool share_codes(const struct plain_format *p, uint32_t cols, const float *w, uint32_t i,
                        uint32_t j)
{
    if (p->format == FORMAT_QINS9)
        return true;
    if (i / cols != j / cols)
        return false;
    if (!p->block)
        return true;
    return i % cols / p->block == j % cols / p->block && (w[i] < 0) == (w[j] < 0);
}

static void test_larger_weights_never_get_larger_codes(void **state)
{
    (void)state;
    enum { ROWS = 5, COLS = 203, N = ROWS * COLS };
    random_seed(12);
    float w[N];
    for (size_t f = 0; f < COUNT(plain_formats); f++)
        for (int kind = 0; kind <= N_KINDS; kind++) {
            const struct plain_format *p = &plain_formats[f];
            fill(w, N, kind);
            struct coded c = code(p->format, ROWS, COLS, w);
            for (uint32_t i = 0; i < N; i++)
                for (uint32_t j = i + 1; j < N && j < i + 2 * COLS; j++) {
                    uint32_t large = fabsf(w[i]) > fabsf(w[j]) ? i : j, small = i + j - large;
                    if (!share_codes(p, COLS, w, i, j) || fabsf(w[i]) == fabsf(w[j]))
                        continue;
                    assert_true(qins_view(&c.m, large / COLS, large % COLS).stored <=
                                qins_view(&c.m, small / COLS, small % COLS).stored);
                }
            coded_free(&c);
        }
}

static void test_signs_of_ten_million_weights(void **state)
{
    (void)state;
    enum { ROWS = 64, COLS = 4001, N = ROWS * COLS, BATCHES = 40 };
    float *w = malloc(N * sizeof *w);
    random_seed(13);
    uint64_t n = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        enum format f = plain_formats[(size_t)batch % COUNT(plain_formats)].format;
        for (uint32_t r = 0; r < ROWS; r++) /* a kind per row, or all of them mixed */
            fill(w + (size_t)r * COLS, COLS, (int)random_below(N_KINDS + 1));
        struct coded c = code(f, ROWS, COLS, w);
        for (size_t i = 0; i < N; i++)
            if (!isfinite(c.back[i]) || (signbit(c.back[i]) != 0) != (w[i] < 0))
                fail_msg("%s: %a became %a", format_info(f)->name, (double)w[i], (double)c.back[i]);
        assert_int_equal(c.error.n_sign_kept, N);
        n += N;
        coded_free(&c);
    }
    assert_true(n >= 10000000);
    free(w);
}

/* |w' - w| against half the distance of neighbouring magnitudes of its side; beyond the largest and
 * the smallest, their own distance. */
static void check_nearest(double w, double back, const double *magnitude, int n)
{
    double least = INFINITY;
    for (int i = 0; i < n; i++)
        least = fmin(least, fabs(fabs(w) - magnitude[i]));
    assert_true(fabs(fabs(back) - fabs(w)) <= least * (1 + 1e-4) + 1e-6 * magnitude[0]);
}

static void test_errors_keep_the_bounds_of_the_formula(void **state)
{
    (void)state;
    enum { ROWS = 18, COLS = 205, N = ROWS * COLS };
    random_seed(14);
    float w[N];
    for (size_t f = 0; f < COUNT(plain_formats); f++)
        for (int kind = 0; kind < 2; kind++) {
            const struct plain_format *p = &plain_formats[f];
            fill(w, N, kind);
            struct coded c = code(p->format, ROWS, COLS, w);
            for (uint32_t i = 0; i < N; i++) {
                struct plain_weight x = plain_weight(p, &c.m, i / COLS, i % COLS);
                double magnitude[128], top = exp2(-.5 / 32) - 1. / 16;
                uint32_t side = p->block ? x.code / p->n_levels : 0;
                for (uint32_t k = 0; k < p->n_levels; k++)
                    magnitude[k] = fabs(x.scale * plain_level(p, side * p->n_levels + k));
                for (uint32_t k = 0; k < 128 && p->format == FORMAT_QINS8; k++)
                    magnitude[k] = (double)c.row[i / COLS] * (exp2(-(k + .5) / 32) - 1. / 16) / top;
                if (p->block)
                    check_nearest((double)w[i], (double)c.back[i], magnitude, (int)p->n_levels);
                else if (p->format == FORMAT_QINS8)
                    check_nearest((double)w[i], (double)c.back[i], magnitude, 128);
                else if (fabsf(w[i]) > 1e-8f) { /* half a step of the logarithm */
                    double lo =
                        p->format == FORMAT_QINS9 ? (double)c.m.log_min : (double)c.row[i / COLS];
                    double hi = p->format == FORMAT_QINS9 ? (double)c.m.log_max
                                                          : (double)c.row[c.m.rows_pad + i / COLS];
                    assert_true(fabs(log((double)c.back[i] / (double)w[i])) <=
                                (hi - lo) / 508 + 1e-5);
                }
            }
            coded_free(&c);
        }
}

/* Error of a block with one scale; the side of a sign by the scale's. */
static double block_error(const struct plain_format *p, const float *w, const float *importance,
                          uint32_t n, double scale)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t side = (w[i] < 0) ^ (scale < 0);
        double least = INFINITY;
        for (uint32_t k = 0; k < p->n_levels; k++)
            least = fmin(least, fabs(fabs((double)w[i]) -
                                     fabs(scale * plain_level(p, side * p->n_levels + k))));
        sum += (importance ? (double)importance[i] : 1) * least * least;
    }
    return sum;
}

/* No scale of the grid is better by more than what the search leaves: it tries a window, and the
 * levels of a neighbouring step. */
static void test_search_finds_about_the_best_scale(void **state)
{
    (void)state;
    random_seed(15);
    for (size_t f = 0; f < COUNT(plain_formats); f++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const struct plain_format *p = &plain_formats[f];
            double found = 0, best = 0;
            for (int turn = 0; turn < 300 && p->block; turn++) {
                float w[32], importance[32], base = 0.01f;
                for (uint32_t i = 0; i < p->block; i++) {
                    w[i] = 0.02f * random_gauss();
                    importance[i] = expf(random_gauss());
                }
                uint8_t byte =
                    qins_block_search(p->format, w, weighted ? importance : NULL, p->block, base);
                double least = INFINITY, scale = (double)qins_block_scale(byte, base);
                assert_float_equal(
                    scale, (byte >> 7 ? -1 : 1) * (double)base * exp2(-(byte & 127) / 16.0), 1e-8);
                for (int c = 0; c < 256; c++)
                    least = fmin(least, block_error(p, w, weighted ? importance : NULL, p->block,
                                                    (c >> 7 ? -1 : 1) * (double)base *
                                                        exp2(-(c & 127) / 16.0)));
                found += block_error(p, w, weighted ? importance : NULL, p->block, scale);
                best += least;
            }
            if (found > 1.05 * best)
                fail_msg("%s, weighted %d: %g instead of %g", format_info(p->format)->name,
                         weighted, found, best);
        }
}

static void test_block_by_block_is_the_same_as_a_row(void **state)
{
    (void)state;
    enum { COLS = 301 };
    random_seed(16);
    float w[COLS], importance[COLS];
    for (size_t f = 0; f < COUNT(plain_formats); f++) {
        const struct plain_format *p = &plain_formats[f];
        if (!p->block)
            continue;
        fill(w, COLS, 0);
        for (uint32_t i = 0; i < COLS; i++)
            importance[i] = expf(random_gauss());
        struct matrix m = matrix_shape(p->format, 1, COLS);
        uint8_t *whole = calloc(1, matrix_data_bytes(&m)),
                *parts = calloc(1, matrix_data_bytes(&m));
        float base = qins_block_encode_row(&m, whole, 0, w, importance);
        float first = qins_block_base(p->format, w, importance, COLS);
        for (uint32_t k = 0; k < COLS; k += p->block) {
            uint32_t n = COLS - k < p->block ? COLS - k : p->block;
            uint8_t byte = qins_block_search(p->format, w + k, importance + k, n, first);
            float scale = qins_block_scale(byte, first);
            qins_block_put_scale(&m, parts, 0, k / p->block, byte);
            for (uint32_t i = k; i < k + n; i++) {
                uint8_t code = qins_block_code(p->format, w[i], scale);
                qins_block_put_code(&m, parts, 0, i, code);
                assert_int_equal(signbit(qins_block_value(p->format, code, scale)) != 0, w[i] < 0);
            }
        }
        assert_true(qins_block_finish_row(&m, parts, 0, first) == base);
        struct matrix a = m, b = m;
        a.data = whole;
        b.data = parts;
        a.row = b.row = &base;
        for (uint32_t i = 0; i < COLS; i++) /* padding may differ */
            assert_true(plain_weight(p, &a, 0, i).value == plain_weight(p, &b, 0, i).value);
        free(whole);
        free(parts);
    }
}

/* The law in the words of the specification. */
static void test_view_obeys_the_law(void **state)
{
    (void)state;
    enum { ROWS = 20, COLS = 205, N = ROWS * COLS };
    random_seed(17);
    float w[N];
    for (size_t f = 0; f < COUNT(plain_formats); f++) {
        const struct plain_format *p = &plain_formats[f];
        fill(w, N, 0);
        memset(w + 3 * COLS, 0, COLS * sizeof *w);
        struct coded c = code(p->format, ROWS, COLS, w);
        for (uint32_t i = 0; i < N; i++) {
            struct plain_weight x = plain_weight(p, &c.m, i / COLS, i % COLS);
            struct qins_view v = qins_view(&c.m, i / COLS, i % COLS);
            double law =
                v.stored
                    ? exp(v.log_min + (255 - v.stored) / 254.0 * (v.log_max - v.log_min)) - v.eps
                    : 0;
            /* half a level, and half a step of stored where 254 k / (n - 1) is no integer */
            double room = p->block ? fabs(x.scale) * (p->n_levels == 2 ? 0.5 : 0.95) : 0;
            assert_int_equal(v.sign, w[i] < 0 ? -1 : 1);
            if (!(fabs(law - fabs(x.value)) <= room + 1e-5 * fabs(x.value)))
                fail_msg("%s: %g, by the law %g", format_info(p->format)->name, x.value, law);
            assert_true(qins_view_value(&v) == v.sign * law || law == 0);
        }
        coded_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_mean_what_the_specification_says),
        cmocka_unit_test(test_larger_weights_never_get_larger_codes),
        cmocka_unit_test(test_signs_of_ten_million_weights),
        cmocka_unit_test(test_errors_keep_the_bounds_of_the_formula),
        cmocka_unit_test(test_search_finds_about_the_best_scale),
        cmocka_unit_test(test_block_by_block_is_the_same_as_a_row),
        cmocka_unit_test(test_view_obeys_the_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
