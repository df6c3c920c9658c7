/* SPDX-License-Identifier: MIT
 *
 * answers: how a model goes on with a prompt, always with the likeliest token, and two such texts
 * side by side.
 */
#ifndef QINS_ANSWERS_H
#define QINS_ANSWERS_H

#include "quality.h"
#include "tokenizer.h"

struct answer {
    char *text;
    struct ids made; /* its tokens */
    uint32_t n_prompt;
    double prompt_ms, generate_ms;
};

/* `prompt` is continued by up to n tokens. Free the answer in any case. */
bool answer_make(struct answer *a, const struct quality_side *side, const struct tokenizer *t,
                 const char *prompt, uint32_t n, struct error *err);
void answer_free(struct answer *a);

/* Prompts of our own, one per line; "\n" in a line stands for a line end. */
extern const char answer_prompts[];
/* A line as a prompt; caller frees. */
char *answer_prompt(const char *line, size_t n);
/* Tokens that two answers begin with alike. */
size_t answer_same(const struct ids *a, const struct ids *b);
/* A text fit for a terminal, with its line ends; caller frees. */
char *answer_shown(const char *text);
/* Such texts, each in a column of so many cells, broken between words. */
void answer_print_columns(const char *left, const char *right, int cells);

#endif
