/* SPDX-License-Identifier: MIT
 *
 * tokenizers: those of the reference models, for tests.
 */
#ifndef QINS_TOKENIZERS_H
#define QINS_TOKENIZERS_H

#include "test.h"
#include "tokenizer.h"

static inline struct tokenizer *load(const char *name, uint32_t vocab)
{
    struct buf json = {0};
    struct error err = {0};
    struct tokenizer *t = NULL;
    if (read_file(&json, shared_path(name), 64 << 20, &err))
        t = tokenizer_new(json.data, json.len, name, vocab, &err);
    buf_free(&json);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

/* Phi-3.5's, read once for all tests; the program frees phi_loaded at its end. */
static struct tokenizer *phi_loaded;

static inline const struct tokenizer *phi(void)
{
    if (!phi_loaded)
        phi_loaded = load("models/phi-3.5-mini-instruct/tokenizer.json", 32064);
    return phi_loaded;
}

#endif
