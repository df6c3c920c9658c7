/* SPDX-License-Identifier: MIT
 *
 * An answer that another model reads too. What the numbers are is tested against both models'
 * logits in tests/ui/program/compare.py; here: the engine's own side is what /tokens says of it,
 * a model beside itself is no distance away, it can be stopped, and the chat goes on after it.
 */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "next_event.h"

enum { N = 40 };

static struct engine *start(void)
{
    struct engine_options o = {
        .model = shared_path("models/stories260K-phi3"), .n_threads = 2, .format = "f32"};
    struct engine *e = engine_start(&o);
    while (next_event(e).type == EVENT_LOADING)
        continue;
    assert_non_null(engine_info(e));
    return e;
}

struct heard {
    struct ids ids;
    struct odds odds;
    struct comparison compared;
    struct event done;
    uint32_t n_progress;
};

static void heard_free(struct heard *h)
{
    ids_free(&h->ids);
    odds_free(&h->odds);
    comparison_free(&h->compared);
}

static struct heard turn(struct engine *e, const struct ids *given,
                         const struct engine_other *against, bool stops)
{
    struct heard h = {.n_progress = 0};
    struct chat chat = {0};
    chat_add(&chat, CHAT_USER, "Once upon a time", 16);
    struct turn_request r = {
        .chat = &chat, .raw = true, .max_tokens = N, .given = given, .against = against};
    uint32_t id = engine_submit(e, &r);
    chat_free(&chat);
    do {
        h.done = next_event(e);
        h.n_progress += h.done.type == EVENT_PROMPT;
        if (stops && h.n_progress == 1)
            engine_cancel(e, id);
    } while (h.done.type != EVENT_DONE);
    engine_turn_ids(e, id, &h.ids);
    engine_turn_odds(e, id, &h.odds);
    engine_turn_comparison(e, id, &h.compared);
    return h;
}

static struct engine_other find(struct engine *e, const char *name)
{
    struct engine_other other;
    struct error err;
    if (!engine_find_other(e, name, &other, &err))
        fail_msg("%s", err.text);
    return other;
}

static void test_the_first_side_is_what_tokens_says(void **state)
{
    (void)state;
    struct engine *e = start();
    struct engine_other other = find(e, "qins4");
    struct heard said = turn(e, NULL, NULL, false), h = turn(e, &said.ids, &other, false);
    assert_int_equal(h.done.stop, STOP_END);
    assert_int_equal(h.compared.n, N);
    assert_string_equal(h.compared.format[0], "f32");
    assert_string_equal(h.compared.format[1], "qins4");
    assert_string_equal(h.compared.kv, "f32");
    double kl = 0;
    for (size_t i = 0; i < N; i++) {
        const struct token_odds *t = &said.odds.list[i];
        const struct compared_token *c = &h.compared.list[i];
        assert_int_equal(c->id, t->id);
        assert_int_equal(c->top[0], t->top[0]);
        assert_true(fabs(exp(-(double)c->nats[0]) - (double)t->p) < 1e-6);
        assert_true(c->kl >= 0);
        kl += (double)c->kl;
    }
    assert_true(kl > 0.01); /* measured against its source qins4 loses 0.15 per token */
    free(other.path);
    heard_free(&said);
    heard_free(&h);
    engine_stop(e);
}

static void test_the_same_weights_are_no_distance_apart(void **state)
{
    (void)state;
    struct engine *e = start();
    struct engine_other other = {.path = shared_path("models/stories260K-phi3"), .format = "f32"};
    struct heard said = turn(e, NULL, NULL, false), h = turn(e, &said.ids, &other, false);
    struct comparison_sum sum = comparison_sum(&h.compared);
    assert_int_equal(h.compared.n, N);
    assert_true(sum.kl == 0 && sum.n_same == N && sum.perplexity[0] == sum.perplexity[1]);
    heard_free(&said);
    heard_free(&h);
    engine_stop(e);
}

static void test_it_stops_and_the_chat_goes_on(void **state)
{
    (void)state;
    struct engine *e = start();
    struct engine_other other = find(e, "qins8");
    struct heard said = turn(e, NULL, NULL, false), h = turn(e, &said.ids, &other, true),
                 again = turn(e, NULL, NULL, false);
    assert_int_equal(h.done.stop, STOP_CANCELLED);
    assert_int_equal(h.compared.n, 0);
    assert_int_equal(again.ids.n, said.ids.n);
    assert_memory_equal(again.ids.ids, said.ids.ids, said.ids.n * sizeof *said.ids.ids);
    free(other.path);
    heard_free(&said);
    heard_free(&h);
    heard_free(&again);
    engine_stop(e);
}

static void test_failures_are_told(void **state)
{
    (void)state;
    static char nothing[] = "/nonexistent/a.qins";
    struct engine *e = start();
    const struct {
        char *path;
        const char *format, *why;
    } cases[] = {{shared_path("models/stories260K-phi3/config.json"), NULL, "config.json"},
                 {shared_path("models/phi-3.5-mini-instruct"), "qins8", "safetensors"},
                 {nothing, NULL, "No such file"}};
    struct heard said = turn(e, NULL, NULL, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_other other = {.path = cases[i].path, .format = cases[i].format};
        struct heard h = turn(e, &said.ids, &other, false);
        struct error err;
        assert_int_equal(h.done.stop, STOP_FAILED);
        engine_turn_error(e, &err);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s", err.text);
        heard_free(&h);
    }
    heard_free(&said);
    engine_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_side_is_what_tokens_says),
        cmocka_unit_test(test_the_same_weights_are_no_distance_apart),
        cmocka_unit_test(test_it_stops_and_the_chat_goes_on),
        cmocka_unit_test(test_failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
