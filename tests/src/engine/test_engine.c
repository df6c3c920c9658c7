/* SPDX-License-Identifier: MIT
 *
 * The engine as programs drive it: submit, cancel, events. The text that has to come out is what
 * the original engine of these models printed (shared/models/stories260K/expected-greedy.txt).
 */
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "json.h"
#include "next_event.h"
#include "tokenizers.h"

#ifdef __linux__
/* The clock of the code under test: by how much it goes on at each look, beside the time that
 * passes. */
static _Atomic long clock_jump_s;
static _Atomic bool clock_stands;

int clock_gettime(clockid_t id, struct timespec *t)
{
    static _Atomic long jumped_s;
    long s = atomic_fetch_add(&jumped_s, clock_jump_s) + clock_jump_s;
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (clock_stands)
        t->tv_sec = t->tv_nsec = 0;
    t->tv_sec += s;
    return result;
}
#endif

static const struct sampling greedy = {.temperature = 0, .top_p = 1, .repeat_penalty = 1};
static const struct sampling lively = {.temperature = 1.2f, .top_p = 0.95f, .repeat_penalty = 1};

/* What one turn said. */
struct said {
    struct buf text;
    struct event done;
    uint32_t n_stats, n_prompt_events;
};

static struct engine *start(const char *model, unsigned n_threads, uint32_t ctx_len)
{
    struct engine_options o = {.model = shared_path(model),
                               .n_threads = n_threads,

                               .ctx_len = ctx_len,
                               .format = "f32"};
    return engine_start(&o);
}

static struct engine *start_ready(const char *model, unsigned n_threads, uint32_t ctx_len)
{
    struct engine *e = start(model, n_threads, ctx_len);
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        assert_true(event.done <= event.total);
    if (event.type != EVENT_READY)
        fail_msg("%s", engine_error(e)->text);
    assert_non_null(engine_info(e));
    return e;
}

static uint32_t submit(struct engine *e, const char *text, uint32_t max_tokens, uint64_t seed)
{
    struct chat chat = {0};
    struct turn_request r = {.chat = &chat, .raw = true, .max_tokens = max_tokens, .seed = seed};
    chat_add(&chat, CHAT_USER, text, strlen(text));
    uint32_t turn = engine_submit(e, &r);
    chat_free(&chat);
    return turn;
}

static void note(struct said *s, const struct event *event)
{
    if (event->type == EVENT_TEXT)
        buf_append(&s->text, event->text, event->n_text);
    s->n_stats += event->type == EVENT_STATS;
    s->n_prompt_events += event->type == EVENT_PROMPT;
    if (event->type == EVENT_DONE)
        s->done = *event;
}

static struct said listen(struct engine *e, uint32_t turn)
{
    struct said s = {0};
    buf_append(&s.text, "", 0);
    for (;;) {
        struct event event = next_event(e);
        if (event.turn != turn)
            continue; /* stale */
        note(&s, &event);
        if (event.type == EVENT_DONE)
            return s;
    }
}

static char *expected_text(void)
{
    struct buf b = {0};
    struct error err;
    assert_true(
        read_file(&b, shared_path("models/stories260K/expected-greedy.txt"), 1 << 16, &err));
    while (b.len > 0 && b.data[b.len - 1] == '\n')
        b.data[--b.len] = '\0';
    return b.data;
}

static uint32_t n_answer_ids(struct engine *e, uint32_t turn)
{
    struct ids ids = {0};
    engine_turn_ids(e, turn, &ids);
    uint32_t n = (uint32_t)ids.n;
    ids_free(&ids);
    return n;
}

/* ---- what comes out ------------------------------------------------------------------- */

