/* SPDX-License-Identifier: MIT
 *
 * view_parts: what the layers draw, and the parts that they put it together from.
 */
#ifndef QINS_VIEW_PARTS_H
#define QINS_VIEW_PARTS_H

#include "frame.h"
#include "screen.h"

/* ---- layers (view.c, view_hints.c, view_picker.c) ------------------------------------- */
void view_base(const struct app *a, const struct frame *f);
void view_base_hints(const struct app *a, const struct frame *f);
void view_page(const struct app *a, const struct frame *f);
void view_page_hints(const struct app *a, const struct frame *f);
void view_tokens(const struct app *a, const struct frame *f); /* view_tokens.c */
/* How many choices of the token are shown. */
size_t view_tokens_choices(const struct app *a, const struct frame *f);
void view_tokens_hints(const struct app *a, const struct frame *f);
void view_compared(const struct app *a, const struct frame *f); /* view_compared.c */
void view_find_line(const struct app *a, const struct frame *f);
void view_picker(const struct app *a, const struct frame *f);
void view_picker_hints(const struct app *a, const struct frame *f);

/* ---- parts ---------------------------------------------------------------------------- */
/* The rows of the chat or the page; the first screen while there is no message. */
void view_chat(const struct app *a, const struct frame *f);
/* The line of a thought (view_thinking.c). */
void view_thought(const struct app *a, const struct frame *f, const struct shown_row *r, int row);
enum { WHOLE_PANEL = 40 }; /* cells for all that is told of a token of an answer */
/* The tokens of an answer in the first n_rows rows of the chat, the rest of it blank. */
void view_token_text(const struct app *a, const struct frame *f, int n_rows);
/* "Token 3 of 20", which one it is, and the rest of the row, which is freed. */
void view_token_place(const struct app *a, int32_t id, int row, int left, int end,
                      struct buf *rest);
void view_welcome(const struct app *a, const struct frame *f);
void view_input(const struct app *a, const struct frame *f);
void view_sidebar(const struct app *a, const struct frame *f);
/* -> a notice or a question is there, and drawn instead of hints. */
bool view_notice(const struct app *a, const struct frame *f);
/* The name of the key for an action: the first of this place alone, else the first of all. -> out
 */
char *view_key(enum focus focus, enum action action, char *out, size_t size);

#endif
