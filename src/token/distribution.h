/* SPDX-License-Identifier: MIT
 *
 * distribution: the probabilities of the tokens that may come next, as a model's logits have them
 * by softmax, and how far two of them are apart.
 */
#ifndef QINS_DISTRIBUTION_H
#define QINS_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

struct distribution {
    const float *logits; /* [n]; the caller's */
    uint32_t n;
    uint32_t top;   /* the likeliest token; of equals the lower id */
    double log_sum; /* ln of the sum of e^logit */
};

/* logits: [n], numbers all of them. */
struct distribution distribution_of(const float *logits, uint32_t n);
/* ln of the probability of a token. */
double distribution_log_p(const struct distribution *d, uint32_t id);
/* Kullback-Leibler divergence KL(p || q) = sum p (ln p - ln q), in nats, to about
 * 1e-8; of the same n. */
double distribution_kl(const struct distribution *p, const struct distribution *q);
/* The likeliest token: the lowest id among the largest; NaN is the least likely of all. */
uint32_t logits_best(const float *logits /* [n] */, uint32_t n);
/* Whether they are neither NaN nor infinite, all of them. */
bool logits_are_numbers(const float *logits /* [n] */, uint32_t n);

#endif