static void test_greedy_story_is_the_original_engines(void **state)
{
    (void)state;
    const char *const models[] = {"models/stories260K", "models/stories260K-phi3"};
    char *want = expected_text();
    for (int m = 0; m < 2; m++) {
        struct engine *e = start_ready(models[m], 2, 0);
        assert_int_equal(engine_info(e)->ctx_len, 512);
        engine_set_sampling(e, &greedy);
        uint32_t turn = submit(e, "", 200, 1);
        struct said s = listen(e, turn);
        assert_string_equal(s.text.data, want);
        assert_int_equal(s.done.stop, STOP_LENGTH);
        assert_int_equal(s.done.stats.n_prompt, 1);
        assert_int_equal(s.done.stats.n_tokens, 200);
        assert_int_equal(s.n_stats, 200);
        assert_int_equal(n_answer_ids(e, turn), 200);
        assert_true(s.done.stats.first_token_ms > 0 && s.done.stats.tokens_per_s > 0);
        buf_free(&s.text);
        engine_stop(e);
    }
    free(want);
}

/* ---- drafts --------------------------------------------------------------------------- */

enum { SPECULATE_AUTO, SPECULATE_ON, SPECULATE_OFF };
static const char *const modes[] = {"auto", "on", "off"};

static struct engine *start_drafting(const char *model, const char *format, const char *mode)
{
    struct engine_options o = {
        .model = shared_path(model), .n_threads = 2, .format = format, .speculate = mode};
    struct engine *e = engine_start(&o);
    while (next_event(e).type == EVENT_LOADING)
        ;
    assert_non_null(engine_info(e));
    return e;
}

static void check_same(const struct said *a, const struct said *b)
{
    assert_string_equal(a->text.data, b->text.data);
    assert_int_equal(a->done.stop, b->done.stop);
    assert_int_equal(a->n_stats, b->n_stats);
    assert_int_equal(a->done.stats.n_tokens, b->done.stats.n_tokens);
    assert_int_equal(a->done.stats.n_ctx_used, b->done.stats.n_ctx_used);
}

/* One draw is made per token and logits have the same bits, so each seed gives the same text: more
 * than the same distribution. Turns follow each other: what one leaves in the cache counts too. */
static void test_drafts_change_no_text(void **state)
{
    (void)state;
    static const struct sampling ways[] = {
        {.temperature = 0, .top_p = 1, .repeat_penalty = 1},
        {.temperature = 1, .top_p = 0.95f, .repeat_penalty = 1},
        {.temperature = 0.8f, .top_p = 1, .repeat_penalty = 1.1f, .repeat_last_n = 40},
    };
    static const char repeats[] = "Lily saw a big red ball. Tom saw a big red ball. Lily saw a big";
    static const char *const formats[] = {"f32", "qins4"};
    for (int f = 0; f < 2; f++) {
        struct engine *e[3];
        uint32_t n_accepted = 0;
        for (int mode = 0; mode < 3; mode++)
            e[mode] = start_drafting("models/stories260K-phi3", formats[f], modes[mode]);
        for (uint64_t seed = 0; seed < 24; seed++) {
            struct said said[3];
            for (int mode = 0; mode < 3; mode++) {
                engine_set_sampling(e[mode], &ways[seed % 3]);
                said[mode] = listen(e[mode], submit(e[mode], seed % 4 ? repeats : "",
                                                    seed % 5 ? 30 + (uint32_t)seed : 0, seed));
            }
            check_same(&said[SPECULATE_ON], &said[SPECULATE_OFF]);
            check_same(&said[SPECULATE_AUTO], &said[SPECULATE_OFF]);
            assert_int_equal(said[SPECULATE_OFF].done.stats.n_drafted, 0);
            const struct turn_stats *s = &said[SPECULATE_ON].done.stats;
            n_accepted += s->n_accepted;
            assert_true(s->n_accepted <= s->n_drafted &&
                        s->n_passes + s->n_accepted >= s->n_tokens);
            for (int mode = 0; mode < 3; mode++)
                buf_free(&said[mode].text);
        }
        assert_true(n_accepted > 100);
        for (int mode = 0; mode < 3; mode++)
            engine_stop(e[mode]);
    }
}

