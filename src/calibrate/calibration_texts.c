/* SPDX-License-Identifier: MIT */
#include "calibration_texts.h"

#include "quality.h"

enum { MIN_TEXTS = 2 };

bool calibration_texts_read(struct calibration_texts *t, const struct checkpoint *c, uint32_t n_tok,
                            const char *text, size_t n_text, const char *name, struct error *err)
{
    struct tokenizer *tokenizer = checkpoint_tokenizer(c, err);
    struct ids all = {0}, prefix = {0};
    *t = (struct calibration_texts){.n_tok = n_tok};
    if (!tokenizer)
        return false;
    bool ok = quality_encode(tokenizer, text, n_text, &all, err);
    tokenizer_push_prefix(tokenizer, &prefix);
    tokenizer_free(tokenizer);
    uint32_t n_own = n_tok - (uint32_t)prefix.n;
    for (size_t at = 0; at + n_own <= all.n; at += n_own, t->n++) {
        ids_append(&t->ids, prefix.ids, prefix.n);
        ids_append(&t->ids, all.ids + at, n_own);
    }
    if (ok && t->n < MIN_TEXTS)
        ok = error_set(err, EX_DATAERR, "%s: %zu tokens; at least %u expected to calibrate with",
                       name, all.n, MIN_TEXTS * n_own);
    ids_free(&all);
    ids_free(&prefix);
    return ok;
}

const int32_t *calibration_texts_at(const struct calibration_texts *t, uint32_t i)
{
    return t->ids.ids + (size_t)i * t->n_tok;
}
