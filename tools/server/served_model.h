/* SPDX-License-Identifier: MIT
 *
 * served_model: the one model that the server answers with, opened and ready: weights, tokenizer,
 * chat template, threads. Immutable while requests run.
 */
#ifndef QINS_SERVED_MODEL_H
#define QINS_SERVED_MODEL_H

#include <stdatomic.h>

#include "chat_template.h"
#include "engine_setup.h"
#include "options.h"
#include "session.h"
#include "weights_ready.h"

struct served_model {
    char *name; /* what /v1/models calls it */
    char *path;
    struct engine_setup setup;
    struct kernels kernels;
    struct pool *pool;
    struct model *model;
    struct weights_ready weights;
    struct tokenizer *tokenizer;
    struct chat_template template;
    struct thinking by_answers; /* of models whose template says nothing of thinking */
    struct thinking no_thinking;
    uint32_t ctx_len, n_pieces; /* of a sequence; ids below n_pieces may be picked */
    const atomic_int *stop;     /* of served_model_open */
};

/* `path`: a file, folder or name as qins-tui takes it. Fails with EXIT_INTERRUPTED once *stop is
 * not 0. What its makers recommend for sampling goes into the layer SOURCE_MODEL of `o`. */
bool served_model_open(struct served_model *m, struct options *o, const char *path,
                       const atomic_int *stop, struct error *err);
void served_model_close(struct served_model *m);

#endif
