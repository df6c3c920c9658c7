/* SPDX-License-Identifier: MIT
 *
 * remote_setup: engine_options of an engine elsewhere in the terms of remote.h.
 */
#ifndef QINS_REMOTE_SETUP_H
#define QINS_REMOTE_SETUP_H

#include "engine.h"
#include "remote.h"

/* -> out; its strings are those of o. */
const struct remote_options *remote_setup(const struct engine_options *o,
                                          struct remote_options *out);
/* Whether what is asked for can be, without asking anybody. */
bool remote_setup_check(const struct engine_options *o, struct error *err);

#endif
