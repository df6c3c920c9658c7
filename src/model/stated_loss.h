/* SPDX-License-Identifier: MIT
 *
 * stated_loss: what a .qins file says that it loses against its source (META_LOSS).
 */
#ifndef QINS_STATED_LOSS_H
#define QINS_STATED_LOSS_H

#include "base.h"

struct stated_loss {
    double kl;   /* mean KL(source || file) per token, nats */
    double top1; /* share of tokens whose likeliest successor is the same */
    double perplexity, reference_perplexity;
    double tokens; /* measured on so many */
};

/* `meta` may be NULL. -> false: not stated, or not understood. */
bool stated_loss_read(struct stated_loss *l, const char *meta);
/* "KL 0.081, 82.6 % the same choice, perplexity +7.4 %"; nothing if it is not stated. */
void stated_loss_describe(const char *meta, struct buf *out);

#endif
