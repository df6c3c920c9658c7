/* SPDX-License-Identifier: MIT
 *
 * remote_answer: what an engine answers to chat/completions (OpenAI's API, "Chat completion object"
 * and "chunk object"), from the JSON of one chunk of a stream or of the whole answer. What a model
 * thinks comes as reasoning_content (DeepSeek, vLLM, llama.cpp), as reasoning (OpenRouter, ollama,
 * newer vLLM), as parts of the content (Mistral), or in the text between <think> and </think>.
 *
 * All of it is somebody else's: unknown members are passed over, a member of another type counts as
 * absent, and texts are mended (mended.h).
 */
#ifndef QINS_REMOTE_ANSWER_H
#define QINS_REMOTE_ANSWER_H

#include "base.h"

enum { REMOTE_ANSWER_MAX_BYTES = 16 << 20 }; /* of text and thinking together */

struct remote_answer {         /* starts zeroed */
    struct buf thinking, text; /* new of both; for the caller to take, and to empty */
    struct buf tag;            /* what may be <think> or </think> */
    enum { TAG_BEFORE, TAG_INSIDE, TAG_BEHIND } at;
    bool drops_blanks;                    /* before the first word of a part */
    size_t n_bytes;                       /* of text and thinking so far */
    uint32_t n_thinking_pieces, n_pieces; /* chunks that had text, thinking included */
    bool has_ended;                       /* the engine said why it ended: `finish`, or [DONE] */
    char finish[32];                      /* "stop", "length" ...; "": not told */
    bool has_usage;
    uint32_t n_prompt, n_cached, n_tokens, n_thinking; /* of usage, in the engine's tokens */
};

/* "[DONE]", or JSON. -> false: an error that the engine told, or not what an answer is: *err. */
bool remote_answer_take(struct remote_answer *c, const char *json, size_t n, struct error *err);
/* Nothing more comes: what is held is text. */
void remote_answer_end(struct remote_answer *c);
void remote_answer_free(struct remote_answer *c);

/* What the body of an error says, for people, on one line of at most 300 bytes; "": nothing. */
void remote_answer_message(struct buf *out, const char *body, size_t n);
/* Whether it says that the prompt is longer than the context. */
bool remote_answer_is_too_long(const char *body, size_t n);

#endif
