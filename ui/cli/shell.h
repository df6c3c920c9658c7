/* SPDX-License-Identifier: MIT
 *
 * shell: scripts that make a shell complete the program's flags, from the same tables as --help.
 */
#ifndef QINS_SHELL_H
#define QINS_SHELL_H

#include "base.h"

/* `shell`: bash, zsh or fish. -> false: another one. */
bool shell_completion(const char *shell, struct buf *out);

#endif
