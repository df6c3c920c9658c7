/* SPDX-License-Identifier: MIT
 *
 * checkpoint: a model folder in Hugging Face form: config.json, tokenizer.json, and weights in
 * model.safetensors or in shards with model.safetensors.index.json.
 *
 * Shard names are plain names inside the folder. Index and shards must agree in both directions.
 */
#ifndef QINS_CHECKPOINT_H
#define QINS_CHECKPOINT_H

#include <sys/types.h>
#include <time.h>

#include "config.h"
#include "safetensors.h"
#include "weights_file.h"

/* One file of the folder as it was when the checkpoint was opened: a change is noticed. */
struct source_file {
    char *name, *path;
    uint64_t bytes;
    dev_t device;
    ino_t inode;
    struct timespec modified;
};

struct checkpoint {
    char *folder;
    struct model_config config;
    struct buf config_json, generation_json, tokenizer_json, tokenizer_config_json;
    struct safetensors *shards; /* [n_shards] headers alone: weights are read, not mapped */
    char **shard_names;         /* [n_shards] plain file names */
    size_t n_shards;
    struct source_file *sources; /* [n_sources] every file that was read */
    size_t n_sources;
    size_t first_shard; /* shard i is sources[first_shard + i] */
    size_t layout;      /* of its tensors' names */
    size_t n_left_out;  /* tensors of other parts than the language model, if that is a part */
};

/* Everything that can be known without reading weights is checked: the config, index and shards,
 * and that the tensors are those of weight_list, in shape and type. */
bool checkpoint_open(struct checkpoint *c, const char *folder, struct error *err);
void checkpoint_close(struct checkpoint *c);

/* -> the tensor of a weight_list's name and the shard that holds it, or NULL. */
const struct st_tensor *checkpoint_find(const struct checkpoint *c, const char *name,
                                        const struct safetensors **shard);

/* Opens a source for reading, or refuses when it is no longer the file that it was. -> fd or -1. */
int source_open(const struct source_file *s, struct error *err);
/* Whether `path` is that very file, by whatever name. */
bool source_is(const struct source_file *s, const char *path);
/* Whether no source has changed since checkpoint_open. */
bool checkpoint_unchanged(const struct checkpoint *c, struct error *err);

#endif
