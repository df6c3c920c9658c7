/* SPDX-License-Identifier: MIT
 *
 * events: what the generation thread tells a program, through a lock-free single-producer
 * single-consumer ring. Text is never dropped: a full ring makes the producer wait.
 */
#ifndef QINS_EVENTS_H
#define QINS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "chat.h"

enum event_type {
    EVENT_LOADING,  /* model: done, total bytes read, converted or downloaded; text: what, with rate
                       and time left, raw; none: read */
    EVENT_READY,    /* model is there: engine_info may be called */
    EVENT_FAILED,   /* no model: engine_error tells why; no more events follow */
    EVENT_PROMPT,   /* prompt: done, total tokens; reused were in the cache */
    EVENT_THINKING, /* text[0..n_text) of what the model thinks: comes before EVENT_TEXT */
    EVENT_TEXT,     /* text[0..n_text): complete UTF-8, not sanitised */
    EVENT_STATS,    /* after each token: n_tokens, tokens_per_s */
    EVENT_DONE,     /* the turn is over: stop reason and final numbers */
};

enum stop_reason {
    STOP_NONE,
    STOP_END,     /* the model ended its answer */
    STOP_LENGTH,  /* max_tokens */
    STOP_CONTEXT, /* the context is full */
    STOP_CANCELLED,
    STOP_TEXT,   /* one of the turn's stop texts */
    STOP_CUT,    /* it broke off: engine_turn_error tells why */
    STOP_FAILED, /* no answer was begun: engine_turn_error tells why */
};

enum { EVENT_TEXT_MAX = 64 };

struct turn_stats {
    uint32_t n_prompt;         /* tokens of the rendered chat */
    uint32_t n_reused;         /* of them already in the cache, or ... */
    uint32_t n_kept;           /* ... read from the disk into it: these are among n_reused */
    uint32_t n_tokens;         /* generated */
    uint32_t n_thinking;       /* of them those that the model thought with, markers included */
    uint32_t n_ctx_used;       /* tokens in the cache */
    uint32_t n_passes;         /* evaluations that gave them, the prompt's included */
    uint32_t n_drafted;        /* tokens evaluated ahead, from a repetition in the text */
    uint32_t n_accepted;       /* of them those that came true */
    enum chat_folding folding; /* what the template made necessary */
    uint64_t kv_bytes;         /* cache in use */
    float prompt_ms, generate_ms, first_token_ms; /* first token: from submit */
    float thinking_ms; /* between the first and the last token of the thinking */
    bool is_remote;   /* of an engine elsewhere: what it does not tell is 0, times are those here */
    bool is_estimate; /* an engine elsewhere did not count: n_tokens are pieces that came */
    bool in_thinking; /* the thinking is not closed: it goes on, or the turn ended within it */
    float miss_rate;  /* 0..1 of the bytes of experts that the answer needed: read from the disk */
    float tokens_per_s; /* generation: current (moving) in EVENT_STATS, of the turn in DONE */
};

struct event {
    enum event_type type;
    enum stop_reason stop;
    uint32_t turn; /* id that engine_submit returned; older ones are stale */
    int32_t token; /* EVENT_STATS: the token id */
    uint64_t done, total;
    struct turn_stats stats;
    uint8_t n_text;
    char text[EVENT_TEXT_MAX];
};

/* As much of text[0..n) as an event holds, cut between characters. */
void event_set_text(struct event *e, const char *text, size_t n);

struct event_queue;

struct event_queue *event_queue_new(uint32_t capacity /* power of two */);
void event_queue_free(struct event_queue *q);
bool event_queue_push(struct event_queue *q, const struct event *e); /* producer; false: full */
bool event_queue_pop(struct event_queue *q, struct event *e);        /* consumer; false: empty */

#endif
