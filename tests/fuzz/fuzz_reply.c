/* SPDX-License-Identifier: MIT
 *
 * Header lines of a hub's answers, cut at line ends and otherwise anywhere: numbers that none sent
 * are not told, texts hold no control characters. What is kept of one answer does not count for the
 * next.
 */
#include "fuzz.h"
#include "http_reply.h"

static void check_text(const char *text)
{
    FUZZ_CHECK(!text || strlen(text) <= 16 << 10);
    for (const char *c = text ? text : ""; *c; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ' || *c == '\t');
}

static void check(const struct http_reply *r, const char *location)
{
    FUZZ_CHECK(r->length >= -1 && r->linked_size >= -1);
    FUZZ_CHECK(r->range_from >= -1 && r->range_total >= -1);
    FUZZ_CHECK(r->retry_after_s >= -1);
    check_text(r->etag);
    check_text(r->linked_etag);
    check_text(r->commit);
    check_text(r->error_code);
    check_text(r->message);
    check_text(location);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct http_reply r = {.length = -1, .linked_size = -1};
    char *location = NULL;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, NULL, 0);
    http_reply_begin(&r);
    for (size_t at = 0, used; at < f.n; at += used) {
        const char *end = memchr(f.text + at, '\n', f.n - at);
        used = end ? (size_t)(end - f.text) - at + 1 : f.n - at;
        http_reply_take_line(&r, f.text + at, used, &location);
        check(&r, location);
    }
    http_reply_begin(&r);
    FUZZ_CHECK(r.length == -1 && !r.etag && r.retry_after_s < 0);
    free(location);
    http_reply_free(&r);
    fuzz_feed_free(&f);
    return 0;
}
