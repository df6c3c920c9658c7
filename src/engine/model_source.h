/* SPDX-License-Identifier: MIT
 *
 * model_source: from what a user calls a model to an open one with its weights in memory: a .qins
 * file, a GGUF file or folder, which is converted, or a name on the hub, which is downloaded first.
 */
#ifndef QINS_MODEL_SOURCE_H
#define QINS_MODEL_SOURCE_H

#include "convert.h"
#include "engine_setup.h"
#include "fetch.h"
#include "weights_ready.h"

struct model_source {
    const char *format; /* of the option of this name, for a model of the hub: "auto", "qins4" */
    struct pool *pool;
    /* Each returns false to stop. */
    fetch_progress_fn *fetching;
    convert_progress_fn *keeping; /* a model of the hub is converted, to be kept */
    convert_progress_fn *converting;
    readahead_fn *reading;
    void *arg;
};

/* *path: what the user calls it; becomes the file or folder that it stands for. setup: its format
 * becomes what fits into memory for a model of the hub. *weights: of weights_load; for
 * weights_ready. NULL: *err, EXIT_INTERRUPTED if a callback said stop. */
struct model *model_source_open(char **path, const struct model_source *s,
                                struct engine_setup *setup, struct weights_ready *weights,
                                struct error *err);

#endif
