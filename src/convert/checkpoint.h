/* SPDX-License-Identifier: MIT
 *
 * checkpoint: a model folder in Hugging Face form: config.json, tokenizer.json, and weights in
 * model.safetensors or in shards with model.safetensors.index.json; or a GGUF file seen as one.
 *
 * Shard names are plain names inside the folder. Index and shards must agree in both directions.
 */
#ifndef QINS_CHECKPOINT_H
#define QINS_CHECKPOINT_H

#include <sys/types.h>
#include <time.h>

#include "arrival.h"
#include "config.h"
#include "file_id.h"
#include "gguf_import.h"
#include "safetensors.h"
#include "source_view.h"
#include "tokenizer.h"
#include "weights_file.h"

/* One file of the folder as it was when the checkpoint was opened: a change is noticed. */
struct source_file {
    char *name, *path;
    uint64_t bytes;
    struct file_id id;                    /* of a file that was there */
    const struct arriving_file *arriving; /* of one that comes; else NULL */
};

struct checkpoint {
    char *folder; /* or the GGUF file's path */
    struct model_config config;
    struct buf config_json, generation_json, tokenizer_json, tokenizer_config_json;
    struct safetensors *shards; /* [n_shards] headers alone: weights are read, not mapped */
    char **shard_names;         /* [n_shards] plain file names */
    size_t n_shards;
    struct gguf_import gguf; /* instead of shards, if has_gguf */
    bool has_gguf;
    struct source_tensor *tensors; /* [n_tensors] all of them, sorted by name */
    size_t n_tensors;
    struct source_file *sources; /* [n_sources] every file that was read */
    size_t n_sources;
    size_t first_shard;      /* shard or part i is sources[first_shard + i] */
    size_t layout;           /* of its tensors' names */
    struct arrival *arrival; /* of the shards; or NULL: they are there */
    size_t n_left_out;       /* tensors of other parts than the language model, if that is a part */
};

/* From a folder, or from a GGUF file that is seen as one.
 * Everything that can be known without reading weights is checked: the config, index and shards,
 * and that the tensors are those of weight_list, in shape and type. */
bool checkpoint_open(struct checkpoint *c, const char *path, struct error *err);
/* The same of a folder whose shards are still coming; the arrival outlives it. */
bool checkpoint_open_arriving(struct checkpoint *c, const char *folder, struct arrival *arrival,
                              struct error *err);
/* Config, tokenizer and template alone: the weights may be missing, and no tensor is known. */
bool checkpoint_open_texts(struct checkpoint *c, const char *path, struct error *err);
void checkpoint_close(struct checkpoint *c);

/* The model's name on the hub, or the folder's own, also if it was given as "."; of a GGUF file its
 * own without ".gguf", or what the metadata call it if it is a blob. Raw; caller frees. */
char *checkpoint_name(const struct checkpoint *c);

/* Its tokenizer, which outlives it; or NULL. */
struct tokenizer *checkpoint_tokenizer(const struct checkpoint *c, struct error *err);

/* Whether `path` is a folder or a GGUF file: what has to be converted before it runs. */
bool checkpoint_is_source(const char *path);

/* -> the tensor of a weight_list's name, or NULL. */
const struct source_tensor *checkpoint_find(const struct checkpoint *c, const char *name);
/* Where part `part` of a weight stands; checkpoint_open has seen that all of them are there. */
bool checkpoint_view(const struct checkpoint *c, const struct weight *w, uint32_t part,
                     struct source_view *v, struct error *err);
/* The file that holds a tensor. */
const struct source_file *checkpoint_file(const struct checkpoint *c,
                                          const struct source_tensor *t);

/* From tokenizer.json, or from the metadata of a GGUF file. -> NULL on failure. */
struct tokenizer *checkpoint_tokenizer(const struct checkpoint *c, struct error *err);

/* Opens a source for reading, or refuses when it is no longer the file that it was. -> fd or -1. */
int source_open(const struct source_file *s, struct error *err);
/* Whether `path` is that very file, by whatever name. */
bool source_is(const struct source_file *s, const char *path);
/* Whether no source has changed since checkpoint_open. */
bool checkpoint_unchanged(const struct checkpoint *c, struct error *err);

#endif
