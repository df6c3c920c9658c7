/* SPDX-License-Identifier: MIT
 *
 * splitter: takes the tokens of an answer as they come and tells thinking from answer. It sees only
 * what the model generated, so nothing that a person writes is ever thinking.
 *
 * Blank lines around a thinking belong to its markers, not to either text.
 */
#ifndef QINS_SPLITTER_H
#define QINS_SPLITTER_H

#include "thinking.h"

struct splitter {
    const struct thinking *thinking;
    enum thinking_state state;
    bool begun;         /* the text of this part has begun: white space counts */
    bool named;         /* Gemma: the name of the channel is read over */
    bool thought;       /* something was thinking */
    bool reopened;      /* ... and more of it follows: they are parted by an empty line */
    struct buf held;    /* what may belong to a marker; a header */
    uint32_t n_tokens;  /* of thinking, markers and headers included */
    uint32_t n_pending; /* tokens of a header of which is not known what it begins */
};

/* begun: the part that `state` is in has text already. */
void splitter_start(struct splitter *s, const struct thinking *th, enum thinking_state state,
                    bool begun);
/* One token and its text (what a detokenizer without special tokens gives). Appends what is certain
 * to be thinking, and what is certain to be answer. */
void splitter_push(struct splitter *s, int32_t id, const char *text, size_t n, struct buf *thinking,
                   struct buf *answer);
/* More text of the last token. */
void splitter_take(struct splitter *s, const char *text, size_t n, struct buf *thinking,
                   struct buf *answer);
/* The answer has ended: what is held belongs to the part that it is in. */
void splitter_end(struct splitter *s, struct buf *thinking, struct buf *answer);
/* Passes over tokens of this answer that were split before. */
void splitter_replay(struct splitter *s, const int32_t *ids /* [n] */, size_t n);
void splitter_free(struct splitter *s);

/* The place is within a thinking, or on the way from it to the answer. */
bool splitter_thinks(const struct splitter *s);
/* Whether a token ends the answer; `ends`: as far as the model's stop tokens say. gpt-oss's <|end|>
 * does if its message is in the final channel, and only then. */
bool splitter_ends(const struct splitter *s, int32_t id, bool ends);
/* Bytes held that would be answer. */
size_t splitter_held(const struct splitter *s);

#endif
