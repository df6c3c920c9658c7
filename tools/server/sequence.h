/* SPDX-License-Identifier: MIT
 *
 * sequence: a place for one answer at a time: its session, whose tokens stay for the next request
 * that begins alike, and how the answer becomes text. The scheduler's thread alone uses it; picks
 * of several sequences may run at once.
 */
#ifndef QINS_SEQUENCE_H
#define QINS_SEQUENCE_H

#include "answer_shape.h"
#include "exchange.h"
#include "sampler.h"
#include "session.h"

enum sequence_state {
    SEQUENCE_IDLE,
    SEQUENCE_READING, /* its prompt is being evaluated */
    SEQUENCE_WRITING, /* it has logits for its next token */
};

struct sequence {
    const struct served_model *model;
    struct session *session;
    struct sampler *sampler;
    struct answer_shape shape;
    enum sequence_state state;
    double last_used_ms;

    /* of the running answer */
    struct exchange *x;
    struct ids ids; /* prompt and answer */
    struct answer_parts parts;
    struct exchange_usage usage;
    bool has_begun;        /* session_begin was called */
    bool by_text;          /* a stop text has ended it */
    int32_t picked;        /* by sequence_pick */
    enum exchange_end end; /* ... or why nothing was; EXCHANGE_OPEN: it was */
    struct error failure;
};

/* beside: of another sequence, or NULL. */
bool sequence_open(struct sequence *s, const struct served_model *m, struct session *beside,
                   struct error *err);
void sequence_close(struct sequence *s);

/* Tokens at the beginning of `ids` that the session has. */
uint32_t sequence_common(const struct sequence *s, const struct ids *ids);

/* Takes over a use of the exchange. trie: borrowed; NULL if the request has no grammar. */
void sequence_begin(struct sequence *s, struct exchange *x, struct token_trie *trie);
/* One pass over the prompt, of at most `most` tokens; 0: as many as are fastest. */
void sequence_read(struct sequence *s, uint32_t most);
/* The next token, from its logits: *picked, or *end. */
void sequence_pick(struct sequence *s);
/* What was picked becomes text, which is handed over. -> false: the answer has ended */
bool sequence_emit(struct sequence *s);
/* Hands over what is left, and the end; the place is free then. */
void sequence_end(struct sequence *s, enum exchange_end end);

#endif
