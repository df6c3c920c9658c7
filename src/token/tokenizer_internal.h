/* SPDX-License-Identifier: MIT
 *
 * What tokenizer.c (using) and tokenizer_load.c (reading tokenizer.json) share.
 */
#ifndef QINS_TOKENIZER_INTERNAL_H
#define QINS_TOKENIZER_INTERNAL_H

#include "tokenizer.h"

enum { META_SPACE = 0x2581 }; /* "▁", what a space is inside pieces */

enum piece_kind { PIECE_NONE, PIECE_TEXT, PIECE_BYTE };

struct piece {
    size_t at; /* in tokenizer.text */
    uint32_t len;
    uint8_t kind, byte; /* byte: of PIECE_BYTE */
    bool added, special;
};

struct merge {
    int32_t left, right, result;
};

struct merge_entry {
    int32_t right;
    uint32_t rank;
};

struct single {
    int32_t cp, id;
};

struct added_token {
    const char *text;
    size_t len;
    int32_t id;
    bool lstrip, rstrip;
};

struct tokenizer {
    struct piece *pieces; /* [n_pieces], by id */
    uint32_t n_pieces;
    struct buf text; /* of all pieces */

    uint32_t *slots; /* [n_slots] id + 1 by hash of the text; open addressing, power of two */
    size_t n_slots;
    uint64_t hash_key; /* random: nobody can write a file whose pieces all collide */

    int32_t ascii[128];     /* id of each one-character piece, or -1 */
    struct single *singles; /* [n_singles] the other one-character pieces, by code point */
    size_t n_singles;
    int32_t byte_ids[256];

    struct merge *merges; /* [n_merges], by rank */
    uint32_t n_merges;
    uint32_t *first;             /* [n_pieces + 1] by left piece: its part of by_left */
    struct merge_entry *by_left; /* [n_merges] sorted by right within a part */
    bool meta_space_leads; /* no piece has "▁" behind another character: words are separate */

    struct added_token *added; /* [n_added] sorted by text */
    size_t n_added;
    uint32_t added_first[257]; /* by first byte: its part of added */

    struct ids prefix;
};

/* Id of the piece with this text, or -1. */
int32_t tokenizer_lookup(const struct tokenizer *t, const char *text, size_t len);
uint64_t tokenizer_hash(const struct tokenizer *t, const char *text, size_t len);

#endif
