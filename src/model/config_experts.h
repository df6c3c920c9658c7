/* SPDX-License-Identifier: MIT
 *
 * config_experts: how many experts a model has, in which layers, and how they are chosen.
 */
#ifndef QINS_CONFIG_EXPERTS_H
#define QINS_CONFIG_EXPERTS_H

#include "config.h"
#include "config_fields.h"

/* Sets c->experts and LAYER_EXPERTS of c->layers; arch and n_layers are known. */
bool config_read_experts(struct model_config *c, struct config_fields *f, struct error *err);

#endif
