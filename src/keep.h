/* SPDX-License-Identifier: MIT
 *
 * keep: the folder of evaluated contexts (kv_file), so that a conversation that is opened again
 * need not be read again by the model. One file a conversation and model: MODEL-CONVERSATION.kv,
 * used for any prompt that begins as it does. All of it may be removed at any time. Nothing here is
 * an error: what cannot be kept, or is damaged, is read by the model as before.
 */
#ifndef QINS_KEEP_H
#define QINS_KEEP_H

#include "kv_file.h"
#include "session.h"
#include "tokenizer.h"

struct keep;

/* `folder` is made when something is kept. A file belongs to this model, program, form of cache and
 * CPU level: all that the bits depend on. Model, pool and kernels outlive it. */
struct keep *keep_new(const char *folder, uint64_t max_bytes, const struct model *m,
                      const struct kernels *k, enum gemm gemm, enum kv_type kv, struct pool *pool);
void keep_free(struct keep *k); /* NULL is fine */

/* Where a file has more of this text's beginning than the session: reads it into the session. Where
 * it was cut into other tokens when it was evaluated, *ids gets those (t NULL: other tokens are
 * another text). `go_on` hears of progress and may end it. -> tokens that came from the disk */
uint32_t keep_resume(struct keep *k, struct session *s, const struct tokenizer *t, struct ids *ids,
                     kv_file_progress_fn *go_on, void *arg);

/* How many of the session's tokens are in no file, though the bound allows it. */
uint32_t keep_missing(const struct keep *k, const struct session *s);
/* Writes the session's context beside its place, as much of it as the bound allows; what was not
 * used for longest gives way. -> false: it is not there. Then one of: */
bool keep_write(struct keep *k, const struct session *s, int64_t conversation);
void keep_commit(struct keep *k);
void keep_abandon(struct keep *k);

/* Removes what is kept of a conversation, of all models. */
void keep_forget(const char *folder, int64_t conversation);

#endif
