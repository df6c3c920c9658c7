/* SPDX-License-Identifier: MIT
 *
 * How far two distributions are apart: by the formula of Kullback and Leibler, KL(p || q) =
 * sum p ln(p / q), in long double, of probabilities that are divided and not subtracted.
 */
#include "comparison.h"

#include <math.h>
#include <stdbool.h>

#include "test.h"

enum { N = 700 };

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(1, fabs(b));
}

static void probabilities(const float *logits, long double *p)
{
    long double sum = 0;
    for (int i = 0; i < N; i++)
        sum += p[i] = expl((long double)logits[i]);
    for (int i = 0; i < N; i++)
        p[i] /= sum;
}

static double textbook_kl(const float *a, const float *b)
{
    long double p[N], q[N], kl = 0;
    probabilities(a, p);
    probabilities(b, q);
    for (int i = 0; i < N; i++)
        kl += p[i] * logl(p[i] / q[i]);
    return (double)kl;
}

static void fill(float *a, float *b, float noise)
{
    for (int i = 0; i < N; i++) { /* 11 and 13 have no common divisor with 700 */
        a[i] = (float)(i * 11 % N) * 0.03f - 9;
        b[i] = a[i] + noise * ((float)(i * 13 % N) / N - 0.5f);
    }
}

static void test_divergence_is_the_formulas(void **state)
{
    (void)state;
    static const float noises[] = {3, 0.3f, 0.03f};
    float a[N], b[N];
    for (int k = 0; k < 3; k++) {
        fill(a, b, noises[k]);
        double want = textbook_kl(a, b);
        struct compared_token t = compared_token_of(a, b, N, 5);
        assert_true(want > 0 && fabs((double)t.kl - want) < 1e-8 + 1e-5 * want);
    }
}

/* p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4): KL = 1/2 ln 2 - 1/4 ln 2. */
static void test_both_sides_of_a_token(void **state)
{
    (void)state;
    const float ln2 = (float)log(2), p[] = {ln2, 0, 0}, q[] = {0, ln2, 0};
    struct compared_token t = compared_token_of(p, q, 3, 2);
    assert_int_equal(t.id, 2);
    assert_true(is_near((double)t.kl, log(2) / 4));
    assert_true(is_near((double)t.nats[0], log(4)) && is_near((double)t.nats[1], log(4)));
    assert_int_equal(t.top[0], 0);
    assert_int_equal(t.top[1], 1);
    assert_true(is_near((double)t.top_p[0], 0.5) && is_near((double)t.top_p[1], 0.5));
}

static void test_equal_and_far_apart(void **state)
{
    (void)state;
    static const float a[] = {3, 3, -90}, b[] = {-1e30f, 80, 1e30f};
    struct compared_token t = compared_token_of(a, a, 3, 1);
    assert_true(t.kl == 0);
    assert_int_equal(t.top[0], 0); /* of equals the lower one */
    t = compared_token_of(b, b, 3, 0);
    assert_true(t.kl == 0 && t.top[0] == 2 && t.top_p[0] == 1);
}

/* Perplexity: the inverse of the geometric mean, here of 1/2 and 1/8, and of 1/4 twice. */
static void test_sums(void **state)
{
    (void)state;
    struct comparison c = {0};
    const float ln2 = (float)log(2);
    const struct compared_token tokens[] = {
        {.kl = 0.5f, .nats = {ln2, 2 * ln2}, .top = {1, 1}},
        {.kl = 0.25f, .nats = {3 * ln2, 2 * ln2}, .top = {1, 2}}};
    comparison_push(&c, &tokens[0]);
    comparison_push(&c, &tokens[1]);
    struct comparison_sum s = comparison_sum(&c);
    assert_true(is_near(s.kl, 0.75) && is_near(s.kl_mean, 0.375));
    assert_int_equal(s.n_same, 1);
    assert_true(is_near(s.perplexity[0], 4) && is_near(s.perplexity[1], 4));
    comparison_free(&c);
    assert_int_equal(c.n, 0);
}

static void test_what_is_no_number(void **state)
{
    (void)state;
    float x[] = {1, -3e38f, 0, 2};
    assert_true(logits_are_numbers(x, 4));
    x[2] = -INFINITY;
    assert_false(logits_are_numbers(x, 4));
    x[2] = NAN;
    assert_false(logits_are_numbers(x, 4));
    assert_true(logits_are_numbers(x, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divergence_is_the_formulas),
        cmocka_unit_test(test_both_sides_of_a_token),
        cmocka_unit_test(test_equal_and_far_apart),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
