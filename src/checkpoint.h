/* SPDX-License-Identifier: MIT
 *
 * checkpoint: a model folder in Hugging Face form: config.json, tokenizer.json, and weights in
 * model.safetensors or in shards with model.safetensors.index.json.
 *
 * Shard names are plain names inside the folder. Index and shards must agree in both directions.
 */
#ifndef QINS_CHECKPOINT_H
#define QINS_CHECKPOINT_H

#include "config.h"
#include "safetensors.h"

struct checkpoint {
    char *folder;
    struct model_config config;
    struct buf config_json, generation_json, tokenizer_json, tokenizer_config_json;
    struct safetensors *shards; /* [n_shards] */
    char **shard_names;         /* [n_shards] plain file names */
    size_t n_shards;
};

bool checkpoint_open(struct checkpoint *c, const char *folder, struct error *err);
void checkpoint_close(struct checkpoint *c);

/* -> the tensor and the shard that holds it, or NULL. */
const struct st_tensor *checkpoint_find(const struct checkpoint *c, const char *name,
                                        const struct safetensors **shard);

#endif
