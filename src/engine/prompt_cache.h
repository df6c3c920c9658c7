/* SPDX-License-Identifier: MIT
 *
 * prompt_cache: disk cache of KV states (kv_file), so a reopened chat skips prefill. One file per
 * conversation and model, MODEL-CONVERSATION.kv, used for any prompt that begins as it does. All of
 * it may be removed at any time. Nothing here is an error: what cannot be stored, or is damaged, is
 * evaluated as before.
 */
#ifndef QINS_PROMPT_CACHE_H
#define QINS_PROMPT_CACHE_H

#include "kv_file.h"
#include "session.h"
#include "state_file.h"
#include "tokenizer.h"

struct prompt_cache;

/* `folder` is made when something is stored. A file belongs to this model, program, form of cache
 * and CPU level: all that the bits depend on. Model, pool and kernels outlive it. */
struct prompt_cache *prompt_cache_new(const char *folder, uint64_t max_bytes, const struct model *m,
                                      const struct kernels *k, enum gemm gemm, enum kv_type kv,
                                      struct pool *pool);
void prompt_cache_free(struct prompt_cache *k); /* NULL is fine */

/* If a file shares a longer prefix with the ids than the session does, loads it into the session.
 * If it was cut into other tokens when it was evaluated, *ids gets those (t NULL: other tokens
 * are another text). `go_on` hears of progress and may end it. -> tokens that came from the disk */
uint32_t prompt_cache_resume(struct prompt_cache *k, struct session *s, const struct tokenizer *t,
                             struct ids *ids, kv_file_progress_fn *go_on, void *arg);

/* How many of the session's tokens are in no file, though the bound allows it. */
uint32_t prompt_cache_missing(const struct prompt_cache *k, const struct session *s);
/* Writes the session's context beside its place, as much of it as the bound allows; what was not
 * used for longest gives way. -> false: it is not there. Then one of: */
bool prompt_cache_write(struct prompt_cache *k, const struct session *s, int64_t conversation);
void prompt_cache_commit(struct prompt_cache *k);
void prompt_cache_abandon(struct prompt_cache *k);

/* Removes what is stored of a conversation, of all models. */
void prompt_cache_forget(const char *folder, int64_t conversation);

#endif
