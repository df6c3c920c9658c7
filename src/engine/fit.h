/* SPDX-License-Identifier: MIT
 *
 * fit: whether a model fits into the memory that is free: its weights, the KV cache of the context
 * that is asked for, and what a pass needs beside them.
 */
#ifndef QINS_FIT_H
#define QINS_FIT_H

#include "checkpoint.h"
#include "kv.h"
#include "models.h"

struct fit {
    uint64_t weights, kv, scratch; /* bytes */
    uint64_t free_bytes;           /* memory_free; 0: not known */
    uint32_t ctx;                  /* tokens asked for */
    uint32_t ctx_fits;             /* the most, up to ctx, for which there is room; 0: none */
};

/* ctx 0: what a session takes unless told otherwise. free_bytes: memory_free. */
void fit_config(struct fit *f, const struct model_config *c, uint64_t weights, enum kv_type kv,
                uint32_t ctx, uint64_t free_bytes);
/* Of a .qins file, by its header. -> false: it is none. */
bool fit_file(struct fit *f, const char *path, uint32_t ctx);
/* Fills `memory_bytes` of the list's entries. */
void fit_models(struct model_list *l);
/* Of a source as it will be in this format; ctx and free_bytes as above. */
void fit_source(struct fit *f, const struct checkpoint *c, enum format format, enum kv_type kv,
                uint32_t ctx, uint64_t free_bytes);
bool fit_is_fine(const struct fit *f);
/* "needs 2.3 GB (weights 2.1 GB, context of 4096 tokens 0.2 GB), 14.1 GB are free"; and what would
 * fit if it does not. Caller frees. */
char *fit_text(const struct fit *f);

/* Bits that a weight takes, about. */
double fit_bits(enum format f);
/* The format that `name` means for a source (folder_format); "auto" takes qins4 if qins8 does not
 * fit into the memory that is free. */
bool fit_format(const char *name, const char *source, enum format *format, struct error *err);
/* The same of a checkpoint, whose texts are enough. */
bool fit_format_of(const char *name, const struct checkpoint *c, enum format *format,
                   struct error *err);

#endif
