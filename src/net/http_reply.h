/* SPDX-License-Identifier: MIT
 *
 * http_reply: what a server's header lines say (struct http_reply). They come from outside: a line
 * that is too long, holds control characters or no number where one belongs says nothing.
 */
#ifndef QINS_HTTP_REPLY_H
#define QINS_HTTP_REPLY_H

#include "base.h"

struct http_reply {
    long status;
    char *url;                         /* that answered */
    char *etag, *error_code, *message; /* or NULL; etag without quotes */
    char *linked_etag, *commit;        /* of X-Linked-Etag, X-Repo-Commit: also of a redirect */
    char *content_type;                /* or NULL */
    char *location;                    /* of a redirect that was not followed; or NULL */
    int64_t length;                    /* of the body; -1: not told */
    int64_t linked_size;               /* of X-Linked-Size; -1 */
    int64_t range_from, range_total;   /* of Content-Range; -1 */
    double retry_after_s;              /* -1 */
    bool moved;                        /* a redirect led to another path of the same origin */
    bool is_unreached;                 /* no connection was made: nothing was sent */
};

/* What stands in an answer before the last one (100, a proxy's own) does not count. */
void http_reply_begin(struct http_reply *r);
/* One line, which begins an answer (HTTP/...) or holds a field. *location: text of its Location,
 * which the caller frees, or NULL. */
void http_reply_take_line(struct http_reply *r, const char *bytes, size_t n, char **location);
void http_reply_free(struct http_reply *r);

#endif
