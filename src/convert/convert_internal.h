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

/* Rows [row0, row1) of weight `weight`, and what the passes found there. */
struct chunk {
    uint32_t weight, row0, row1;
    struct qins_range range;
    uint64_t first_nonfinite; /* index in the tensor, when range.n_nonfinite */
    struct qins_error loss;
};

struct origin { /* where a weight comes from */
    const struct source_file *file;
    const struct source_tensor *tensor;
};

struct scratch {                    /* one for each worker */
    const struct source_file *file; /* that fd reads */
    int fd;
    uint8_t *raw;  /* a chunk as it is in the source */
    float *w;      /* [rows][cols] */
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
    struct origin *origins;    /* [list.n] */
    struct qins_range *ranges; /* [list.n] */
    struct chunk *chunks;
    uint32_t n_chunks;
    struct pool *pool;
    struct scratch *scratch; /* [pool size] */
    struct hasher *hasher;   /* or NULL */
    struct outfile *file;    /* the output: a file, or memory */
    uint8_t *memory;

    pthread_t caller; /* who reports progress */
    const char *step;
    double reported_ms;
    uint64_t total_bytes;
    _Atomic uint64_t done_bytes;
    atomic_bool stop;
    pthread_mutex_t lock; /* err */
    struct error *err;
    bool failed;
};

/* What so many weights take in the source; whole blocks. */
size_t origin_bytes(const struct origin *o, size_t n_weights);
/* Fills s->w with n_rows rows as published. -> bytes read, or 0. */
size_t read_origin(const struct origin *from, struct scratch *s, uint32_t row0, uint32_t n_rows,
                   uint32_t cols, struct error *err);
/* The same with a chunk. */
size_t read_chunk(struct job *j, struct scratch *s, const struct chunk *k, struct error *err);

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
