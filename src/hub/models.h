/* SPDX-License-Identifier: MIT
 *
 * models: the .qins and GGUF files that a user can choose from without a path: those in the
 * folders of $QINS_MODELS (colons between them), in $XDG_DATA_HOME/qins/models
 * (~/.local/share/qins/models), in the current folder, the starter model, and what other programs
 * keep on this machine (foreign_models.h). Only headers are read.
 */
#ifndef QINS_MODELS_H
#define QINS_MODELS_H

#include "base.h"

enum { MODELS_MAX = 1000 }; /* files that are looked at */

struct model_entry {
    char *path, *name;  /* name: the file's, without ".qins", or that of the program; raw, sanitise
                           before printing */
    char *source;       /* what it was made from, raw; or NULL */
    const char *format; /* NULL: broken */
    const char *template; /* "own"; "none"; NULL: not known without reading the whole header */
    const char *place;    /* "QINS_MODELS", "user", "here", "starter", or a program */
    uint64_t bytes, device, inode;
    bool is_compressed;    /* it is decoded when it is loaded */
    char *loss;            /* what it says that it loses, in words; or NULL */
    uint64_t memory_bytes; /* that an answer takes with that context; 0: not known (fit.h) */
    uint32_t ctx_len;      /* what a session takes unless told otherwise */
    char *problem;         /* why it cannot be used, or NULL */
    bool is_unread;        /* the time was over: problem says so, but it may be opened */
};

struct model_list {
    struct model_entry *items; /* in the order of the places, by name in each; a file stands once */
    size_t n, cap;
    size_t n_own;    /* behind them stand those of other programs (foreign_models.h) */
    double until_ms; /* no file is read later (now_ms); 0: all are */
};

void models_list(struct model_list *l);
/* For a screen, which keys wait for: what was not read within so many ms is listed unread. */
void models_list_within(struct model_list *l, double ms);
/* Those of another folder too, behind the others. */
void models_add_folder(struct model_list *l, const char *folder);
void models_free(struct model_list *l);

/* A path, the name of one of the list, or one of Hugging Face's cache (hub.h). -> a path; caller
 * frees. A safetensors file is refused with what to do instead. */
char *models_find(const char *name, struct error *err);
/* The default model: the starter, else the only one of the list. Caller frees. */
char *models_default(struct error *err);

/* Name, size, format, context, place, and that there is no chat template, a line a model; broken
 * files with the reason. Sanitised. */
void models_table(const struct model_list *l, struct buf *out);
/* The same as a JSON list. */
void models_json(const struct model_list *l, struct buf *out);

#endif
