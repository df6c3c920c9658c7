/* SPDX-License-Identifier: MIT
 *
 * The gate to the terminal: what it lets through is fit to print, is the same however it came in,
 * and passes it unchanged.
 */
#include "fuzz.h"
#include "sanitise.h"

static struct buf in_pieces(struct feed *f)
{
    struct sanitiser s = {0};
    struct buf out = {0};
    for (size_t at = 0, n; at < f->n; at += n) {
        n = fuzz_piece(f, f->n - at);
        sanitise(&s, f->text + at, n, &out);
    }
    sanitise_end(&s, &out);
    buf_append(&out, "", 0);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choice;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &choice, 1);
    struct buf out = in_pieces(&f);
    char *whole = sanitise_text(f.text, f.n, false);
    FUZZ_CHECK(strlen(whole) == out.len && memcmp(whole, out.data, out.len) == 0);
    FUZZ_CHECK(fuzz_is_fit_to_print(whole, out.len));
    char *again = sanitise_text(whole, out.len, false);
    FUZZ_CHECK(strcmp(again, whole) == 0);
    char *line = sanitise_text(f.text, f.n, true);
    FUZZ_CHECK(!strpbrk(line, "\n\t"));
    free(line);
    free(again);
    free(whole);
    buf_free(&out);
    fuzz_feed_free(&f);
    return 0;
}
