/* SPDX-License-Identifier: MIT
 *
 * What a model thought of a token: by the formulas of softmax and entropy, in double precision.
 */
#include "token_odds.h"

#include <math.h>
#include <stdbool.h>

#include "test.h"

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-5;
}

static void test_softmax_and_entropy(void **state)
{
    (void)state;
    enum { N = 500 };
    float logits[N];
    double sum = 0, entropy = 0;
    for (int i = 0; i < N; i++) { /* all different: 7 and 500 have no common divisor */
        logits[i] = (float)(i * 7 % N) * 0.05f;
        sum += exp((double)logits[i]);
    }
    for (int i = 0; i < N; i++)
        entropy -= exp((double)logits[i]) / sum * log2(exp((double)logits[i]) / sum);
    struct token_odds t = token_odds_of(logits, N, 123);
    assert_int_equal(t.id, 123);
    assert_true(is_near((double)t.p, exp((double)logits[123]) / sum));
    assert_true(is_near((double)t.entropy, entropy));
    for (int k = 0; k < TOKEN_CHOICES; k++) {
        assert_int_equal(t.top[k] * 7 % N, N - 1 - k);
        assert_true(is_near((double)t.top_p[k], exp((double)logits[t.top[k]]) / sum));
    }
}

static void test_few_equal_and_none(void **state)
{
    (void)state;
    static const float three[] = {2, 5, 5};
    struct token_odds t = token_odds_of(three, 3, 2);
    assert_int_equal(t.top[0], 1); /* of equals the lower one */
    assert_int_equal(t.top[1], 2);
    assert_int_equal(t.top[2], 0);
    assert_int_equal(t.top[3], -1);
    assert_true(t.p == t.top_p[1]);
    static const float one[] = {3};
    t = token_odds_of(one, 1, 0);
    assert_true(t.p == 1 && t.entropy == 0);
    t = token_odds_of(NULL, 3, 2);
    assert_true(isnan(t.p) && isnan(t.entropy) && t.top[0] == -1);
}

static void test_far_apart(void **state)
{
    (void)state;
    static const float logits[] = {-1e30f, 80, -80, 1e30f};
    struct token_odds t = token_odds_of(logits, 4, 1);
    assert_int_equal(t.top[0], 3);
    assert_true(t.p == 0 && t.top_p[0] == 1 && t.entropy == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax_and_entropy),
        cmocka_unit_test(test_few_equal_and_none),
        cmocka_unit_test(test_far_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
