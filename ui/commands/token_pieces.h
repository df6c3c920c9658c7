/* SPDX-License-Identifier: MIT
 *
 * token_pieces: single tokens and their numbers, as text to show and as JSON.
 */
#ifndef QINS_TOKEN_PIECES_H
#define QINS_TOKEN_PIECES_H

#include <jansson.h>

#include "chat_session.h"

/* A token in quotes, with what a terminal does not show made visible; one that is not whole
 * characters by its bytes: <E6 97>. */
void chat_token_label(const struct chat_session *s, int32_t id, struct buf *out);
/* "0.93", "<0.01"; "-" of a token that the model was not asked for (NAN). */
void chat_token_probability(float p, struct buf *out);

/* Both: "the" 0.93 */
void chat_token_choice(const struct chat_session *s, int32_t id, float p, struct buf *out);

/* {"id", "text"}; "bytes" of one that is not whole characters. The caller's. */
json_t *token_json(const struct chat_session *s, int32_t id);
/* The same with "p". */
json_t *token_piece_json(const struct chat_session *s, int32_t id, float p);
json_t *token_number_json(double x); /* null: it is none */
/* Writes an object to "FILE.json", which must not exist ("--force " before it: may), and says that
 * n tokens are there, or why not. Takes the object. */
void token_file_write(struct chat_session *s, const char *argument, json_t *o, size_t n);
/* -> false, and says why: it could not be written now. */
bool token_file_is_free(struct chat_session *s, const char *argument);
/* NAME.json, behind "--force" or not. */
bool token_file_is_name(const char *argument);

#endif
