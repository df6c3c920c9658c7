/* SPDX-License-Identifier: MIT
 *
 * vi: vi's keys for the editor: insert and normal mode, motions, the operators d c y, counts, and
 * '.'. What is cut goes into the editor's kill ring; text that ends in '\n' is put back as lines.
 */
#ifndef QINS_VI_H
#define QINS_VI_H

#include "base.h"

struct editor;

enum { VI_MAX_KEYS = 4096 }; /* of one change that '.' repeats; a longer one is not repeated */

struct vi_keys {
    int32_t *keys; /* [n] */
    size_t n, cap;
};

struct vi {
    bool on;                     /* the person wants them */
    bool normal;                 /* mode; starts in insert mode */
    unsigned count, outer_count; /* typed before the motion, before the operator; 0: none */
    int32_t operator;            /* 'd', 'c', 'y' that waits for a motion; 0: none */
    int32_t pending;             /* f F t T r g that wait for a character; 0: none */
    int32_t find, found;         /* the last of f F t T, and its character */
    bool replaying, changes;     /* '.' is at work; the command being typed changes text */
    struct vi_keys typed, last;  /* keys of the command being typed; of the last change */
};

/* -> false: not a key of vi's; it does what it does elsewhere. */
bool vi_key(struct editor *e, int32_t key);
/* A new text begins: insert mode. */
void vi_reset(struct vi *v);
void vi_free(struct vi *v);

#endif
