/* SPDX-License-Identifier: MIT
 *
 * external_editor: a text in the user's own editor ($VISUAL, $EDITOR, else vi), as a file that
 * nobody else can read. The program runs on meanwhile: it hears of the editor's end by SIGCHLD.
 */
#ifndef QINS_EXTERNAL_EDITOR_H
#define QINS_EXTERNAL_EDITOR_H

#include <signal.h>
#include <sys/types.h>

#include "base.h"

struct external_editor {
    pid_t pid;     /* of the editor at work; 0: none */
    char *program; /* as it was called */
    char *folder, *path;
    struct buf before;     /* what the file held at the start */
    struct sigaction quit; /* what SIGQUIT does otherwise */
};

/* Before the terminal is given up: from now on Ctrl-\ is for the editor. */
void external_editor_prepare(struct external_editor *c);
/* And when the terminal is ours again it is for us. */
void external_editor_over(struct external_editor *c);
/* Between the two: starts the editor on the terminal, which must be free, with s[0..n). The
 * variable is split at blanks; no shell sees it. */
bool external_editor_start(struct external_editor *c, const char *s, size_t n, struct error *err);
/* -> true when the editor has ended: then external_editor_end. */
bool external_editor_ended(const struct external_editor *c, int *status);
/* What was written, cleaned (paste_filter.h), of at most `max` bytes, without the last line end;
 * the file is gone. On failure (the editor failed, the file cannot be used) the message says so,
 * and where a changed file was left. *repaired: invalid UTF-8 was replaced by U+FFFD. */
bool external_editor_end(struct external_editor *c, int status, size_t max, struct buf *out,
                         bool *repaired, struct error *err);

#endif
