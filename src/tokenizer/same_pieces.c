/* SPDX-License-Identifier: MIT */
#include "same_pieces.h"

#include <string.h>

bool same_pieces(const struct tokenizer *a, const struct tokenizer *b)
{
    struct buf x = {0}, y = {0};
    bool same = tokenizer_size(a) == tokenizer_size(b);
    for (uint32_t id = 0; same && id < tokenizer_size(a); id++) {
        x.len = y.len = 0;
        tokenizer_token_bytes(a, (int32_t)id, &x);
        tokenizer_token_bytes(b, (int32_t)id, &y);
        same = x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
    }
    buf_free(&x);
    buf_free(&y);
    return same;
}
