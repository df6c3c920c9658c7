/* SPDX-License-Identifier: MIT
 *
 * Rounding against its formulas: weighted errors, output errors, least squares, signs.
 */
#include <math.h>

#include "base.h"
#include "linear.h"
#include "qins.h"
#include "qins_block.h"
#include "rounding.h"
#include "test.h"

enum { ROWS = 40, COLS = 80, TOKENS = 300 };

struct problem {
    float w[ROWS * COLS];
    float x[TOKENS * COLS], x0[TOKENS * COLS];
    struct gram gram;
};

static float uniform(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1;
}

/* Inputs with correlated columns of unlike size, as activations are; x0 is near x. */
static struct problem *make(struct pool *p)
{
    struct problem *q = xcalloc(1, sizeof *q);
    uint32_t state = 7;
    for (int i = 0; i < ROWS * COLS; i++)
        q->w[i] = i % 97 == 5 ? 0 : uniform(&state) * uniform(&state) * 0.1f;
    for (int t = 0; t < TOKENS; t++) {
        float common = uniform(&state);
        for (int k = 0; k < COLS; k++) {
            float size = k % 11 == 3 ? 6 : 0.5f + (float)(k % 7) / 7;
            q->x[t * COLS + k] = size * (common + uniform(&state));
            q->x0[t * COLS + k] = q->x[t * COLS + k] * 1.05f + 0.05f * uniform(&state);
        }
    }
    float *d = xcalloc(TOKENS * COLS, sizeof *d);
    for (int i = 0; i < TOKENS * COLS; i++)
        d[i] = q->x0[i] - q->x[i];
    gram_init(&q->gram, COLS, true, true);
    gram_add(&q->gram, p, TOKENS, q->x, d);
    gram_finish(&q->gram);
    free(d);
    return q;
}

static void free_problem(struct problem *q)
{
    gram_free(&q->gram);
    free(q);
}

/* Rounded and decoded again. */
static void round_back(struct rounding r, struct pool *p, float *back)
{
    struct matrix m = matrix_shape(r.format, r.rows, r.cols);
    struct kernels k;
    void *data = xaligned(matrix_data_bytes(&m));
    float *row = xaligned(matrix_row_bytes(&m) + 64);
    kernels_init(&k, 0);
    assert_true(rounding_run(&r, p, data, row));
    m.data = data;
    m.row = row;
    k.dequant[r.format](&m, 0, r.rows, back);
    free(data);
    free(row);
}

static void plain_back(const struct problem *q, enum format format, float *back)
{
    struct matrix m = matrix_shape(format, ROWS, COLS);
    struct qins_range range = QINS_RANGE_EMPTY;
    struct kernels k;
    void *data = xaligned(matrix_data_bytes(&m));
    float *row = xaligned(matrix_row_bytes(&m) + 64);
    kernels_init(&k, 0);
    qins_range_add(&range, q->w, ROWS * COLS);
    qins_range_finish(&range);
    qins_encode(&m, &range, 0, ROWS, q->w, data, row, NULL);
    m.data = data;
    m.row = row;
    k.dequant[format](&m, 0, ROWS, back);
    free(data);
    free(row);
}

/* Mean over tokens of |W x0 - W' x|^2, or with x0 = x if not `from_x0`. */
static double output_error(const struct problem *q, const float *back, bool from_x0)
{
    double sum = 0;
    for (int t = 0; t < TOKENS; t++)
        for (int r = 0; r < ROWS; r++) {
            double e = 0;
            for (int k = 0; k < COLS; k++)
                e += (double)q->w[r * COLS + k] * (double)(from_x0 ? q->x0 : q->x)[t * COLS + k] -
                     (double)back[r * COLS + k] * (double)q->x[t * COLS + k];
            sum += e * e;
        }
    return sum / TOKENS;
}

static void check_signs(const struct problem *q, const float *back)
{
    for (int i = 0; i < ROWS * COLS; i++)
        assert_int_equal(signbit(back[i]) != 0, q->w[i] < 0);
}

