/* SPDX-License-Identifier: MIT
 *
 * gguf_arch: the architectures of GGUF files, one row each: what their keys and tensors are called
 * in the model's published folder, and what the architecture decides without a key.
 */
#ifndef QINS_GGUF_ARCH_H
#define QINS_GGUF_ARCH_H

#include <jansson.h>

#include "gguf_split.h"

/* A key "ARCH.key", or a tensor of the first layer, and the field of config.json that it becomes.
 */
struct gguf_field {
    const char *key; /* NULL: behind the last */
    const char *published;
    enum {
        GGUF_SIZE,   /* an integer; an array of equal ones is one */
        GGUF_WINDOW, /* an integer; 0 is null */
        GGUF_NUMBER,
        GGUF_FLAG,
        GGUF_HAS_TENSOR /* true if blk.0.KEY is there, else absent */
    } kind;
    bool required;
};

/* "KEY.weight" and "KEY.bias" of a layer; or KEY with its ending, and a name without one. */
struct gguf_rename {
    const char *key; /* NULL: behind the last */
    const char *published;
};

enum {
    GGUF_PAIRS = 1,    /* rows of q and k stand in llama.cpp's rotary order */
    GGUF_ONE_PLUS = 2, /* norms hold 1 + w, the folder w */
    GGUF_PARTIAL = 4,  /* rope.dimension_count may be a part of a head */
    GGUF_NO_KV = 8,    /* a layer without heads of keys and values has no attention */
    GGUF_DELTA = 16, /* value heads of the delta rule stand in llama.cpp's order: the first of each
                      * key head, then the second of each; its decay is -exp of the published */
    GGUF_BY_LAYER = 32, /* sizes may differ by layer: `finish` looks at them */
};

struct gguf_arch {
    const char *name;      /* general.architecture */
    const char *constants; /* JSON: fields that the architecture decides */
    unsigned flags;
    const struct gguf_field *fields; /* beside the common ones; or NULL */
    const struct gguf_rename *names; /* other than the common ones; or NULL */
    /* What else the config needs, or NULL. */
    bool (*finish)(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                   struct error *err);
};

/* -> the row of the file's architecture, or NULL: refused with the names of all. */
const struct gguf_arch *gguf_arch_of(const struct gguf_split *s, struct error *err);

/* Keys "ARCH.key", as gguf_get_* take them. */
bool gguf_arch_u32(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                   bool optional, uint32_t *out, struct error *err);
bool gguf_arch_number(const struct gguf_split *s, const struct gguf_arch *arch, const char *key,
                      bool optional, double *out, struct error *err);
const struct gguf_value *gguf_arch_value(const struct gguf_split *s, const struct gguf_arch *arch,
                                         const char *key);

/* "layer_types" of a model with windows. */
bool gguf_set_layer_types(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                          struct error *err);

/* Gemma 4's `finish` (gguf_gemma4.c): `config` has the fields of its row, and the rotation of full
 * layers. */
bool gguf_finish_gemma4(const struct gguf_split *s, const struct gguf_arch *arch, json_t *config,
                        struct error *err);

/* The fields of every architecture. */
extern const struct gguf_field gguf_common_fields[];

/* The published name of a tensor, "model.layers.0.mlp.down_proj.weight". -> false: no such one. */
bool gguf_published_name(const struct gguf_arch *arch, const char *name, char *out, size_t size);

#endif
