/* SPDX-License-Identifier: MIT
 *
 * samples: how two models go on with the same prompts, always with the likeliest token.
 */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "bench_pair.h"

enum { MAX_FILE = 1 << 20, COLUMN = 48 };

static bool show_prompt(const struct bench_pair *p, const char *line, size_t n, json_t *list,
                        struct error *err)
{
    struct answer a[2] = {{0}, {0}};
    char *prompt = answer_prompt(line, n);
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->n; i++)
        ok = answer_make(&a[i], &p->side[i], p->tokenizer[i], prompt, p->b->n_generate, err);
    size_t same = answer_same(&a[0].made, &a[1].made);
    if (ok && list) {
        json_array_append_new(list,
                              json_pack("{s:s, s:[s, s], s:I}", "prompt", prompt, "answers",
                                        a[0].text, a[1].text, "same_tokens", (json_int_t)same));
    } else if (ok) {
        char *shown = bench_path_text(prompt), *left = answer_shown(a[0].text),
             *right = answer_shown(a[1].text);
        printf("> %s   (the first %zu tokens are the same)\n", shown, same);
        answer_print_columns(left, right, COLUMN);
        free(left);
        free(right);
        free(shown);
    }
    answer_free(&a[0]);
    answer_free(&a[1]);
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
        ok = show_all(&p, text.data ? text.data : answer_prompts, err);
        bench_pair_close(&p);
    }
    buf_free(&text);
    return ok;
}
