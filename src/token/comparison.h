/* SPDX-License-Identifier: MIT
 *
 * comparison: what two models of the same vocabulary thought of the tokens of one text: a model
 * and another one, or one model in two number formats. By softmax of the logits alone, as
 * token_odds.h.
 */
#ifndef QINS_COMPARISON_H
#define QINS_COMPARISON_H

#include <stddef.h>

#include "distribution.h"

enum { N_COMPARED = 2 }; /* [0]: the model in use, [1]: the other one */

struct compared_token {
    int32_t id;             /* that stands in the text */
    float kl;               /* nats, KL(first || second) over the vocabulary */
    float nats[N_COMPARED]; /* -ln p of this token */
    int32_t top[N_COMPARED];
    float top_p[N_COMPARED]; /* the likeliest token there, and its probability */
};

struct comparison {
    struct compared_token *list; /* [n] */
    size_t n, cap;
    const char *format[N_COMPARED]; /* static: of most weights, "qins8" */
    const char *kv;                 /* static: type of both caches, "int8" */
    bool is_same_model;             /* both were made from the same one */
};

/* Of all tokens, at least one. */
struct comparison_sum {
    double kl, kl_mean;            /* nats; nats per token */
    size_t n_same;                 /* tokens where both have the same likeliest one */
    double perplexity[N_COMPARED]; /* of the text */
};

struct compared_token compared_token_of(const float *first /* [n] logits */,
                                        const float *second /* [n] */, uint32_t n, int32_t id);
void comparison_push(struct comparison *c, const struct compared_token *t);
struct comparison_sum comparison_sum(const struct comparison *c);
void comparison_free(struct comparison *c); /* and zeroes it for reuse */

#endif
