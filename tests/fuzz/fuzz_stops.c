/* SPDX-License-Identifier: MIT
 *
 * Stop texts as options give them, and an answer in pieces: it ends where the first of them stands.
 */
#include "fuzz.h"
#include "stops.h"

/* The first byte of the first stop text that is complete; n: there is none. */
static size_t first_stop(const struct stops *s, const char *text, size_t n)
{
    size_t first = n, first_end = n + 1;
    for (uint32_t i = 0; i < s->n; i++) {
        const char *at = s->len[i] <= n ? memmem(text, n, s->text[i], s->len[i]) : NULL;
        if (!at)
            continue;
        size_t start = (size_t)(at - text), end = start + s->len[i];
        if (end < first_end || (end == first_end && start < first)) {
            first = start;
            first_end = end;
        }
    }
    return first;
}

static void check_format(const struct stops *s)
{
    struct buf text = {0};
    struct stops again = {0};
    stops_format(s, &text);
    buf_append(&text, "", 0);
    FUZZ_CHECK(stops_parse(&again, text.data));
    FUZZ_CHECK(again.n == s->n);
    for (uint32_t i = 0; i < s->n; i++)
        FUZZ_CHECK(again.len[i] == s->len[i] && memcmp(again.text[i], s->text[i], s->len[i]) == 0);
    buf_free(&text);
}

static void check_stream(const struct stops *s, struct feed *f, const char *text, size_t n)
{
    struct stopper st = {.stops = *s};
    struct buf out = {0};
    bool stopped = false;
    for (size_t at = 0, piece; at < n && !stopped; at += piece) {
        piece = fuzz_piece(f, n - at);
        stopped = stopper_push(&st, text + at, piece, &out);
        FUZZ_CHECK(out.len <= at + piece && st.held.len <= MAX_STOP_BYTES);
    }
    if (!stopped)
        stopper_end(&st, &out);
    size_t end = first_stop(s, text, n);
    FUZZ_CHECK(stopped == (end < n));
    FUZZ_CHECK(out.len == end && (!end || memcmp(out.data, text, end) == 0));
    stopper_free(&st);
    buf_free(&out);
}

/* The option's text ends with a NUL, then the answer follows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choice;
    struct stops s = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &choice, 1);
    const char *zero = f.n ? memchr(f.text, 0, f.n) : NULL;
    if (zero && stops_parse(&s, f.text)) {
        FUZZ_CHECK(s.n <= MAX_STOPS);
        check_format(&s);
        check_stream(&s, &f, zero + 1, f.n - (size_t)(zero + 1 - f.text));
    }
    fuzz_feed_free(&f);
    return 0;
}
