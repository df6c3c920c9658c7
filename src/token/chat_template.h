/* SPDX-License-Identifier: MIT
 *
 * chat_template: from a conversation to token ids, by the template that a model brings with it.
 *
 * Special tokens are recognised only in what the template wrote itself: a message that spells one
 * stays text. An answer keeps the ids that the model generated if the template shows its text
 * unchanged. The template writes the token that begins a text, or there is none.
 */
#ifndef QINS_CHAT_TEMPLATE_H
#define QINS_CHAT_TEMPLATE_H

#include <time.h>

#include "chat.h"
#include "template.h"
#include "thinking.h"
#include "tokenizer.h"

struct chat_template {
    struct template *program;    /* NULL: a base model, which continues a text and knows no roles */
    char *name;                  /* of one that was given in place of the model's own, or NULL */
    char *bos, *eos;             /* texts of bos_token and eos_token, or NULL */
    int32_t end;                 /* the token that the program writes behind an answer, or -1 */
    struct thinking thinking;    /* how the model marks what it thinks */
    bool can_switch, has_effort; /* what the template knows of struct thinking_request */
    const struct tm *clock;      /* for templates that tell the date; NULL: now */
};

/* From tokenizer_config.json (NULL: there is none): "chat_template", a text or a list of named ones
 * of which "default" counts. A template that is not understood: an error with line:column. */
bool chat_template_init(struct chat_template *c, const struct tokenizer *t,
                        const char *tokenizer_config_json, struct error *err);

/* A template that is given in place of the model's own. */
struct chat_template_file {
    const char *path;
    const char *name; /* what it is called, "chatml" */
    int32_t bos, eos; /* ids, if tokenizer_config.json names none; -1: unknown */
};

/* From a file. The model's own template is not looked at. The tokenizer's prefix stands in front of
 * what such a template writes, unless it begins with it: its author knew another model's. */
bool chat_template_init_file(struct chat_template *c, const struct tokenizer *t,
                             const char *tokenizer_config_json,
                             const struct chat_template_file *file, struct error *err);
void chat_template_free(struct chat_template *c);

/* "own", the name of one that was given, or "none" for a base model. */
const char *chat_template_name(const struct chat_template *c);

/* Appends the markers that the template writes and the tokenizer has no token for, "<|im_start|>,
 * <|im_end|>": markers are words between '<' and '>'. */
void chat_template_missing(const struct chat_template *c, const struct tokenizer *t,
                           struct buf *out);

/* Appends the ids of the whole chat up to the place where the answer starts; a last message of the
 * model is left open, to be continued. If the template refuses the messages, neighbours of one role
 * are joined, then the system text goes in front of the first message; *folding (or NULL) tells.
 * -> false: it refuses still, and its own words are the error; or the tokenizer gave up. */
bool chat_render(const struct chat *chat, const struct chat_template *c, const struct tokenizer *t,
                 struct ids *out, enum chat_folding *folding, struct error *err);

/* How the answer begins that follows a rendered chat. */
struct answer_start {
    enum thinking_state state;
    enum chat_folding folding; /* what the template made necessary */
    bool begun;                /* that part of the answer has text already */
    size_t n_replay; /* or: the last ids of the chat that are the answer's own, split anew from
                        `state` on */
};

/* The same, of a turn: `request` (NULL: as the template does by itself) is given to templates that
 * know such a thing. Thinking of earlier answers is given as reasoning_content or whatever the
 * template takes; what it shows of them is its own affair. */
bool chat_render_turn(const struct chat *chat, const struct chat_template *c,
                      const struct tokenizer *t, const struct thinking_request *request,
                      struct ids *out, struct answer_start *start, struct error *err);

/* Appends the ids of a text that the template made. */
bool chat_template_encode(const struct chat_template *c, const struct template_output *text,
                          const struct tokenizer *t, struct ids *out, struct error *err);

#endif
