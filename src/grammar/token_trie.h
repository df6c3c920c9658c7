/* SPDX-License-Identifier: MIT
 *
 * token_trie: the bytes of all tokens of a vocabulary as a tree, so that those with the same
 * beginning are looked at once.
 */
#ifndef QINS_TOKEN_TRIE_H
#define QINS_TOKEN_TRIE_H

#include "tokenizer.h"

enum { TOKEN_MAX_BYTES = 1024 }; /* longer ones are left out */

/* A node with all that is below it: they follow it, up to `end`. Node 0 is the root. */
struct trie_node {
    uint32_t end;
    int32_t token; /* that ends here, or -1 */
    uint16_t depth;
    uint8_t byte;
};

struct token_trie {
    struct trie_node *nodes;
    size_t n_nodes, cap_nodes;
    int32_t *same;     /* [n_tokens] another token with the same bytes, or -1 */
    char *bytes;       /* of all tokens */
    uint32_t *byte_at; /* [n_tokens + 1] where those of each begin */
    uint32_t n_tokens;
};

/* Of the tokens below n_tokens, without special and empty ones. */
struct token_trie *token_trie_new(const struct tokenizer *t, uint32_t n_tokens);
void token_trie_free(struct token_trie *t);

/* The node below `node` with this byte, or 0. */
uint32_t token_trie_child(const struct token_trie *t, uint32_t node, uint8_t byte);

#endif
