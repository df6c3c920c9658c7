/* SPDX-License-Identifier: MIT
 *
 * tokenizer: text <-> token ids, as the tokenizers library defines it in tokenizer.json: added
 * tokens, normalizers, pre-tokenizers, byte pair encoding, post-processor, decoders. It runs from a
 * compiled image (tokenizer_image.h), which tokenizer.json and the metadata of GGUF files are
 * turned into. Immutable: any number of threads may use one.
 */
#ifndef QINS_TOKENIZER_H
#define QINS_TOKENIZER_H

#include "ids.h"

struct tokenizer;

/* ---- making one ----------------------------------------------------------------------- */

/* From tokenizer.json. `name` is what messages call it. Ids at or above `vocab` (rows of the
 * embedding; 0: not known) are refused. */
struct tokenizer *tokenizer_new(const char *json, size_t n, const char *name, uint32_t vocab,
                                struct error *err);
/* From a compiled image that outlives it, 8-byte aligned. */
struct tokenizer *tokenizer_open(const void *image, size_t n, const char *name, uint32_t vocab,
                                 struct error *err);
/* Takes over an image from malloc, also if it is refused. */
struct tokenizer *tokenizer_adopt(void *image, size_t n, const char *name, uint32_t vocab,
                                  struct error *err);
void tokenizer_free(struct tokenizer *t);

/* The image, [*n] bytes that live as long as the tokenizer. */
const void *tokenizer_image(const struct tokenizer *t, size_t *n);

/* ---- encoding ------------------------------------------------------------------------- */

/* A piece of the text to encode. Added tokens ("<|end|>") are recognised only inside special spans:
 * the template's own text, never what a user typed; except those that are white space. */
struct text_span {
    const char *text;
    size_t len;
    bool special;
};

/* Appends the ids of the concatenated spans, without what the post-processor adds. Bytes that are
 * not UTF-8 become byte pieces; whitespace stripping crosses span boundaries. -> false: a pattern
 * of the tokenizer takes too many steps on this text, so that it was not split as it should be;
 * none of it is lost (tokenizer_gave_up says so in *err). */
bool tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                      struct ids *out);
/* The same of text that goes on behind another: no space belongs before its first word that only
 * the beginning of a text gets (Metaspace, prepend_scheme "first"). */
bool tokenizer_encode_more(const struct tokenizer *t, const struct text_span *spans, size_t n_spans,
                           struct ids *out);
bool tokenizer_gave_up(struct error *err); /* -> false */
/* The ids that the tokenizer's own post-processor puts before and behind a text (Llama-2: <s>). */
void tokenizer_push_prefix(const struct tokenizer *t, struct ids *out);
void tokenizer_push_suffix(const struct tokenizer *t, struct ids *out);

/* ---- tokens --------------------------------------------------------------------------- */

/* Id of an added token or piece by its text, or -1. */
int32_t tokenizer_find(const struct tokenizer *t, const char *text);
/* Ids below this may have a piece; a padded vocabulary is larger. */
uint32_t tokenizer_size(const struct tokenizer *t);
bool tokenizer_is_special(const struct tokenizer *t, int32_t id);
/* Appends the bytes that a token has within a text; of an added token, its name. */
void tokenizer_token_bytes(const struct tokenizer *t, int32_t id, struct buf *out);
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

/* ---- decoding ------------------------------------------------------------------------- */

enum { DECODER_MAX_HELD = 32 };

/* Streaming decode: every call yields complete UTF-8 only. No memory to free. */
struct detokenizer {
    const struct tokenizer *t;
    char held[8]; /* bytes of an unfinished character */
    size_t n_held;
    char back[DECODER_MAX_HELD]; /* the beginning of what a decoder may replace */
    size_t n_back, n_tail;       /* n_tail: characters at the end that may have to go */
    uint32_t n_stripped;         /* characters dropped at the beginning */
    bool begun, has_token;       /* something else than these was seen; any token was */
    bool at_start;               /* what decoders drop at the beginning of a text is dropped */
    bool keep_special;           /* special tokens as text; otherwise they are skipped */
};
void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool keep_special);
void detokenizer_push(struct detokenizer *d, int32_t id, struct buf *out);
void detokenizer_end(struct detokenizer *d, struct buf *out); /* what was held back */

/* A whole sequence at once, appended to `out`, as the tokenizers library decodes it. Differs from
 * streaming only if byte pieces are no UTF-8: there a run of them is U+FFFD throughout. */
void tokenizer_decode(const struct tokenizer *t, const int32_t *ids /* [n] */, size_t n,
                      bool keep_special, struct buf *out);

#endif
