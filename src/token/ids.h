/* SPDX-License-Identifier: MIT
 *
 * ids: a growing list of token ids.
 */
#ifndef QINS_IDS_H
#define QINS_IDS_H

#include "base.h"

struct ids {
    int32_t *ids;
    size_t n, cap;
};

void ids_push(struct ids *v, int32_t id);
void ids_append(struct ids *v, const int32_t *ids /* [n] */, size_t n);
void ids_free(struct ids *v); /* and zeroes it for reuse */

#endif
