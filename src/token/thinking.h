/* SPDX-License-Identifier: MIT
 *
 * thinking: what a model says to itself before its answer, as a part of its own. Models mark it in
 * a few ways (<think> ... </think>, gpt-oss's channels, [THINK] ... [/THINK], Gemma 4's channel): a
 * table of kinds, of which a model's template decides one, or its tokenizer if the template names
 * none; the tokenizer says whether markers are tokens or text.
 */
#ifndef QINS_THINKING_H
#define QINS_THINKING_H

#include "tokenizer.h"

struct json_t; /* jansson's */

/* Whether a model is asked to think, and how much. AUTO: as its template does by itself. */
enum think_mode { THINK_AUTO, THINK_ON, THINK_OFF, THINK_LOW, THINK_MEDIUM, THINK_HIGH };

/* "auto", "on", "off", "low", "medium", "high"; -> false: none of these. */
bool think_mode_from_name(const char *name, enum think_mode *mode);

struct thinking_request {
    enum think_mode mode;
    uint32_t budget; /* tokens of thinking after which it is closed; 0: no limit */
};

/* What a model knows of thinking. */
struct thinking_info {
    const char *kind; /* how it marks thinking: "think", "channel" ...; NULL: it does not think */
    bool can_switch;  /* its template knows on and off */
    bool has_effort;  /* ... and low, medium, high */
};

/* A row of the table: how the models of a kind mark their thinking. */
struct thinking_kind {
    const char *name;
    const char *open_token, *close_token; /* tokens, if the tokenizer has them */
    const char *open, *close;             /* what opens and closes it, as text */
    const char *begin, *end;              /* the same with what is written around it */
    const char *answer;                   /* what begins an answer that comes without thinking */
    bool channels;                        /* gpt-oss: messages in channels, each with a header */
    bool anywhere;                        /* may open again within the answer */
    bool in_blocks; /* templates take it as a block of the content, not as reasoning_content */
};

/* How one model thinks. A value; the tokenizer is borrowed. */
struct thinking {
    const struct thinking_kind *kind; /* NULL: it does not */
    const struct tokenizer *tokenizer;
    int32_t open, close;                  /* ids of the markers; -1: they are text */
    int32_t start, channel, message, end; /* of kinds with channels */
};

/* template: the chat template's source, of n bytes. */
void thinking_init(struct thinking *th, const char *template, size_t n, const struct tokenizer *t);

/* Where in an answer a place is. */
enum thinking_state {
    THINKING_BEFORE, /* nothing was said: thinking may open */
    THINKING_INSIDE,
    THINKING_HEADER, /* channels: between two messages */
    THINKING_BEHIND, /* in the answer itself */
};

/* The state behind a text that a template has written: in its `n` last bytes a thinking is opened,
 * or opened and closed, and nothing else follows. *n_markers: the bytes of these markers and of
 * white space around them. */
enum thinking_state thinking_state_behind(const struct thinking *th, const char *text, size_t n,
                                          size_t *n_markers);

/* A message's members as templates take thinking: under two names, or as a block of the content.
 * NULL: it has none, or what is no UTF-8. The caller's. */
struct json_t *thinking_members(const struct thinking *th, const struct buf *thinking,
                                const struct buf *text);
/* A request as variables of templates; each takes those that it reads. The caller's. */
struct json_t *thinking_variables(const struct thinking_request *r);

#endif
