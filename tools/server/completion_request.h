/* SPDX-License-Identifier: MIT
 *
 * completion_request: what a client asks for, read from the JSON body of /v1/chat/completions or
 * /v1/completions and checked: every fault names its field. The prompt is rendered to ids here, so
 * that the thread that computes never waits for a template. What messages say never becomes a
 * special token.
 */
#ifndef QINS_COMPLETION_REQUEST_H
#define QINS_COMPLETION_REQUEST_H

#include <jansson.h>

#include "grammar.h"
#include "request_fault.h"
#include "served_model.h"

struct completion_request {
    bool is_chat, stream, include_usage;
    bool continues;   /* the answer goes on with a text: a leading space belongs to it */
    struct buf begun; /* that text, if it is an answer's beginning that a grammar has to take */
    struct ids ids;   /* the prompt */
    uint32_t n_said;  /* ids that a next prompt surely has too; 0: not known */
    struct answer_start start;
    const struct thinking *thinking; /* of the model */
    uint32_t max_tokens;             /* fits into the context */
    uint64_t seed;
    struct sampling sampling;
    struct stops stops;
    struct grammar *grammar; /* or NULL */
};

struct request_defaults {
    const struct served_model *model;
    const struct options *options; /* sampling where a request says nothing, stops, thinking */
    uint32_t max_tokens;           /* of an answer; 0: to the end of the context */
};

/* -> false: *fault. The request is empty then. */
bool completion_request_read(struct completion_request *r, bool is_chat, const json_t *body,
                             const struct request_defaults *d, struct request_fault *fault);
void completion_request_free(struct completion_request *r);

#endif
