/* SPDX-License-Identifier: MIT */
#include "token_trie.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const char *bytes;
    uint32_t n;
    int32_t token;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->n < y->n ? x->n : y->n);
    if (order || x->n != y->n)
        return order ? order : x->n < y->n ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static void read_bytes(struct token_trie *trie, const struct tokenizer *t)
{
    struct buf bytes = {0};
    buf_append(&bytes, "", 0);
    for (uint32_t id = 0; id < trie->n_tokens; id++) {
        size_t before = bytes.len;
        if (!tokenizer_is_special(t, (int32_t)id))
            tokenizer_token_bytes(t, (int32_t)id, &bytes);
        if (bytes.len - before > TOKEN_MAX_BYTES)
            bytes.len = before;
        trie->byte_at[id + 1] = (uint32_t)bytes.len;
    }
    trie->bytes = bytes.data;
}

static uint32_t add_node(struct token_trie *trie, uint16_t depth, uint8_t byte)
{
    trie->nodes = xgrow(trie->nodes, trie->n_nodes, &trie->cap_nodes, sizeof *trie->nodes);
    trie->nodes[trie->n_nodes] = (struct trie_node){.token = -1, .depth = depth, .byte = byte};
    return (uint32_t)trie->n_nodes++;
}

/* The nodes of `path` below depth n are complete. */
static void close_path(struct token_trie *trie, const uint32_t *path, uint32_t depth, uint32_t n)
{
    for (; depth > n; depth--)
        trie->nodes[path[depth]].end = (uint32_t)trie->n_nodes;
}

/* From sorted entries, so that each shares a beginning with the one before it. */
static void add_entries(struct token_trie *trie, const struct entry *list, size_t n)
{
    uint32_t path[TOKEN_MAX_BYTES + 1], depth = 0;
    path[0] = add_node(trie, 0, 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t common = 0;
        while (i > 0 && common < list[i].n && common < list[i - 1].n &&
               list[i].bytes[common] == list[i - 1].bytes[common])
            common++;
        close_path(trie, path, depth, common);
        for (depth = common; depth < list[i].n; depth++)
            path[depth + 1] = add_node(trie, (uint16_t)(depth + 1), (uint8_t)list[i].bytes[depth]);
        struct trie_node *last = &trie->nodes[path[depth]];
        trie->same[list[i].token] = last->token;
        last->token = list[i].token;
    }
    close_path(trie, path, depth, 0);
    trie->nodes[0].end = (uint32_t)trie->n_nodes;
}

struct token_trie *token_trie_new(const struct tokenizer *t, uint32_t n_tokens)
{
    struct token_trie *trie = xcalloc(1, sizeof *trie);
    trie->n_tokens = n_tokens;
    trie->byte_at = xcalloc(n_tokens + 1, sizeof *trie->byte_at);
    trie->same = xcalloc(n_tokens, sizeof *trie->same);
    read_bytes(trie, t);
    struct entry *list = xcalloc(n_tokens, sizeof *list);
    size_t n = 0;
    for (uint32_t id = 0; id < n_tokens; id++) {
        uint32_t at = trie->byte_at[id], len = trie->byte_at[id + 1] - at;
        if (len > 0)
            list[n++] = (struct entry){trie->bytes + at, len, (int32_t)id};
    }
    if (n > 1)
        qsort(list, n, sizeof *list, compare_entries);
    add_entries(trie, list, n);
    free(list);
    return trie;
}

void token_trie_free(struct token_trie *t)
{
    if (!t)
        return;
    free(t->nodes);
    free(t->same);
    free(t->bytes);
    free(t->byte_at);
    free(t);
}

uint32_t token_trie_child(const struct token_trie *t, uint32_t node, uint8_t byte)
{
    for (uint32_t i = node + 1; i < t->nodes[node].end; i = t->nodes[i].end)
        if (t->nodes[i].byte == byte)
            return i;
    return 0;
}
