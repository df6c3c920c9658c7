/* SPDX-License-Identifier: MIT
 *
 * transfer: one file of the hub into the cache: resumed where an earlier one ended, also after
 * kill -9; verified to the last byte, what was on the disk before included; under the lock that
 * Hugging Face's programs take.
 *
 * What the server says is not trusted: a range that is refused or answered from the start begins
 * anew, a body that is too short is gone on with, one that is too long or hashes to something else
 * is thrown away and refused.
 */
#ifndef QINS_TRANSFER_H
#define QINS_TRANSFER_H

#include "arrival.h"
#include "hub_cache.h"
#include "hub_client.h"

struct transfer_options {
    double lock_ms; /* how long another program may hold the lock without writing; 0: 60 s */
    struct arrival *arrival; /* hears what comes; or NULL */
};

/* f->bytes and f->etag are known. The client's progress counts on. */
bool transfer_file(struct hub_client *c, const struct hub_cache *cache, const char *url,
                   const char *model, const struct hub_file *f, const struct transfer_options *o,
                   struct error *err);

#endif
