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

/* "ollama:...", "lmstudio:...", "llama.cpp:..." or org/name/FILE.gguf. */
bool foreign_models_is_name(const char *name);
/* -> the path of that one; caller frees. "ollama:NAME" is NAME:latest. */
char *foreign_models_find(const char *name, struct error *err);

#endif
