/* SPDX-License-Identifier: MIT
 *
 * quality: how far a model's predictions are from those of a reference, token by token, over chunks
 * of a text: perplexity, Kullback-Leibler divergence, agreement on the likeliest token.
 *
 * A chunk has QUALITY_CHUNK tokens, or the model's context if that is less, and is evaluated on its
 * own; the predictions of its second half count, so that each has at least half a chunk before it.
 * That is what llama-perplexity does, so that figures compare.
 */
#ifndef QINS_QUALITY_H
#define QINS_QUALITY_H

#include "ids.h"
#include "session.h"

enum { QUALITY_CHUNK = 512 }; /* 255 predictions, of tokens 257..511 */

/* A measured value and its standard error; NAN: not known. */
struct estimate {
    double value, error;
};

struct quality {
    uint64_t n_tok; /* predictions */
    uint32_t n_chunks, chunk;
    struct estimate perplexity;
    /* against a reference; NAN without */
    struct estimate reference_perplexity, perplexity_ratio;
    struct estimate kl_mean, kl_median, kl_p99, kl_max; /* KL(reference || model), nats */
    struct estimate top1;                               /* share of tokens, 0..1 */
};

struct quality_side {
    const struct model *model;
    const struct kernels *kernels;
    struct pool *pool;
    enum kv_type kv;
    enum gemm gemm;
    const float *hidden; /* [n_chunks][chunk][dim] output of its last layer, if that is known */
};

/* The text as one run of ids, special tokens not recognised. */
bool quality_encode(const struct tokenizer *t, const char *text, size_t n, struct ids *out,
                    struct error *err);

/* Tokens of a chunk of this model. */
uint32_t quality_chunk(const struct model *m);

/* Returns false to stop. */
typedef bool quality_progress_fn(void *arg, uint32_t done_chunks, uint32_t n_chunks);

/* The first n_chunks chunks of `ids`, which holds as many; a tokenizer's prefix takes the place of
 * the first tokens of each. `reference` may be NULL; it has the same vocabulary. -> false: no
 * session, or stopped. */
bool quality_measure(const struct quality_side *model, const struct quality_side *reference,
                     const struct ids *ids, uint32_t n_chunks, const struct ids *prefix,
                     quality_progress_fn *progress, void *arg, struct quality *out,
                     struct error *err);

#endif
