/* SPDX-License-Identifier: MIT
 *
 * hub_ref: the ways in which people name a model of the hub:
 *
 *   org/name  org/name@revision  org/name:Q4_K_M  org/name/FILE.gguf
 *   hf:org/name  hf.co/org/name  https://huggingface.co/org/name[/tree/REVISION]
 *   https://huggingface.co/org/name/blob/REVISION/FILE.gguf (or resolve)
 *
 * and short names of known models (known_models.h).
 */
#ifndef QINS_HUB_REF_H
#define QINS_HUB_REF_H

#include "base.h"

struct hub_ref {
    char *id;       /* "org/name" */
    char *revision; /* "main" unless it says more */
    char *file;     /* a GGUF file, or a part of its name, "Q4_K_M"; or NULL */
};

/* -> false: not such a name; nothing is to be freed then. */
bool hub_ref_parse(struct hub_ref *r, const char *text);
void hub_ref_free(struct hub_ref *r);
/* "org/name", with "@revision" unless that is main, and "/FILE.gguf" or ":TYPE". Caller frees. */
char *hub_ref_name(const struct hub_ref *r);

#endif
