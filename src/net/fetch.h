/* SPDX-License-Identifier: MIT
 *
 * fetch: a model of a Hugging Face hub, by its name, into Hugging Face's own cache (hub_cache.h):
 * the files that are needed to run it and no others. What is there already is not fetched again;
 * what was begun is gone on with.
 */
#ifndef QINS_FETCH_H
#define QINS_FETCH_H

#include "arrival.h"
#include "hub_client.h"
#include "hub_ref.h"

struct fetch_options {
    fetch_progress_fn *progress; /* or NULL */
    void *arg;
    /* Hears what comes of a folder's safetensors files, whose headers are then asked for first; or
     * NULL. It begins unless one of them is not as expected; its end is who calls fetch_model's. */
    struct arrival *arrival;
    /* For tests; 0: 30 s without a byte, 60 s of a lock that nobody uses, 0.5 s before a retry. */
    double stall_ms, lock_ms, retry_ms;
};

/* -> the folder, or the GGUF file, of the model; caller frees. NULL: *err, EXIT_INTERRUPTED if
 * `progress` said so. */
char *fetch_model(const struct hub_ref *ref, const struct fetch_options *o, struct error *err);

/* -> false: this build has no downloads, or HF_HUB_OFFLINE is set: *err says so. */
bool fetch_is_possible(struct error *err);

/* Whether a folder of the cache holds all that runs: downloads that were cut short leave parts. */
bool fetch_is_whole(const char *folder);

#endif
