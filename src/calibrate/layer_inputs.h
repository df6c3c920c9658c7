/* SPDX-License-Identifier: MIT
 *
 * layer_inputs: what goes into the matrices of one layer: their moments over the calibration text,
 * collected by watching the products of a session. Works for any architecture whose products go
 * through matmul_run; matrices that share an input share its moments.
 */
#ifndef QINS_LAYER_INPUTS_H
#define QINS_LAYER_INPUTS_H

#include "gram.h"
#include "matmul.h"
#include "session.h"

struct layer_inputs;

/* `has_d`: moments are those of a second stream of the same text, beside the original's. */
struct layer_inputs *layer_inputs_new(struct pool *p, uint32_t max_tok, bool has_d);
void layer_inputs_free(struct layer_inputs *in);

/* One text goes through the layer: of the original (in x0, in and out), and if has_d, of the
 * quantised model (x, left as it is) with the same weights. `is_held`: set apart. */
void layer_inputs_collect(struct layer_inputs *in, struct session *s, uint32_t layer,
                          const int32_t *ids, uint32_t n, float *x0 /* [n][dim] */,
                          const float *x /* [n][dim] */, bool is_held);

/* Moments of a matrix's inputs, finished; `held`: over the texts set apart, or NULL.
 * NULL: no token came there, or fewer than count (`cols` tells which moments take their place). */
const struct gram *layer_inputs_of(struct layer_inputs *in, const struct matrix *w,
                                   const struct gram **held);

#endif
