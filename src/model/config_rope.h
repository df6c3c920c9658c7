/* SPDX-License-Identifier: MIT
 *
 * config_rope: what a config.json says about rotary positions, for layers with full attention and
 * for sliding ones: "rope_theta", "rope_scaling", "rope_local_base_freq" (transformers 4), or
 * "rope_parameters", one object or one for each type of layer (5).
 */
#ifndef QINS_CONFIG_ROPE_H
#define QINS_CONFIG_ROPE_H

#include "config.h"
#include "config_fields.h"

enum { MAX_CTX = 1 << 30 };

/* Sets rope, orig_ctx and position_scale; arch, layers, shapes and max_ctx are known. Fields of
 * the rope objects that are not known are added to `unknown`. */
bool config_read_rope(struct model_config *c, struct config_fields *f, struct buf *unknown,
                      struct error *err);

#endif
