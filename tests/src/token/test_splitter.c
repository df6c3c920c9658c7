/* SPDX-License-Identifier: MIT
 *
 * splitter: thinking and answer come apart wherever the tokens' borders are. The forms are those of
 * the published templates (shared/vectors/templates, fixtures/hf): what stands between a model's
 * markers is its thinking, blank lines around belong to the markers.
 */
#include "splitter.h"
#include "tokenizers.h"

static const char qwen[] = "{{ '<think>\\n' }}";
static const char ministral[] = "[THINK]";
static const char gemma[] = "<|channel>thought\n<channel|>";
static const char harmony[] = "<|start|>assistant<|channel|>final<|message|>";

struct sample {
    const char *said; /* by the model, with its markers */
    const char *thinking, *answer;
    enum thinking_state start, end;
};

static const struct sample tags[] = {
    {"<think>\nLet me see.\n</think>\n\nHello", "Let me see.", "Hello", THINKING_BEFORE,
     THINKING_BEHIND},
    {"\n<think>Hm</think>Hello", "Hm", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"<think>\n\n</think>\n\nHello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"Hello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"\n\n Hello", "", "\n\n Hello", THINKING_BEFORE, THINKING_BEHIND}, /* as it always was */
    {"<thin ice", "", "<thin ice", THINKING_BEFORE, THINKING_BEHIND},
    {"<think>\n", "", "", THINKING_BEFORE, THINKING_INSIDE},
    {"<think>a b\n\nc", "a b\n\nc", "", THINKING_BEFORE, THINKING_INSIDE}, /* never closed */
    {"a </th b\n</think>\n\n\n    code\n", "a </th b", "    code\n", THINKING_INSIDE,
     THINKING_BEHIND},
    {"so\n</think>\n\nSay <think> and </think>.", "so", "Say <think> and </think>.",
     THINKING_INSIDE, THINKING_BEHIND},
    {"<think>\nopened twice</think>x", "opened twice", "x", THINKING_INSIDE, THINKING_BEHIND},
    {"\xe6\x97\xa5 \xf0\x9f\x99\x82</think>\xe6\x97\xa5", "\xe6\x97\xa5 \xf0\x9f\x99\x82",
     "\xe6\x97\xa5", THINKING_INSIDE, THINKING_BEHIND},
    {"\n\nHello", "", "Hello", THINKING_BEHIND, THINKING_BEHIND}, /* the prompt has closed it */
};

/* Half a marker: only text can be cut so. */
static const struct sample half = {"<th", "", "<th", THINKING_BEFORE, THINKING_BEFORE};

