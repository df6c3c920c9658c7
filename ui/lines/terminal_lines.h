/* SPDX-License-Identifier: MIT
 *
 * terminal_lines: lines that a user types on a terminal, of any length: the terminal's own cut them
 * at 4,095 bytes (1,024 on macOS) without a word. It gives every byte at once, without echo;
 * what is typed is echoed here, and the keys of its own lines go on to work: erase, word erase,
 * kill, reprint, end of file. Signals stay the terminal's. What is typed ahead is echoed when its
 * line's turn comes. The terminal is as before after every way out, stopped or killed ones included
 * (but for SIGKILL).
 */
#ifndef QINS_TERMINAL_LINES_H
#define QINS_TERMINAL_LINES_H

#include "base.h"

struct terminal_lines {
    struct buf typed; /* bytes read and not yet looked at, from `at` */
    size_t at;
    struct buf line; /* so far */
    struct buf echo; /* not yet written */
    int escape;      /* within a key's sequence: 0, ESC, '[' or 'O' */
    int n_reads;     /* 2: and more */
};

enum terminal_line {
    TERMINAL_LINE_NONE, /* not yet */
    TERMINAL_LINE,      /* a whole one */
    TERMINAL_LINE_END,  /* the end of the input */
};

/* stdin is a terminal: it is set. -> false: it is none. */
bool terminal_lines_begin(void);
void terminal_lines_end(void); /* the terminal as before; for signal handlers too */
void terminal_lines_free(struct terminal_lines *t);

void terminal_lines_read(struct terminal_lines *t, const char *bytes, size_t n);
/* Echoes what belongs to the next line. A whole one is appended to *out, with its '\n'. */
enum terminal_line terminal_lines_next(struct terminal_lines *t, struct buf *out);
size_t terminal_lines_held(const struct terminal_lines *t); /* bytes */

#endif
