/* SPDX-License-Identifier: MIT
 *
 * hub_listing: which files a revision of a model has on the hub, and which of them are wanted.
 * Names come from outside: one is taken only if it is a plain name, or one below one folder,
 * without "..", control characters or a leading dot.
 */
#ifndef QINS_HUB_LISTING_H
#define QINS_HUB_LISTING_H

#include "base.h"
#include "blob_hash.h"

enum { COMMIT_HEX = 40 };

struct hub_file {
    char *name;
    uint64_t bytes;
    char etag[BLOB_NAME_MAX + 1]; /* blob_hash.h; "": not told by the list */
    bool is_wanted;
};

struct hub_listing {
    char *id; /* as the hub calls it now */
    char commit[COMMIT_HEX + 1];
    struct hub_file *files;
    size_t n, cap;
};

/* From the text of GET /api/models/ID/revision/REVISION?blobs=true. Names that are not fine are
 * left out. On failure nothing is to be freed. */
bool hub_listing_parse(struct hub_listing *l, const char *json, size_t n, const char *name,
                       struct error *err);
void hub_listing_free(struct hub_listing *l);
struct hub_file *hub_listing_find(struct hub_listing *l, const char *name);

bool hub_listing_name_is_fine(const char *name);

/* Marks config, tokenizer, chat template, and the weights: model.safetensors or the index, whose
 * shards hub_listing_want_shards adds. `file` (a GGUF file, a part of its name) marks that alone,
 * with all its parts; a model with GGUF files alone needs no `file` if it has one. *found: what
 * opens the model, a name in the listing, or NULL: the folder. */
bool hub_listing_want(struct hub_listing *l, const char *file, const char **found,
                      struct error *err);
bool hub_listing_want_shards(struct hub_listing *l, const char *index_json, size_t n,
                             struct error *err);

#define HUB_INDEX_FILE "model.safetensors.index.json"

#endif
