/* SPDX-License-Identifier: MIT */
#include "answer_parts.h"

/* A special token has no text that could be found. */
static void find_stop_ids(struct answer_parts *a, const struct tokenizer *t)
{
    const struct stops *s = &a->stopper.stops;
    for (uint32_t i = 0; i < s->n; i++) {
        char name[MAX_STOP_BYTES + 1];
        snprintf(name, sizeof name, "%.*s", s->len[i], s->text[i]);
        int32_t id = tokenizer_find(t, name);
        if (id >= 0 && tokenizer_is_special(t, id))
            ids_push(&a->stop_ids, id);
    }
}

void answer_parts_start(struct answer_parts *a, const struct thinking *th,
                        const struct answer_start *start, const struct ids *before, bool continues,
                        const struct stops *stops)
{
    *a = (struct answer_parts){.stopper = {.stops = *stops}};
    detokenizer_init(&a->detokenizer, th->tokenizer, false);
    if (continues)
        a->detokenizer.at_start = false;
    splitter_start(&a->splitter, th, start->state, start->begun);
    splitter_replay(&a->splitter, before->ids + before->n - start->n_replay, start->n_replay);
    find_stop_ids(a, th->tokenizer);
}

static bool take_answer(struct answer_parts *a)
{
    bool stop = stopper_push(&a->stopper, a->answer.data, a->answer.len, &a->text);
    a->n_answer += a->answer.len;
    a->answer.len = 0;
    return stop;
}

bool answer_parts_push(struct answer_parts *a, int32_t id)
{
    a->decoded.len = 0;
    detokenizer_push(&a->detokenizer, id, &a->decoded);
    splitter_push(&a->splitter, id, a->decoded.data, a->decoded.len, &a->thinking, &a->answer);
    bool stop = take_answer(a);
    ids_push(&a->ends, (int32_t)(a->n_answer + splitter_held(&a->splitter)));
    return stop;
}

bool answer_parts_end(struct answer_parts *a)
{
    a->decoded.len = 0;
    detokenizer_end(&a->detokenizer, &a->decoded);
    splitter_take(&a->splitter, a->decoded.data, a->decoded.len, &a->thinking, &a->answer);
    splitter_end(&a->splitter, &a->thinking, &a->answer);
    bool stop = take_answer(a);
    stopper_end(&a->stopper, &a->text);
    return stop;
}

bool answer_parts_is_stop(const struct answer_parts *a, int32_t id)
{
    for (size_t i = 0; i < a->stop_ids.n; i++)
        if (a->stop_ids.ids[i] == id)
            return !splitter_thinks(&a->splitter);
    return false;
}

size_t answer_parts_n_ids(const struct answer_parts *a)
{
    size_t n = a->ends.n, n_passed = a->stopper.n_passed;
    while (n > 0 && (size_t)a->ends.ids[n - 1] > n_passed)
        n--;
    return n > 0 && (size_t)a->ends.ids[n - 1] == n_passed ? n : 0;
}

void answer_parts_free(struct answer_parts *a)
{
    splitter_free(&a->splitter);
    stopper_free(&a->stopper);
    ids_free(&a->stop_ids);
    ids_free(&a->ends);
    buf_free(&a->decoded);
    buf_free(&a->answer);
    buf_free(&a->thinking);
    buf_free(&a->text);
}
