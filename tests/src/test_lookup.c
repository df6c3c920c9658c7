/* SPDX-License-Identifier: MIT
 *
 * Guesses from repetition: the lookup against a scan of the whole text, and how many guesses are
 * worth it for given costs.
 */
#include "lookup.h"
#include "speculate.h"
#include "test.h"

enum { N_IDS = 600, N_GUESS = 6 };

/* Newest earlier end of the last `length` ids, by looking everywhere; 0: none. */
static uint32_t scan(const int32_t *ids, uint32_t n, uint32_t length)
{
    for (uint32_t end = n - 1; length <= n && end >= length; end--)
        if (memcmp(ids + end - length, ids + n - length, length * sizeof *ids) == 0)
            return end;
    return 0;
}

static void test_guesses_are_the_newest_longest_match(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {8, 4, 3, 2};
    uint32_t n_found = 0, n_seen = 0;
    for (uint32_t vocab = 2; vocab < 40; vocab += 3) {
        struct lookup *l = lookup_new(N_IDS);
        int32_t ids[N_IDS], got[N_GUESS];
        uint64_t dice = vocab;
        for (uint32_t n = 1; n <= N_IDS; n++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            ids[n - 1] = n > 20 && n % 50 < 20 ? ids[n - 18] : (int32_t)((dice >> 33) % vocab);
            lookup_push(l, ids[n - 1]);
            uint32_t end = 0, match = 0, want_match = 0;
            for (int i = 0; i < 4 && !end; i++) {
                end = scan(ids, n, lengths[i]);
                want_match = lengths[i];
            }
            uint32_t n_got = lookup_guess(l, got, N_GUESS, &match);
            n_seen += end > 0;
            if (n_got == 0 || match != want_match)
                continue; /* a slot that another run took: counted below */
            n_found++;
            for (uint32_t k = 0; k < n_got; k++)
                assert_int_equal(got[k], end + k < n ? ids[end + k] : got[end + k - n]);
        }
        lookup_free(l);
    }
    assert_true(n_found > 0.9 * n_seen);
}

static void test_a_run_that_goes_on_is_continued(void **state)
{
    (void)state;
    struct lookup *l = lookup_new(16);
    int32_t got[N_GUESS];
    uint32_t match = 0;
    for (int i = 0; i < 2; i++)
        lookup_push(l, 7);
    assert_int_equal(lookup_guess(l, got, N_GUESS, &match), 0);
    for (int i = 0; i < 6; i++) {
        lookup_push(l, 1);
        lookup_push(l, 2);
    }
    assert_int_equal(lookup_guess(l, got, N_GUESS, &match), N_GUESS);
    assert_int_equal(match, 8);
    for (int k = 0; k < N_GUESS; k++)
        assert_int_equal(got[k], 1 + k % 2);
    lookup_free(l);
}

/* Passes over k + 1 tokens cost 1 + k * slope. */
static void teach(struct speculate *s, double slope, int n)
{
    for (int i = 0; i < n; i++) {
        speculate_time(s, 1, 10);
        speculate_time(s, 4, 10 * (1 + 3 * slope));
    }
}

static void test_length_follows_costs_and_hits(void **state)
{
    (void)state;
    struct speculate s;
    speculate_init(&s, SPECULATE_OFF);
    assert_int_equal(speculate_length(&s, 8, 6), 0);
    speculate_init(&s, SPECULATE_ON);
    assert_int_equal(speculate_length(&s, 2, 6), 6);

    speculate_init(&s, SPECULATE_AUTO);
    teach(&s, 0.05, 30);
    for (int i = 0; i < 60; i++)
        speculate_learn(&s, 8, 6, false);
    assert_int_equal(speculate_length(&s, 8, 6), 6);
    assert_int_equal(speculate_length(&s, 8, 2), 2);
    assert_in_range(speculate_length(&s, 2, 6), 1, 6);
    for (int i = 0; i < 60; i++)
        speculate_learn(&s, 2, 0, true);
    assert_int_equal(speculate_length(&s, 2, 6), 0); /* wrong guesses end them, */
    for (int i = 0; i < 60; i++)
        speculate_learn(&s, 2, 1, false);
    assert_true(speculate_length(&s, 2, 6) > 0); /* right ones begin them again */

    teach(&s, 1, 60); /* a token more costs a pass more: nothing to gain */
    assert_int_equal(speculate_length(&s, 8, 6), 0);
    for (int i = 0; i < 200; i++)
        speculate_time(&s, 1, 10);
    assert_true(speculate_length(&s, 8, 6) > 0); /* perhaps it was a busy moment */
}

static void test_no_time_and_no_guess_do_no_harm(void **state)
{
    (void)state;
    struct speculate s;
    speculate_init(&s, SPECULATE_AUTO);
    speculate_time(&s, 3, 5); /* before anything is known */
    speculate_time(&s, 1, 0);
    speculate_time(&s, 3, 0);
    assert_int_equal(speculate_length(&s, 8, 0), 0);
    assert_in_range(speculate_length(&s, 8, 6), 0, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guesses_are_the_newest_longest_match),
        cmocka_unit_test(test_a_run_that_goes_on_is_continued),
        cmocka_unit_test(test_length_follows_costs_and_hits),
        cmocka_unit_test(test_no_time_and_no_guess_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
