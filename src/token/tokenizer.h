/* SPDX-License-Identifier: MIT
 *
 * tokenizer: bytes <-> token ids, by tokenizer.json: SentencePiece-style BPE with byte fallback, as
 * Phi-3.5 and Llama-2 use it. Encoding is O(n log n). Immutable after tokenizer_new.
 */
#ifndef QINS_TOKENIZER_H
#define QINS_TOKENIZER_H

#include "base.h"

struct tokenizer;

struct ids {
    int32_t *ids;
    size_t n, cap;
};
void ids_push(struct ids *v, int32_t id);
void ids_free(struct ids *v);

/* Reads what Llama-2 and Phi-3 have: BPE with byte_fallback, normalizer Prepend + Replace, no
 * pre_tokenizer. Any other shape is refused.
 *
 * `json` is tokenizer.json, `name` what messages call it. Ids at or above `vocab` (rows of the
 * embedding) are refused. */
struct tokenizer *tokenizer_new(const char *json, size_t n, const char *name, uint32_t vocab,
                                struct error *err);
void tokenizer_free(struct tokenizer *t);

/* A piece of the text to encode. Added tokens ("<|end|>") are recognised only inside special
 * spans: the template's own text, never what a person typed. */
struct text_span {
    const char *text;
    size_t len;
    bool special;
};

/* Appends the ids of the concatenated spans. No BOS. Bytes that are no UTF-8 become byte pieces; a
 * token that swallows the white space beside it does so over the borders of spans. */
void tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                      struct ids *out);
/* The ids that the tokenizer's own post-processor puts before a sequence (Llama-2: <s>). */
void tokenizer_push_prefix(const struct tokenizer *t, struct ids *out);

/* Id of an added token or piece by its text, or -1. */
int32_t tokenizer_find(const struct tokenizer *t, const char *text);
/* Ids below this have a piece; a padded vocabulary is larger. */
uint32_t tokenizer_size(const struct tokenizer *t);
bool tokenizer_is_special(const struct tokenizer *t, int32_t id);
/* Does the piece begin with a letter or digit, so that it belongs to the word before it? */
bool tokenizer_goes_on(const struct tokenizer *t, int32_t id);

/* The beginning that two sequences have in common as text, up to where both have a whole token: a
 * text may be cut into tokens in several ways, and a model's own way need not be ours. Special
 * tokens are common only to themselves. */
struct common_text {
    size_t n_a, n_b; /* tokens of either */
};
struct common_text tokenizer_common(const struct tokenizer *t, const int32_t *a, size_t n_a,
                                    const int32_t *b, size_t n_b);

/* Streaming decode: every call yields complete UTF-8 only. */
struct detokenizer {
    const struct tokenizer *t;
    char held[8]; /* bytes of an unfinished character */
    size_t n_held;
    bool at_start;             /* one leading space of the text is dropped */
    bool prompt_cache_special; /* special tokens as text; otherwise they are skipped */
};
void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool prompt_cache_special);
void detokenizer_push(struct detokenizer *d, int32_t id, struct buf *out);
void detokenizer_end(struct detokenizer *d, struct buf *out); /* held bytes as U+FFFD each */

/* A whole sequence at once, appended to `out`, as Hugging Face decodes it. Differs from streaming
 * only where bytes are no UTF-8: there a run of byte pieces is U+FFFD throughout. */
void tokenizer_decode(const struct tokenizer *t, const int32_t *ids /* [n] */, size_t n,
                      bool prompt_cache_special, struct buf *out);

#endif
