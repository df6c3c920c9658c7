/* SPDX-License-Identifier: MIT
 *
 * Turns of a model that thinks: a miniature of Qwen3 (shared/fixtures/hf) whose template opens the
 * thinking, as that of Qwen3.5 does. What it thinks has no sense, but ids, texts, events and limits
 * have to fit together.
 */
#include "gbnf.h"
#include "next_event.h"
#include "tokenizers.h"

static const struct sampling greedy = {.temperature = 0, .top_p = 1, .repeat_penalty = 1};
static const struct sampling wild = {.temperature = 2, .top_p = 1, .repeat_penalty = 1};

#define MODEL "fixtures/hf/qwen3"

static char *folder;

/* The template of the miniature, with <think> at its end unless thinking is off. */
static int make_model(void **state)
{
    (void)state;
    static const char end[] = "    {%- endif %}\n{%- endif %}";
    struct buf template = {0};
    struct error err;
    char *copy = xasprintf("cp '%s'/* '%s'", shared_path(MODEL), folder = xstrdup(temp_folder()));
    assert_int_equal(system(copy), 0);
    free(copy);
    char *path = path_join(folder, "chat_template.jinja");
    assert_true(read_file(&template, path, 1 << 20, &err));
    char *at = strstr(template.data, end);
    while (at && strstr(at + 1, end))
        at = strstr(at + 1, end);
    assert_non_null(at);
    template.len = (size_t)(at - template.data);
    buf_puts(&template, "    {%- else %}{{ '<think>\\n' }}\n");
    buf_puts(&template, end);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(template.data, 1, template.len, file), template.len);
    fclose(file);
    buf_free(&template);
    free(path);
    return 0;
}

static int remove_model(void **state)
{
    (void)state;
    if (folder)
        remove_folder(folder);
    free(folder);
    return 0;
}

static struct engine *start_model(char *model)
{
    struct engine_options o = {.model = model, .n_threads = 1, .format = "f32"};
    struct engine *e = engine_start(&o);
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        continue;
    if (event.type != EVENT_READY)
        fail_msg("%s", engine_error(e)->text);
    engine_set_sampling(e, &greedy);
    return e;
}

static struct engine *start(void)
{
    return start_model(folder);
}

struct said {
    struct buf thinking, text;
    struct ids ids;
    struct event done;
    bool in_order; /* no thinking behind the answer's first text */
};

static struct said say(struct engine *e, const struct turn_request *r)
{
    struct said s = {.in_order = true};
    uint32_t turn = engine_submit(e, r);
    buf_puts(&s.thinking, "");
    buf_puts(&s.text, "");
    do {
        s.done = next_event(e);
        if (s.done.type == EVENT_THINKING)
            buf_append(&s.thinking, s.done.text, s.done.n_text);
        if (s.done.type == EVENT_THINKING && s.text.len)
            s.in_order = false;
        if (s.done.type == EVENT_TEXT)
            buf_append(&s.text, s.done.text, s.done.n_text);
    } while (s.done.type != EVENT_DONE || s.done.turn != turn);
    engine_turn_ids(e, turn, &s.ids);
    assert_true(s.in_order);
    return s;
}

static void said_free(struct said *s)
{
    buf_free(&s->thinking);
    buf_free(&s->text);
    ids_free(&s->ids);
}

static struct chat question(void)
{
    struct chat c = {0};
    chat_add(&c, CHAT_USER, "Hello", 5);
    return c;
}

static void add_answer(struct chat *c, const struct said *s)
{
    struct chat_message *m = chat_add(c, CHAT_ASSISTANT, s->text.data, s->text.len);
    buf_append(&m->thinking, s->thinking.data, s->thinking.len);
    ids_append(&m->ids, s->ids.ids, s->ids.n);
}

static size_t count(const struct ids *ids, int32_t id)
{
    size_t n = 0;
    for (size_t i = 0; i < ids->n; i++)
        n += ids->ids[i] == id;
    return n;
}

/* What the ids say, without special tokens and blank lines at the ends. */
static char *text_of(const struct tokenizer *t, const int32_t *ids, size_t n)
{
    struct detokenizer d;
    struct buf text = {0};
    detokenizer_init(&d, t, false);
    d.at_start = false;
    buf_puts(&text, "");
    for (size_t i = 0; i < n; i++)
        detokenizer_push(&d, ids[i], &text);
    detokenizer_end(&d, &text);
    while (text.len && strchr(" \n", text.data[text.len - 1]))
        text.data[--text.len] = '\0';
    return text.data;
}

/* ---- a budget ------------------------------------------------------------------------- */

