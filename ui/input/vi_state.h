/* SPDX-License-Identifier: MIT
 *
 * vi_state: what vi's keys (vi.h) remember: mode, the command being typed, the last change.
 */
#ifndef QINS_VI_STATE_H
#define QINS_VI_STATE_H

#include "base.h"

enum { VI_MAX_KEYS = 4096 }; /* of one change that '.' repeats; a longer one is not repeated */

struct vi_keys {
    int32_t *keys; /* [n] */
    size_t n, cap;
};

struct vi {
    bool on;                     /* the user wants them */
    bool normal;                 /* mode; starts in insert mode */
    unsigned count, outer_count; /* typed before the motion, before the operator; 0: none */
    int32_t op;                  /* 'd', 'c', 'y' that waits for a motion; 0: none */
    int32_t pending;             /* f F t T r g that wait for a character; 0: none */
    int32_t find, found;         /* the last of f F t T, and its character */
    bool replaying, changes;     /* '.' is at work; the command being typed changes text */
    struct vi_keys typed, last;  /* keys of the command being typed; of the last change */
};

/* A new text begins: insert mode. */
void vi_reset(struct vi *v);
void vi_free(struct vi *v);
/* A key of the command being typed, for '.'. */
void vi_note_key(struct vi *v, int32_t key);
/* The command is complete. */
void vi_command_over(struct vi *v);

#endif
