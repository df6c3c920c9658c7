/* SPDX-License-Identifier: MIT
 *
 * token_mask: which tokens may come next so that a text keeps to a grammar: those whose bytes the
 * grammar takes, all of them.
 *
 * Most of a mask does not depend on what is around the rule that is being read. So masks are kept
 * for sets of nodes with STACK_OPEN below (recogniser.h), with the places in the trie where a token
 * leaves the rule; only what is behind those places is looked at for each token anew.
 */
#ifndef QINS_TOKEN_MASK_H
#define QINS_TOKEN_MASK_H

#include "grammar.h"
#include "token_trie.h"

struct token_mask;

/* The trie is borrowed; the grammar gets a further user. */
struct token_mask *token_mask_new(const struct token_trie *trie, struct grammar *g);
void token_mask_free(struct token_mask *m);
const struct grammar *token_mask_grammar(const struct token_mask *m);

/* Back to the beginning of the text. skips_space: of the first token a space is dropped that it
 * begins with, since the decoder does so. */
void token_mask_begin(struct token_mask *m, bool skips_space);
/* Text that is already there. -> false: the grammar does not take it */
bool token_mask_text(struct token_mask *m, const char *text, size_t n);

/* A bit per token, [(n_tokens + 31) / 32], until the next call; the caller may change them. NULL:
 * there are too many ways to read the text. */
uint32_t *token_mask_allowed(struct token_mask *m);
/* The token came. -> false: it was not allowed */
bool token_mask_push(struct token_mask *m, int32_t token);
bool token_mask_may_end(const struct token_mask *m);

#endif
