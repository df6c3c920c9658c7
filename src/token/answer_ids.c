/* SPDX-License-Identifier: MIT */
#include "answer_ids.h"

#include <string.h>

#include "splitter.h"

static void decode(const struct ids *ids, size_t first, const struct tokenizer *t,
                   bool keep_special, struct buf *out)
{
    struct detokenizer d;
    detokenizer_init(&d, t, keep_special);
    d.at_start = false;
    for (size_t i = first; i < ids->n; i++)
        detokenizer_push(&d, ids->ids[i], out);
    detokenizer_end(&d, out);
}

void answer_ids_text(const struct chat_message *m, const struct thinking *th, struct buf *out)
{
    decode(&m->ids, 0, th->tokenizer, true, out);
}

/* The first id whose text is answer, or n. */
static size_t first_of_answer(const struct ids *ids, const struct thinking *th,
                              enum thinking_state state)
{
    struct splitter s;
    struct detokenizer d;
    struct buf text = {0}, thinking = {0}, answer = {0};
    size_t i = 0;
    splitter_start(&s, th, state, false);
    detokenizer_init(&d, th->tokenizer, false);
    d.at_start = false;
    for (; i < ids->n; i++) {
        text.len = 0;
        detokenizer_push(&d, ids->ids[i], &text);
        splitter_push(&s, ids->ids[i], text.data, text.len, &thinking, &answer);
        if (answer.len > 0)
            break;
    }
    splitter_free(&s);
    buf_free(&text);
    buf_free(&thinking);
    buf_free(&answer);
    return i;
}

static bool is_text(const struct buf *b, const struct buf *text)
{
    return b->len == text->len && (b->len == 0 || memcmp(b->data, text->data, b->len) == 0);
}

bool answer_ids_find(const struct chat_message *m, const struct thinking *th, const char *text,
                     size_t from, size_t start, size_t end, struct answer_ids *out)
{
    struct buf all = {0}, own = {0};
    *out = (struct answer_ids){.start = start, .end = end};
    if (m->ids.n == 0 || !th->kind)
        return m->ids.n > 0;
    answer_ids_text(m, th, &all);
    bool found = all.len > 0 && all.len <= end - from && end - all.len <= start &&
                 memcmp(text + end - all.len, all.data, all.len) == 0;
    if (found) {
        out->start = end - all.len;
    } else {
        /* An answer without a marker began behind one that its prompt had closed. */
        enum thinking_state state = m->thinking.len ? THINKING_INSIDE : THINKING_BEFORE;
        out->first = first_of_answer(&m->ids, th, state);
        decode(&m->ids, out->first, th->tokenizer, false, &own);
        found = is_text(&own, &m->text);
    }
    buf_free(&all);
    buf_free(&own);
    return found;
}
