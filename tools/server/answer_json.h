/* SPDX-License-Identifier: MIT
 *
 * answer_json: answers and errors as OpenAI's API writes them.
 */
#ifndef QINS_ANSWER_JSON_H
#define QINS_ANSWER_JSON_H

#include <jansson.h>

#include "exchange.h"

/* What all pieces of one answer have in common. */
struct answer_id {
    char id[40]; /* "chatcmpl-..." */
    long created;
    const char *model;
    bool is_chat;
};

void answer_id_make(struct answer_id *a, bool is_chat, const char *model);

/* A whole answer. */
json_t *answer_json(const struct answer_id *a, const struct exchange_news *news);
/* A piece of a streamed one: text and thinking that have come; `is_first` names the role. */
json_t *answer_piece(const struct answer_id *a, const struct buf *text, const struct buf *thinking,
                     bool is_first);
json_t *answer_last_piece(const struct answer_id *a, enum exchange_end end);
json_t *answer_usage_piece(const struct answer_id *a, const struct exchange_usage *usage);

json_t *error_json(const struct request_fault *f);

#endif