static const struct sample brackets[] = {
    {"[THINK]Let me see.[/THINK]Hello", "Let me see.", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"Hello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"[THINK]a[/THINK]b[THINK]c[/THINK]d", "a\n\nc", "bd", THINKING_BEFORE, THINKING_BEHIND},
};

static const struct sample channels[] = {
    {"<|channel>thought\nLet me see.\n<channel|>Hello", "Let me see.", "Hello", THINKING_BEFORE,
     THINKING_BEHIND},
    {"<|channel>thought\n<channel|>Hello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"<|channel>thou", "", "", THINKING_BEFORE, THINKING_INSIDE},
    {"Hello", "", "Hello", THINKING_BEHIND, THINKING_BEHIND},
};

static const struct sample messages[] = {
    {"<|channel|>analysis<|message|>Let me see.<|end|><|start|>assistant<|channel|>final<|message|>"
     "Hello",
     "Let me see.", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"<|channel|>final<|message|>Hello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>commentary<|message|>"
     "Two.<|end|><|start|>assistant<|channel|>final<|message|>Hello",
     "One.\n\nTwo.", "Hello", THINKING_BEFORE, THINKING_BEHIND},
    {"<|channel|>analysis<|message|>One.<|end|><|start|>assistant", "One.", "", THINKING_BEFORE,
     THINKING_HEADER},
    {"<|channel|>analysis<|message|>One", "One", "", THINKING_BEFORE, THINKING_INSIDE},
    {"<|channel|>ana", "", "", THINKING_BEFORE, THINKING_HEADER},
    {"Hello", "", "Hello", THINKING_BEFORE, THINKING_BEHIND},
};

static const struct kind {
    const char *template;
    const char *tokenizer; /* that has the markers as tokens */
    const char *name;
    const struct sample *samples;
    size_t n;
} kinds[] = {
    {qwen, "fixtures/hf/qwen3/tokenizer.json", "think", tags, sizeof tags / sizeof *tags},
    {ministral, "fixtures/hf/ministral3/tokenizer.json", "THINK", brackets,
     sizeof brackets / sizeof *brackets},
    {gemma, "fixtures/hf/gemma4/tokenizer.json", "thought", channels,
     sizeof channels / sizeof *channels},
    {harmony, "fixtures/hf/gpt-oss/tokenizer.json", "channel", messages,
     sizeof messages / sizeof *messages},
};

struct got {
    struct buf thinking, answer;
};

static void check(const struct sample *s, const char *how, size_t at, const struct splitter *state,
                  struct got *got)
{
    buf_puts(&got->thinking, "");
    buf_puts(&got->answer, "");
    if (strcmp(got->thinking.data, s->thinking) != 0 || strcmp(got->answer.data, s->answer) != 0 ||
        state->state != s->end)
        fail_msg("%s, %s %zu: [%s] [%s] %d", s->said, how, at, got->thinking.data, got->answer.data,
                 state->state);
    buf_free(&got->thinking);
    buf_free(&got->answer);
}

/* ---- markers that are text ------------------------------------------------------------ */

static void push_text(struct splitter *s, const char *text, size_t n, struct got *got)
{
    if (n)
        splitter_push(s, 0, text, n, &got->thinking, &got->answer);
}

/* The text in two pieces, cut at every byte, and in pieces of every size. */
static void cut_text(const struct thinking *th, const struct sample *s)
{
    size_t n = strlen(s->said);
    for (size_t cut = 0; cut <= n; cut++) {
        struct splitter splitter;
        struct got got = {0};
        splitter_start(&splitter, th, s->start, false);
        push_text(&splitter, s->said, cut, &got);
        push_text(&splitter, s->said + cut, n - cut, &got);
        splitter_end(&splitter, &got.thinking, &got.answer);
        check(s, "cut at byte", cut, &splitter, &got);
        splitter_free(&splitter);
    }
    for (size_t piece = 1; piece < n; piece++) {
        struct splitter splitter;
        struct got got = {0};
        splitter_start(&splitter, th, s->start, false);
        for (size_t at = 0; at < n; at += piece)
            push_text(&splitter, s->said + at, piece < n - at ? piece : n - at, &got);
        splitter_end(&splitter, &got.thinking, &got.answer);
        check(s, "pieces of", piece, &splitter, &got);
        splitter_free(&splitter);
    }
}

/* A tokenizer without such tokens. Its ids do not matter. */
static void test_markers_that_are_text(void **state)
{
    (void)state;
    struct tokenizer *t = load("models/stories260K/tokenizer.json", 512);
    for (int i = 0; i < 2; i++) {
        struct thinking th;
        thinking_init(&th, kinds[i].template, strlen(kinds[i].template), t);
        assert_string_equal(th.kind->name, kinds[i].name);
        assert_int_equal(th.open, -1);
        for (size_t k = 0; k < kinds[i].n; k++)
            if (!strstr(kinds[i].samples[k].said, "b[THINK]")) /* text opens at the start alone */
                cut_text(&th, &kinds[i].samples[k]);
        if (i == 0)
            cut_text(&th, &half);
    }
    tokenizer_free(t);
}

/* ---- markers that are tokens ---------------------------------------------------------- */

/* Ids of the text, cut in two before they are made: so borders of tokens fall on every byte. Not
 * within a marker: that is one token. */
static void encode_cut(const struct tokenizer *t, const char *text, size_t cut, struct ids *out)
{
    const struct text_span a = {text, cut, true}, b = {text + cut, strlen(text) - cut, true};
    if (a.len)
        tokenizer_encode_more(t, &a, 1, out);
    if (b.len)
        tokenizer_encode_more(t, &b, 1, out);
}

static bool is_whole(const struct thinking *th, const struct ids *ids, const char *text)
{
    static const char *const markers[] = {"<think>",     "</think>",   "[THINK]",   "[/THINK]",
                                          "<|channel>",  "<channel|>", "<|start|>", "<|end|>",
                                          "<|message|>", "<|channel|>"};
    size_t want = 0, have = 0;
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        int32_t id = tokenizer_find(th->tokenizer, markers[i]);
        for (const char *at = text; id >= 0 && (at = strstr(at, markers[i])); at++)
            want++;
        for (size_t k = 0; id >= 0 && k < ids->n; k++)
            have += ids->ids[k] == id;
    }
    return want == have;
}

static void push_ids(struct splitter *s, struct detokenizer *d, const struct ids *ids, size_t from,
                     size_t to, struct got *got)
{
    struct buf text = {0};
    for (size_t i = from; i < to; i++) {
        text.len = 0;
        detokenizer_push(d, ids->ids[i], &text);
        splitter_push(s, ids->ids[i], text.data, text.len, &got->thinking, &got->answer);
    }
    buf_free(&text);
}

static void finish(struct splitter *s, struct detokenizer *d, struct got *got)
{
    struct buf text = {0};
    detokenizer_end(d, &text);
    splitter_take(s, text.data, text.len, &got->thinking, &got->answer);
    splitter_end(s, &got->thinking, &got->answer);
    buf_free(&text);
}

static void start(struct splitter *s, struct detokenizer *d, const struct thinking *th,
                  enum thinking_state state)
{
    splitter_start(s, th, state, false);
    detokenizer_init(d, th->tokenizer, false);
    d->at_start = false;
}

/* As many thinking tokens as stand up to the marker that the answer begins with, if it thinks. */
static uint32_t count_thinking(const struct thinking *th, const struct sample *s,
                               const struct ids *ids)
{
    uint32_t n = 0;
    if (s->end == THINKING_BEHIND && (strchr(s->thinking, '\n') || !*s->thinking))
        return UINT32_MAX; /* in several parts, or none: not counted here */
    if (s->end != THINKING_BEHIND)
        return *s->thinking ? (uint32_t)ids->n : UINT32_MAX;
    for (size_t i = 0; i < ids->n && (n == 0 || th->kind->channels); i++)
        if (ids->ids[i] == th->close)
            n = (uint32_t)i + 1;
    return n;
}

static void cut_ids(const struct thinking *th, const struct sample *s)
{
    for (size_t cut = 0; cut <= strlen(s->said); cut++) {
        struct splitter splitter;
        struct detokenizer d;
        struct got got = {0};
        struct ids ids = {0};
        encode_cut(th->tokenizer, s->said, cut, &ids);
        if (is_whole(th, &ids, s->said)) {
            start(&splitter, &d, th, s->start);
            push_ids(&splitter, &d, &ids, 0, ids.n, &got);
            finish(&splitter, &d, &got);
            uint32_t n = count_thinking(th, s, &ids);
            if (n != UINT32_MAX && splitter.n_tokens != n)
                fail_msg("%s: %u tokens of thinking, not %u", s->said, splitter.n_tokens, n);
            check(s, "tokens cut at byte", cut, &splitter, &got);
            splitter_free(&splitter);
        }
        ids_free(&ids);
    }
}

/* An answer that was cut behind any of its tokens, and goes on: the parts together are those of the
 * whole, but for white space and letters that were cut in two. */
static void replay_ids(const struct thinking *th, const struct sample *s)
{
    struct ids ids = {0};
    encode_cut(th->tokenizer, s->said, 0, &ids);
    for (size_t cut = 0; cut <= ids.n; cut++) {
        struct splitter splitter;
        struct detokenizer d;
        struct got got = {0};
        start(&splitter, &d, th, s->start);
        push_ids(&splitter, &d, &ids, 0, cut, &got);
        bool inside = splitter.state == THINKING_INSIDE;
        bool whole = d.n_held == 0 && (!inside || (splitter.held.len == 0 && splitter.named));
        finish(&splitter, &d, &got);
        splitter_free(&splitter);
        start(&splitter, &d, th, s->start);
        splitter_replay(&splitter, ids.ids, cut);
        assert_int_equal(splitter.n_tokens, 0);
        push_ids(&splitter, &d, &ids, cut, ids.n, &got);
        finish(&splitter, &d, &got);
        if (whole)
            check(s, "goes on behind token", cut, &splitter, &got);
        buf_free(&got.thinking);
        buf_free(&got.answer);
        splitter_free(&splitter);
    }
    ids_free(&ids);
}

static void test_markers_that_are_tokens(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tokenizer *t = load(kinds[i].tokenizer, 512);
        struct thinking th;
        thinking_init(&th, kinds[i].template, strlen(kinds[i].template), t);
        assert_non_null(th.kind);
        assert_string_equal(th.kind->name, kinds[i].name);
        assert_true(th.open >= 0);
        for (size_t k = 0; k < kinds[i].n; k++) {
            cut_ids(&th, &kinds[i].samples[k]);
            replay_ids(&th, &kinds[i].samples[k]);
        }
        tokenizer_free(t);
    }
}

