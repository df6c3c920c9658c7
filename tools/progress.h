/* SPDX-License-Identifier: MIT
 *
 * progress: how far a long piece of work is, on stderr: one line that is redrawn on a terminal, one
 * line for each step elsewhere.
 */
#ifndef QINS_PROGRESS_H
#define QINS_PROGRESS_H

#include "base.h"

struct progress {
    const char *program;
    bool quiet, is_terminal;
    char step[24];
    double step_ms, drawn_ms; /* when the step began, when the line was drawn */
    uint64_t step_done;       /* bytes of the step that were done before */
    size_t width;             /* of the line on the screen */
};

void progress_start(struct progress *p, const char *program, bool quiet);
/* `item` is raw text. Draws at most ten times per second. */
void progress_show(struct progress *p, const char *step, const char *item, uint64_t done_bytes,
                   uint64_t total_bytes);
/* Takes the line off the screen. */
void progress_end(struct progress *p);

#endif
