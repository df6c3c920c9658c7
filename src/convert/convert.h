/* SPDX-License-Identifier: MIT
 *
 * convert: a checkpoint folder becomes a .qins file, or the same bytes in memory.
 */
#ifndef QINS_CONVERT_H
#define QINS_CONVERT_H

#include "checkpoint.h"
#include "qins.h"
#include "tokenizer.h"
#include "weights_file.h"

struct convert_progress {
    const char *step;   /* "checking", "encoding", "hashing", "syncing" */
    const char *tensor; /* raw name: sanitise before it reaches a terminal; "" between tensors */
    uint64_t done_bytes, total_bytes; /* of this step */
};

/* At most some 20 times per second; false stops. */
typedef bool convert_progress_fn(void *arg, const struct convert_progress *p);

/* Planes of a whole matrix that was encoded before. */
struct encoded {
    const void *data;
    const float *row;
};

enum { LOSS_BYTES = 512 }; /* room for META_LOSS in the header */

struct convert_options {
    enum format format;
    unsigned n_threads; /* 0: all cores */
    bool hash_source;   /* SHA-256 of every source file into the metadata */
    float sparsity;     /* share of a row of a layer's matrix that becomes 0: the least weights */
    bool replace;       /* convert_to_file may replace an existing file */
    const char *cached_from; /* into the metadata, or NULL: path of the source (converted.h) */
    const char *formats;     /* META_FORMATS: of single matrices; or NULL */
    const char *recipe;      /* META_RECIPE, or NULL */
    /* Matrices that are not to be encoded here; -> false: this one is. Or NULL. */
    bool (*encoded)(void *arg, const struct weight *w, uint32_t expert, struct encoded *out);
    void *encoded_arg;
    /* Called with the complete file, which is not yet at its place, for META_LOSS; or NULL. */
    bool (*measure)(void *arg, const char *path, char loss[LOSS_BYTES], struct error *err);
    void *measure_arg;
    const struct tokenizer *tokenizer; /* of the checkpoint, if it was read already; or NULL */
    convert_progress_fn *progress;     /* called from the converting thread; or NULL */
    void *arg;
};

struct convert_report {
    uint64_t n_tensors, n_params;
    uint64_t bytes_before, bytes_after; /* weights of the source; the whole file */
    double seconds;
    struct {
        uint64_t n_tensors, n_params, bytes_before, bytes_after; /* weights alone */
        enum format format;
        struct qins_error error;
    } roles[N_ROLES];
    struct qins_error total;
    char loss[LOSS_BYTES]; /* META_LOSS; empty: not measured */
};

/* Writes OUT by way of a temporary file beside it, synced and renamed; on failure or interruption
 * OUT is what it was and the temporary file is gone.
 *
 * A checkpoint that is still arriving is converted while it comes, to the same bytes; OUT appears
 * when all of it is verified. */
bool convert_to_file(const struct checkpoint *c, const struct convert_options *o, const char *out,
                     struct convert_report *report, struct error *err);
/* Whether a failure with an arriving checkpoint may be the fault of bytes that are not verified:
 * what it says counts only if it comes again when the download is over. */
bool convert_is_doubtful(const struct error *err);

/* The image of the file in anonymous memory (huge_memory_free), for model_open_bytes. */
void *convert_to_memory(const struct checkpoint *c, const struct convert_options *o, size_t *size,
                        struct convert_report *report, struct error *err);

#endif