/* A text that the model goes on repeating: drafts save most passes there. */
static void test_repeated_text_takes_fewer_passes(void **state)
{
    (void)state;
    struct engine *e[3];
    struct said said[3];
    for (int mode = 0; mode < 3; mode++) {
        e[mode] = start_drafting("models/stories260K", "f32", modes[mode]);
        engine_set_sampling(e[mode], &greedy);
        said[mode] = listen(e[mode], submit(e[mode], "abc abc abc abc abc abc", 100, 1));
    }
    check_same(&said[SPECULATE_ON], &said[SPECULATE_OFF]);
    check_same(&said[SPECULATE_AUTO], &said[SPECULATE_OFF]);
    assert_true(said[SPECULATE_OFF].done.stats.n_passes >= 100);
    assert_true(said[SPECULATE_ON].done.stats.n_passes * 2 <
                said[SPECULATE_OFF].done.stats.n_passes);
    for (int mode = 0; mode < 3; mode++) {
        buf_free(&said[mode].text);
        engine_stop(e[mode]);
    }
}

static char *story(unsigned n_threads, uint64_t seed)
{
    struct engine *e = start_ready("models/stories260K-phi3", n_threads, 0);
    engine_set_sampling(e, &lively);
    submit(e, "A dog", 3, 99); /* what came before must not matter */
    struct said s = listen(e, submit(e, "Once upon a time", 60, seed));
    engine_stop(e);
    return s.text.data;
}

static void test_a_seed_gives_one_text_on_any_number_of_threads(void **state)
{
    (void)state;
    char *one = story(1, 7), *two = story(2, 7), *five = story(5, 7), *other = story(2, 8);
    assert_string_equal(one, two);
    assert_string_equal(one, five);
    assert_string_not_equal(one, other);
    free(one);
    free(two);
    free(five);
    free(other);
}

static void test_a_longer_conversation_evaluates_only_what_is_new(void **state)
{
    (void)state;
    struct engine *e = start_ready("models/stories260K-phi3", 2, 0);
    engine_set_sampling(e, &greedy);
    struct said a = listen(e, submit(e, "Once upon a time, there was", 10, 1));
    struct said b = listen(e, submit(e, "Once upon a time, there was a little girl named", 10, 1));
    assert_int_equal(a.done.stats.n_reused, 0);
    assert_true(b.done.stats.n_reused >= a.done.stats.n_prompt);
    assert_true(b.done.stats.n_reused < b.done.stats.n_prompt);
    struct engine *fresh = start_ready("models/stories260K-phi3", 2, 0);
    engine_set_sampling(fresh, &greedy);
    struct said c =
        listen(fresh, submit(fresh, "Once upon a time, there was a little girl named", 10, 1));
    assert_string_equal(b.text.data, c.text.data);
    assert_true(b.text.data[0] == ' '); /* it continues a text: the space belongs to it */
    buf_free(&a.text);
    buf_free(&b.text);
    buf_free(&c.text);
    engine_stop(e);
    engine_stop(fresh);
}

static void test_stop_tokens_end_the_answer_and_are_not_part_of_it(void **state)
{
    (void)state;
    struct engine *e = start_ready("fixtures/llama", 1, 4000);
    struct sampling wild = {.temperature = 10, .top_p = 1, .repeat_penalty = 1};
    engine_set_sampling(e, &wild); /* nearly any of 512 tokens each time: 1 or 2 comes soon */
    for (uint64_t seed = 0; seed < 8; seed++) {
        uint32_t turn = submit(e, "", 0, seed);
        struct said s = listen(e, turn);
        assert_int_equal(s.done.stop, STOP_END);
        struct ids ids = {0};
        engine_turn_ids(e, turn, &ids);
        assert_int_equal(ids.n, s.done.stats.n_tokens);
        for (size_t i = 0; i < ids.n; i++)
            assert_false(ids.ids[i] == 1 || ids.ids[i] == 2); /* begin and end of a text */
        ids_free(&ids);
        buf_free(&s.text);
    }
    engine_stop(e);
}

