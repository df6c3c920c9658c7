/* SPDX-License-Identifier: MIT
 *
 * history: what was sent before, oldest first, each text once. Kept in a file if one is opened: one
 * entry per line, '\n' and '\\' escaped, appended under a lock, so that several programs can share
 * it; readable by its owner alone.
 */
#ifndef QINS_HISTORY_H
#define QINS_HISTORY_H

#include "base.h"

enum {
    HISTORY_MAX = 1000,
    HISTORY_MAX_BYTES = 8 << 20,        /* of a file that is read */
    HISTORY_MAX_ENTRY_BYTES = 64 << 10, /* longer texts are remembered, but not in the file */
};

struct history {
    char **entries; /* [n] */
    size_t n, cap;
    char *path; /* NULL: not written to a file */
};

/* Reads FOLDER/history and keeps what is added from now on. The folder is made when it is missing
 * (0700). On failure nothing is kept. */
bool history_open(struct history *h, const char *folder, struct error *err);
void history_free(struct history *h);

/* Remembers a text as the newest; blank ones are not. */
void history_add(struct history *h, const char *text);
/* The same, and writes it to the file. On failure nothing is kept from now on. */
bool history_keep(struct history *h, const char *text, struct error *err);

#endif
