/* SPDX-License-Identifier: MIT
 *
 * An answer that begins with given tokens: the model thinks the same of them as when it chose them
 * itself, and goes on as it did. The text is what the original engine of this model printed
 * (shared/models/stories260K/expected-greedy.txt).
 */
#include <string.h>

#include "engine.h"
#include "next_event.h"

enum { N = 60 };

struct said {
    struct buf text;
    struct ids ids;
    struct odds odds;
    struct event done;
};

static struct engine *start(void)
{
    struct engine_options o = {
        .model = shared_path("models/stories260K"), .n_threads = 2, .format = "f32"};
    struct engine *e = engine_start(&o);
    while (next_event(e).type == EVENT_LOADING)
        continue;
    assert_non_null(engine_info(e));
    return e;
}

static struct said say(struct engine *e, const struct ids *given, uint32_t max_tokens)
{
    struct said s = {0};
    struct chat chat = {0};
    chat_add(&chat, CHAT_USER, "", 0);
    struct turn_request r = {.chat = &chat, .raw = true, .max_tokens = max_tokens, .given = given};
    uint32_t turn = engine_submit(e, &r);
    chat_free(&chat);
    buf_puts(&s.text, "");
    do {
        s.done = next_event(e);
        if (s.done.type == EVENT_TEXT)
            buf_append(&s.text, s.done.text, s.done.n_text);
    } while (s.done.type != EVENT_DONE);
    engine_turn_ids(e, turn, &s.ids);
    engine_turn_odds(e, turn, &s.odds);
    assert_int_equal(s.ids.n, s.odds.n);
    return s;
}

static void said_free(struct said *s)
{
    buf_free(&s->text);
    ids_free(&s->ids);
    odds_free(&s->odds);
}

/* The greedy choice is the likeliest. */
static void test_what_was_thought_of_each_token(void **state)
{
    (void)state;
    struct buf want = {0};
    struct error err;
    struct engine *e = start();
    struct said s = say(e, NULL, N);
    assert_true(
        read_file(&want, shared_path("models/stories260K/expected-greedy.txt"), 1 << 16, &err));
    assert_memory_equal(s.text.data, want.data, s.text.len);
    assert_int_equal(s.odds.n, N);
    for (size_t i = 0; i < N; i++) {
        const struct token_odds *t = &s.odds.list[i];
        assert_int_equal(t->id, s.ids.ids[i]);
        assert_int_equal(t->top[0], t->id);
        assert_true(t->p == t->top_p[0] && t->p > 0 && t->p <= 1 && t->entropy >= 0);
        assert_true(t->top_p[1] <= t->top_p[0] && t->top_p[7] >= 0);
    }
    said_free(&s);
    buf_free(&want);
    engine_stop(e);
}

static void test_given_tokens_are_read_and_gone_on_with(void **state)
{
    (void)state;
    struct engine *e = start();
    struct said all = say(e, NULL, N);
    for (size_t n = 1; n < N; n += 13) { /* some passes are full, some are not */
        struct ids given = {0};
        ids_append(&given, all.ids.ids, n);
        struct said scored = say(e, &given, (uint32_t)n), longer = say(e, &given, N);
        assert_int_equal(scored.ids.n, n);
        assert_true(scored.done.stats.tokens_per_s == 0); /* none was generated */
        assert_memory_equal(scored.odds.list, all.odds.list, n * sizeof *all.odds.list);
        assert_string_equal(longer.text.data, all.text.data);
        assert_memory_equal(longer.odds.list, all.odds.list, N * sizeof *all.odds.list);
        ids_free(&given);
        said_free(&scored);
        said_free(&longer);
    }
    said_free(&all);
    engine_stop(e);
}

static void test_another_choice_goes_another_way(void **state)
{
    (void)state;
    struct engine *e = start();
    struct said all = say(e, NULL, N), other;
    struct ids given = {0};
    ids_append(&given, all.ids.ids, 10);
    ids_push(&given, all.odds.list[10].top[1]);
    other = say(e, &given, N);
    assert_memory_equal(other.ids.ids, given.ids, 11 * sizeof *given.ids);
    assert_string_not_equal(other.text.data, all.text.data);
    assert_true(other.odds.list[10].p == all.odds.list[10].top_p[1]);
    assert_true(other.done.stats.tokens_per_s > 0);
    said_free(&other);
    other = say(e, &given, 12); /* one, whose time says little */
    assert_true(other.done.stats.tokens_per_s == 0);
    ids_free(&given);
    said_free(&all);
    said_free(&other);
    engine_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_thought_of_each_token),
        cmocka_unit_test(test_given_tokens_are_read_and_gone_on_with),
        cmocka_unit_test(test_another_choice_goes_another_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
