/* SPDX-License-Identifier: MIT
 *
 * sampler: logits -> one id. Order: penalties, temperature, top-k, top-p, min-p, draw.
 */
#ifndef QINS_SAMPLER_H
#define QINS_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum top_p_rule {
    TOP_P_SPEC,    /* drop tokens whose inclusive cumulative probability exceeds top_p; keep >= 1 */
    TOP_P_NUCLEUS, /* the usual: keep up to and including the token that reaches top_p */
};

struct sampling {
    float temperature;       /* 0: greedy, the lowest id among equals */
    float top_p;             /* >= 1: off */
    float min_p;             /* 0: off; keep p >= min_p * p_max */
    float repeat_penalty;    /* 1: off; logit > 0 ? logit / penalty : logit * penalty */
    int32_t top_k;           /* 0: off; equals of the k-th stay */
    float presence_penalty;  /* 0: off; taken off the logits of tokens that were there */
    float frequency_penalty; /* 0: off; the same, times how often */
    int32_t repeat_last_n;   /* tokens that the penalties look back at; -1: all */
    enum top_p_rule top_p_rule;
};

struct sampler; /* scratch and the random generator */

struct sampler *sampler_new(uint32_t vocab);
void sampler_free(struct sampler *s);
void sampler_seed(struct sampler *s, uint64_t seed);

/* From here on only these are picked: a bit per id, [(vocab + 31) / 32], borrowed, at least one of
 * those below n_valid. NULL: all. */
void sampler_allow(struct sampler *s, const uint32_t *allowed);

/* Picks an id below n_valid <= vocab. `history` are the tokens so far, newest last. */
int32_t sampler_pick(struct sampler *s, const float *logits /* [n_valid] */, uint32_t n_valid,
                     const struct sampling *o, const int32_t *history, size_t n_history);

#endif
