/* SPDX-License-Identifier: MIT
 *
 * foreign_models: GGUF files that other programs keep on this machine, by the names those use:
 *
 *   ollama:llama3.2:3b             $OLLAMA_MODELS, ~/.ollama/models, or that of ollama's own user
 *   lmstudio:publisher/name/FILE   ~/.lmstudio/models, ~/.cache/lm-studio/models
 *   llama.cpp:FILE                 $LLAMA_CACHE, or llama.cpp in the cache folder
 *   org/name/FILE                  Hugging Face's cache (hub.h)
 *
 * FILE ends in .gguf. Of a model in parts the first is the model; projectors of images are none.
 * Nothing is written there.
 */
#ifndef QINS_FOREIGN_MODELS_H
#define QINS_FOREIGN_MODELS_H

#include "base.h"

enum { FOREIGN_MODELS_MAX = 1000 };

struct foreign_model {
    const char *program; /* "ollama", "lmstudio", "llama.cpp", "huggingface" */
    char *name, *path;   /* raw */
};

struct foreign_models {
    struct foreign_model *items; /* by program, then name */
    size_t n, cap;
};

void foreign_models_list(struct foreign_models *l);
void foreign_models_free(struct foreign_models *l);

/* Whether a file's name is that of a GGUF model: not a later part, not a projector. */
bool foreign_models_is_file(const char *name);
/* -> the path of the one GGUF file of a model on the hub, org/name[@revision]; caller frees.
 * Several are refused with their names. */
char *foreign_models_only(const char *name, struct error *err);

/* "ollama:...", "lmstudio:...", "llama.cpp:...", org/name/FILE.gguf, or org/name:TYPE. */
bool foreign_models_is_name(const char *name);
/* -> the path of that one; caller frees. "ollama:NAME" is NAME:latest; TYPE is a part of the file's
 * name in any case, "q4_k_m". */
char *foreign_models_find(const char *name, struct error *err);
/* -> the name of the file at this path, as foreign_models_find gave it; NULL: it is none of theirs.
 * Caller frees. */
char *foreign_models_name(const char *path);

#endif
