/* SPDX-License-Identifier: MIT
 *
 * matmul_internal: scratch and choices that products of one matrix (matmul_run.c) and of many
 * together (matmul_parts.c) share.
 */
#ifndef QINS_MATMUL_INTERNAL_H
#define QINS_MATMUL_INTERNAL_H

#include "matmul.h"
#include "matvec_cut.h"

enum {
    PANEL_MIN_TOKENS = 8,       /* from here on rows are worth a matrix product of floats */
    PANEL_MIN_TOKENS_INT8 = 32, /* where the other way are int8 products */
    PANEL_ROWS = 64,
    PROMPT_GROUPS = 32, /* row groups that go over the same columns of many tokens in turn */
};

enum way { WAY_MATVEC, WAY_TILES, WAY_PANELS };

struct matmul {
    const struct kernels *k;
    struct pool *pool;
    enum gemm gemm;
    bool each; /* matmul_each */
    uint32_t max_tok, max_cols;
    struct activation *act; /* [max_tok] */
    int8_t *q;              /* [max_tok][cols_pad + a line]: memory of act */
    float *scale;           /* [max_tok][cols_pad / ACT_BLOCK] */
    int32_t *sum;           /* [max_tok][cols_pad / 16] */
    int8_t *low;            /* as q */
    int16_t *wide;          /* as q */
    size_t n_q;             /* elements of a token in q, low and wide */
    uint16_t *tiles;        /* [max_tok / TILE_TOKENS] rows of tiles; NULL without prompt kernels */
    uint8_t *panels; /* [pool_size][panel_bytes] decoded rows: floats, or a prompt's scratch */
    size_t panel_bytes;
    matmul_watch_fn *watch;
    void *watch_arg;

    /* of matmul_run_parts */
    struct activation *row_act; /* [max_tok] acts of the rows that parts read */
    float *gathered;            /* [max_tok][max_cols] these rows, once a product needs them so */
    struct part_step *steps;    /* [n_steps] */
    uint32_t n_steps;
};

/* One part of matmul_run_parts, as it is computed. */
struct part_step {
    const struct matmul_part *p;
    enum way way;
    uint32_t chunk0;       /* its first chunk of all */
    uint32_t groups;       /* row groups of a chunk */
    struct matvec_cut cut; /* instead, for one row in WAY_MATVEC */
    uint32_t block0;       /* WAY_TILES: where its rows' tiles begin, in blocks of TILE_TOKENS */
};

/* The way for n tokens. */
enum way matmul_way(const struct matmul *mm, enum format format, uint32_t n_tok);
/* Row groups that a worker takes at a time from a matrix in WAY_MATVEC with n tokens. */
uint32_t matmul_chunk_groups(const struct pool *pool, const struct matrix *w, uint32_t n_tok);

/* x for token t, to be quantised for products with weights of this format. */
static inline void matmul_set_input(struct matmul *mm, uint32_t t, const float *x, bool is_qins8)
{
    struct activation *a = &mm->act[t];
    a->x = x;
    a->low = is_qins8 ? mm->low + t * mm->n_q : NULL;
    a->wide = is_qins8 ? mm->wide + t * mm->n_q : NULL;
}

static inline uint32_t matmul_blocks(uint32_t n_tok)
{
    return (n_tok + TILE_TOKENS - 1) / TILE_TOKENS;
}

#endif
