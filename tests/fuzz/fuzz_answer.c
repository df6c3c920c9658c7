/* SPDX-License-Identifier: MIT
 *
 * A stream of events from an engine elsewhere, in pieces, as the JSON of an answer: what is given
 * out is UTF-8, bounded, and the same whatever the pieces are. The last byte decides on them.
 */
#include "fuzz.h"
#include "remote_answer.h"
#include "sse.h"
#include "utf8.h"

struct taken {
    struct remote_answer c;
    struct buf thinking, text;
    struct error err;
};

static void check_utf8(const struct buf *b)
{
    for (size_t at = 0; at < b->len;) {
        int32_t cp;
        at += utf8_decode(b->data + at, b->len - at, &cp);
        FUZZ_CHECK(cp > 0);
    }
}

static void collect(struct taken *t)
{
    check_utf8(&t->c.thinking);
    check_utf8(&t->c.text);
    buf_append(&t->thinking, t->c.thinking.len ? t->c.thinking.data : "", t->c.thinking.len);
    buf_append(&t->text, t->c.text.len ? t->c.text.data : "", t->c.text.len);
    t->c.thinking.len = t->c.text.len = 0;
}

static bool take(void *arg, const char *data, size_t n)
{
    struct taken *t = arg;
    bool ok = n == 0 || remote_answer_take(&t->c, data, n, &t->err);
    FUZZ_CHECK(ok || strlen(t->err.text) < 400);
    collect(t);
    return ok;
}

static void read_stream(struct taken *t, struct feed *f, bool in_pieces)
{
    struct sse s = {0};
    bool too_long = false, ok = true;
    for (size_t at = 0, n; ok && at < f->n; at += n) {
        n = in_pieces ? fuzz_piece(f, f->n - at) : f->n;
        ok = sse_push(&s, f->text + at, n, take, t, &too_long);
        FUZZ_CHECK(s.line.len <= SSE_MAX_BYTES);
    }
    if (ok)
        sse_end(&s, take, t);
    remote_answer_end(&t->c);
    collect(t);
    sse_free(&s);
}

static void free_taken(struct taken *t)
{
    remote_answer_free(&t->c);
    buf_free(&t->thinking);
    buf_free(&t->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t random;
    struct taken whole = {0}, pieces = {0};
    struct buf message = {0};
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &random, 1);
    read_stream(&whole, &f, false);
    read_stream(&pieces, &f, true);
    FUZZ_CHECK(whole.text.len == pieces.text.len && whole.thinking.len == pieces.thinking.len);
    FUZZ_CHECK(whole.text.len == 0 ||
               memcmp(whole.text.data, pieces.text.data, whole.text.len) == 0);
    remote_answer_message(&message, f.text, f.n);
    FUZZ_CHECK(message.len <= 303);
    check_utf8(&message);
    buf_free(&message);
    free_taken(&whole);
    free_taken(&pieces);
    fuzz_feed_free(&f);
    return 0;
}
