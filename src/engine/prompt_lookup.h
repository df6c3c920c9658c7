/* SPDX-License-Identifier: MIT
 *
 * prompt_lookup: guesses what follows a text from what stands earlier in it. The text is followed
 * along the place where the same words stood before; where it says something else there, it is
 * expected to go on behind the word that was left out, replaced or put in. A longer run of the same
 * tokens elsewhere, LOOKUP_MIN to LOOKUP_MAX of them, moves the place there, to the newest of the
 * longest. One token costs a few hash probes, however long the text is.
 */
#ifndef QINS_PROMPT_LOOKUP_H
#define QINS_PROMPT_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

enum { LOOKUP_MIN = 2, LOOKUP_MAX = 8 };

struct prompt_lookup;

struct prompt_lookup *prompt_lookup_new(uint32_t max_ids); /* longest text */
void prompt_lookup_free(struct prompt_lookup *l);
/* goes_on: the token belongs to the word that the one before it began. */
void prompt_lookup_push(struct prompt_lookup *l, int32_t id, bool goes_on);

/* Up to n_max ids that would follow, as they did before; a repetition that is still going on is
 * continued. -> their number; 0: no place is known. *n_match: tokens before that were the same. */
uint32_t prompt_lookup_draft(const struct prompt_lookup *l, int32_t *out /* [n_max] */,
                             uint32_t n_max, uint32_t *n_match);

#endif
