/* SPDX-License-Identifier: MIT
 *
 * loop: the screen from the first frame to the last: terminal, engine and signals behind one poll.
 * Handlers change the state and say by reactions what they want; only the loop draws, suspends and
 * quits.
 */
#ifndef QINS_LOOP_H
#define QINS_LOOP_H

#include "cli.h"

/* -> false, and says why: this terminal shows no screen. */
bool loop_run(struct cli *c, int *exit_code);

#endif
