/* SPDX-License-Identifier: MIT
 *
 * copy: messages and their code blocks, to the clipboard of whoever sits at the terminal.
 *
 */
#ifndef QINS_COPY_H
#define QINS_COPY_H

#include "app.h"

/* "": the last answer; a number: that message; "code": its next code block; "code 2": that one. */
void copy_command(struct app *a, const char *what);
/* The message that the reader is at; its code blocks, one after the other. */
void copy_current(struct app *a);
void copy_current_code(struct app *a);

#endif
