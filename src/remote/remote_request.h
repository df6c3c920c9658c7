/* SPDX-License-Identifier: MIT
 *
 * remote_request: the body of a request to chat/completions. Only what differs from "off" is sent
 * of what OpenAI's API does not know (top_k, min_p, penalties of repetition), since some engines
 * refuse names that they do not know.
 */
#ifndef QINS_REMOTE_REQUEST_H
#define QINS_REMOTE_REQUEST_H

#include "chat.h"
#include "sampler.h"
#include "stops.h"
#include "thinking.h"

/* What an engine does beyond OpenAI's API. */
enum remote_dialect { DIALECT_OPENAI, DIALECT_LLAMA_CPP, DIALECT_VLLM, DIALECT_QINS };

struct remote_request {
    const char *model;
    const struct chat *chat;
    const struct sampling *sampling;
    const struct stops *stops; /* NULL: none */
    struct thinking_request thinking;
    const char *schema;  /* JSON schema that the answer fits; NULL: none */
    uint32_t max_tokens; /* 0: the engine's own limit */
    uint64_t seed;
    bool has_seed; /* else the engine draws one */
    enum remote_dialect dialect;
    /* What an engine has refused: */
    bool no_usage;        /* stream_options */
    bool says_completion; /* max_tokens is called max_completion_tokens */
};

/* Whether the last message of this chat is an answer that is to go on. */
bool remote_request_continues(const struct chat *c);
bool remote_dialect_continues(enum remote_dialect d);
/* JSON text; caller frees. */
char *remote_request_json(const struct remote_request *r);

#endif
