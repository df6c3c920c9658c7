/* SPDX-License-Identifier: MIT
 *
 * hub_client: requests to a Hugging Face hub: where it is, who asks, patience with what may pass
 * (back-off 0.5, 1, 2 ... 16 s, or what Retry-After says), one clear line for what may not.
 *
 *   HF_ENDPOINT          the hub (https://huggingface.co)
 *   HF_TOKEN, HF_TOKEN_PATH, $HF_HOME/token, ~/.cache/huggingface/token   who asks
 *   HF_HUB_OFFLINE       nothing is asked
 */
#ifndef QINS_HUB_CLIENT_H
#define QINS_HUB_CLIENT_H

#include "http.h"

struct fetch_progress {
    const char *step;     /* "asking", "downloading", "checking", "waiting" */
    const char *file;     /* raw: sanitise before it reaches a terminal; "" */
    uint64_t done, total; /* bytes of all files */
    double bytes_per_s;   /* of the last seconds; 0: not known */
    double left_s;        /* -1: not known */
    const char *note;     /* why it waits, or ""; raw */
    double converted;     /* of the model, 0 to 1; -1: nothing is converted meanwhile */
};

/* Some 5 times per second; false stops. */
typedef bool fetch_progress_fn(void *arg, const struct fetch_progress *p);

struct hub_client {
    char *endpoint; /* without a slash at the end */
    struct http *http;
    bool has_token, is_reached; /* something has answered */
    double retry_ms;            /* before the second try */
    struct fetch_progress progress;
    fetch_progress_fn *report; /* or NULL */
    void *arg;
    struct {
        double at;
        uint64_t done;
    } rate[8]; /* samples of the last seconds */
    unsigned n_rate;
};

/* -> false: no libcurl, or HF_HUB_OFFLINE. */
bool hub_client_may_ask(struct error *err);
/* EX_UNAVAILABLE: offline, or an endpoint that is none. */
bool hub_client_open(struct hub_client *c, double stall_ms, struct error *err);
void hub_client_close(struct hub_client *c);

/* Tells how far it is. -> false: stop, *err says interrupted. */
bool hub_client_report(struct hub_client *c, struct error *err);
/* For http_request.tick, with the client as arg. */
bool hub_client_tick(void *client, double idle_ms);
/* *err is why try number `n` (from 0) failed: whether another one is to be made, after a wait. */
bool hub_client_waits(struct hub_client *c, unsigned n, double retry_after_s, struct error *err);
/* http_send, and what a status of 400 and more means for `what` ("org/name"). */
bool hub_client_send(struct hub_client *c, const struct http_request *r, const char *what,
                     struct http_reply *reply, struct error *err);
/* GET of the first n bytes, or of as many as there are, with patience. */
bool hub_client_get_start(struct hub_client *c, const char *url, const char *what, size_t n,
                          struct buf *out, struct error *err);
/* GET with patience. -> at most `max` bytes of body. */
bool hub_client_get(struct hub_client *c, const char *url, const char *what, size_t max,
                    struct buf *out, struct error *err);

#endif
