/* SPDX-License-Identifier: MIT
 *
 * remote_key: the key that an engine asks for, from a command that a user's shell runs, or from a
 * file that its owner alone can read. No message holds any of it.
 */
#ifndef QINS_REMOTE_KEY_H
#define QINS_REMOTE_KEY_H

#include "base.h"

/* *key: NULL if neither is given ("" and NULL are none); caller wipes and frees it with
 * remote_key_free. Waits for at most `patience_ms` (0: 30 s) for the command, and ends it when
 * `is_cancelled` says so. */
bool remote_key_read(const char *command, const char *file, double patience_ms,
                     bool (*is_cancelled)(void *arg), void *arg, char **key, struct error *err);
void remote_key_free(char *key);

#endif
