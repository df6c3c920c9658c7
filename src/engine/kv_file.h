/* SPDX-License-Identifier: MIT
 *
 * kv_file: an evaluated context in a file: token ids, then keys and values in blocks of a few
 * positions. Every part has a SHA-256, so that any number of first tokens can be read, and nothing
 * is used that is not as it was written.
 */
#ifndef QINS_KV_FILE_H
#define QINS_KV_FILE_H

#include "base.h"
#include "kv.h"
#include "pool.h"

enum { KV_DIGEST = 32 };

struct kv_file {
    int fd;
    uint32_t n;                    /* tokens */
    bool is_long;                  /* evaluated with longrope's long factors */
    uint32_t from;                 /* first position that it has of sliding layers */
    uint64_t tail_at, tail_bytes;  /* what somebody else wrote behind it */
    int32_t *ids;                  /* [n] */
    uint8_t *reference;            /* kv_reference's bytes */
    uint8_t (*digests)[KV_DIGEST]; /* of the blocks */
};

/* Bytes of a file of n tokens, without its tail. */
uint64_t kv_file_bytes(const struct kv *kv, uint32_t n);

/* Writes positions [0, n) of the cache at the start of an empty file. `identity` stands for all
 * that the numbers depend on; tail_bytes will stand behind them (state_file). -> false: errno tells
 * why. */
bool kv_file_write(int fd, const uint8_t identity[KV_DIGEST], const struct kv *kv,
                   const int32_t *ids /* [n] */, uint32_t n, bool is_long, uint64_t tail_bytes,
                   struct pool *pool);

/* Takes fd over. -> false: no whole file of this identity and shape; fd is closed then. */
bool kv_file_open(struct kv_file *f, int fd, const uint8_t identity[KV_DIGEST],
                  const struct kv *kv);
/* Whether evaluation can go on behind the first n of its tokens. */
bool kv_file_reaches(const struct kv_file *f, const struct kv *kv, uint32_t n);
/* Puts the first n tokens' positions into a cache of the same shape, whose own are lost; those of
 * sliding layers from *from on. -> how many are there and whole: fewer if a block is damaged, or if
 * `go_on` (which may be NULL) said no. */
typedef bool kv_file_progress_fn(void *arg, uint32_t done);
uint32_t kv_file_read(const struct kv_file *f, const struct kv *kv, uint32_t n, uint32_t *from,
                      struct pool *pool, kv_file_progress_fn *go_on, void *arg);
void kv_file_close(struct kv_file *f); /* one with fd -1 is fine */

#endif
