/* SPDX-License-Identifier: MIT
 *
 * gguf_entry: what a list of models says of a GGUF file, from the first keys alone.
 */
#ifndef QINS_GGUF_ENTRY_H
#define QINS_GGUF_ENTRY_H

#include "base.h"

struct gguf_entry {
    const char *format;   /* "Q4_K_M"; "GGUF" if the file does not say */
    uint32_t ctx_len;     /* what the model was made for */
    const char *template; /* "own", "none", or NULL: it may stand behind the first keys */
    bool is_model;        /* not a projector of images or another companion */
};

/* -> false: nothing that could be run, and why. */
bool gguf_entry_read(struct gguf_entry *e, const char *path, struct error *err);

#endif
