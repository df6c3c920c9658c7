/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "sampler.h"
#include "test.h"

/* Expected values: reference/phi-3.5.md section 5, by hand; softmax for the statistics. */

static const struct sampling plain = {.temperature = 1, .top_p = 1, .repeat_penalty = 1};

/* p = (.5, .3, .15, .05), the example of section 5, in an order that is not sorted. */
enum { N = 4, BIG = 0, SECOND = 3, THIRD = 1, LAST = 2 };
static const float example[N] = {
    [BIG] = -0.6931472f, [SECOND] = -1.2039728f, [THIRD] = -1.8971200f, [LAST] = -2.9957323f};

/* Which ids come up in many draws, as bits. */
static unsigned drawn(const float *logits, uint32_t n, const struct sampling *o)
{
    struct sampler *s = sampler_new(n);
    unsigned set = 0;
    sampler_seed(s, 7);
    for (int i = 0; i < 2000; i++)
        set |= 1u << sampler_pick(s, logits, n, o, NULL, 0);
    sampler_free(s);
    return set;
}

static unsigned ids(int n, ...)
{
    va_list args;
    unsigned set = 0;
    va_start(args, n);
    while (n--)
        set |= 1u << va_arg(args, int);
    va_end(args);
    return set;
}

static void test_both_top_p_rules(void **state)
{
    (void)state;
    const unsigned one = ids(1, BIG), two = ids(2, BIG, SECOND), three = two | ids(1, THIRD);
    const struct {
        float top_p;
        unsigned spec, nucleus;
    } cases[] = {
        {0.9f, two, three}, {0.8f, two, two},   {0.4f, one, one},      {0.5f, one, one},
        {0.6f, one, two},   {0.96f, three, 15}, {0, one, one},         {-1, one, one},
        {1, 15, 15},        {2, 15, 15},        {0.95f, three, three},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sampling o = plain;
        o.top_p = cases[i].top_p;
        o.top_p_rule = TOP_P_SPEC;
        assert_int_equal(drawn(example, N, &o), cases[i].spec);
        o.top_p_rule = TOP_P_NUCLEUS;
        assert_int_equal(drawn(example, N, &o), cases[i].nucleus);
    }
}

static void test_top_k_keeps_equals_of_the_kth(void **state)
{
    (void)state;
    static const float ties[6] = {1, 3, 2, 2, 2, 0};
    struct sampling o = plain;
    o.top_k = 1;
    assert_int_equal(drawn(ties, 6, &o), ids(1, 1));
    o.top_k = 2;
    assert_int_equal(drawn(ties, 6, &o), ids(4, 1, 2, 3, 4));
    o.top_k = 5;
    assert_int_equal(drawn(ties, 6, &o), ids(5, 0, 1, 2, 3, 4));
    o.top_k = 6;
    assert_int_equal(drawn(ties, 6, &o), 63);
    o.top_k = 0;
    assert_int_equal(drawn(ties, 6, &o), 63);
    o.top_k = 100;
    assert_int_equal(drawn(ties, 6, &o), 63);
}

static void test_min_p(void **state)
{
    (void)state;
    struct sampling o = plain;
    o.min_p = 0.59f; /* .3 / .5 = .6 */
    assert_int_equal(drawn(example, N, &o), ids(2, BIG, SECOND));
    o.min_p = 0.61f;
    assert_int_equal(drawn(example, N, &o), ids(1, BIG));
    o.min_p = 0.09f; /* .05 / .5 = .1 */
    assert_int_equal(drawn(example, N, &o), 15);
    o.min_p = 5;
    assert_int_equal(drawn(example, N, &o), ids(1, BIG));
}

/* top-p sees the distribution that temperature and top-k left: after top-k 2 it is .625, .375. */
static void test_order_of_the_filters(void **state)
{
    (void)state;
    struct sampling o = plain;
    o.top_k = 2;
    o.top_p = 0.6f;
    o.top_p_rule = TOP_P_NUCLEUS;
    assert_int_equal(drawn(example, N, &o), ids(1, BIG)); /* without top-k: two */
    /* T = .5 squares: .25 .09 .0225 .0025 of .365 = .685 .247 .062 .007 */
    o = plain;
    o.temperature = 0.5f;
    o.top_p = 0.65f;
    o.top_p_rule = TOP_P_NUCLEUS;
    assert_int_equal(drawn(example, N, &o), ids(1, BIG)); /* at T = 1: two */
}

