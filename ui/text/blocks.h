/* SPDX-License-Identifier: MIT
 *
 * blocks: cuts a text that grows into blocks that can be laid out one by one. A border, once found,
 * stays: only the last block is open. Borders depend on the text alone, not on how it came in.
 * The text is as it was written; blocks are what may be sanitised each for itself.
 *
 * A Markdown border is a place where CommonMark begins a new block at the left edge: behind a blank
 * line (not between items of one list), before a heading and around a fence. What has no border for
 * BLOCK_MAX bytes is cut at a line, or inside one.
 */
#ifndef QINS_BLOCKS_H
#define QINS_BLOCKS_H

#include "highlight.h"

enum {
    BLOCK_MAX = 16 << 10, /* bytes, but for the last piece */
    PIECE_MAX = 2 << 10,  /* of a line that is looked at as one */
};

enum block_kind { BLOCK_TEXT, BLOCK_CODE };

struct block {
    size_t start;          /* byte; ends where the next one starts */
    struct layout *layout; /* of the owner of the blocks */
    uint8_t kind;          /* enum block_kind: Markdown, or a fence and its code */
    bool joined;           /* goes on with the block before: it was cut for its size */
    char fence;       /* of code: '`' or '~' while it is open at the start of the block, or 0 */
    uint8_t indent;   /* blanks before its signs */
    uint16_t n_fence; /* its signs */
    struct highlight code; /* at the first byte of code */
};

/* What is known behind some bytes of the text. */
struct scan {
    size_t seen;         /* these bytes */
    size_t start;        /* of the open block */
    bool open;           /* there is one */
    bool mid_line;       /* seen does not end a line */
    bool blank, content; /* the last line was blank; the open block has a line that was not */
    uint8_t kind;        /* of the open block */
    char fence;          /* '`' or '~' of the open fence; 0: none */
    uint8_t indent;
    char list; /* marker of the list that the open block ends with: - + * . ) ; or 0 */
    uint16_t n_fence;
    struct highlight code; /* behind what was seen */
};

enum { CHUNK_BLOCKS = 64 };

/* Most blocks are only counted: a chunk keeps the scan before its first block, from which the
 * others are found again when one of them is shown. */
struct chunk {
    struct scan before;   /* the piece that its first block begins with */
    struct block *blocks; /* [CHUNK_BLOCKS], or NULL: nobody has looked at one */
};

struct blocks {
    size_t n;             /* >= 1 once there is text */
    struct chunk *chunks; /* [n_chunks] */
    size_t n_chunks, cap;
    struct scan scan;
};

/* The text has grown to s[0..n). If it has ended its last line is complete without '\n', too, and
 * no more comes. */
void blocks_update(struct blocks *b, const char *s, size_t n, bool end);
/* Block i < b->n of the same text; stays where it is until blocks_free. */
struct block *blocks_at(struct blocks *b, const char *s, size_t n, size_t i);
void blocks_free(struct blocks *b); /* not the layouts */

/* A line that opens a fence: -> how many signs, *sign and what follows them; or 0. */
int fence_of(const char *line, size_t n, char *sign, int *indent, size_t *info);
/* Closes the fence of n_fence signs? */
bool closes_fence(const char *line, size_t n, char sign, int n_fence);

#endif
