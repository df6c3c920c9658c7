/* SPDX-License-Identifier: MIT
 *
 * advice: what somebody who has only the starter model should know: what a real model takes, and
 * where one may be; if none is here and downloads are possible, three sizes to choose from.
 */
#ifndef QINS_ADVICE_H
#define QINS_ADVICE_H

#include "known_models.h"
#include "models.h"

enum { N_ADVICE = 4 };

/* Lines for a terminal, which the caller frees; NULL behind the last one. `available`: bytes of
 * memory, 0 if not known. */
void advice_lines(char *lines[N_ADVICE], const struct model_list *l, bool can_download,
                  uint64_t available);

/* "3.4 GB to download, 5 min at 100 Mbit/s; takes 1.4 GB of memory or more" Caller frees. */
char *advice_download(const struct known_model *m);

/* A few good small models, the memory they take, and how that compares with `available` bytes (0:
 * not known). Caller frees. */
char *advice_memory(uint64_t available);
/* The models of the list other than the starter, or, if there are none, how to open one. For a
 * terminal. Caller frees. */
char *advice_models(const struct model_list *l);

#endif
