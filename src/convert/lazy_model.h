/* SPDX-License-Identifier: MIT
 *
 * lazy_model: a checkpoint as an f32 model whose layers are read when they are needed: address
 * space for the whole of it, memory for what is there. Vectors, convolutions and the embedding
 * always are.
 */
#ifndef QINS_LAZY_MODEL_H
#define QINS_LAZY_MODEL_H

#include "convert.h"
#include "model.h"

struct lazy_model;

/* `c` outlives it. */
struct lazy_model *lazy_model_open(const struct checkpoint *c, unsigned n_threads,
                                   struct error *err);
void lazy_model_close(struct lazy_model *l);
struct model *lazy_model_bound(struct lazy_model *l);
struct pool *lazy_model_pool(struct lazy_model *l); /* idle between calls */

enum { LAZY_HEAD = UINT32_MAX }; /* as a layer: the output matrix */

/* Reads the matrices of a layer, or gives their memory back. */
bool lazy_model_load(struct lazy_model *l, uint32_t layer, struct error *err);
void lazy_model_drop(struct lazy_model *l, uint32_t layer);

#endif
