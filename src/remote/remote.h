/* SPDX-License-Identifier: MIT
 *
 * remote: an engine on another machine, or in another program, that speaks OpenAI's API:
 * llama.cpp's server, vLLM, ollama, a cloud. One client, one connection, one request at a time, all
 * from one thread.
 *
 * Nothing is sent before remote_models or remote_chat. The key goes to the address that it is for
 * and to no other: redirects are not followed. What may pass (429, 502, 503, 504, no connection) is
 * tried again, with back-off, as long as nothing of an answer has come. No message holds the key.
 *
 * Errors: EX_TEMPFAIL may go better later; EX_NOPERM: the key;
 * EX_DATAERR: the prompt is too long; EXIT_INTERRUPTED: tick said stop.
 */
#ifndef QINS_REMOTE_H
#define QINS_REMOTE_H

#include "remote_address.h"
#include "remote_answer.h"
#include "remote_request.h"

struct remote_options {
    const char *url;
    const char *key_command, *key_file; /* "" and NULL: none */
    double silence_ms;                  /* after which an engine that sends nothing is given up */
};

struct remote;

/* Whether what is asked for can be, without asking anybody. */
bool remote_check(const struct remote_options *o, struct error *err);
/* Strings are copied. */
struct remote *remote_open(const struct remote_options *o, struct error *err);
void remote_close(struct remote *r); /* NULL is fine */
const struct remote_address *remote_address(const struct remote *r);

/* Who watches over a request, in the thread that makes it. */
struct remote_watch {
    bool (*tick)(
        void *arg); /* some 5 times per second, and when wake_fd is readable; false: stop */
    void (*waits)(void *arg, const char *why); /* before another try; raw */
    void *arg;
    int wake_fd; /* 0: none */
};

struct remote_model {
    char *name;
    enum remote_dialect dialect;
};
struct remote_models {
    struct remote_model *items;
    size_t n;
};

/* What the engine has, in its order; *is_told: false if it knows no such list (404), which is no
 * error. */
bool remote_models(struct remote *r, const struct remote_watch *w, struct remote_models *out,
                   bool *is_told, struct error *err);
void remote_models_free(struct remote_models *m);

/* One answer. `news`: something is in c->text or c->thinking, for it to take; c ends with what is
 * known of the answer. -> false: *err; what had come has been given out before. */
bool remote_chat(struct remote *r, const struct remote_request *request,
                 const struct remote_watch *w, struct remote_answer *c, void (*news)(void *arg),
                 struct error *err);

#endif