/* ---- ends ----------------------------------------------------------------------------- */

/* gpt-oss: <|end|> closes a message; the answer ends with that of the final channel. */
static void test_an_end_within_thinking_is_none(void **state)
{
    (void)state;
    struct tokenizer *t = load(kinds[3].tokenizer, 512);
    struct thinking th;
    thinking_init(&th, harmony, strlen(harmony), t);
    const int32_t end = tokenizer_find(t, "<|end|>"), final = tokenizer_find(t, "<|return|>");
    for (size_t k = 0; k < kinds[3].n; k++) {
        struct splitter s;
        struct detokenizer d;
        struct got got = {0};
        struct ids ids = {0};
        const struct sample *sample = &kinds[3].samples[k];
        encode_cut(t, sample->said, 0, &ids);
        start(&s, &d, &th, sample->start);
        push_ids(&s, &d, &ids, 0, ids.n, &got);
        assert_int_equal(splitter_ends(&s, end, true), sample->end == THINKING_BEHIND);
        assert_int_equal(splitter_ends(&s, end, false), sample->end == THINKING_BEHIND);
        assert_true(splitter_ends(&s, final, true));
        assert_false(splitter_ends(&s, final, false));
        buf_free(&got.thinking);
        buf_free(&got.answer);
        splitter_free(&s);
        ids_free(&ids);
    }
    tokenizer_free(t);
}

