/* SPDX-License-Identifier: MIT
 *
 * web_call: one HTTP request from its headers to the last byte of its reply, in the web server's
 * thread.
 */
#ifndef QINS_WEB_CALL_H
#define QINS_WEB_CALL_H

#include <microhttpd.h>

#include "answer_json.h"
#include "metrics_text.h"
#include "web_options.h"

enum {
    MAX_BODY = 4 << 20,
    MAX_BODIES = 64 << 20, /* of all connections together */
};

struct web_route;
struct web_server;

struct web_call {
    struct web_server *server;
    struct MHD_Connection *connection;
    int fd; /* its socket, not ours to close */
    const struct web_route *route;
    const char *name; /* behind the route's path */
    struct buf body;
    bool body_is_lost; /* too large; *fault says so */
    struct request_fault fault;

    /* of a request for an answer */
    struct exchange *x; /* NULL until it is submitted */
    struct answer_id id;
    struct web_call *next, **at; /* in the server's list, while there is an exchange */
    struct buf out;              /* of a stream: written and not yet sent, from out_at on */
    size_t out_at;
    bool has_begun, is_over;
};

/* Replies. All queue a response and may be called once for a call. */
enum MHD_Result web_reply_json(struct web_call *c, int status, json_t *body /* taken over */);
enum MHD_Result web_reply_text(struct web_call *c, int status, const char *type, struct buf *text);
enum MHD_Result web_reply_fault(struct web_call *c, const struct request_fault *f);
/* The answer of c->x as it comes. */
enum MHD_Result web_reply_stream(struct web_call *c);
/* The whole answer of c->x; sleeps until it is there, and is to be called again then. */
enum MHD_Result web_reply_answer(struct web_call *c);

/* What a route does once the body is there. */
enum MHD_Result web_health(struct web_call *c);
enum MHD_Result web_metrics(struct web_call *c);
enum MHD_Result web_models(struct web_call *c);
enum MHD_Result web_model(struct web_call *c);
enum MHD_Result web_tokenize(struct web_call *c);
enum MHD_Result web_chat(struct web_call *c);
enum MHD_Result web_completion(struct web_call *c);

const struct web_options *web_options_of(const struct web_server *w);
struct metrics_web *web_metrics_of(struct web_server *w);
/* As the Allow header has them. */
const char *web_methods_of(const struct web_route *r);
/* The call gets an exchange, and is looked after from now on. -> false: the queue is full */
bool web_submit(struct web_call *c, struct completion_request *r);

#endif
