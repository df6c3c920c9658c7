/* SPDX-License-Identifier: MIT
 *
 * state_file: states of layers without attention behind a kv_file: the one at the end of its
 * tokens, and the last copies before it, so that another answer to the last question can begin
 * there. Every MiB has a SHA-256: nothing is used that is not as it was written.
 */
#ifndef QINS_STATE_FILE_H
#define QINS_STATE_FILE_H

#include "kv_file.h"
#include "state.h"

enum { STATE_FILE_MAX = 3 };

struct state_file {
    int fd; /* the kv_file's */
    uint64_t at;
    uint32_t n, pos[STATE_FILE_MAX]; /* tokens that each is behind, ascending */
    uint8_t (*digests)[KV_DIGEST];   /* [n][parts] */
};

/* Bytes behind a file of the first n tokens; 0: the model has no states. */
uint64_t state_file_bytes(const struct state *s, uint32_t n);
/* -> the most tokens, at most n, that have a state to write. */
uint32_t state_file_end(const struct state *s, uint32_t n);
/* -> false: errno tells why. */
bool state_file_write(int fd, uint64_t at, const struct state *s, uint32_t n, struct pool *pool);

/* Of the tail of an open file. -> false: it is not whole. One of a model without states is empty.
 */
bool state_file_open(struct state_file *f, const struct kv_file *kv, const struct state *s);
/* -> the most tokens, at most n, that there is a state for; n itself if the model has none. */
uint32_t state_file_reach(const struct state_file *f, const struct state *s, uint32_t n);
/* Reads the states of the first n tokens as copies, whose own are lost. -> the tokens that the last
 * whole one is behind, or 0. */
uint32_t state_file_read(const struct state_file *f, struct state *s, uint32_t n,
                         struct pool *pool);
void state_file_close(struct state_file *f);

#endif
