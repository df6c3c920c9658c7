/* SPDX-License-Identifier: MIT
 *
 * experts: the feed-forward part of a layer of which each token goes through a few experts. A
 * router weighs them; tokens are gathered by expert, so that a matrix that several of them chose is
 * read once; what the experts of a token add is summed in the order of their weights. Nothing
 * depends on the number of threads, and fewer than 8 tokens together have the bits of one after
 * another.
 */
#ifndef QINS_EXPERTS_H
#define QINS_EXPERTS_H

#include "session_internal.h"

/* For passes of `chunk` tokens; NULL if the model has no experts. */
struct expert_scratch *experts_new(const struct session *s);
void experts_free(struct expert_scratch *x);
void experts_each(struct expert_scratch *x, bool on); /* matmul_each */
void experts_watch(struct expert_scratch *x, matmul_watch_fn *fn, void *arg);

/* A pass begins. */
void experts_begin(struct session *s);
/* What each token's experts make of x [n][dim], kept until experts_add. */
void experts_run(struct pass *p, const float *x);
/* s->h becomes that sum, and what the dense part beside them has left there. */
void experts_add(struct pass *p);

#endif
