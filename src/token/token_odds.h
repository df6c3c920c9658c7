/* SPDX-License-Identifier: MIT
 *
 * token_odds: what a model thought of a token when it was chosen: its probability, the likeliest
 * ones, and how open the choice was. By softmax of the logits alone: penalties, temperature and
 * the other rules of the sampler come after it.
 */
#ifndef QINS_TOKEN_ODDS_H
#define QINS_TOKEN_ODDS_H

#include <stddef.h>
#include <stdint.h>

enum { TOKEN_CHOICES = 8 };

struct token_odds {
    int32_t id;
    float p;                    /* NAN: the program wrote it in the model's place */
    float entropy;              /* bits */
    int32_t top[TOKEN_CHOICES]; /* likeliest first; of equals the lower id; -1: there are no more */
    float top_p[TOKEN_CHOICES];
};

/* A list of them. */
struct odds {
    struct token_odds *list; /* [n] */
    size_t n, cap;
};

/* logits: [n], numbers all of them; NULL: nobody asked the model. */
struct token_odds token_odds_of(const float *logits, uint32_t n, int32_t id);
void odds_push(struct odds *o, const struct token_odds *t);
void odds_append(struct odds *o, const struct odds *more);
void odds_free(struct odds *o); /* and zeroes it for reuse */

#endif
