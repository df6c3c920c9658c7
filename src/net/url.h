/* SPDX-License-Identifier: MIT
 *
 * url: which addresses are spoken to: https, and http of this machine's own loopback alone; of
 * hosts that no stranger can be (url_is_private) if whoever asks says so.
 */
#ifndef QINS_URL_H
#define QINS_URL_H

#include "base.h"

/* "https://host:443" of an address: scheme, host and port in lower case, the port always there;
 * NULL: not http or https, or with a user name in it. Caller frees. */
char *url_origin(const char *url);
/* Whether both have the same origin. */
bool url_same_origin(const char *a, const char *b);
/* EX_UNAVAILABLE: not https, and not http to localhost, 127.0.0.0/8 or [::1]; or malformed. */
bool url_check(const char *url, struct error *err);
/* Whether the host is localhost, in 127.0.0.0/8 or [::1]. */
bool url_is_loopback(const char *url);
/* Whether the host is of a private network by its address, or by a name that no public one has:
 * without a dot, or in .local, .lan, .internal, .home.arpa. Loopback is private, too. */
bool url_is_private(const char *url);
/* All but letters, digits, "-_.~" and '/' as %XX. Caller frees. */
char *url_quote(const char *path);
/* "host:port" for messages, without the address's path and parameters. Caller frees. */
char *url_host(const char *url);

#endif
