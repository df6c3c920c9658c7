/* SPDX-License-Identifier: MIT
 *
 * plain: one answer without a screen: prompt from -p and stdin, answer on stdout, and only that.
 */
#ifndef QINS_PLAIN_H
#define QINS_PLAIN_H

#include "cli.h"

/* -> exit code: 0, a sysexits code, 130 after SIGINT, 141 when the reader of stdout went away. */
int plain_run(struct cli *c);

#endif