/* What no header can be is answer: a model that has lost its way is still read. */
static void test_a_header_without_end_is_text(void **state)
{
    (void)state;
    struct tokenizer *t = load(kinds[3].tokenizer, 512);
    struct thinking th;
    struct splitter s;
    struct buf thinking = {0}, answer = {0};
    thinking_init(&th, harmony, strlen(harmony), t);
    splitter_start(&s, &th, THINKING_BEFORE, false);
    splitter_push(&s, th.channel, "", 0, &thinking, &answer);
    for (int i = 0; i < 100; i++)
        splitter_push(&s, 3, "x", 1, &thinking, &answer);
    assert_int_equal(s.state, THINKING_BEHIND);
    assert_int_equal(answer.len, 100);
    assert_int_equal(thinking.len, 0);
    splitter_free(&s);
    buf_free(&answer);
    tokenizer_free(t);
}

/* ---- where a prompt ends -------------------------------------------------------------- */

static void test_where_a_prompt_ends(void **state)
{
    (void)state;
    static const struct {
        const char *template, *text;
        enum thinking_state want;
        size_t n_markers;
    } cases[] = {
        {qwen, "<|im_start|>assistant\n", THINKING_BEFORE, 0},
        {qwen, "<|im_start|>assistant\n<think>\n", THINKING_INSIDE, 8},
        {qwen, "<|im_start|>assistant\n<think>\n\n</think>\n\n", THINKING_BEHIND, 19},
        {qwen, "<|assistant|></think>", THINKING_BEHIND, 8},
        {qwen, "use <think> Thought </think> Solution.<|im_end|>\nassistant", THINKING_BEFORE, 0},
        {gemma, "<|turn>model\n<|channel>thought\n<channel|>", THINKING_BEHIND, 28},
        {gemma, "<|turn>model\n", THINKING_BEFORE, 0},
        {harmony, "<|start|>assistant", THINKING_BEFORE, 0},
        {harmony, "<|start|>assistant<|channel|>final<|message|>", THINKING_BEHIND, 27},
        {harmony, "<|start|>assistant<|channel|>analysis<|message|>", THINKING_INSIDE, 30},
    };
    struct tokenizer *t = load(kinds[3].tokenizer, 512);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thinking th;
        size_t n;
        thinking_init(&th, cases[i].template, strlen(cases[i].template), t);
        enum thinking_state got =
            thinking_state_behind(&th, cases[i].text, strlen(cases[i].text), &n);
        if (got != cases[i].want || n != cases[i].n_markers)
            fail_msg("%s: %d, %zu", cases[i].text, got, n);
    }
    tokenizer_free(t);
    /* Neither template nor tokenizer know a marker. */
    struct thinking none;
    size_t n;
    t = load("models/stories260K/tokenizer.json", 512);
    thinking_init(&none, "x", 1, t);
    assert_null(none.kind);
    assert_int_equal(thinking_state_behind(&none, "<think>", 7, &n), THINKING_BEHIND);
    assert_int_equal(n, 0);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markers_that_are_text),
        cmocka_unit_test(test_markers_that_are_tokens),
        cmocka_unit_test(test_an_end_within_thinking_is_none),
        cmocka_unit_test(test_a_header_without_end_is_text),
        cmocka_unit_test(test_where_a_prompt_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
