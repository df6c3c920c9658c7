/* SPDX-License-Identifier: MIT
 *
 * tokenizer_parts: a tokenizer while it is read, whatever the source, and made into an image.
 */
#ifndef QINS_TOKENIZER_PARTS_H
#define QINS_TOKENIZER_PARTS_H

#include "tokenizer_image.h"

struct part_piece {
    uint64_t at; /* in text */
    uint32_t len;
    uint8_t flags; /* of enum piece_flag; 0: no piece has this id */
};

struct parts {
    const char *name; /* what messages call the source */
    struct error *err;
    uint32_t vocab; /* ids must be below */

    struct buf text;           /* of all pieces */
    struct part_piece *pieces; /* [n_ids] */
    uint32_t n_ids, cap_ids;
    struct id_table {    /* ids by text */
        uint32_t *slots; /* [n + PROBES] id + 1 */
        uint32_t n, n_used;
        uint64_t seed;
    } table;

    struct merge *merges; /* [n_merges] later ones win */
    uint32_t n_merges;
    size_t cap_merges;
    struct added_entry *added; /* [n_added]; text in strings */
    uint32_t n_added;
    size_t cap_added;
    struct step steps[MAX_STEPS];
    uint32_t n_steps;
    struct buf strings;
    struct ids prefix, suffix;
    uint32_t flags; /* of enum image_flag */
    int32_t unk;    /* or NO_ID */
};

/* Room for n pieces; more may come. */
void parts_init(struct parts *p, const char *name, uint32_t vocab, size_t n, struct error *err);
void parts_free(struct parts *p);

/* Gives `id` a text that no other id has. */
bool parts_add_piece(struct parts *p, int64_t id, const char *text, size_t n, unsigned flags);
/* Id of a piece by its text, or NO_ID. */
int32_t parts_find(const struct parts *p, const char *text, size_t n);
/* A merge of two pieces; rank by order. */
bool parts_add_merge(struct parts *p, int32_t left, int32_t right, int32_t result, uint32_t rank);
/* `text`: what is recognised. */
void parts_add_token(struct parts *p, int32_t id, const char *text, size_t n, unsigned flags);
/* NULL: too many. Its strings: parts_put. */
struct step *parts_add_step(struct parts *p, enum stage stage, enum step_kind kind);
/* Appends to the strings. -> where */
uint32_t parts_put(struct parts *p, const char *text, size_t n);
void parts_set_pattern(struct parts *p, struct step *s, const char *text, size_t n);

/* The image, from malloc; NULL if it cannot be made. */
void *parts_image(struct parts *p, size_t *n);

#endif