static void test_greedy_takes_the_lowest_of_equals(void **state)
{
    (void)state;
    static const float logits[5] = {1, 4, 2, 4, 4};
    struct sampler *s = sampler_new(5);
    struct sampling o = plain;
    o.temperature = 0;
    assert_int_equal(sampler_pick(s, logits, 5, &o, NULL, 0), 1);
    assert_int_equal(sampler_pick(s, logits, 1, &o, NULL, 0), 0); /* n_valid < vocab */
    sampler_free(s);
}

/* Those left out are as if they were not there, in each step. */
static void test_only_what_is_allowed(void **state)
{
    (void)state;
    static const float logits[40] = {9, 1, 2, [33] = 5, [35] = 5};
    static const uint32_t low[2] = {6}, high[2] = {0, 1 << 3 | 1 << 4}, best[2] = {1};
    struct sampler *s = sampler_new(40);
    struct sampling o = plain;
    for (int i = 0; i < 20; i++) {
        o.temperature = i < 10 ? 0 : 1;
        o.top_k = i % 2 ? 1 : 0;
        sampler_allow(s, low);
        int32_t id = sampler_pick(s, logits, 40, &o, NULL, 0);
        assert_true(id == 2 || (id == 1 && i >= 10 && !o.top_k));
        sampler_allow(s, high);
        id = sampler_pick(s, logits, 40, &o, NULL, 0);
        assert_true(id == 35 || (id == 36 && i >= 10 && !o.top_k));
        sampler_allow(s, best);
        assert_int_equal(sampler_pick(s, logits, 40, &o, NULL, 0), 0);
    }
    sampler_allow(s, NULL);
    o.temperature = 0;
    assert_int_equal(sampler_pick(s, logits, 40, &o, NULL, 0), 0);
    sampler_free(s);
}

/* > 0 is divided, < 0 multiplied, each token once however often it came, only the last n count. */
static void test_repeat_penalty(void **state)
{
    (void)state;
    static const float logits[4] = {3, 2, -1, -1.5f};
    static const int32_t history[] = {1, 0, 0, 0, 99, -5};
    struct sampler *s = sampler_new(4);
    struct sampling o = plain;
    o.temperature = 0;
    o.repeat_penalty = 1.4f; /* 3 / 1.4 = 2.14; twice it would be 1.53 */
    o.repeat_last_n = -1;
    assert_int_equal(sampler_pick(s, logits, 4, &o, history + 1, 5), 0);
    o.repeat_penalty = 1.6f; /* 3 / 1.6 = 1.875 */
    assert_int_equal(sampler_pick(s, logits, 4, &o, history + 1, 5), 1);
    assert_int_equal(sampler_pick(s, logits, 4, &o, history, 6), 0); /* 1.875 and 1.25 */
    o.repeat_last_n = 5;
    assert_int_equal(sampler_pick(s, logits, 4, &o, history, 6), 1);
    o.repeat_last_n = 2;
    assert_int_equal(sampler_pick(s, logits, 4, &o, history, 6), 0);
    o.repeat_last_n = 0;
    assert_int_equal(sampler_pick(s, logits, 4, &o, history, 6), 0);
    static const int32_t negative[] = {0, 1, 2};
    static const float low[4] = {-9, -9, -1, -1.5f};
    o.repeat_last_n = 100;
    assert_int_equal(sampler_pick(s, low, 4, &o, negative, 3), 3); /* -1 * 1.6 < -1.5 */
    sampler_free(s);
}

/* chi-square of 40000 draws against softmax(logits / T), 7 degrees of freedom: above 24.3 with
 * probability .001. */
static void check_frequencies(const struct sampling *o, const double *p)
{
    static const float logits[8] = {0.5f, -1, 2, 0, 1.5f, -3, 0.25f, 1};
    enum { DRAWS = 40000 };
    struct sampler *s = sampler_new(8);
    double chi = 0;
    int count[8] = {0};
    sampler_seed(s, 42);
    for (int i = 0; i < DRAWS; i++)
        count[sampler_pick(s, logits, 8, o, NULL, 0)]++;
    for (int i = 0; i < 8; i++) {
        if (p[i] == 0) {
            assert_int_equal(count[i], 0);
            continue;
        }
        double expected = p[i] * DRAWS;
        chi += (count[i] - expected) * (count[i] - expected) / expected;
    }
    if (!(chi < 24.3))
        fail_msg("chi-square %g", chi);
    sampler_free(s);
}

