/* SPDX-License-Identifier: MIT
 *
 * tokenizer_gguf: a tokenizer from the metadata of a GGUF file: SentencePiece's pieces with scores
 * ("llama") or byte pair encoding ("gpt2", "gemma4").
 *
 * Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
#ifndef QINS_TOKENIZER_GGUF_H
#define QINS_TOKENIZER_GGUF_H

#include "tokenizer.h"

struct bytes {
    const char *data;
    size_t n;
};

/* The numbers stand in files. */
enum gguf_token_type {
    GGUF_TOKEN_NORMAL = 1,
    GGUF_TOKEN_UNKNOWN,
    GGUF_TOKEN_CONTROL,
    GGUF_TOKEN_USER_DEFINED,
    GGUF_TOKEN_UNUSED,
    GGUF_TOKEN_BYTE,
};

/* What tokenizer.ggml.* says. If a key is absent: NULL, -1, or as the comment says. */
struct gguf_vocab {
    struct bytes model, pre;
    struct bytes model_name; /* general.name: Phi-3's tokens swallow white space */
    uint32_t n_tokens, n_merges;
    const struct bytes *tokens;             /* [n_tokens] */
    const float *scores;                    /* [n_tokens] or NULL */
    const int32_t *types;                   /* [n_tokens] or NULL: enum gguf_token_type */
    const struct bytes *merges;             /* [n_merges] "left right" */
    int32_t bos, eos, unk;                  /* ids, or -1 */
    int add_bos, add_eos, add_space_prefix; /* 0, 1; -1: as the model has it */
};

struct tokenizer *tokenizer_from_gguf(const struct gguf_vocab *v, const char *name,
                                      struct error *err);

/* ---- gguf_pre.c: how files of each tokenizer.ggml.pre are split ---- */

enum { GGUF_PRE_MAX = 6 };

struct gguf_pre {
    const char *names; /* separated by spaces */
    bool ignore_merges, add_bos;
    const char *patterns[GGUF_PRE_MAX + 1]; /* each isolates its matches; NULL ends */
};

/* NULL: not known. */
const struct gguf_pre *gguf_pre_find(struct bytes name);

#endif
