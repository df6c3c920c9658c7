/* SPDX-License-Identifier: MIT
 *
 * samples: how two models go on with the same prompts, always with the likeliest token.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_pair.h"

enum { MAX_FILE = 1 << 20, COLUMN = 48 };

static const char own_prompts[] = "Once upon a time there was a little girl who\n"
                                  "The three most important things to know about bread are\n"
                                  "def reverse(words):\n"
                                  "Q: Why is the sky blue?\\nA:\n";

/* A line in which "\n" stands for a line end. */
static char *prompt_of(const char *line, size_t n)
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

/* -> text, which the caller frees; *n_same: tokens that are those of `other`. */
static char *answer(const struct quality_side *side, const struct tokenizer *t, const char *prompt,
                    uint32_t n, struct ids *made, struct error *err)
{
    struct ids ids = {0};
    struct buf text = {0};
    tokenizer_push_prefix(t, &ids);
    quality_encode(t, prompt, strlen(prompt), &ids);
    uint32_t room = side->model->config.max_ctx;
    struct session_options o = {.kv = side->kv, .gemm = side->gemm};
    if (ids.n == 0 || ids.n >= room)
        return error_set_null(err, EX_DATAERR, "a prompt of %zu tokens: 1 to %u expected", ids.n,
                              room - 1);
    o.ctx_len = room - ids.n > n ? (uint32_t)ids.n + n : room;
    struct session *s = session_new(side->model, side->pool, side->kernels, &o, err);
    if (!s)
        return NULL;
    while (ids.n < o.ctx_len) {
        session_sync(s, ids.ids, (uint32_t)ids.n, NULL, NULL);
        int32_t id = bench_best(session_logits(s), tokenizer_size(t));
        if (is_stop(&side->model->config, id))
            break;
        ids_push(&ids, id);
        ids_push(made, id);
    }
    session_free(s);
    struct detokenizer d;
    detokenizer_init(&d, t, false);
    for (size_t i = 0; i < made->n; i++)
        detokenizer_push(&d, made->ids[i], &text);
    detokenizer_end(&d, &text);
    buf_puts(&text, "");
    ids_free(&ids);
    return text.data;
}

static size_t same_tokens(const struct ids *a, const struct ids *b)
{
    size_t n = 0;
    while (n < a->n && n < b->n && a->ids[n] == b->ids[n])
        n++;
    return n;
}

/* ---- output --------------------------------------------------------------------------- */

/* The next at most COLUMN - 2 bytes of a line that is broken between words. */
static size_t take_line(const char *text)
{
    size_t end = strcspn(text, "\n"), n = end;
    if (n <= COLUMN - 2)
        return n;
    for (n = COLUMN - 2; n > 0 && text[n] != ' ';)
        n--;
    if (n == 0)
        for (n = COLUMN - 2; n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80;)
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

static void print_cell(const char **text, bool pads)
{
    size_t n = take_line(*text), width = width_of(*text, n);
    printf("%.*s", (int)n, *text);
    *text += n;
    *text += **text == '\n' || **text == ' ';
    if (pads)
        printf("%*s", (int)(COLUMN - width), "");
}

static void print_columns(const char *left, const char *right)
{
    while (*left || *right) {
        print_cell(&left, true);
        print_cell(&right, false);
        putchar('\n');
    }
    putchar('\n');
}

static bool show_prompt(const struct bench_pair *p, const char *line, size_t n, json_t *list,
                        struct error *err)
{
    struct ids made[2] = {{0}, {0}};
    char *prompt = prompt_of(line, n), *text[2] = {NULL, NULL}, *clean[2] = {NULL, NULL};
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->n; i++) {
        text[i] = answer(&p->side[i], p->tokenizer[i], prompt, p->b->n_generate, &made[i], err);
        ok = text[i] != NULL;
        clean[i] = ok ? bench_path_text(text[i]) : NULL;
    }
    size_t same = same_tokens(&made[0], &made[1]);
    if (ok && list) {
        json_array_append_new(list, json_pack("{s:s, s:[s, s], s:I}", "prompt", prompt, "answers",
                                              text[0], text[1], "same_tokens", (json_int_t)same));
    } else if (ok) {
        char *shown = bench_path_text(prompt);
        printf("> %s   (the first %zu tokens are the same)\n", shown, same);
        free(shown);
        print_columns(clean[0], clean[1]);
    }
    for (int i = 0; i < 2; i++) {
        free(text[i]);
        free(clean[i]);
        ids_free(&made[i]);
    }
    free(prompt);
    return ok;
}

static bool show_all(const struct bench_pair *p, const char *text, struct error *err)
{
    json_t *list = p->b->json ? json_array() : NULL;
    bool ok = true;
    while (ok && *text) {
        size_t n = strcspn(text, "\n");
        if (n > 0)
            ok = show_prompt(p, text, n, list, err);
        text += n;
        text += *text == '\n';
    }
    if (ok && list) {
        json_dumpf(list, stdout, JSON_COMPACT);
        putchar('\n');
    }
    json_decref(list);
    return ok;
}

bool bench_samples(struct bench *b, struct error *err)
{
    struct bench_pair p;
    struct buf text = {0};
    if (!b->against)
        return error_set(err, EX_USAGE, "samples: --against REF is missing");
    bool ok = !b->file || read_file(&text, b->file, MAX_FILE, err);
    if (ok && (ok = bench_pair_open(&p, b, err))) {
        ok = show_all(&p, text.data ? text.data : own_prompts, err);
        bench_pair_close(&p);
    }
    buf_free(&text);
    return ok;
}
