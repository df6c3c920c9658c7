/* SPDX-License-Identifier: MIT
 *
 * widened: a model whose weights are decoded to f32, as its original would stand in memory.
 */
#ifndef QINS_WIDENED_H
#define QINS_WIDENED_H

#include "model.h"
#include "pool.h"

/* -> a model in memory, with the tokenizer of `m`, which may be closed then. Refuses what does not
 * fit memory. */
struct model *model_widen(const struct model *m, const struct kernels *k, struct pool *pool,
                          struct error *err);

#endif
