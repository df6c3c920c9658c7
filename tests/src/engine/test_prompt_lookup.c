/* SPDX-License-Identifier: MIT
 *
 * Guesses from repetition: the lookup against a scan of the whole text and along changed ones, and
 * how many guesses are worth it for given costs.
 */
#include "prompt_lookup.h"
#include "speculate.h"
#include "test.h"

enum { N_IDS = 600, N_GUESS = 6 };

/* Is the guess what stood behind an earlier place of the last n_match ids? */
static bool stood_there(const int32_t *ids, uint32_t n, uint32_t n_match, const int32_t *guess)
{
    for (uint32_t end = n - 1; n_match <= end; end--) {
        bool same = memcmp(ids + end - n_match, ids + n - n_match, n_match * sizeof *ids) == 0;
        for (uint32_t k = 0; same && k < N_GUESS; k++)
            same = guess[k] == (end + k < n ? ids[end + k] : guess[end + k - n]);
        if (same)
            return true;
    }
    return false;
}

/* Longest run, of those that are looked up, that the ids end with and that stood there before. */
static uint32_t scan(const int32_t *ids, uint32_t n)
{
    static const uint32_t lengths[] = {8, 4, 3, 2};
    for (int i = 0; i < 4; i++)
        for (uint32_t end = n - 1; lengths[i] <= end; end--)
            if (memcmp(ids + end - lengths[i], ids + n - lengths[i], lengths[i] * sizeof *ids) == 0)
                return lengths[i];
    return 0;
}

static void test_guesses_are_what_stood_behind_the_longest_match(void **state)
{
    (void)state;
    uint32_t n_found = 0, n_seen = 0;
    for (uint32_t vocab = 2; vocab < 40; vocab += 3) {
        struct prompt_lookup *l = prompt_lookup_new(N_IDS);
        int32_t ids[N_IDS], got[N_GUESS];
        uint64_t dice = vocab;
        for (uint32_t n = 1; n <= N_IDS; n++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            ids[n - 1] = n > 20 && n % 50 < 20 ? ids[n - 18] : (int32_t)((dice >> 33) % vocab);
            prompt_lookup_push(l, ids[n - 1], dice >> 63);
            uint32_t match = 0, longest = scan(ids, n),
                     n_got = prompt_lookup_draft(l, got, N_GUESS, &match);
            if (n_got > 0)
                assert_true(stood_there(ids, n, match, got));
            n_seen += longest > 0;
            n_found += longest > 0 && n_got > 0 && match >= longest; /* or another took its slot */
        }
        prompt_lookup_free(l);
    }
    assert_true(n_found > 0.9 * n_seen);
}

/* Ids 100, 101, .. are said, then again with a change at 104. Odd ids go on with a word. */
static void check_change(const int32_t *change, uint32_t n_change, int32_t expected)
{
    struct prompt_lookup *l = prompt_lookup_new(64);
    int32_t got[2];
    uint32_t match = 9;
    for (int32_t id = 100; id < 120; id++)
        prompt_lookup_push(l, id, id % 2);
    for (int32_t id = 100; id < 104; id++)
        prompt_lookup_push(l, id, id % 2);
    for (uint32_t i = 0; i < n_change; i++)
        prompt_lookup_push(l, change[i], change[i] % 2);
    assert_int_equal(prompt_lookup_draft(l, got, 2, &match), 2);
    assert_int_equal(got[0], expected);
    assert_int_equal(got[1], expected + 1);
    assert_true(match <= 1);
    prompt_lookup_free(l);
}

static void test_a_changed_text_is_followed(void **state)
{
    (void)state;
    check_change((int32_t[]){500}, 1, 106);           /* a word of one token for 104 105 */
    check_change((int32_t[]){500, 501, 503}, 3, 106); /* and of three */
    check_change((int32_t[]){500, 502}, 2, 108);      /* two words for two */
    check_change((int32_t[]){500, 104}, 2, 105);      /* a word was put in */
    check_change((int32_t[]){500, 502, 106}, 3, 107); /* two for one */
    check_change((int32_t[]){108}, 1, 109);           /* two were left out */
}

/* After too many other words nothing is expected. */
static void test_another_text_is_not_followed(void **state)
{
    (void)state;
    struct prompt_lookup *l = prompt_lookup_new(64);
    int32_t got[2];
    uint32_t match;
    for (int32_t id = 100; id < 120; id++)
        prompt_lookup_push(l, id, false);
    prompt_lookup_push(l, 100, false);
    prompt_lookup_push(l, 101, false);
    assert_int_equal(prompt_lookup_draft(l, got, 2, &match), 2);
    for (int32_t id = 500; id < 510; id++)
        prompt_lookup_push(l, id, false);
    assert_int_equal(prompt_lookup_draft(l, got, 2, &match), 0);
    prompt_lookup_free(l);
}

static void test_a_run_that_goes_on_is_continued(void **state)
{
    (void)state;
    struct prompt_lookup *l = prompt_lookup_new(16);
    int32_t got[N_GUESS];
    uint32_t match = 0;
    for (int i = 0; i < 2; i++)
        prompt_lookup_push(l, 7, false);
    assert_int_equal(prompt_lookup_draft(l, got, N_GUESS, &match), 0);
    for (int i = 0; i < 6; i++) {
        prompt_lookup_push(l, 1, false);
        prompt_lookup_push(l, 2, false);
    }
    assert_int_equal(prompt_lookup_draft(l, got, N_GUESS, &match), N_GUESS);
    assert_true(match >= 8);
    for (int k = 0; k < N_GUESS; k++)
        assert_int_equal(got[k], 1 + k % 2);
    prompt_lookup_free(l);
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
        cmocka_unit_test(test_guesses_are_what_stood_behind_the_longest_match),
        cmocka_unit_test(test_a_changed_text_is_followed),
        cmocka_unit_test(test_another_text_is_not_followed),
        cmocka_unit_test(test_a_run_that_goes_on_is_continued),
        cmocka_unit_test(test_length_follows_costs_and_hits),
        cmocka_unit_test(test_no_time_and_no_guess_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
