/* SPDX-License-Identifier: MIT
 *
 * answer_shape: keeps an answer to a grammar. Thinking is free; the grammar begins with the answer
 * itself. What is computed for a model and a grammar is kept for further answers.
 */
#ifndef QINS_ANSWER_SHAPE_H
#define QINS_ANSWER_SHAPE_H

#include "answer_parts.h"
#include "token_mask.h"

struct answer_shape {
    struct token_trie *trie;
    struct token_mask *mask;          /* of the grammar of the last answer that had one */
    const struct answer_parts *parts; /* of this answer, borrowed */
    struct ids ends;                  /* tokens that end an answer, for the caller to fill */
    bool on;                          /* this answer has a grammar */
    bool begun;                       /* the answer itself has begun */
    bool may_break;                   /* a line may end first, which does not count */
    size_t n_answer;                  /* bytes of answer before the last token, if it was free */
};

void answer_shape_free(struct answer_shape *s);

/* g NULL: this answer is free. n_tokens: that the model can choose from. */
void answer_shape_begin(struct answer_shape *s, struct grammar *g, const struct tokenizer *t,
                        uint32_t n_tokens, const struct answer_parts *parts);
/* The answer goes on behind this text. -> false: it does not fit */
bool answer_shape_text(struct answer_shape *s, const char *text, size_t n);

enum shape_result {
    SHAPE_FREE,  /* any token may come */
    SHAPE_SOME,  /* those of *allowed */
    SHAPE_ENDED, /* none: the answer is complete */
    SHAPE_FAILED /* *err: none, or the grammar has become too large */
};
enum shape_result answer_shape_allowed(struct answer_shape *s, const uint32_t **allowed,
                                       struct error *err);
/* A token comes next: before answer_parts_push gets it. */
void answer_shape_push(struct answer_shape *s, int32_t id);
/* Behind answer_parts_push: a token that ended the thinking may have brought the beginning of the
 * answer. -> false: that does not fit */
bool answer_shape_check(struct answer_shape *s, struct error *err);

#endif
