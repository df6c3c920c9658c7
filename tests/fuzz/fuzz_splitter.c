/* SPDX-License-Identifier: MIT
 *
 * Thinking and answer, told apart while text comes in pieces: nothing but markers and white space
 * around them is lost.
 */
#include "fuzz.h"
#include "splitter.h"

static const char *const templates[] = {"<think></think>", "[THINK][/THINK]", "<|channel|>",
                                        "<|channel>", ""};
enum { N_TEMPLATES = sizeof templates / sizeof *templates };
enum choice { TEMPLATE, STATE, N_CHOICES };

static struct tokenizer *make_tokenizer(void)
{
    static const char json[] = "{\"added_tokens\":[],\"decoder\":null,\"normalizer\":null,"
                               "\"pre_tokenizer\":null,\"post_processor\":null,\"model\":{"
                               "\"type\":\"BPE\",\"byte_fallback\":false,\"vocab\":{\"a\":0},"
                               "\"merges\":[]}}";
    struct error err = {0};
    struct tokenizer *t = tokenizer_new(json, sizeof json - 1, "tokenizer.json", 0, &err);
    if (!t) {
        fprintf(stderr, "%s\n", err.text);
        exit(EX_SOFTWARE);
    }
    return t;
}

static size_t count_letters(const char *s, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += s[i] >= 'A' && s[i] <= 'Z';
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct tokenizer *t;
    uint8_t choices[N_CHOICES];
    struct splitter s = {0};
    struct thinking th;
    struct buf thinking = {0}, answer = {0};
    if (FUZZ_DIES())
        return 0;
    t = t ? t : make_tokenizer();
    struct feed f = fuzz_feed(data, n, choices, N_CHOICES);
    const char *template = templates[choices[TEMPLATE] % N_TEMPLATES];
    thinking_init(&th, template, strlen(template), t);
    splitter_start(&s, &th, choices[STATE] & 1 ? THINKING_INSIDE : THINKING_BEFORE,
                   choices[STATE] & 2);
    for (size_t at = 0, piece; at < f.n; at += piece) {
        piece = fuzz_piece(&f, f.n - at);
        splitter_push(&s, 0, f.text + at, piece, &thinking, &answer);
        FUZZ_CHECK(splitter_held(&s) <= s.held.len);
    }
    splitter_end(&s, &thinking, &answer);
    FUZZ_CHECK(thinking.len + answer.len <= f.n + 2 * f.n);
    if (!memmem(f.text, f.n, "THINK", 5) && !(th.kind && th.kind->channels))
        FUZZ_CHECK(count_letters(thinking.data, thinking.len) +
                       count_letters(answer.data, answer.len) ==
                   count_letters(f.text, f.n));
    splitter_free(&s);
    buf_free(&thinking);
    buf_free(&answer);
    fuzz_feed_free(&f);
    return 0;
}
