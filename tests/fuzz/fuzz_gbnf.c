/* SPDX-License-Identifier: MIT
 *
 * Grammars: what is taken runs to an end on any bytes; what is not gets one line with its place.
 */
#include "fuzz.h"
#include "gbnf.h"
#include "recogniser.h"

static void run(const struct grammar *g, struct feed *f)
{
    struct recogniser r;
    recogniser_init(&r, g);
    uint32_t at = recogniser_start(&r);
    for (int i = 0; i < 64 && at != STATE_DEAD; i++) {
        uint32_t class = fuzz_below(f, g->n_classes);
        at = recogniser_step(&r, at, g->byte_of[class]);
        if (i == 32 && at != STATE_DEAD && !r.overflow)
            at = recogniser_compact(&r, at);
    }
    FUZZ_CHECK(r.overflow || at == STATE_DEAD || r.states[at].n > 0 || r.states[at].may_end);
    recogniser_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    uint8_t random;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &random, 1);
    struct grammar *g = gbnf_read(f.text, f.n, "fuzz", &err);
    FUZZ_CHECK(g || strncmp(err.text, "fuzz:", 5) == 0);
    if (g)
        run(g, &f);
    grammar_free(g);
    fuzz_feed_free(&f);
    return 0;
}