static void test_a_budget_closes_the_thinking(void **state)
{
    (void)state;
    enum { BUDGET = 5 };
    struct tokenizer *t = load("fixtures/hf/qwen3/tokenizer.json", 512);
    const int32_t close = tokenizer_find(t, "</think>");
    struct engine *e = start();
    struct chat c = question();
    const struct thinking_info *can = &engine_info(e)->thinking;
    assert_string_equal(can->kind, "think");
    assert_true(can->can_switch);
    assert_false(can->has_effort);
    struct said s =
        say(e, &(struct turn_request){.chat = &c, .max_tokens = 20, .thinking.budget = BUDGET});
    assert_int_equal(s.done.stop, STOP_LENGTH);
    assert_int_equal(s.done.stats.n_tokens, 20);
    assert_int_equal(s.ids.n, 20);
    assert_int_equal(count(&s.ids, close), 1);
    size_t at = 0;
    while (s.ids.ids[at] != close)
        at++;
    assert_in_range(at, BUDGET, BUDGET + 2); /* "\n" stands before the marker */
    assert_int_equal(s.done.stats.n_thinking, at + 1);
    assert_false(s.done.stats.in_thinking);
    assert_true(s.done.stats.thinking_ms > 0);
    assert_true(s.done.stats.thinking_ms <= s.done.stats.generate_ms);
    char *want = text_of(t, s.ids.ids, BUDGET);
    assert_string_equal(s.thinking.data, want);
    assert_true(s.text.len > 0);

    /* The next turn reads the answer as it was generated; its template leaves the thinking out. */
    struct said second;
    add_answer(&c, &s);
    chat_add(&c, CHAT_USER, "more", 4);
    second = say(e, &(struct turn_request){.chat = &c, .max_tokens = 1});
    assert_true(second.done.stats.n_reused + 2 >= s.done.stats.n_prompt); /* without "<think>\n" */
    assert_true(second.done.stats.in_thinking);
    free(want);
    said_free(&s);
    said_free(&second);
    chat_free(&c);
    engine_stop(e);
    tokenizer_free(t);
}

/* ---- a grammar ------------------------------------------------------------------------ */

/* Thinking is free, and the answer is as the grammar wants it: behind a thinking that the budget
 * closed, and without any. */
static void test_a_grammar_is_for_the_answer(void **state)
{
    (void)state;
    static const char text[] = "root ::= \"{\" [a-f]{2,4} \"}\"";
    struct error err;
    struct grammar *g = gbnf_read(text, strlen(text), "g", &err);
    struct engine *e = start();
    struct chat c = question();
    engine_set_sampling(e, &wild);
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct said s =
            say(e, &(struct turn_request){.chat = &c,
                                          .grammar = g,
                                          .max_tokens = 40,
                                          .seed = seed,
                                          .thinking.budget = 4,
                                          .thinking.mode = seed % 2 ? THINK_ON : THINK_OFF});
        assert_int_equal(s.done.stop, STOP_END);
        assert_int_equal(s.thinking.len > 0, seed % 2);
        size_t n = strspn(s.text.data + 1, "abcdef");
        assert_true(s.text.data[0] == '{' && n >= 2 && n <= 4);
        assert_string_equal(s.text.data + 1 + n, "}");
        said_free(&s);
    }
    struct said other = say(e, &(struct turn_request){.chat = &c, .max_tokens = 12});
    assert_int_equal(other.done.stats.n_tokens, 12); /* the next turn is free again */
    said_free(&other);

    /* What does not fit cannot go on; what does, goes on where it is. */
    chat_add(&c, CHAT_ASSISTANT, "{abcde", 6);
    struct said wrong = say(e, &(struct turn_request){.chat = &c, .grammar = g, .max_tokens = 9});
    assert_int_equal(wrong.done.stop, STOP_FAILED);
    said_free(&wrong);
    c.messages[c.n - 1].text.len = 4; /* "{abc" */
    struct said rest = say(e, &(struct turn_request){.chat = &c, .grammar = g, .max_tokens = 9});
    assert_int_equal(rest.done.stop, STOP_END);
    assert_true(rest.text.len <= 2 && rest.text.data[rest.text.len - 1] == '}');
    said_free(&rest);
    chat_free(&c);
    engine_stop(e);
    grammar_free(g);
}

/* ---- cut, and continued --------------------------------------------------------------- */

static void test_thinking_that_was_cut_goes_on(void **state)
{
    (void)state;
    struct engine *e = start();
    struct chat c = question();
    struct said whole = say(e, &(struct turn_request){.chat = &c, .max_tokens = 12});
    struct said cut = say(e, &(struct turn_request){.chat = &c, .max_tokens = 3});
    assert_int_equal(cut.done.stop, STOP_LENGTH);
    assert_true(cut.done.stats.in_thinking);
    assert_int_equal(cut.done.stats.n_thinking, 3);
    assert_int_equal(cut.text.len, 0);
    add_answer(&c, &cut);
    struct said rest = say(e, &(struct turn_request){.chat = &c, .max_tokens = 9});
    assert_int_equal(rest.done.stats.n_prompt, cut.done.stats.n_prompt + 3);
    assert_true(rest.done.stats.n_reused + 1 >= cut.done.stats.n_prompt + 2);
    for (size_t i = 0; i < whole.ids.n; i++)
        assert_int_equal(i < 3 ? cut.ids.ids[i] : rest.ids.ids[i - 3], whole.ids.ids[i]);
    buf_append(&cut.thinking, rest.thinking.data, rest.thinking.len);
    assert_string_equal(cut.thinking.data, whole.thinking.data);
    said_free(&whole);
    said_free(&cut);
    said_free(&rest);
    chat_free(&c);
    engine_stop(e);
}