static void softmax(double *p, double temperature, int top_k)
{
    static const double logits[8] = {0.5, -1, 2, 0, 1.5, -3, 0.25, 1};
    double sum = 0;
    for (int i = 0; i < 8; i++) {
        int above = 0;
        for (int j = 0; j < 8; j++)
            above += logits[j] > logits[i];
        p[i] = above < top_k ? exp(logits[i] / temperature) : 0;
        sum += p[i];
    }
    for (int i = 0; i < 8; i++)
        p[i] /= sum;
}

static void test_draws_follow_the_distribution(void **state)
{
    (void)state;
    double p[8];
    struct sampling o = plain;
    softmax(p, 1, 8);
    check_frequencies(&o, p);
    o.temperature = 0.7f;
    softmax(p, 0.7, 8);
    check_frequencies(&o, p);
    o.temperature = 1.7f;
    o.top_k = 4;
    softmax(p, 1.7, 4);
    check_frequencies(&o, p);
    o.top_k = 0;
    o.top_p = 0.9999999f; /* sorts, drops nothing */
    softmax(p, 1.7, 8);
    check_frequencies(&o, p);
}

static void test_same_seed_same_draws(void **state)
{
    (void)state;
    struct sampler *a = sampler_new(N), *b = sampler_new(N);
    int differ = 0;
    sampler_seed(a, 12345);
    sampler_seed(b, 12345);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(sampler_pick(a, example, N, &plain, NULL, 0),
                         sampler_pick(b, example, N, &plain, NULL, 0));
    sampler_seed(b, 12346);
    for (int i = 0; i < 1000; i++)
        differ += sampler_pick(a, example, N, &plain, NULL, 0) !=
                  sampler_pick(b, example, N, &plain, NULL, 0);
    assert_true(differ > 300);
    sampler_free(a);
    sampler_free(b);
}

/* The generator's published first outputs decide the draws on every machine: with two equal
 * candidates the id is the top bit. splitmix64(0), then xoshiro256++, computed independently. */
static void test_draws_are_those_of_xoshiro(void **state)
{
    (void)state;
    static const float equal[2] = {0, 0};
    uint64_t x[4], seed = 2026;
    struct sampler *s = sampler_new(2);
    sampler_seed(s, seed);
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        x[i] = z ^ (z >> 31);
    }
    for (int i = 0; i < 64; i++) {
        uint64_t sum = x[0] + x[3], result = ((sum << 23) | (sum >> 41)) + x[0], t = x[1] << 17;
        x[2] ^= x[0], x[3] ^= x[1], x[1] ^= x[2], x[0] ^= x[3], x[2] ^= t;
        x[3] = (x[3] << 45) | (x[3] >> 19);
        assert_int_equal(sampler_pick(s, equal, 2, &plain, NULL, 0), result >> 63);
    }
    sampler_free(s);
}

static void test_nan_and_infinity_do_no_harm(void **state)
{
    (void)state;
    static const float rows[][4] = {
        {NAN, NAN, NAN, NAN},         {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
        {INFINITY, 1, NAN, INFINITY}, {NAN, 1, -INFINITY, 2},
        {3e38f, -3e38f, 0, NAN},      {-3e38f, NAN, -3e38f, -INFINITY}};
    static const unsigned allowed[] = {1, 1, 1 | 8, 2 | 8, 1, 1 | 4};
    static const float temperatures[] = {0, -1, 1e-30f, 0.7f, 1e30f, INFINITY, NAN};
    static const float others[] = {-1, 0, 0.5f, 1, NAN, INFINITY};
    static const int32_t history[] = {0, 3, 3};
    struct sampler *s = sampler_new(4);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t t = 0; t < sizeof temperatures / sizeof *temperatures; t++)
            for (size_t i = 0; i < 6 * 6 * 6; i++) {
                struct sampling o = {temperatures[t],
                                     others[i % 6],
                                     others[i / 6 % 6],
                                     others[i / 36],
                                     (int32_t)(i % 5),
                                     -1,
                                     i % 2};
                int32_t id = sampler_pick(s, rows[r], 4, &o, history, 3);
                assert_true(id >= 0 && id < 4);
                assert_true(temperatures[t] > 10 || o.repeat_penalty == 0.5f ||
                            (allowed[r] >> id & 1));
            }
    sampler_free(s);
}

/* All are equally likely then, but for what is impossible. */
static void test_infinite_temperature(void **state)
{
    (void)state;
    static const float logits[4] = {0, 5, NAN, -INFINITY};
    struct sampling o = plain;
    o.temperature = INFINITY;
    assert_int_equal(drawn(logits, 4, &o), ids(2, 0, 1));
    o.top_p = 0.9f;
    assert_int_equal(drawn(logits, 4, &o), ids(1, 1)); /* .5, and .5 that exceeds .9 */
}

