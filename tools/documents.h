/* SPDX-License-Identifier: MIT
 *
 * documents: texts to measure a model with, as token ids, and which of their tokens count.
 *
 * NAME.jsonl holds one document per line, {"ids":[5,6,7],"scored":[[1,3]]}: tokens from the first
 * number of a pair up to and without the second one count; without "scored" all do. Any other file
 * is text in UTF-8: lines <|endoftext|> separate documents, the model's own tokenizer makes the
 * ids, and all of them count but those that it puts before every text.
 */
#ifndef QINS_DOCUMENTS_H
#define QINS_DOCUMENTS_H

#include "tokenizer.h"

struct documents {
    struct ids ids;    /* of all documents, one behind the other */
    struct buf scored; /* [ids.n] 1: this token counts */
    size_t *ends;      /* [n] index behind the last token of each document */
    size_t n, cap;
};

/* Appends the documents of a file; ids at or above `vocab` are refused. */
bool documents_read(struct documents *d, const char *path, const struct tokenizer *t,
                    uint32_t vocab, struct error *err);
void documents_free(struct documents *d);

#endif
