/* SPDX-License-Identifier: MIT
 *
 * keys.yaml: what it bound is dumped as a file that binds the same.
 */
#include "fuzz.h"
#include "keyfile.h"
#include "keymap.h"
#include "utf8.h"

static bool same_text(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    struct buf before = {0}, dumped = {0}, again = {0}, help = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    keymap_reset();
    keyfile_dump(&before);
    bool is_read = keyfile_read(f.text, f.n, "keys.yaml", &err);
    keyfile_dump(&dumped);
    FUZZ_CHECK(is_read || same_text(&before, &dumped));
    FUZZ_CHECK(is_read || (err.text[0]));
    keymap_help(&help);
    keymap_reset();
    FUZZ_CHECK(keyfile_read(dumped.data, dumped.len, "dump", &err));
    keyfile_dump(&again);
    FUZZ_CHECK(same_text(&dumped, &again));
    buf_free(&before);
    buf_free(&dumped);
    buf_free(&again);
    buf_free(&help);
    fuzz_feed_free(&f);
    return 0;
}
