/* SPDX-License-Identifier: MIT
 *
 * session: one sequence of tokens being evaluated: KV cache, scratch and the forward pass.
 *
 * There is one request: "bring the session to exactly these tokens" (session_sync). It keeps the
 * longest common prefix already in the cache and evaluates the rest, prompt and single new token
 * alike. longrope's rule (short factors up to the original context, long ones beyond, evaluated for
 * the whole length; the cache recomputed when the set changes) follows from it. So does what
 * sliding layers have forgotten: a prefix that is cut so far back is evaluated again. What layers
 * with a state know cannot be cut back either: copies of it are kept every few hundred tokens and
 * where an answer and where a new question began, and evaluation goes on from the nearest.
 */
#ifndef QINS_SESSION_H
#define QINS_SESSION_H

#include "kv.h"
#include "matmul.h"
#include "model.h"
#include "pool.h"
#include "state.h"

struct session;

struct session_options {
    uint32_t ctx_len; /* 0: session_usual_ctx */
    enum kv_type kv;
    enum gemm gemm;
    uint32_t chunk; /* prompt tokens evaluated in one pass; 0: 128, or 512 with a matrix unit */
    uint32_t spare; /* positions beyond their window that sliding layers keep; 0: 1024 */
    /* Copies of the state of layers without attention: */
    uint32_t copy_every; /* tokens between two; 0: 512 */
    uint64_t copy_bytes; /* of all of them, but two in any case; 0: 512 MiB */
    /* Another session whose scratch this one uses too, and whose context, chunk and ways it takes:
     * the two never evaluate at once, and it is freed last. NULL: it has its own. */
    struct session *beside;
};

/* f32 cache for f32 models (they are the reference), int8 for all others. */
enum kv_type session_default_kv(const struct model *m);

/* Model, pool and kernels must outlive the session. Cache memory is reserved, and used as it fills.
 */
struct session *session_new(const struct model *m, struct pool *p, const struct kernels *k,
                            const struct session_options *o, struct error *err);
void session_free(struct session *s);

/* done of total tokens are in the cache, those that were reused included (fractions of a chunk are
 * counted layer by layer). Return false to stop. Finished chunks stay cached; an interrupted one
 * resumes if requested next. */
typedef bool session_progress_fn(void *arg, uint32_t done, uint32_t total);

enum session_result { SESSION_OK, SESSION_STOPPED };

/* 1 <= n <= session_ctx(s), ids below vocab: the caller's duty. `progress` may be NULL. */
enum session_result session_sync(struct session *s, const int32_t *ids, uint32_t n,
                                 session_progress_fn *progress, void *arg);

/* The same in passes of at most `most` tokens each, between which the caller may do something else
 * with other sessions: session_begin once, then session_go_on until it says true. most 0: a chunk.
 * session_begin -> tokens that are reused. */
uint32_t session_begin(struct session *s, const int32_t *ids, uint32_t n);
bool session_go_on(struct session *s, const int32_t *ids, uint32_t n, uint32_t most);

/* Layers with a state copy it behind the first n tokens in the next sync, if that is a prompt and
 * evaluates them: another prompt is expected to part from this one there. Otherwise they do so
 * before the prompt's last token. */
void session_mark(struct session *s, uint32_t n);

/* Logits after the last token of the last session_sync that returned SESSION_OK. */
const float *session_logits(const struct session *s); /* [vocab] */

/* The same, with logits after each of the last n_last tokens, which are evaluated in one pass: with
 * exactly the bits that one session_sync after another would give. Further tokens that may follow n
 * ids in such a pass: session_room. */
enum { SESSION_MAX_LAST = 7 }; /* from 8 tokens on products may round differently */
enum session_result session_sync_last(struct session *s, const int32_t *ids, uint32_t n,
                                      uint32_t n_last, session_progress_fn *progress, void *arg);
const float *session_logits_at(const struct session *s, uint32_t i); /* i < n_last; [vocab] */
uint32_t session_room(const struct session *s, uint32_t n);

/* Forgets what lies behind the first n tokens, and as many before as session_reach says: layers
 * with a state go back to the last copy of it that is kept, and everything goes if sliding layers
 * no longer hold what token n would see. */
void session_truncate(struct session *s, uint32_t n);
/* -> the most tokens, at most n of those in the cache, behind which evaluation can go on. */
uint32_t session_reach(const struct session *s, uint32_t n);
/* Whether that is n. */
bool session_holds(const struct session *s, uint32_t n);

/* Raw cache for serialisation. After filling n positions call session_adopt, with the first
 * position that sliding layers have; before, truncate to 0 and make room with session_hold. -> n,
 * or 0 if that is too few positions to go on.
 */
const struct kv *session_kv(const struct session *s);
void session_hold(struct session *s, uint32_t n); /* n <= session_ctx(s) */
/* Its states, for the same: before session_adopt, they must have a copy at n (state.h). */
struct state *session_state(const struct session *s);
const int32_t *session_ids(const struct session *s); /* [session_len] */
bool session_is_long(const struct session *s);       /* evaluated with longrope's long factors */
bool session_needs_long(const struct session *s, uint32_t n); /* what n ids are evaluated with */
uint32_t session_adopt(struct session *s, const int32_t *ids, uint32_t n, uint32_t from,
                       bool is_long);

/* Evaluates ids from the first one on, as one prompt, and gives `fn` the logits after each of those
 * whose `wanted` is true, in order. The cache holds the ids afterwards. For measuring: a
 * conversation needs the last logits alone. */
typedef void session_logits_fn(void *arg, uint32_t pos, const float *logits /* [vocab] */);
void session_score(struct session *s, const int32_t *ids, uint32_t n, const bool *wanted /* [n] */,
                   session_logits_fn *fn, void *arg);

/* For calibration, which takes a model layer by layer: a text of n tokens from position 0 on, at
 * most one chunk of the session, as it enters the first layer, and as it leaves a layer. Nothing of
 * it is kept: the session holds no token afterwards. */
void session_embed(struct session *s, const int32_t *ids, uint32_t n, float *x /* [n][dim] */);
void session_layer(struct session *s, uint32_t layer, const int32_t *ids, uint32_t n,
                   float *x /* [n][dim], in and out */);
/* Logits after tokens that have left the last layer. */
void session_predict(struct session *s, const float *x /* [n][dim] */, uint32_t n,
                     float *logits /* [n][vocab] */);
/* All its products, those of experts too: matmul_watch. */
void session_watch(struct session *s, matmul_watch_fn *fn, void *arg);

enum gemm session_gemm(const struct session *s); /* the way for prompts, chosen where measured */
uint32_t session_ctx(const struct session *s);
/* If nobody asks for more: min(orig_ctx, max_ctx), and at most 2^20, whatever a file declares. */
uint32_t session_usual_ctx(const struct model_config *c);
uint32_t session_len(const struct session *s);      /* tokens in the cache */
uint32_t session_reused(const struct session *s);   /* prefix kept by the last session_sync */
uint64_t session_kv_bytes(const struct session *s); /* cache in use, with states */
/* Weights of chosen experts so far, and what of them was not in memory when it was needed: read
 * from the model's file. 0 without experts. */
void session_expert_reads(const struct session *s, uint64_t *needed_bytes, uint64_t *missed_bytes);

#endif
