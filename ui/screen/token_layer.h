/* SPDX-License-Identifier: MIT
 *
 * token_layer: what keys do over the tokens of an answer.
 */
#ifndef QINS_TOKEN_LAYER_H
#define QINS_TOKEN_LAYER_H

#include "app.h"

/* Of this message, whose odds are known, or of which there is a comparison. */
void token_layer_open(struct app *a, int32_t message, bool compares);
/* The path is another one. */
void token_layer_close(struct app *a);
unsigned token_layer_key(struct app *a, int32_t key);

#endif