/* A large vocabulary: the set that stays is that of a full sort. */
static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static void test_large_vocabulary_equals_a_full_sort(void **state)
{
    (void)state;
    enum { V = 32064 };
    float *logits = malloc(V * sizeof *logits), *sorted = malloc(V * sizeof *sorted);
    uint32_t seed = 3;
    for (int i = 0; i < V; i++) {
        seed = seed * 1664525u + 1013904223u;
        sorted[i] = logits[i] = (float)(seed >> 8) * 0x1p-21f; /* 0..8 */
    }
    qsort(sorted, V, sizeof *sorted, by_size);
    double total = 0, sum = 0;
    int kept = 0;
    for (int i = 0; i < V; i++)
        total += exp(sorted[i]);
    while (sum + exp(sorted[kept]) <= 0.3 * total)
        sum += exp(sorted[kept++]);
    struct sampler *s = sampler_new(V);
    struct sampling o = plain;
    float least = INFINITY;
    o.top_p = 0.3f;
    for (int i = 0; i < 100; i++)
        least = fminf(least, logits[sampler_pick(s, logits, V, &o, NULL, 0)]);
    assert_true(least >= sorted[kept + 1]);
    assert_true(least < sorted[kept * 8 / 10]); /* and reaches far down */
    free(logits);
    free(sorted);
    sampler_free(s);
}

/* OpenAI's rule: logit - count * frequency - (count > 0) * presence. */
static void test_presence_and_frequency_penalties(void **state)
{
    (void)state;
    static const float logits[3] = {3, 2, 1};
    static const int32_t history[] = {1, 0, 0, 0};
    const struct {
        float presence, frequency, repeat;
        int32_t last_n, best;
    } cases[] = {
        {0.9f, 0, 1, -1, 0},    /* 2.1 1.1 1 */
        {1.1f, 0, 1, 3, 1},     /* 1.9 2 1 */
        {1.5f, 0, 1, -1, 0},    /* 1.5 .5 1 */
        {2, 0, 1, -1, 0},       /* 1 0 1: the lowest of equals */
        {0, 0.6f, 1, -1, 1},    /* 1.2 1.4 1 */
        {0, 1.1f, 1, -1, 2},    /* -.3 .9 1 */
        {0, 0.4f, 1, 2, 0},     /* 2.2 2 1 */
        {0.5f, 0.3f, 1, -1, 0}, /* 1.6 1.2 1 */
        {0, 0.3f, 2, -1, 2},    /* .6 .7 1 */
        {-2, 0, 1, -1, 0},      /* what was said already is asked for */
        {0, -1, 1, -1, 0},
    };
    struct sampler *s = sampler_new(3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sampling o = plain;
        o.temperature = 0;
        o.presence_penalty = cases[i].presence;
        o.frequency_penalty = cases[i].frequency;
        o.repeat_penalty = cases[i].repeat;
        o.repeat_last_n = cases[i].last_n;
        if (sampler_pick(s, logits, 3, &o, history, 4) != cases[i].best)
            fail_msg("presence %g, frequency %g, repeat %g, last_n %d", cases[i].presence,
                     cases[i].frequency, cases[i].repeat, cases[i].last_n);
        o = plain; /* nothing is left of the counts */
        o.temperature = 0;
        assert_int_equal(sampler_pick(s, logits, 3, &o, history, 4), 0);
    }
    sampler_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_top_p_rules),
        cmocka_unit_test(test_top_k_keeps_equals_of_the_kth),
        cmocka_unit_test(test_min_p),
        cmocka_unit_test(test_order_of_the_filters),
        cmocka_unit_test(test_greedy_takes_the_lowest_of_equals),
        cmocka_unit_test(test_only_what_is_allowed),
        cmocka_unit_test(test_repeat_penalty),
        cmocka_unit_test(test_presence_and_frequency_penalties),
        cmocka_unit_test(test_draws_follow_the_distribution),
        cmocka_unit_test(test_same_seed_same_draws),
        cmocka_unit_test(test_draws_are_those_of_xoshiro),
        cmocka_unit_test(test_nan_and_infinity_do_no_harm),
        cmocka_unit_test(test_infinite_temperature),
        cmocka_unit_test(test_large_vocabulary_equals_a_full_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