/* The known greedy story, stopped at texts that lie across its tokens. */
static void test_stop_texts_end_the_answer_before_them(void **state)
{
    (void)state;
    char *want = expected_text();
    struct engine *e = start_ready("models/stories260K", 1, 0);
    struct tokenizer *t = load("models/stories260K/tokenizer.json", 512);
    engine_set_sampling(e, &greedy);
    for (size_t len = 1; len <= 12; len += 1) {
        for (size_t at = 0; at + len < 160; at += 7) {
            struct chat chat = {0};
            struct stops stops = {0};
            char text[16] = "";
            memcpy(text, want + at, len);
            assert_true(stops_add(&stops, text, len) && stops_add(&stops, "never said", 10));
            struct turn_request r = {
                .chat = &chat, .raw = true, .max_tokens = 200, .stops = &stops};
            chat_add(&chat, CHAT_USER, "", 0);
            uint32_t turn = engine_submit(e, &r);
            struct said s = listen(e, turn);
            size_t n = (size_t)(strstr(want, text) - want);
            assert_int_equal(s.done.stop, STOP_TEXT);
            assert_int_equal(s.text.len, n);
            assert_memory_equal(s.text.data, want, n);
            /* What is kept of the ids says the text, or nothing is. */
            struct ids ids = {0};
            struct buf said = {0};
            engine_turn_ids(e, turn, &ids);
            tokenizer_decode(t, ids.ids, ids.n, false, &said);
            assert_true(ids.n == 0 || (said.len == n && memcmp(said.data, want, n) == 0));
            buf_free(&said);
            ids_free(&ids);
            buf_free(&s.text);
            chat_free(&chat);
        }
    }
    free(want);
    tokenizer_free(t);
    engine_stop(e);
}

/* Copies a fixture into `folder` with a tokenizer that knows the ids below n only. */
static void copy_with_smaller_tokenizer(const char *fixture, const char *folder, int n)
{
    struct error err;
    struct buf text = {0};
    char command[2048];
    const char *source = shared_path(fixture);
    snprintf(command, sizeof command, "cp '%s'/config.json '%s'/model.safetensors '%s'", source,
             source, folder);
    assert_int_equal(system(command), 0);
    char *path = path_join(source, "tokenizer.json"), *out = path_join(folder, "tokenizer.json");
    assert_true(read_file(&text, path, 1 << 24, &err));
    json_t *j = json_parse(text.data, text.len, path, &err), *piece;
    json_t *model = json_object_get(j, "model"), *vocab = json_object_get(model, "vocab");
    const char *name;
    void *after;
    json_object_foreach_safe(vocab, after, name, piece) if (json_integer_value(piece) >= n)
        json_object_del(vocab, name);
    json_array_clear(json_object_get(model, "merges"));
    assert_int_equal(json_dump_file(j, out, 0), 0);
    json_decref(j);
    buf_free(&text);
    free(path);
    free(out);
}

static void test_ids_without_a_piece_are_never_sampled(void **state)
{
    (void)state;
    enum { N_PIECES = 300 };
    char *folder = temp_folder();
    copy_with_smaller_tokenizer("fixtures/llama", folder, N_PIECES);
    struct engine_options o = {.model = folder, .n_threads = 1, .format = "f32"};
    struct engine *e = engine_start(&o);
    struct sampling wild = {.temperature = 10, .top_p = 1, .repeat_penalty = 1};
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        ;
    if (event.type != EVENT_READY)
        fail_msg("%s", engine_error(e)->text);
    engine_set_sampling(e, &wild);
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct ids ids = {0};
        uint32_t turn = submit(e, "", 100, seed);
        struct said s = listen(e, turn);
        engine_turn_ids(e, turn, &ids);
        for (size_t i = 0; i < ids.n; i++)
            assert_in_range(ids.ids[i], 0, N_PIECES - 1);
        ids_free(&ids);
        buf_free(&s.text);
    }
    engine_stop(e);
    remove_folder(folder);
}

