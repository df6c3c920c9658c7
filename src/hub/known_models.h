/* SPDX-License-Identifier: MIT
 *
 * known_models: models of the hub whose architectures are tested here, by short names: the one
 * source of the table in the manual, of `qins-tui --models --known`, of completion and of the offer
 * to download one. Sizes follow from the shapes (README.md says which were measured); names and
 * licences are as their makers published them.
 */
#ifndef QINS_KNOWN_MODELS_H
#define QINS_KNOWN_MODELS_H

#include "base.h"

struct known_model {
    const char *name;    /* "phi-3.5" */
    const char *id;      /* "microsoft/Phi-3.5-mini-instruct" */
    double billions;     /* of parameters */
    double download_gb;  /* of what is fetched, 1e9 bytes */
    double qins4_gb;     /* the .qins file in qins4 */
    double memory_gb;    /* in qins4 with a context of 4,096 tokens */
    const char *licence; /* as its makers call it */
    bool is_offered;     /* at the first start */
};

extern const struct known_model known_models[];
extern const size_t n_known_models;

/* -> the one of this short name, in any case; or NULL. */
const struct known_model *known_model_find(const char *name);
/* A line per model. */
void known_models_table(struct buf *out);

#endif
