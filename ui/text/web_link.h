/* SPDX-License-Identifier: MIT
 *
 * web_link: links in text: where one may lead, and where one begins in a text without markup.
 */
#ifndef QINS_WEB_LINK_H
#define QINS_WEB_LINK_H

#include "base.h"

enum { WEB_LINK_MAX = 2083 }; /* bytes of a target; browsers and terminals take no longer ones */

/* Appends the target of a link as a URI of printable ASCII without blanks: whatever else was in it
 * is percent-encoded. -> false, and nothing is appended: it is no http, https or mailto link, or
 * too long. */
bool web_link_target(const char *s, size_t n, struct buf *out);
/* The next http or https URL that stands for itself in s[at..n). -> its bytes, *start; 0: none.
 * Signs of punctuation at its end belong to the text around it. */
size_t web_link_find(const char *s, size_t n, size_t at, size_t *start);

#endif
