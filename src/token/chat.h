/* SPDX-License-Identifier: MIT
 *
 * chat: a conversation as a value, and its rendering to ids by the model's template.
 *
 * An answer keeps the ids that the model generated: they are appended as they are, never made again
 * from text. What people typed is encoded with special tokens off.
 */
#ifndef QINS_CHAT_H
#define QINS_CHAT_H

#include "tokenizer.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT };

struct chat_message {
    enum chat_role role;
    struct buf text; /* exact bytes, not sanitised */
    struct ids ids;  /* generated ids of an answer, without the stop token; may be empty */
};

struct chat {
    struct chat_message *messages;
    size_t n, cap;
};

/* -> the new message, valid until the next change of the chat. */
struct chat_message *chat_add(struct chat *c, enum chat_role role, const char *text, size_t len);
void chat_truncate(struct chat *c, size_t n);             /* drops messages from n on */
void chat_cut(struct chat *c, size_t first, size_t end);  /* drops messages first to end - 1 */
void chat_copy(struct chat *to, const struct chat *from); /* replaces what `to` holds */
void chat_free(struct chat *c);

/* Templates are known by name and recognised in tokenizer_config.json; none is ever executed. */
enum chat_template {
    TEMPLATE_PLAIN, /* a base model: prefix ids, then the texts one after another */
    TEMPLATE_PHI3,  /* <|user|>\n{text}<|end|>\n<|assistant|>\n */
};

/* No chat_template in the config (or NULL): TEMPLATE_PLAIN. One that is not known: an error. */
bool chat_template_detect(const struct tokenizer *t, const char *tokenizer_config_json,
                          enum chat_template *out, struct error *err);
const char *chat_template_name(enum chat_template t);

/* Appends the ids of the whole chat up to the place where the answer starts; a last assistant
 * message is left open, to be continued. */
void chat_render(const struct chat *c, enum chat_template template, const struct tokenizer *t,
                 struct ids *out);

#endif
