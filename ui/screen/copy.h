/* SPDX-License-Identifier: MIT
 *
 * copy: messages and their code blocks, to the clipboard of whoever sits at the terminal.
 * (app_copy)
 */
#ifndef QINS_COPY_H
#define QINS_COPY_H

#include "app.h"

/* The message that the reader is at; its code blocks, one after the other. */
void copy_current(struct app *a);
void copy_current_code(struct app *a);

#endif