/* ---- limits --------------------------------------------------------------------------- */

static void test_a_full_context_ends_the_turn_and_drops_nothing(void **state)
{
    (void)state;
    struct engine *e = start_ready("models/stories260K-phi3", 1, 40);
    engine_set_sampling(e, &greedy);
    struct said s = listen(e, submit(e, "", 0, 1));
    assert_int_equal(s.done.stop, STOP_CONTEXT);
    assert_int_equal(s.done.stats.n_prompt + s.done.stats.n_tokens, 40);
    buf_free(&s.text);
    s = listen(e,
               submit(e,
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                      "bcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc",
                      10, 1));
    assert_int_equal(s.done.stop, STOP_CONTEXT);
    assert_int_equal(s.done.stats.n_tokens, 0);
    assert_true(s.done.stats.n_prompt > 40);
    assert_int_equal(s.text.len, 0);
    buf_free(&s.text);
    engine_stop(e);
}

static void test_what_cannot_be_loaded_fails_with_a_reason(void **state)
{
    (void)state;
    char nowhere[] = "/nowhere/model.qins";
    struct engine_options o = {.model = nowhere};
    struct engine *e = engine_start(&o);
    assert_int_equal(next_event(e).type, EVENT_FAILED);
    assert_null(engine_info(e));
    assert_int_equal(engine_error(e)->code, EX_NOINPUT);
    assert_non_null(strstr(engine_error(e)->text, "/nowhere/model.qins"));
    submit(e, "x", 1, 1); /* harmless */
    engine_stop(e);
    e = start("models/stories260K", 1, 513); /* longer than the model can */
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        ;
    assert_int_equal(event.type, EVENT_FAILED);
    assert_int_equal(engine_error(e)->code, EX_USAGE);
    engine_stop(e);
}

/* Copies a model folder and gives it a tokenizer_config.json. */
static void copy_with_config(const char *model, const char *folder, const char *config)
{
    char *command = xasprintf("cp '%s'/*.json '%s'/*.safetensors '%s'", shared_path(model),
                              shared_path(model), folder);
    assert_int_equal(system(command), 0);
    char *path = path_join(folder, "tokenizer_config.json");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(config, f);
    assert_int_equal(fclose(f), 0);
    free(command);
    free(path);
}

static void test_an_unknown_template_matters_to_chats_alone(void **state)
{
    (void)state;
    char *folder = temp_folder();
    copy_with_config("models/stories260K", folder, "{\"chat_template\": \"{% frobnicate %}\"}");
    for (int raw = 0; raw < 2; raw++) {
        struct engine_options o = {.model = folder, .n_threads = 1, .format = "f32", .raw = raw};
        struct engine *e = engine_start(&o);
        struct event event;
        while ((event = next_event(e)).type == EVENT_LOADING)
            ;
        assert_int_equal(event.type, raw ? EVENT_READY : EVENT_FAILED);
        if (!raw)
            assert_non_null(strstr(engine_error(e)->text, "chat_template"));
        engine_stop(e);
    }
    remove_folder(folder);
}

static void test_a_template_that_refuses_ends_the_turn_with_its_words(void **state)
{
    (void)state;
    char *folder = temp_folder();
    struct error err = {0};
    copy_with_config("models/stories260K", folder,
                     "{\"chat_template\": \"{{ raise_exception('not today') }}\"}");
    struct engine *e =
        engine_start(&(struct engine_options){.model = folder, .n_threads = 1, .format = "f32"});
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        ;
    assert_int_equal(event.type, EVENT_READY);
    struct chat chat = {0};
    chat_add(&chat, CHAT_USER, "Hello", 5);
    engine_submit(e, &(struct turn_request){.chat = &chat, .max_tokens = 8});
    chat_free(&chat);
    event = next_event(e);
    assert_int_equal(event.type, EVENT_DONE);
    assert_int_equal(event.stop, STOP_FAILED);
    engine_turn_error(e, &err);
    assert_non_null(strstr(err.text, "not today"));
    assert_int_equal(err.code, EX_DATAERR);
    engine_stop(e);
    remove_folder(folder);
}

