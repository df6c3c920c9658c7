/* SPDX-License-Identifier: MIT
 *
 * config_tokens: the tokens that begin a text and end a turn.
 */
#ifndef QINS_CONFIG_TOKENS_H
#define QINS_CONFIG_TOKENS_H

#include "config.h"

/* Takes bos and eos from an object, which may be NULL; the first bos that is known stays, eos are
 * added to those that are known. vocab is known. */
bool config_read_tokens(struct model_config *c, const json_t *object, const char *name,
                        struct error *err);

#endif