/* Where the model, not its template, has opened the thinking: its ids tell. */
static void test_thinking_that_the_model_opened_goes_on(void **state)
{
    (void)state;
    static const struct text_span opened = {"<think>\nHm", 10, true};
    struct tokenizer *t = load("fixtures/hf/qwen3/tokenizer.json", 512);
    struct engine *e = start_model(shared_path(MODEL));
    struct chat c = question();
    struct said first = say(e, &(struct turn_request){.chat = &c, .max_tokens = 4});
    assert_int_equal(first.thinking.len, 0); /* this template opens none */
    struct chat_message *m = chat_add(&c, CHAT_ASSISTANT, "", 0);
    buf_puts(&m->thinking, "Hm");
    for (int with_ids = 0; with_ids < 2; with_ids++) {
        if (with_ids)
            tokenizer_encode_more(t, &opened, 1, &m->ids);
        struct said s = say(e, &(struct turn_request){.chat = &c, .max_tokens = 4});
        assert_int_equal(s.text.len, 0);
        assert_true(s.thinking.len > 0);
        assert_int_equal(s.done.stats.n_thinking, 4);
        assert_true(s.done.stats.in_thinking);
        said_free(&s);
    }
    said_free(&first);
    chat_free(&c);
    engine_stop(e);
    tokenizer_free(t);
}

static void test_off_is_an_answer_alone(void **state)
{
    (void)state;
    struct engine *e = start();
    struct chat c = question();
    struct said s =
        say(e, &(struct turn_request){.chat = &c, .max_tokens = 8, .thinking.mode = THINK_OFF});
    assert_int_equal(s.thinking.len, 0);
    assert_int_equal(s.done.stats.n_thinking, 0);
    assert_false(s.done.stats.in_thinking);
    assert_true(s.text.len > 0);
    said_free(&s);
    chat_free(&c);
    engine_stop(e);
}

/* ---- stop texts ----------------------------------------------------------------------- */

static struct stops stop_at(const char *text)
{
    struct stops s = {0};
    assert_true(stops_add(&s, text, strlen(text)));
    return s;
}

static void test_stop_texts_end_no_thinking(void **state)
{
    (void)state;
    struct engine *e = start();
    struct chat c = question();
    struct turn_request r = {.chat = &c, .max_tokens = 40, .thinking.budget = 16};
    struct said free_run = say(e, &r);
    char piece[2] = {0};
    for (const char *at = free_run.thinking.data; *at; at++)
        if (*at > ' ' && *at < 0x7f)
            piece[0] = *at;
    struct stops stops = stop_at(piece);
    r.stops = &stops;
    struct said s = say(e, &r);
    assert_string_equal(s.thinking.data, free_run.thinking.data);
    const char *there = strstr(free_run.text.data, piece);
    assert_int_equal(s.text.len, there ? (size_t)(there - free_run.text.data) : free_run.text.len);
    said_free(&free_run);
    said_free(&s);
    chat_free(&c);
    engine_stop(e);
}

/* A token that has no text is found by its id. */
static void test_a_stop_text_may_name_a_special_token(void **state)
{
    (void)state;
    struct tokenizer *t = load("fixtures/hf/qwen3/tokenizer.json", 512);
    const int32_t id = tokenizer_find(t, "<|im_start|>");
    struct engine *e = start();
    struct chat c = question();
    struct said s;
    struct turn_request r = {.chat = &c, .max_tokens = 150, .thinking.mode = THINK_OFF};
    size_t at = 0;
    engine_set_sampling(e, &wild);
    for (s = say(e, &r); !count(&s.ids, id) && r.seed < 200; s = say(e, &r)) {
        said_free(&s);
        r.seed++;
    }
    while (at < s.ids.n && s.ids.ids[at] != id)
        at++;
    assert_true(at < s.ids.n);
    struct stops stops = stop_at("<|im_start|>");
    r.stops = &stops;
    struct said stopped = say(e, &r);
    assert_int_equal(stopped.done.stop, STOP_TEXT);
    assert_int_equal(stopped.ids.n, at);
    assert_memory_equal(stopped.text.data, s.text.data, stopped.text.len);
    said_free(&s);
    said_free(&stopped);
    chat_free(&c);
    engine_stop(e);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_budget_closes_the_thinking),
        cmocka_unit_test(test_a_grammar_is_for_the_answer),
        cmocka_unit_test(test_thinking_that_was_cut_goes_on),
        cmocka_unit_test(test_thinking_that_the_model_opened_goes_on),
        cmocka_unit_test(test_off_is_an_answer_alone),
        cmocka_unit_test(test_stop_texts_end_no_thinking),
        cmocka_unit_test(test_a_stop_text_may_name_a_special_token),
    };
    if (!shared_or_null(MODEL))
        return EXIT_SKIPPED;
    return cmocka_run_group_tests(tests, make_model, remove_model);
}
