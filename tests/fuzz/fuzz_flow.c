/* SPDX-License-Identifier: MIT
 *
 * Answers in lines: rows that end between words, not wider than the terminal.
 */
#include "flow.h"
#include "fuzz.h"
#include "sanitise.h"
#include "utf8.h"

enum choice { WIDTH, SHAPE, N_CHOICES };

/* A character that was shown before the next piece made it wider (a digit that becomes a keycap, a
 * letter that becomes a flag, VS16) may stand out by a cell. */
static bool may_widen(const struct buf *out)
{
    return memmem(out->data, out->len, "\xef\xb8\x8f", 3) ||
           memmem(out->data, out->len, "\xf0\x9f\x87", 3) ||
           memmem(out->data, out->len, "\xe2\x83\xa3", 3);
}

static void check_rows(const struct buf *out, int width)
{
    for (size_t at = 0; at < out->len;) {
        const char *row = out->data + at, *end = memchr(row, '\n', out->len - at);
        size_t n = end ? (size_t)(end - row) : out->len - at;
        FUZZ_CHECK(!n || utf8_width(row, n) <= (size_t)width);
        at += n + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choices[N_CHOICES];
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, choices, N_CHOICES);
    struct flow flow = {.is_flat = choices[SHAPE] & 1, .line_indent = choices[SHAPE] >> 1 & 3};
    struct sanitiser s = {0};
    struct buf out = {0}, clean = {0};
    int width = 8 + choices[WIDTH];
    for (size_t at = 0, piece; at < f.n; at += piece) {
        piece = fuzz_piece(&f, f.n - at);
        clean.len = 0;
        sanitise(&s, f.text + at, piece, &clean);
        flow_text(&flow, width, clean.data, clean.len, &out);
    }
    clean.len = 0;
    sanitise_end(&s, &clean);
    flow_text(&flow, width, clean.data, clean.len, &out);
    flow_end(&flow);
    check_rows(&out, width + (out.len && may_widen(&out)));
    flow_free(&flow);
    buf_free(&out);
    buf_free(&clean);
    fuzz_feed_free(&f);
    return 0;
}
