/* SPDX-License-Identifier: MIT
 *
 * convert_internal: the state of one conversion, for convert_run.c and convert_job.c alone.
 * job_start plans it: where each weight comes from, where it goes, and in which chunks it is worked
 * on.
 */
#ifndef QINS_CONVERT_INTERNAL_H
#define QINS_CONVERT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "convert.h"
#include "hasher.h"
#include "outfile.h"
#include "pool.h"

/* Rows [row0, row1) of a piece, and what the passes found there. */
struct chunk {
    uint32_t piece, row0, row1;
    struct qins_range range;
    uint64_t first_nonfinite; /* index in the tensor, when range.n_nonfinite */
    struct qins_error loss;
};

/* What is encoded as one matrix: a weight, or one expert's part of it. */
struct piece {
    uint32_t weight, part;
    const struct source_file *file;
    const struct source_file *scales_file; /* of MXFP4 blocks; else NULL */
    uint64_t arrives; /* position of the checkpoint's arrival where all of it is there; 0: it is */
    struct source_view view;
    struct qins_range range;
};

struct scratch {                    /* one for each worker */
    const struct source_file *file; /* that fd reads */
    int fd;
    uint8_t *raw;  /* a chunk as it is in the source */
    float *w;      /* [rows][cols] */
    float *pruned; /* [rows][cols] with the least weights 0; NULL: none are pruned */
    float *sorted; /* [cols] a row in the file's order */
    uint8_t *data; /* the encoded chunk: tiles, or [rows][cols] */
    float *row;    /* [row_floats][rows_pad] of the chunk */
};

struct job {
    const struct checkpoint *c;
    const struct convert_options *o;
    struct tokenizer *own_tokenizer; /* if the options had none */
    const void *tokenizer;           /* [tokenizer_bytes] what is stored: its image, or the JSON */
    size_t tokenizer_bytes;
    struct file_layout layout;
    json_t *metadata;
    struct buf header;
    struct piece *pieces; /* [n_pieces] in the order of the list, or in that in which they arrive */
    uint32_t n_pieces;
    struct chunk *chunks;
    uint32_t n_chunks;
    struct pool *pool;
    struct scratch *scratch; /* [pool size] */
    struct hasher *hasher;   /* or NULL */
    struct outfile *file;    /* the output: a file, or memory */
    uint8_t *memory;

    char loss[LOSS_BYTES]; /* what was measured, or empty */

    pthread_t caller; /* who reports progress */
    const char *step;
    double reported_ms;
    double waited_ms; /* for what comes */
    uint64_t total_bytes;
    _Atomic uint64_t done_bytes;
    atomic_bool stop;
    pthread_mutex_t lock; /* err */
    struct error *err;
    bool failed;
};

static inline const struct weight *piece_weight(const struct job *j, const struct piece *p)
{
    return &j->layout.list.items[p->weight];
}
/* What n_rows of cols weights take in the source, whole blocks; and when they are read, with what
 * stands between them. */
size_t piece_bytes(const struct piece *p, size_t n_rows, size_t cols);
size_t piece_raw_bytes(const struct piece *p, size_t n_rows, size_t cols);
/* Fills s->w with n_rows rows of the piece, which is one of `w`, as published. -> bytes read, or 0.
 */
size_t read_piece(const struct piece *p, const struct weight *w, struct scratch *s, uint32_t row0,
                  uint32_t n_rows, struct error *err);
/* The same with a chunk. */
size_t read_chunk(struct job *j, struct scratch *s, const struct chunk *k, struct error *err);

/* Whether --sparsity is for this weight. */
bool is_pruned(const struct job *j, const struct weight *w);

/* Starts the hasher too, when hashes are wanted. */
void job_start(struct job *j, const struct checkpoint *c, const struct convert_options *o,
               struct error *err);
void job_end(struct job *j);
/* Encodes chunks [first, first + n) of the plan. */
bool job_encode(struct job *j, const char *step, uint32_t first, uint32_t n);
/* At an offset of the output's data buffer. */
bool job_put(struct job *j, uint64_t at, const void *bytes, size_t n, struct error *err);
/* Blanks of that length without `loss`. */
void job_set_loss(struct job *j, const char *loss);
/* Hashes in hexadecimal, one for each source; NULL: zeros of the same length. */
void job_set_hashes(struct job *j, const char (*hex)[SHA256_HEX + 1]);
/* The text that checksums.h makes; takes it over. */
void job_set_checksums(struct job *j, char *text);

#endif
