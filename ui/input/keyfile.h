/* SPDX-License-Identifier: MIT
 *
 * keyfile: the user's bindings, keys.yaml: places, each with lines of the form `key: action`.
 */
#ifndef QINS_KEYFILE_H
#define QINS_KEYFILE_H

#include "base.h"

/* Changes the key map as the text says: all of it, or nothing on failure. */
bool keyfile_read(const char *yaml, size_t n, const char *name, struct error *err);
/* The same with the user's keys.yaml, if there is one. */
bool keyfile_load(struct error *err);
/* The bindings in effect, as such a file. */
void keyfile_dump(struct buf *out);

#endif
