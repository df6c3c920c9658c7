/* SPDX-License-Identifier: MIT
 *
 * pretokenizer: the steps that split a text into the words that are encoded one by one.
 */
#ifndef QINS_PRETOKENIZER_H
#define QINS_PRETOKENIZER_H

#include "matcher.h"
#include "step.h"

/* A word, n > 0. -> false ends it. */
typedef bool word_fn(void *arg, const char *s, size_t n);

struct pretokenizer {
    const struct step *steps; /* [n_steps] */
    const struct matcher *matchers;
    uint32_t n_steps;
    const char *strings;
    struct regexp_scratch *scratch;
    word_fn *word;
    void *arg;
    struct buf texts[2 * MAX_STEPS]; /* what steps rewrite */
    bool gave_up;
};

/* All words of s[0..n). ByteLevel as the last step gives bytes as they are, not as its characters.
 * `at_start`: the text begins here. -> false: `word` ended it, or gave_up is set. */
bool pretokenize(struct pretokenizer *p, const char *s, size_t n, bool at_start);
void pretokenizer_free(struct pretokenizer *p);

#endif
