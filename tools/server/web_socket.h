/* SPDX-License-Identifier: MIT
 *
 * web_socket: the socket that the server listens at.
 */
#ifndef QINS_WEB_SOCKET_H
#define QINS_WEB_SOCKET_H

#include "base.h"

/* host: a name or an address of this machine. *address: where it is reached, "http://HOST:PORT".
 * -> descriptor, or -1 */
int web_socket_listen(const char *host, const char *port, char *address, size_t n,
                      struct error *err);
/* Nobody but programs of this machine reaches it. */
bool web_socket_is_local(const char *host);

#endif
