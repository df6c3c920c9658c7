/* SPDX-License-Identifier: MIT
 *
 * JSON schemas: what a grammar made of one takes is JSON, as far as it comes to an end.
 */
#include "fuzz.h"
#include "json_schema.h"
#include "recogniser.h"

#include <jansson.h>

/* A way through the grammar: at each place a byte of those that may come. */
static bool write_text(struct recogniser *r, struct feed *f, struct buf *out)
{
    uint32_t at = recogniser_start(r);
    for (int i = 0; i < 256 && at != STATE_DEAD && !r->overflow; i++) {
        uint32_t n = r->g->n_classes, first = fuzz_below(f, n), next = STATE_DEAD, k = 0;
        if (r->states[at].may_end && (r->states[at].n == 0 || fuzz_below(f, 4) == 0))
            return true;
        for (; k < n && next == STATE_DEAD; k++)
            next = recogniser_step(r, at, r->g->byte_of[(first + k) % n]);
        at = next;
        buf_append(out, &r->g->byte_of[(first + k - 1) % n], 1);
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    struct buf text = {0};
    struct recogniser r;
    uint8_t random;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &random, 1);
    struct grammar *g = json_schema_read(f.text, f.n, "fuzz", &err);
    FUZZ_CHECK(g || strncmp(err.text, "fuzz:", 5) == 0);
    if (g) {
        recogniser_init(&r, g);
        if (write_text(&r, &f, &text) && text.len > 0) {
            json_t *v = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            FUZZ_CHECK(v);
            json_decref(v);
        }
        recogniser_free(&r);
    }
    buf_free(&text);
    grammar_free(g);
    fuzz_feed_free(&f);
    return 0;
}