static void ready(struct engine *e)
{
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        ;
    if (event.type != EVENT_READY)
        fail_msg("%s", engine_error(e)->text);
}

static void test_a_template_in_place_of_the_models_own(void **state)
{
    (void)state;
    char *folder = temp_folder(), *file = path_join(folder, "given.jinja");
    copy_with_config("models/stories260K", folder, "{\"chat_template\": \"{% frobnicate %}\"}");
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs("{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
          "<|im_start|>{{ messages[0].content }}",
          f);
    assert_int_equal(fclose(f), 0);
    struct engine *e = engine_start(&(struct engine_options){
        .model = folder, .n_threads = 1, .template_file = file, .template_name = "given"});
    ready(e);
    assert_string_equal(engine_info(e)->template, "given");
    assert_string_equal(engine_info(e)->missing_tokens, "<|im_start|>");
    struct chat chat = {0};
    struct event event;
    chat_add(&chat, CHAT_SYSTEM, "Be brief.", 9);
    chat_add(&chat, CHAT_USER, "Hello", 5);
    engine_submit(e, &(struct turn_request){.chat = &chat, .max_tokens = 2});
    while ((event = next_event(e)).type != EVENT_DONE)
        ;
    assert_int_equal(event.stats.folding, CHAT_SYSTEM_FOLDED);
    assert_int_equal(event.stats.kv_bytes, event.stats.n_ctx_used * 2 * 5 * 4 * 8 * sizeof(float));
    chat_free(&chat);
    engine_stop(e);
    remove_folder(folder);
    free(file);
}

/* A pattern that takes exponential time: none of the text is evaluated. */
static void test_a_tokenizer_that_gives_up_ends_the_turn(void **state)
{
    (void)state;
    char *folder = temp_folder(), text[201] = "";
    copy_with_config("models/stories260K", folder, "{}");
    char *command = xasprintf("sed -i.bak 's/\"pre_tokenizer\": *null/\"pre_tokenizer\":"
                              "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a|aa)+[xy]\"},"
                              "\"behavior\":\"Isolated\",\"invert\":false}/' '%s/tokenizer.json'",
                              folder);
    assert_int_equal(system(command), 0);
    free(command);
    memset(text, 'a', sizeof text - 1);
    struct engine *e = engine_start(&(struct engine_options){.model = folder, .n_threads = 1});
    ready(e);
    for (int raw = 0; raw < 2; raw++) {
        struct chat chat = {0};
        struct event event;
        struct error err = {0};
        chat_add(&chat, CHAT_USER, text, sizeof text - 1);
        engine_submit(e, &(struct turn_request){.chat = &chat, .raw = raw, .max_tokens = 2});
        chat_free(&chat);
        while ((event = next_event(e)).type != EVENT_DONE)
            ;
        assert_int_equal(event.stop, STOP_FAILED);
        engine_turn_error(e, &err);
        assert_non_null(strstr(err.text, "too many steps"));
    }
    engine_stop(e);
    remove_folder(folder);
}

/* ---- two threads ---------------------------------------------------------------------- */

static void test_a_full_queue_waits_and_loses_no_text(void **state)
{
    (void)state;
    char *want = expected_text();
    struct engine *e = start_ready("models/stories260K", 1, 0);
    engine_set_sampling(e, &greedy);
    uint32_t turn = submit(e, "", 200, 1);
    usleep(400 * 1000); /* some 400 events: more than the queue holds */
    struct said s = listen(e, turn);
    assert_string_equal(s.text.data, want);
    buf_free(&s.text);
    free(want);
    engine_stop(e);
}

