/* SPDX-License-Identifier: MIT
 *
 * tokenizer.json and, behind a NUL, a text.
 */
#include "use_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    const char *zero = f.n ? memchr(f.text, 0, f.n) : NULL;
    size_t n_json = zero ? (size_t)(zero - f.text) : f.n;
    struct tokenizer *t = tokenizer_new(f.text, n_json, "tokenizer.json", 0, &err);
    if (t)
        use_tokenizer(t, f.text + n_json, f.n - n_json);
    else
        FUZZ_CHECK(err.code && err.text[0]);
    tokenizer_free(t);
    fuzz_feed_free(&f);
    return 0;
}
