/* SPDX-License-Identifier: MIT
 *
 * A compiled tokenizer, as .qins files hold it. The input is an image; the bytes behind the length
 * that it states are a text.
 */
#include "tokenizer_image.h"
#include "use_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    struct image_header h = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    memcpy(&h, f.text, f.n < sizeof h ? f.n : sizeof h);
    size_t n_image = h.n_bytes < f.n ? (size_t)h.n_bytes : f.n;
    struct tokenizer *t = tokenizer_open(f.text, n_image, "fuzz.image", 0, &err);
    if (t)
        use_tokenizer(t, f.text + n_image, f.n - n_image);
    else
        FUZZ_CHECK(err.code && err.text[0]);
    tokenizer_free(t);
    fuzz_feed_free(&f);
    return 0;
}
