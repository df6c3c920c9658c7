/* SPDX-License-Identifier: MIT
 *
 * token_view: the tokens of an answer, one of them chosen (LAYER_TOKENS): which text each shows, in
 * which row it stands, where the reader is; with what the model thought of them (/tokens), or how
 * far another one is from that (/compare).
 */
#ifndef QINS_TOKEN_VIEW_H
#define QINS_TOKEN_VIEW_H

#include "chat_session.h"

struct token_view {
    int32_t message; /* of the conversation, whose odds are shown */
    bool compares;   /* the chat's comparison is shown instead */
    struct buf text; /* of all tokens, sanitised, one behind the other */
    size_t *starts;  /* [n + 1] of each in it */
    size_t *stands;  /* [n] the token whose text each is a part of: itself, but for the later parts
                      * of a character, whose text is the token's that begins it */
    bool *ends_line; /* [n] a line of the answer ends in it */
    size_t n, at;    /* tokens; the chosen one */
    bool by_entropy; /* tinted by that, not by probability */
};

void token_view_open(struct token_view *v, const struct chat_session *s, int32_t message,
                     bool compares);
void token_view_free(struct token_view *v);
/* Row and column of each token in rows of so many cells, [n] each. -> rows */
size_t token_view_layout(const struct token_view *v, int cells, size_t *rows, int *columns);
/* To the token so many rows up or down, in about the same column. */
void token_view_move(struct token_view *v, int cells, int n_rows);
/* What is shown is still there: no other model came. */
bool token_view_is_known(const struct token_view *v, const struct chat_session *s);
/* How sure the model was, or how near the other one: 0 (of a token that is not the model's: -1) to
 * 3: least. Of all tokens that stand in token i's text: the least. */
int token_view_doubt(const struct token_view *v, const struct chat_session *s, size_t i);
/* Of any of these tokens both models have another first choice. */
bool token_view_differs(const struct token_view *v, const struct chat_session *s, size_t i);
/* To the next token of which that is so, forward or back, if there is one. */
void token_view_seek(struct token_view *v, const struct chat_session *s, bool forward);

#endif