static struct rounding rounding_of(const struct problem *q, enum format format)
{
    return (struct rounding){.format = format,
                             .rows = ROWS,
                             .cols = COLS,
                             .w = q->w,
                             .gram = &q->gram,
                             .damping = 0.1f,
                             .correction_damping = 0.01f};
}

/* sum importance (w - w')^2 of a block in the scale that the search finds with `by`. */
static double block_error(enum format f, const float *w, const float *importance, const float *by,
                          uint32_t n, float base)
{
    float scale = qins_block_scale(qins_block_search(f, w, by, n, base), base);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        double value = (double)qins_block_value(f, qins_block_code(f, w[i], scale), scale);
        sum += (double)importance[i] * ((double)w[i] - value) * ((double)w[i] - value);
    }
    return sum;
}

/* With the row's base the same, each block's weighted error is at most that of the search which
 * knows no weights; so is the whole matrix's. */
static void test_weighted_search(void **state)
{
    static const enum format formats[] = {FORMAT_QINS4, FORMAT_QINS4_16, FORMAT_QINS3,
                                          FORMAT_QINS2};
    struct problem *q = make(*state);
    float a[ROWS * COLS], b[ROWS * COLS], importance[COLS];
    for (int k = 0; k < COLS; k++)
        importance[k] = (float)q->gram.diag[k];
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        uint32_t block = format_info(formats[f])->block, n_less = 0;
        double all[2] = {0};
        for (uint32_t r = 0; r < ROWS; r++) {
            const float *w = q->w + r * COLS;
            float base = qins_block_base(formats[f], w, importance, COLS);
            for (uint32_t col = 0; col < COLS; col += block) {
                uint32_t n = COLS - col < block ? COLS - col : block;
                double x =
                    block_error(formats[f], w + col, importance + col, importance + col, n, base);
                double y = block_error(formats[f], w + col, importance + col, NULL, n, base);
                assert_true(x <= y * (1 + 1e-5));
                n_less += x < y;
            }
        }
        assert_true(n_less > ROWS / 2);
        round_back(rounding_of(q, formats[f]), *state, a);
        plain_back(q, formats[f], b);
        check_signs(q, a);
        for (uint32_t i = 0; i < ROWS * COLS; i++) {
            double x = (double)a[i] - (double)q->w[i], y = (double)b[i] - (double)q->w[i];
            all[0] += q->gram.diag[i % COLS] * x * x;
            all[1] += q->gram.diag[i % COLS] * y * y;
        }
        assert_true(all[0] < all[1]);
    }
    free_problem(q);
}

static void test_feedback_lowers_output_error(void **state)
{
    struct pool *p = *state;
    struct problem *q = make(p);
    float back[ROWS * COLS];
    for (enum format f = FORMAT_QINS4; f <= FORMAT_QINS3; f++) {
        struct rounding r = rounding_of(q, f);
        round_back(r, p, back);
        double without = output_error(q, back, false);
        r.feedback = true;
        round_back(r, p, back);
        check_signs(q, back);
        assert_true(output_error(q, back, false) < 0.8 * without);
    }
    free_problem(q);
}

static void test_correction_lowers_error_against_the_original(void **state)
{
    struct pool *p = *state;
    struct problem *q = make(p);
    float back[ROWS * COLS];
    struct rounding r = rounding_of(q, FORMAT_QINS8);
    round_back(r, p, back);
    double without = output_error(q, back, true);
    r.correction = true;
    round_back(r, p, back);
    check_signs(q, back);
    assert_true(output_error(q, back, true) < 0.5 * without);
    r.format = FORMAT_QINS4;
    r.feedback = true;
    round_back(r, p, back);
    check_signs(q, back);
    free_problem(q);
}