static void test_cancel_ends_a_turn_and_keeps_its_text(void **state)
{
    (void)state;
    struct engine *e = start_ready("models/stories260K", 2, 0);
    engine_set_sampling(e, &lively);
    for (int round = 0; round < 20; round++) {
        struct said s = {0};
        struct event event;
        uint32_t turn = submit(e, "Tom", 0, (uint64_t)round);
        do {
            event = next_event(e);
            note(&s, &event);
            if (s.n_stats == (uint32_t)round)
                engine_cancel(e, turn);
        } while (event.type != EVENT_DONE);
        assert_int_equal(event.turn, turn);
        assert_true(event.stop == STOP_CANCELLED || event.stop == STOP_END);
        assert_int_equal(n_answer_ids(e, turn), s.n_stats);
        assert_int_equal(event.stats.n_tokens, s.n_stats);
        buf_free(&s.text);
    }
    engine_stop(e);
}

static void test_cancel_while_the_prompt_is_read(void **state)
{
    (void)state;
    enum { LENGTH = 3000 }; /* about as many tokens: far from read when the first event comes */
    char *text = xmalloc(LENGTH + 1);
    for (int i = 0; i < LENGTH; i++)
        text[i] = "qzxkvj"[i * 7 % 6]; /* nothing to merge */
    text[LENGTH] = '\0';
    struct engine *e = start_ready("fixtures/phi3", 1, 0);
    uint32_t turn = submit(e, text, 10, 1);
    struct event event = next_event(e);
    assert_int_equal(event.type, EVENT_PROMPT);
    assert_true(event.done < event.total && event.stats.n_reused == 0);
    engine_cancel(e, turn);
    uint32_t total = (uint32_t)event.total;
    struct said s = listen(e, turn);
    assert_int_equal(s.done.stop, STOP_CANCELLED);
    assert_int_equal(s.done.stats.n_tokens, 0);
    assert_true(s.done.stats.n_ctx_used < total);
    uint32_t kept = s.done.stats.n_ctx_used;
    buf_free(&s.text);
    text[20] = '\0';
    turn = submit(e, text, 1, 1);
    s = listen(e, turn);
    assert_int_equal(s.done.stats.n_tokens, 1);
    assert_true(s.done.stats.n_reused <= kept); /* what was finished serves again */
    buf_free(&s.text);
    free(text);
    engine_stop(e);
}

/* A storm of submits, cancels of any turn and moved sliders. Every turn ends exactly once, in
 * order, and nothing of it comes afterwards. */
static void test_storm_of_submits_and_cancels(void **state)
{
    (void)state;
    enum { N_TURNS = 300 };
    struct engine *e = start_ready("models/stories260K-phi3", 2, 0);
    uint32_t last_done = 0, last_turn = 0;
    uint64_t dice = 1;
    while (last_done < N_TURNS) {
        struct event event;
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        uint32_t d = (uint32_t)(dice >> 33);
        if (last_turn < N_TURNS && d % 3 != 0)
            last_turn = submit(e, d % 2 ? "Lily" : "Tom and Lily", 1 + d % 50, d);
        if (d % 5 == 0)
            engine_cancel(e, d % (N_TURNS + 10));
        if (d % 7 == 0)
            engine_set_sampling(e, d % 14 ? &lively : &greedy);
        if (d % 11 == 0)
            engine_set_max_tokens(e, 1 + d % 30);
        for (uint32_t i = d % 16; i > 0 && engine_next(e, &event); i--) {
            assert_true(event.turn == last_done + 1 && event.turn <= last_turn);
            last_done += event.type == EVENT_DONE;
        }
        if (last_turn == N_TURNS)
            usleep(100);
    }
    struct said s = listen(e, submit(e, "Lily", 5, 1));
    assert_int_equal(s.done.stats.n_tokens, 5);
    buf_free(&s.text);
    engine_stop(e);
}

