/* SPDX-License-Identifier: MIT */
#include "answer_shape.h"

#include <string.h>

void answer_shape_free(struct answer_shape *s)
{
    token_mask_free(s->mask);
    token_trie_free(s->trie);
    ids_free(&s->ends);
    *s = (struct answer_shape){0};
}

void answer_shape_begin(struct answer_shape *s, struct grammar *g, const struct tokenizer *t,
                        uint32_t n_tokens, const struct answer_parts *parts)
{
    s->on = g != NULL;
    s->begun = s->may_break = false;
    s->parts = parts;
    s->n_answer = parts->n_answer;
    if (!g)
        return;
    if (!s->trie)
        s->trie = token_trie_new(t, n_tokens);
    if (!s->mask || token_mask_grammar(s->mask) != g) {
        token_mask_free(s->mask);
        s->mask = token_mask_new(s->trie, g);
    }
    token_mask_begin(s->mask, false);
}

bool answer_shape_text(struct answer_shape *s, const char *text, size_t n)
{
    s->begun = true;
    return token_mask_text(s->mask, text, n);
}

/* ---- where the answer is -------------------------------------------------------------- */

static bool is_free(const struct answer_shape *s)
{
    enum thinking_state state = s->parts->splitter.state;
    return !s->on || state == THINKING_INSIDE || state == THINKING_HEADER;
}

/* Whether the decoder drops the space that a word brings along: it does at the beginning of a text,
 * for some tokenizers. */
static bool drops_space(const struct answer_shape *s)
{
    const struct token_trie *trie = s->trie;
    uint32_t space = token_trie_child(trie, 0, ' ');
    struct detokenizer d = s->parts->detokenizer;
    struct buf text = {0};
    uint32_t i = space + 1;
    while (space && i < trie->nodes[space].end && trie->nodes[i].token < 0)
        i++;
    if (!space || i == trie->nodes[space].end)
        return false;
    detokenizer_push(&d, trie->nodes[i].token, &text);
    bool drops = text.len > 0 && *text.data != ' ';
    buf_free(&text);
    return drops;
}

static void begin_answer(struct answer_shape *s)
{
    if (s->begun)
        return;
    s->begun = true;
    s->may_break = s->parts->splitter.thought && !s->parts->splitter.begun;
    token_mask_begin(s->mask, drops_space(s));
}

/* ---- tokens that are more than text --------------------------------------------------- */

static void set(const struct answer_shape *s, uint32_t *bits, int32_t id, bool on)
{
    if (id < 0 || (uint32_t)id >= s->trie->n_tokens)
        return;
    bits[id / 32] &= ~(1u << id % 32);
    bits[id / 32] |= (uint32_t)on << id % 32;
}

enum { N_MARKERS = 6 };

/* Of thinking, as far as a model has them. */
static void list_markers(const struct thinking *th, int32_t ids[N_MARKERS])
{
    const int32_t all[N_MARKERS] = {th->open,    th->close,   th->start,
                                    th->channel, th->message, th->end};
    memcpy(ids, all, sizeof all);
}

static bool is_marker(const struct thinking *th, int32_t id)
{
    int32_t ids[N_MARKERS];
    list_markers(th, ids);
    for (int i = 0; i < N_MARKERS; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Markers are no text of an answer; before it thinking may open. */
static void set_markers(const struct answer_shape *s, uint32_t *bits)
{
    const struct thinking *th = s->parts->splitter.thinking;
    int32_t ids[N_MARKERS];
    list_markers(th, ids);
    for (int i = 0; th->kind && i < N_MARKERS; i++)
        set(s, bits, ids[i], false);
    if (th->kind && s->parts->splitter.state == THINKING_BEFORE)
        set(s, bits, th->open, true);
}

static int32_t find(const struct answer_shape *s, const char *text)
{
    uint32_t node = 0;
    for (; *text; text++)
        if (!(node = token_trie_child(s->trie, node, (uint8_t)*text)))
            return -1;
    return s->trie->nodes[node].token;
}

static bool is_break(const struct answer_shape *s, int32_t id)
{
    return s->may_break && (id == find(s, "\n") || id == find(s, "\n\n"));
}

static bool is_empty(const struct answer_shape *s, const uint32_t *bits)
{
    for (uint32_t i = 0; i < (s->trie->n_tokens + 31) / 32; i++)
        if (bits[i])
            return false;
    return true;
}

enum shape_result answer_shape_allowed(struct answer_shape *s, const uint32_t **allowed,
                                       struct error *err)
{
    *allowed = NULL;
    if (is_free(s))
        return SHAPE_FREE;
    begin_answer(s);
    uint32_t *bits = token_mask_allowed(s->mask);
    if (!bits) {
        error_set(err, EX_DATAERR,
                  "the grammar can read this answer in too many ways: rules that begin alike "
                  "should be one");
        return SHAPE_FAILED;
    }
    set_markers(s, bits);
    bool may_end = token_mask_may_end(s->mask);
    for (size_t i = 0; i < s->ends.n; i++)
        set(s, bits, s->ends.ids[i], may_end);
    if (s->may_break) {
        set(s, bits, find(s, "\n"), true);
        set(s, bits, find(s, "\n\n"), true);
    }
    *allowed = bits;
    if (!is_empty(s, bits))
        return SHAPE_SOME;
    if (!may_end)
        error_set(err, EX_DATAERR,
                  "no token of this model continues the answer as the grammar "
                  "wants it");
    return may_end ? SHAPE_ENDED : SHAPE_FAILED;
}

void answer_shape_push(struct answer_shape *s, int32_t id)
{
    s->n_answer = s->parts->n_answer;
    if (is_free(s) || is_marker(s->parts->splitter.thinking, id))
        return;
    if (!is_break(s, id))
        token_mask_push(s->mask, id);
    s->may_break = false;
}

bool answer_shape_check(struct answer_shape *s, struct error *err)
{
    size_t n = s->parts->n_answer - s->n_answer;
    const struct buf *text = &s->parts->decoded;
    if (s->begun || is_free(s) || n == 0)
        return true;
    begin_answer(s);
    n = n < text->len ? n : text->len;
    return token_mask_text(s->mask, text->data + text->len - n, n) ||
           error_set(err, EX_DATAERR,
                     "the token that ended the thinking began an answer that the grammar does not "
                     "allow; another seed may do");
}
