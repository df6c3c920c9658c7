/* SPDX-License-Identifier: MIT
 *
 * answer_parts: the tokens of an answer as text: its thinking, and the answer itself up to a stop
 * text. What of them is certain is shown; ids and text of an answer stay the same.
 */
#ifndef QINS_ANSWER_PARTS_H
#define QINS_ANSWER_PARTS_H

#include "chat_template.h"
#include "splitter.h"
#include "stops.h"

struct answer_parts {
    struct detokenizer detokenizer;
    struct splitter splitter;
    struct stopper stopper;
    struct ids stop_ids;        /* special tokens that a stop text names */
    struct ids ends;            /* bytes of answer behind each token */
    size_t n_answer;            /* bytes of answer so far */
    struct buf decoded, answer; /* scratch of one token */
    struct buf thinking, text;  /* what can be shown; for the caller to take, and to empty */
};

/* before: the ids that the answer follows, [n]. All borrowed but stops. continues: it goes on with
 * a text. */
void answer_parts_start(struct answer_parts *a, const struct thinking *th,
                        const struct answer_start *start, const struct ids *before, bool continues,
                        const struct stops *stops);
/* -> true: a stop text is complete; the answer ends before it. */
bool answer_parts_push(struct answer_parts *a, int32_t id);
/* The answer has ended by itself. -> as above */
bool answer_parts_end(struct answer_parts *a);
bool answer_parts_is_stop(const struct answer_parts *a, int32_t id); /* ... by this token */
/* How many ids say what the text says, if a stop text cut it: 0 if the cut is inside of one. */
size_t answer_parts_n_ids(const struct answer_parts *a);
void answer_parts_free(struct answer_parts *a);

#endif