static void test_stop_at_any_moment(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        struct engine *e = start(round % 2 ? "models/stories260K" : "fixtures/phi3-cross", 2, 0);
        usleep((useconds_t)round * 700); /* loading, or just ready */
        submit(e, "Tom", 0, 1);
        if (round % 3 == 0)
            usleep(20000); /* the queue is full: the engine waits */
        engine_stop(e);
    }
}

#ifdef __linux__
static void expect_possible(const struct turn_stats *s)
{
    const float all[] = {s->tokens_per_s, s->first_token_ms, s->prompt_ms, s->generate_ms};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(isfinite(all[i]) && all[i] >= 0);
}

/* A machine that sleeps for eight hours at any moment, and a clock too coarse to see a token. */
static void test_clocks_that_jump_or_stand(void **state)
{
    (void)state;
    struct engine *e = start_ready("models/stories260K", 1, 64);
    for (int round = 0; round < 2; round++) {
        clock_jump_s = round == 0 ? 8 * 3600 : 0;
        clock_stands = round == 1;
        uint32_t turn = submit(e, "", 20, 0), n_stats = 0;
        for (struct event event = {0}; event.type != EVENT_DONE || event.turn != turn;) {
            event = next_event(e);
            expect_possible(&event.stats);
            n_stats += event.type == EVENT_STATS;
        }
        assert_int_equal(n_stats, 20);
    }
    clock_jump_s = 0;
    clock_stands = false;
    engine_stop(e);
}
#endif

static void test_descriptor_is_readable_exactly_when_events_wait(void **state)
{
    (void)state;
    struct engine *e = start_ready("models/stories260K", 1, 0);
    struct pollfd p = {.fd = engine_fd(e), .events = POLLIN};
    struct event event;
    while (engine_next(e, &event))
        ;
    assert_int_equal(poll(&p, 1, 0), 0);
    submit(e, "", 2, 1);
    do {
        assert_int_equal(poll(&p, 1, EVENT_WAIT_MS), 1);
        while (engine_next(e, &event) && event.type != EVENT_DONE)
            ;
    } while (event.type != EVENT_DONE);
    while (engine_next(e, &event))
        ;
    assert_int_equal(poll(&p, 1, 0), 0);
    engine_stop(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy_story_is_the_original_engines),
        cmocka_unit_test(test_drafts_change_no_text),
        cmocka_unit_test(test_repeated_text_takes_fewer_passes),
        cmocka_unit_test(test_a_seed_gives_one_text_on_any_number_of_threads),
        cmocka_unit_test(test_a_longer_conversation_evaluates_only_what_is_new),
        cmocka_unit_test(test_stop_tokens_end_the_answer_and_are_not_part_of_it),
        cmocka_unit_test(test_stop_texts_end_the_answer_before_them),
        cmocka_unit_test(test_ids_without_a_piece_are_never_sampled),
        cmocka_unit_test(test_a_full_context_ends_the_turn_and_drops_nothing),
        cmocka_unit_test(test_what_cannot_be_loaded_fails_with_a_reason),
        cmocka_unit_test(test_an_unknown_template_matters_to_chats_alone),
        cmocka_unit_test(test_a_template_that_refuses_ends_the_turn_with_its_words),
        cmocka_unit_test(test_a_template_in_place_of_the_models_own),
        cmocka_unit_test(test_a_tokenizer_that_gives_up_ends_the_turn),
        cmocka_unit_test(test_a_full_queue_waits_and_loses_no_text),
        cmocka_unit_test(test_cancel_ends_a_turn_and_keeps_its_text),
        cmocka_unit_test(test_cancel_while_the_prompt_is_read),
        cmocka_unit_test(test_storm_of_submits_and_cancels),
        cmocka_unit_test(test_stop_at_any_moment),
#ifdef __linux__
        cmocka_unit_test(test_clocks_that_jump_or_stand),
#endif
        cmocka_unit_test(test_descriptor_is_readable_exactly_when_events_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
