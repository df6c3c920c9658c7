/* SPDX-License-Identifier: MIT
 *
 * config_layers: which layers of a model see a window alone, and which do not rotate.
 */
#ifndef QINS_CONFIG_LAYERS_H
#define QINS_CONFIG_LAYERS_H

#include "config.h"
#include "config_fields.h"

/* Sets layers and window; arch, n_layers and max_ctx are known. */
bool config_read_layers(struct model_config *c, struct config_fields *f, struct error *err);

#endif
