/* SPDX-License-Identifier: MIT
 *
 * clipboard: text for the clipboard of whoever sits at the terminal, by OSC 52: nothing but base64
 * goes out, so the text itself never reaches the terminal. No terminal answers; what is too long
 * for one goes to a file.
 */
#ifndef QINS_CLIPBOARD_H
#define QINS_CLIPBOARD_H

#include "base.h"

enum { CLIPBOARD_MAX = 74994 }; /* bytes that make 99,992 of base64; more is cut off by terminals */

enum clipboard { CLIPBOARD_OSC52, CLIPBOARD_TMUX };

void base64(const void *bytes, size_t n, struct buf *out);
/* The sequence; inside tmux's passthrough for CLIPBOARD_TMUX. */
void clipboard_sequence(enum clipboard how, const char *text, size_t n, struct buf *out);
/* The program that copies on this machine ("pbcopy" by PATH if the system names none); NULL, for
 * `auto`, if there is none or the user sits elsewhere (SSH). */
const char *clipboard_program(bool automatic);
/* Gives text to such a program and waits for it. */
bool clipboard_run(const char *program, const char *text, size_t n, struct error *err);
/* Into the buffer of the tmux that we run in, which also passes it on to the terminal if it may. ->
 * false: there is no tmux, or it refuses. */
bool clipboard_tmux(const char *text, size_t n);
/* Copies to a new file that only the user can read. -> its path, which the caller frees; or NULL.
 */
char *clipboard_file(const char *text, size_t n, struct error *err);

#endif
