/* SPDX-License-Identifier: MIT
 *
 * advice: what somebody who has only the starter model should know: what a real model takes, and
 * where one may be.
 */
#ifndef QINS_ADVICE_H
#define QINS_ADVICE_H

#include "models.h"

/* A few good small models, the memory they take, and how that compares with `available` bytes (0:
 * not known). Caller frees. */
char *advice_memory(uint64_t available);
/* The models of the list other than the starter, or, if there are none, how to get one: three sizes
 * that can be downloaded, with the time at 100 Mbit/s. For a terminal. Caller frees. */
char *advice_models(const struct model_list *l, bool can_download);

#endif
