/* SPDX-License-Identifier: MIT
 *
 * web_server: the HTTP side, on libmicrohttpd: one thread for all connections, which never waits
 * for an answer: a connection whose answer is not there yet sleeps and is woken by the scheduler.
 */
#ifndef QINS_WEB_SERVER_H
#define QINS_WEB_SERVER_H

#include "web_options.h"

struct web_server;

struct web_server *web_server_start(const struct web_options *o, struct error *err);
/* "http://127.0.0.1:8080" */
const char *web_server_address(const struct web_server *w);
/* Cancels the requests of clients that have gone; for any thread, a few times a second. */
void web_server_look(struct web_server *w);
void web_server_close(struct web_server *w);   /* takes no more connections */
bool web_server_is_idle(struct web_server *w); /* no request has an answer on its way */
/* Once the scheduler runs nothing any more. */
void web_server_stop(struct web_server *w);

#endif
