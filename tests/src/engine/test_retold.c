/* SPDX-License-Identifier: MIT
 *
 * How many passes guesses save on texts that say again what the request says (retold.txt): answers
 * are given, as if a model said them, token by token of real tokenizers. Speed is reckoned by what
 * further tokens of a pass cost; it cannot be measured without a model that writes such answers.
 */
#include "model.h"
#include "prompt_lookup.h"
#include "session.h"
#include "speculate.h"
#include "test.h"
#include "tokenizer.h"

enum { MAX_TEXTS = 32 };

struct text {
    char kind[16], name[48];
    struct ids ask, answer;
};

struct result {
    uint32_t n_tok, n_passes, n_evaluated;
    double time; /* in passes over one token */
};

static struct text texts[MAX_TEXTS];
static uint32_t n_texts;

static void push(struct prompt_lookup *l, const struct tokenizer *tok, int32_t id)
{
    prompt_lookup_push(l, id, tokenizer_goes_on(tok, id));
}

/* What turn.c does, with a model that says `answer`. A further token costs `slope` passes. */
static struct result answer(const struct tokenizer *tok, const struct text *t,
                            enum speculate_mode mode, uint32_t room, double slope)
{
    struct prompt_lookup *l = prompt_lookup_new((uint32_t)(t->ask.n + t->answer.n) + 1);
    struct speculate s;
    struct result r = {0};
    speculate_init(&s, mode);
    for (size_t i = 0; i < t->ask.n; i++)
        push(l, tok, t->ask.ids[i]);
    push(l, tok, t->answer.ids[0]);
    for (uint32_t at = 1; at < t->answer.n;) {
        int32_t guess[SESSION_MAX_LAST];
        uint32_t n_match = 0, n_ids = prompt_lookup_draft(l, guess, room, &n_match);
        uint32_t n = speculate_length(&s, n_match, n_ids), n_accepted = 0;
        double time = 1 + n * slope;
        bool same = true, is_wrong = false;
        for (uint32_t i = 0; i <= n && same && at < t->answer.n; i++) {
            int32_t id = t->answer.ids[at++];
            same = i < n_ids && id == guess[i];
            is_wrong = i < n_ids && !same;
            n_accepted += same;
            push(l, tok, id);
            r.n_tok++;
        }
        if (n_ids > 0)
            speculate_learn(&s, n_match, n_accepted, is_wrong);
        speculate_time(&s, n + 1, 10 * time);
        r.n_passes++;
        r.n_evaluated += n + 1;
        r.time += time;
    }
    prompt_lookup_free(l);
    return r;
}

static void encode(const struct tokenizer *tok, const char *text, size_t n, struct ids *ids)
{
    const struct text_span span = {.text = text, .len = n};
    tokenizer_encode(tok, &span, 1, ids);
}

static void read_texts(const struct tokenizer *tok)
{
    char path[4096];
    struct buf file = {0};
    struct error err = {0};
    snprintf(path, sizeof path, "%s/tests/src/engine/retold.txt", getenv("QINS_SOURCE"));
    if (!read_file(&file, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    n_texts = 0;
    for (char *at = strstr(file.data, "\n## "), *next; at; at = next) {
        struct text *t = &texts[n_texts++];
        assert_int_equal(sscanf(at, "\n## %15s %47[^\n]", t->kind, t->name), 2);
        char *ask = strchr(at + 1, '\n') + 1, *said = strstr(ask, "\n--\n");
        next = strstr(said, "\n## ");
        char *end = next ? next : file.data + file.len - 1;
        t->ask = t->answer = (struct ids){0};
        encode(tok, ask, (size_t)(said - ask), &t->ask);
        encode(tok, said + 4, (size_t)(end - said - 4), &t->answer);
        ids_push(&t->answer, -1); /* the end */
    }
    buf_free(&file);
}

static void free_texts(void)
{
    for (uint32_t i = 0; i < n_texts; i++) {
        ids_free(&texts[i].ask);
        ids_free(&texts[i].answer);
    }
}

enum { ROOM = SESSION_MAX_LAST - 1 };

static double saved(const struct result *r)
{
    return (double)r->n_tok / r->n_passes;
}

static void print(const char *kind, const char *name, const struct result *r)
{
    printf("%-8s %-24s %4u tokens %4u passes %5.2f, evaluated %4u, time %4.2f\n", kind, name,
           r->n_tok, r->n_passes, saved(r), r->n_evaluated, r->time / r->n_tok);
}

/* All texts of a kind together; each saves at least `least`. */
static struct result all(const struct tokenizer *tok, const char *kind, double slope, double least)
{
    struct result sum = {0};
    for (uint32_t i = 0; i < n_texts; i++) {
        if (strcmp(texts[i].kind, kind) != 0)
            continue;
        struct result r = answer(tok, &texts[i], SPECULATE_AUTO, ROOM, slope);
        print(kind, texts[i].name, &r);
        assert_true(saved(&r) >= least);
        sum.n_tok += r.n_tok;
        sum.n_passes += r.n_passes;
        sum.n_evaluated += r.n_evaluated;
        sum.time += r.time;
    }
    print(kind, "all", &sum);
    return sum;
}

static void check(const struct tokenizer *tok)
{
    static const double slopes[] = {0.05, 0.1, 0.3, 0.6, 1};
    read_texts(tok);
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        const bool cheap = slopes[i] <= 0.1;
        printf("a further token costs %.2f of a pass\n", slopes[i]);
        struct result edit = all(tok, "edit", slopes[i], cheap ? 1.5 : 1);
        struct result summary = all(tok, "summary", slopes[i], cheap ? 1.5 : 1);
        struct result other = all(tok, "other", slopes[i], 1);
        if (cheap) {
            assert_true(saved(&edit) > 2.4);
            assert_true(saved(&summary) > 2);
        }
        assert_true(edit.time < 1.03 * edit.n_tok);
        assert_true(summary.time < 1.03 * summary.n_tok);
        assert_true(other.time < 1.03 * other.n_tok);
    }
    free_texts();
}

static struct tokenizer *load(const char *json, size_t n, const char *name, uint32_t vocab)
{
    struct error err = {0};
    struct tokenizer *t = tokenizer_new(json, n, name, vocab, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

static void test_starter(void **state)
{
    (void)state;
    char path[4096];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/models/starter.qins", getenv("QINS_SOURCE"));
    struct model *m = model_open(path, &err);
    if (!m)
        fail_msg("%s", err.text);
    struct tokenizer *t = model_tokenizer(m, &err);
    if (!t)
        fail_msg("%s", err.text);
    check(t);
    tokenizer_free(t);
    model_close(m);
}

static void test_phi(void **state)
{
    (void)state;
    const char *path = shared_path("models/phi-3.5-mini-instruct/tokenizer.json");
    struct buf json = {0};
    struct error err = {0};
    if (!read_file(&json, path, 64 << 20, &err))
        fail_msg("%s", err.text);
    struct tokenizer *t = load(json.data, json.len, path, 32064);
    buf_free(&json);
    check(t);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starter),
        cmocka_unit_test(test_phi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
