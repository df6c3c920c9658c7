/* SPDX-License-Identifier: MIT
 *
 * lookup: guesses what follows a text from what followed the same words earlier in it. The longest
 * match of its last LOOKUP_MIN to LOOKUP_MAX tokens counts, the newest among equals. One token costs
 * a few hash probes, however long the text is.
 */
#ifndef QINS_LOOKUP_H
#define QINS_LOOKUP_H

#include <stdint.h>

enum { LOOKUP_MIN = 2, LOOKUP_MAX = 8 };

struct lookup;

struct lookup *lookup_new(uint32_t max_ids); /* longest text */
void lookup_free(struct lookup *l);
void lookup_push(struct lookup *l, int32_t id);

/* Up to n_max ids that would follow, as they did before; a repetition that is still going on is
 * continued. -> their number; 0: nothing matches. *n_match: tokens that matched. */
uint32_t lookup_guess(const struct lookup *l, int32_t *out /* [n_max] */, uint32_t n_max,
                      uint32_t *n_match);

#endif
