/* SPDX-License-Identifier: MIT
 *
 * hub_model: a model by its name on the hub. In this order: the .qins file that is kept of it in
 * the models folder; the files of Hugging Face's cache; what is missing there is downloaded. A
 * folder is converted, while it comes if it is downloaded, and kept: NAME[@REVISION]-FORMAT.qins,
 * or ORG.NAME... if a model of another organisation has that name.
 */
#ifndef QINS_HUB_MODEL_H
#define QINS_HUB_MODEL_H

#include "convert.h"
#include "fetch.h"

struct hub_model_options {
    const char *format; /* of the option of this name: "auto", "qins4" */
    unsigned n_threads;
    fetch_progress_fn *fetching;
    convert_progress_fn *converting;
    void *arg;
};

/* -> a .qins file, or a folder or GGUF file that is to be converted in memory or into the cache
 * (converted.h). Caller frees. NULL: *err, EXIT_INTERRUPTED if a callback said stop. */
char *hub_model_open(const struct hub_ref *ref, const struct hub_model_options *o,
                     struct error *err);
/* The folder or GGUF file of the cache, or NULL: not all of it is there. Caller frees. */
char *hub_model_cached(const struct hub_ref *ref);
/* The same, downloaded if need be. */
char *hub_model_source(const struct hub_ref *ref, const struct fetch_options *o, struct error *err);
/* The kept file, or NULL. format "auto": the one with the most bits. */
char *hub_model_kept(const struct hub_ref *ref, const char *format);

#endif
