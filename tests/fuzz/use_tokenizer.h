/* SPDX-License-Identifier: MIT
 *
 * use_tokenizer: what is done with every tokenizer that was accepted: ids are its own, and what
 * streams out is what comes out at once.
 */
#ifndef QINS_USE_TOKENIZER_H
#define QINS_USE_TOKENIZER_H

#include "fuzz.h"
#include "tokenizer.h"

static inline void use_tokenizer_on(const struct tokenizer *t, const char *text, size_t n,
                                    bool special)
{
    struct ids ids = {0};
    struct buf streamed = {0}, whole = {0};
    struct detokenizer d;
    const struct text_span spans[] = {{text, n / 2, special}, {text + n / 2, n - n / 2, false}};
    tokenizer_push_prefix(t, &ids);
    tokenizer_encode(t, spans, 2, &ids);
    tokenizer_push_suffix(t, &ids);
    detokenizer_init(&d, t, true);
    for (size_t i = 0; i < ids.n; i++) {
        FUZZ_CHECK(ids.ids[i] >= 0 && (uint32_t)ids.ids[i] < tokenizer_size(t));
        tokenizer_is_special(t, ids.ids[i]);
        tokenizer_goes_on(t, ids.ids[i]);
        detokenizer_push(&d, ids.ids[i], &streamed);
    }
    detokenizer_end(&d, &streamed);
    tokenizer_decode(t, ids.ids, ids.n, true, &whole);
    struct common_text common = tokenizer_common(t, ids.ids, ids.n, ids.ids, ids.n / 2);
    FUZZ_CHECK(common.n_a <= ids.n && common.n_b <= ids.n / 2);
    ids_free(&ids);
    buf_free(&streamed);
    buf_free(&whole);
}

static inline void use_tokenizer(const struct tokenizer *t, const char *more, size_t n_more)
{
    static const char text[] = "Hi there,  don't\n\n1234 <s></s> \xc3\xa4\xf0\x9f\x98\x80\xff\xe3";
    use_tokenizer_on(t, text, sizeof text - 1, true);
    use_tokenizer_on(t, more, n_more, false);
    tokenizer_find(t, "<s>");
}

#endif
