/* SPDX-License-Identifier: MIT
 *
 * nearest: "did you mean": the candidate that differs least from a misspelt word.
 */
#ifndef QINS_NEAREST_H
#define QINS_NEAREST_H

#include <stddef.h>

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
size_t edit_distance(const char *a, const char *b);

/* The best of the candidates, or NULL when none is near: at most a third of the word may differ,
 * and at least one change is always allowed. */
const char *nearest(const char *word, const char *const *candidates, size_t n);

#endif
