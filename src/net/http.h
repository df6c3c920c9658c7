/* SPDX-License-Identifier: MIT
 *
 * http: one request to a hub or an engine, by libcurl. Redirects are followed here, not by libcurl:
 * at most 10, to https alone, and the token goes only to the origin that it is for. What a server
 * sends is bounded: 256 KiB of headers, fields of 16 KiB.
 *
 * Errors: EX_TEMPFAIL may go better later (cut, stalled, unreachable, 5xx, 429); EXIT_INTERRUPTED:
 * a callback said stop; all others are for good. No message holds a token or an address's
 * parameters, which may be a signature.
 */
#ifndef QINS_HTTP_H
#define QINS_HTTP_H

#include "http_reply.h"

struct http; /* connections, kept between requests */

struct http_request {
    const char *url;
    bool head;     /* a redirect to another origin is not followed: what was asked stood before */
    uint64_t from; /* > 0: a range from there on */
    uint64_t end;  /* > 0: a range that ends before it */
    /* Headers of status 2xx are there, before the body. `begin` and `body` return false to stop,
     * with http_send's *err set; or NULL. */
    bool (*begin)(void *arg, const struct http_reply *reply);
    bool (*body)(void *arg, const void *bytes, size_t n);    /* of status 2xx */
    void (*failure)(void *arg, const void *bytes, size_t n); /* body of another status; or NULL */
    bool (*tick)(void *arg, double idle_ms); /* some 5 times per second; false: interrupted */
    void *arg;
    const char *post; /* JSON, [n_post]: it is a POST of this; NULL: it is none */
    size_t n_post;
    bool stays;      /* no redirect is followed: reply->location is where it leads */
    bool is_private; /* http is fine for hosts of url_is_private */
    int wake_fd;     /* > 0: `tick` is called at once when it is readable */
};

/* What downloads are made with: "libcurl/8.5.0", or NULL: this build has none. */
const char *http_library(void);

/* token NULL: none; `origin` is the address whose origin gets it. */
struct http *http_new(const char *origin, const char *token, double stall_ms);
void http_free(struct http *h);
/* *reply is filled also if a later part fails; http_reply_free in any case. A status of 400 and
 * more is no error here. */
bool http_send(struct http *h, const struct http_request *r, struct http_reply *reply,
               struct error *err);

#endif
