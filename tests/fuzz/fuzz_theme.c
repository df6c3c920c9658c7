/* SPDX-License-Identifier: MIT
 *
 * Themes: all of a file is taken, or nothing; only looks that there are.
 */
#include "fuzz.h"
#include "theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct theme t, before;
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    theme_init(&t);
    before = t;
    if (!theme_read(&t, f.text, f.n, "fuzz.yaml", &err)) {
        FUZZ_CHECK(memcmp(&t, &before, sizeof t) == 0);
        FUZZ_CHECK(err.code && err.text[0]);
    }
    for (int i = 0; i < N_STYLES; i++) {
        const struct look *look = &t.looks[i];
        FUZZ_CHECK(look->fg >= 0 && look->fg <= 256 && look->bg >= 0 && look->bg <= 256);
        FUZZ_CHECK(look->attributes < 32);
        FUZZ_CHECK(!look->fg || colour_among(look->fg - 1, 8) < 8);
    }
    fuzz_feed_free(&f);
    return 0;
}
