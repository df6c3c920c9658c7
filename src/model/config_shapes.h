/* SPDX-License-Identifier: MIT
 *
 * config_shapes: sizes that differ from layer to layer: heads, feed-forward parts, and which layers
 * look at the keys and values of another one. And per-layer inputs: what a token brings to every
 * layer beside its embedding.
 */
#ifndef QINS_CONFIG_SHAPES_H
#define QINS_CONFIG_SHAPES_H

#include "config.h"
#include "config_fields.h"

/* After sizes and layers. */
bool config_read_shapes(struct model_config *c, struct config_fields *f, struct error *err);

#endif
