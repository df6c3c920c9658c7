/* SPDX-License-Identifier: MIT
 *
 * tokenizer_internal: an opened tokenizer, for the files that use it.
 */
#ifndef QINS_TOKENIZER_INTERNAL_H
#define QINS_TOKENIZER_INTERNAL_H

#include "marked.h"
#include "matcher.h"
#include "tokenizer.h"
#include "tokenizer_image.h"

enum added_set { ADDED_IN_RAW, ADDED_IN_NORMAL, N_ADDED_SETS };

struct tokenizer {
    struct image image;
    size_t n_bytes;
    void *owned; /* the image, or NULL: another's */

    struct matcher matchers[MAX_STEPS]; /* [n_steps] */
    uint32_t stage_at[N_STAGES + 1];    /* its part of the steps */

    int32_t ascii[128];     /* ids of one-character pieces, or NO_ID */
    int32_t level_ids[256]; /* of the characters that ByteLevel makes of bytes */
    int32_t byte_ids[256];  /* "<0x00>" ..., where bytes fall back */
    bool is_byte_level;     /* words come as bytes that ByteLevel makes characters of */
    bool prepends;          /* a space is put before texts, and dropped when they are decoded */

    struct added_index {
        uint32_t first[257];  /* by first byte: its part of the added tokens */
        bool has_anywhere;    /* tokens that are recognised in unmarked text, too */
        bool begins[256];     /* some token begins so */
        bool begins_any[256]; /* one of these tokens does */
    } added[N_ADDED_SETS];
};

/* A piece of the model's vocabulary that text may become, or NO_ID. */
int32_t tokenizer_model_piece(const struct tokenizer *t, const char *text, size_t n);

/* ---- added.c ---- */

void added_index_init(struct tokenizer *t);
/* Hears of consecutive parts of a text: id NO_ID is text between added tokens. -> false ends it. */
typedef bool added_fn(void *arg, size_t start, size_t end, int32_t id);
bool added_split(const struct tokenizer *t, enum added_set set, const struct marked *text,
                 added_fn *fn, void *arg);

/* ---- decoder.c ---- */

/* Refuses orders of decoders that cannot be followed while text streams. */
bool decoder_check(const struct tokenizer *t, const char *name, struct error *err);

#endif
