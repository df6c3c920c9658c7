/* SPDX-License-Identifier: MIT
 *
 * http_reply: what a server's header lines say (struct http_reply). They come from outside: a line
 * that is too long, holds a NUL or no number where one belongs says nothing.
 */
#ifndef QINS_HTTP_REPLY_H
#define QINS_HTTP_REPLY_H

#include "http.h"

/* What stands in an answer before the last one (100, a proxy's own) does not count. */
void http_reply_begin(struct http_reply *r);
/* One line, which begins an answer (HTTP/...) or holds a field. *location: text of its Location,
 * which the caller frees, or NULL. */
void http_reply_take_line(struct http_reply *r, const char *bytes, size_t n, char **location);

#endif
