/* SPDX-License-Identifier: MIT
 *
 * grammar_finish: makes a grammar ready, and refuses those that no recogniser can run to an end.
 */
#ifndef QINS_GRAMMAR_FINISH_H
#define QINS_GRAMMAR_FINISH_H

#include "grammar.h"

/* Refused: what is too large, a rule that can begin with itself, a rule that never ends. `name`:
 * what messages call the grammar. All rules are defined. */
bool grammar_finish(struct grammar *g, uint32_t root, const char *name, struct error *err);

/* The set of a node of kind NODE_BYTES has the bytes of a class. */
bool grammar_takes(const struct grammar *g, const struct node *bytes, uint32_t class);

#endif
