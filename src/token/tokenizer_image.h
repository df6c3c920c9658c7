/* SPDX-License-Identifier: MIT
 *
 * tokenizer_image: a compiled tokenizer, as qins-convert stores it: tables that are mapped and used
 * where they stand. All numbers are little endian. The sections follow the header in this order,
 * each at the next multiple of 8, and their sizes follow from the counts:
 *
 *   piece_at     u32 [n_ids + 1]        offsets into text
 *   piece_slots  u32 [n_piece_slots + PROBES]   id + 1, by hash of the piece; 0: empty
 *   merges       struct merge [n_merge_slots + PROBES]
 *   pairs        u32 [n_pair_bits / 32]
 *   joins        u32 [n_join_bits / 32]
 *   steps        struct step [n_steps]
 *   added        struct added_entry [n_added]   sorted by their text, those of the raw text first
 *   frame        i32 [n_prefix + n_suffix]      what the post-processor puts around a text
 *   piece_flags  u8 [n_ids]
 *   text         u8 [n_text]            of all pieces
 *   strings      u8 [n_strings]         of steps and added tokens
 */
#ifndef QINS_TOKENIZER_IMAGE_H
#define QINS_TOKENIZER_IMAGE_H

#include "bpe.h"
#include "step.h"

#define IMAGE_MAGIC "QINSTOK"
enum { IMAGE_VERSION = 1, IMAGE_ALIGN = 64 /* its size is a multiple */ };

enum image_flag {
    IMAGE_BYTE_FALLBACK = 1,
    IMAGE_FUSE_UNK = 2,
    IMAGE_IGNORE_MERGES = 4, /* a word that is a piece is that piece */
    IMAGE_N_FLAGS = 8,
};

struct image_header {
    char magic[8];
    uint32_t version, flags;
    uint64_t n_bytes; /* of the whole image */
    uint64_t seed;    /* of the pieces' hash */
    uint32_t n_ids, n_piece_slots, n_merge_slots, n_pair_bits, n_join_bits;
    uint32_t n_steps, n_added, n_raw_added, n_prefix, n_suffix;
    int32_t unk; /* or -1 */
    uint32_t n_strings, n_text, reserved;
};

enum piece_flag {
    PIECE_EXISTS = 1,
    PIECE_MODEL = 2, /* of the model's vocabulary, else of the added tokens alone */
    PIECE_ADDED = 4,
    PIECE_SPECIAL = 8,
    PIECE_N_FLAGS = 16,
};

enum added_flag {
    ADDED_LSTRIP = 1,
    ADDED_RSTRIP = 2,
    ADDED_SINGLE_WORD = 4,
    ADDED_NORMALIZED = 8, /* recognised in the normal form */
    ADDED_ANYWHERE = 16,  /* white space: recognised in what people write, too */
    ADDED_N_FLAGS = 32,
};

struct added_entry {
    uint32_t at, len; /* what is recognised, in the strings */
    int32_t id;
    uint32_t flags;
};

/* An image in memory, sections by pointer. */
struct image {
    const struct image_header *header;
    const uint32_t *piece_at, *piece_slots;
    struct merge_table merges;
    const struct step *steps;
    const struct added_entry *added;
    const int32_t *frame;
    const uint8_t *piece_flags;
    const char *text, *strings;
};

/* Where the sections of a header stand in an image; its counts are plausible, n_bytes is not looked
 * at.
 * -> bytes of all, or 0 if they were more than a file can have. */
uint64_t image_bind(struct image *out, const void *bytes);
/* Checks everything in bytes[n], 8-byte aligned: after this any id, offset and flag can be used.
 * `vocab`: ids must be below. */
bool image_open(struct image *out, const void *bytes, size_t n, const char *name, uint32_t vocab,
                struct error *err);

static inline const char *image_piece(const struct image *m, uint32_t id, size_t *n)
{
    *n = m->piece_at[id + 1] - m->piece_at[id];
    return m->text + m->piece_at[id];
}

uint64_t image_hash(uint64_t seed, const char *text, size_t n);
/* Id of the piece with this text, or NO_ID. */
int32_t image_find(const struct image *m, const char *text, size_t n);

#endif
