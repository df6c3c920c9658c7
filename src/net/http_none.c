/* SPDX-License-Identifier: MIT
 *
 * A build without libcurl.
 */
#include "http.h"

const char *http_library(void)
{
    return NULL;
}

struct http *http_new(const char *origin, const char *token, double stall_ms)
{
    (void)origin;
    (void)token;
    (void)stall_ms;
    return NULL;
}

void http_free(struct http *h)
{
    (void)h;
}

bool http_send(struct http *h, const struct http_request *r, struct http_reply *reply,
               struct error *err)
{
    (void)h;
    *reply = (struct http_reply){.length = -1};
    return error_set(err, EX_UNAVAILABLE,
                     "%.200s: downloads are not in this build (-Dnet=disabled)", r->url);
}