static void test_damping_is_one_of_those_given(void **state)
{
    struct pool *p = *state;
    struct problem *q = make(p);
    static const float dampings[] = {0.01f, 0.1f, 1};
    struct rounding r = rounding_of(q, FORMAT_QINS4);
    r.feedback = true;
    float best = rounding_best_damping(&r, p, &q->gram, dampings, 3);
    assert_true(best == 0.01f || best == 0.1f || best == 1);
    free_problem(q);
}

/* u^T u (A + l diag(A)) = I, rows and columns in the given order. */
static void test_inverse_factor(void **state)
{
    struct problem *q = make(*state);
    uint32_t order[COLS];
    float *u = xcalloc(COLS * COLS, sizeof *u);
    for (uint32_t i = 0; i < COLS; i++)
        order[i] = (i * 37 + 11) % COLS;
    assert_true(linear_inverse_factor(COLS, q->gram.x, 0.1f, order, u));
    for (uint32_t i = 0; i < COLS; i++)
        for (uint32_t j = 0; j < COLS; j++) {
            double sum = 0;
            for (uint32_t a = 0; a < COLS; a++) { /* sum over the middle index of u^T u A */
                double inner = 0;
                for (uint32_t k = 0; k <= i && k <= a; k++)
                    inner += (double)u[k * COLS + i] * (double)u[k * COLS + a];
                double h = (double)q->gram.x[order[a] * COLS + order[j]];
                sum += inner * (a == j ? 1.1 * h : h);
            }
            assert_true(fabs(sum - (i == j)) < 1e-3);
        }
    free(u);
    free_problem(q);
}

/* Row i of one times column j of the other. */
static double product(const float *a, const float *b, uint32_t i, uint32_t j)
{
    double sum = 0;
    for (uint32_t k = 0; k < COLS; k++)
        sum += (double)a[i * COLS + k] * (double)b[k * COLS + j];
    return sum;
}

/* out (A + l diag(A)) = D */
static void test_right_divide(void **state)
{
    struct problem *q = make(*state);
    double most = 0;
    float *out = xcalloc(COLS * COLS, sizeof *out);
    assert_true(linear_right_divide(COLS, q->gram.x, 0.1f, q->gram.d, out));
    for (uint32_t i = 0; i < COLS * COLS; i++)
        most = fabs((double)q->gram.d[i]) > most ? fabs((double)q->gram.d[i]) : most;
    for (uint32_t i = 0; i < COLS; i++)
        for (uint32_t j = 0; j < COLS; j++) {
            double sum = 0.1 * (double)out[i * COLS + j] * (double)q->gram.x[j * COLS + j] +
                         product(out, q->gram.x, i, j);
            assert_true(fabs(sum - (double)q->gram.d[i * COLS + j]) < 1e-4 * most);
        }
    free(out);
    free_problem(q);
}

/* Sums over tokens, by the definition. */
static void test_gram(void **state)
{
    struct problem *q = make(*state);
    for (int i = 0; i < COLS; i += 13)
        for (int j = 0; j < COLS; j += 7) {
            double x = 0, d = 0;
            for (int t = 0; t < TOKENS; t++) {
                double a = (double)q->x[t * COLS + i], b = (double)q->x[t * COLS + j];
                x += a * b;
                d += ((double)q->x0[t * COLS + i] - a) * b;
            }
            assert_true(fabs((double)q->gram.x[i * COLS + j] - x / TOKENS) < 1e-4);
            assert_true(fabs((double)q->gram.d[i * COLS + j] - d / TOKENS) < 1e-4);
        }
    free_problem(q);
}

static int start(void **state)
{
    *state = pool_new(2);
    return 0;
}

static int end(void **state)
{
    pool_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weighted_search),
        cmocka_unit_test(test_feedback_lowers_output_error),
        cmocka_unit_test(test_correction_lowers_error_against_the_original),
        cmocka_unit_test(test_damping_is_one_of_those_given),
        cmocka_unit_test(test_inverse_factor),
        cmocka_unit_test(test_right_divide),
        cmocka_unit_test(test_gram),
    };
    return cmocka_run_group_tests(tests, start, end);
}
