/* SPDX-License-Identifier: MIT
 *
 * compare: what another model thinks of an answer, beside the engine's own. For the engine's
 * thread.
 *
 * Both evaluate the same ids in passes of a few tokens, one after the other: of each only the
 * logits of one pass are in memory. The other model's cache has the type of the engine's own, so
 * that weights alone differ. The engine's session holds the context and the answer afterwards.
 */
#ifndef QINS_COMPARE_H
#define QINS_COMPARE_H

#include "engine_internal.h"

/* A request with `against`, up to EVENT_DONE. */
void compare_run(struct engine *e, const struct request *r);

#endif
