/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "distribution.h"
#include "sanitise.h"

const char answer_prompts[] = "Once upon a time there was a little girl who\n"
                              "The three most important things to know about bread are\n"
                              "def reverse(words):\n"
                              "Q: Why is the sky blue?\\nA:\n";

char *answer_prompt(const char *line, size_t n)
{
    struct buf text = {0};
    for (size_t i = 0; i < n; i++) {
        bool is_end = line[i] == '\\' && i + 1 < n && line[i + 1] == 'n';
        buf_append(&text, is_end ? "\n" : &line[i], 1);
        i += is_end;
    }
    buf_puts(&text, "");
    return text.data;
}

static bool is_stop(const struct model_config *c, int32_t id)
{
    for (uint32_t i = 0; i < c->n_stop; i++)
        if (c->stop[i] == id)
            return true;
    return false;
}

static void generate(struct answer *a, struct session *s, struct ids *ids, uint32_t n_vocab,
                     uint32_t most, const struct model_config *c)
{
    double start = now_ms();
    session_sync(s, ids->ids, (uint32_t)ids->n, NULL, NULL);
    a->prompt_ms = now_ms() - start;
    start = now_ms();
    while (ids->n < most) {
        if (a->made.n > 0)
            session_sync(s, ids->ids, (uint32_t)ids->n, NULL, NULL);
        int32_t id = (int32_t)logits_best(session_logits(s), n_vocab);
        if (is_stop(c, id))
            break;
        ids_push(ids, id);
        ids_push(&a->made, id);
    }
    a->generate_ms = now_ms() - start;
}

static char *text_of(const struct ids *made, const struct tokenizer *t)
{
    struct buf text = {0};
    struct detokenizer d;
    detokenizer_init(&d, t, false);
    for (size_t i = 0; i < made->n; i++)
        detokenizer_push(&d, made->ids[i], &text);
    detokenizer_end(&d, &text);
    buf_puts(&text, "");
    return text.data;
}

bool answer_make(struct answer *a, const struct quality_side *side, const struct tokenizer *t,
                 const char *prompt, uint32_t n, struct error *err)
{
    struct ids ids = {0};
    *a = (struct answer){0};
    tokenizer_push_prefix(t, &ids);
    if (!quality_encode(t, prompt, strlen(prompt), &ids, err)) {
        ids_free(&ids);
        return false;
    }
    a->n_prompt = (uint32_t)ids.n;
    uint32_t room = side->model->config.max_ctx;
    struct session_options o = {.kv = side->kv, .gemm = side->gemm};
    if (ids.n == 0 || ids.n >= room) {
        error_set(err, EX_DATAERR, "a prompt of %zu tokens: 1 to %u expected", ids.n, room - 1);
        ids_free(&ids);
        return false;
    }
    o.ctx_len = room - ids.n > n ? (uint32_t)ids.n + n : room;
    struct session *s = session_new(side->model, side->pool, side->kernels, &o, err);
    if (s)
        generate(a, s, &ids, tokenizer_size(t), o.ctx_len, &side->model->config);
    if (s)
        a->text = text_of(&a->made, t);
    session_free(s);
    ids_free(&ids);
    return a->text != NULL;
}

void answer_free(struct answer *a)
{
    free(a->text);
    ids_free(&a->made);
    *a = (struct answer){0};
}

char *answer_shown(const char *text)
{
    return sanitise_text(text, strlen(text), false);
}

size_t answer_same(const struct ids *a, const struct ids *b)
{
    size_t n = 0;
    while (n < a->n && n < b->n && a->ids[n] == b->ids[n])
        n++;
    return n;
}

/* ---- output --------------------------------------------------------------------------- */

/* The next at most cells - 2 bytes of a line that is broken between words. */
static size_t take_line(const char *text, int cells)
{
    size_t end = strcspn(text, "\n"), n = end;
    if (n <= (size_t)cells - 2)
        return n;
    for (n = (size_t)cells - 2; n > 0 && text[n] != ' ';)
        n--;
    if (n == 0)
        for (n = (size_t)cells - 2; n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    return n;
}

static size_t width_of(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char **text, bool pads, int cells)
{
    size_t n = take_line(*text, cells), width = width_of(*text, n);
    printf("%.*s", (int)n, *text);
    *text += n;
    *text += **text == '\n' || **text == ' ';
    if (pads)
        printf("%*s", cells - (int)width, "");
}

void answer_print_columns(const char *left, const char *right, int cells)
{
    while (*left || *right) {
        print_cell(&left, true, cells);
        print_cell(&right, false, cells);
        putchar('\n');
    }
    putchar('\n');
}
