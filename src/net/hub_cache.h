/* SPDX-License-Identifier: MIT
 *
 * hub_cache: writes into Hugging Face's own cache, in its own layout, beside its own programs:
 *
 *   CACHE/models--ORG--NAME/blobs/HASH, HASH.incomplete   contents by what the hub calls them
 *   CACHE/models--ORG--NAME/refs/REVISION                 the commit that it stands for
 *   CACHE/models--ORG--NAME/snapshots/COMMIT/FILE         link to ../../blobs/HASH
 *   CACHE/.locks/models--ORG--NAME/HASH.lock
 */
#ifndef QINS_HUB_CACHE_H
#define QINS_HUB_CACHE_H

#include "hub_listing.h"

struct hub_cache {
    char *root, *model, *locks, *snapshot;
};

/* Makes the folders. */
bool hub_cache_open(struct hub_cache *c, const char *id, const char *commit, struct error *err);
void hub_cache_close(struct hub_cache *c);

/* Of a blob; caller frees. */
char *hub_cache_blob(const struct hub_cache *c, const char *etag);
char *hub_cache_incomplete(const struct hub_cache *c, const char *etag);
char *hub_cache_lock(const struct hub_cache *c, const char *etag);
/* Bytes of a file that are there: all, or those of an unfinished download. */
uint64_t hub_cache_has(const struct hub_cache *c, const struct hub_file *f);
/* Free bytes of the disk; 0: not known. */
uint64_t hub_cache_free(const struct hub_cache *c);

/* Puts a file that is there into the snapshot. */
bool hub_cache_link(const struct hub_cache *c, const struct hub_file *f, struct error *err);
bool hub_cache_write_ref(const struct hub_cache *c, const char *revision, const char *commit,
                         struct error *err);
/* Removes unfinished downloads of contents that no file of the list has: those that nobody holds
 * the lock of; if not all contents of the list are known, those that nobody has written for an
 * hour. */
void hub_cache_tidy(const struct hub_cache *c, const struct hub_listing *l);

#endif
