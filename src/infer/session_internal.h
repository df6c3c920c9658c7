/* SPDX-License-Identifier: MIT
 *
 * session_internal: a session's state, for the files that evaluate it: session_sync.c (what is in
 * the cache), forward.c (a chunk of tokens through all layers), attention.c (one layer's
 * attention).
 */
#ifndef QINS_SESSION_INTERNAL_H
#define QINS_SESSION_INTERNAL_H

#include "profile.h"
#include "rope.h"
#include "session.h"

/* A pass that was told to stop between two layers: those below `layer` have stored their keys and
 * values, and x holds what goes into it. */
struct halted {
    int32_t *ids; /* [chunk], n of them; n 0: none */
    uint32_t pos0, n, layer;
    bool is_long;
};

struct expert_scratch; /* experts.h */

struct session {
    const struct model *m;
    const struct kernels *k;
    struct pool *pool;
    struct matmul *mm;
    struct rope rope[N_ROPES];
    bool uses_rope[N_ROPES];
    struct kv kv;
    struct state state;
    uint32_t ctx_len, chunk, copy_every;
    uint32_t mark;   /* session_mark's, or 0 */
    uint32_t border; /* where the prompt that is being evaluated ends for another one; 0: no prompt
                      */
    bool shares_scratch;  /* with others: a pass that was stopped is begun anew */
    bool borrows_scratch; /* ... of another session, which frees it */
    enum gemm gemm;

    int32_t *ids; /* [ctx_len] what the cache holds, `len` of them */
    uint32_t len, reused;
    bool is_long;    /* the cache was computed with the long factors */
    bool has_logits; /* logits belong to exactly ids[0..len) */
    struct halted halted;

    float *x; /* [chunk][dim] residual stream */
    float *h; /* [chunk][dim] */
    /* The next four have room for the largest layer. */
    float *qkv;        /* [chunk][qkv_dim] */
    float *heads;      /* [chunk][q_dim] */
    float *gate_up;    /* [chunk][up_dim] */
    float *ffn;        /* [chunk][ffn_dim] */
    float *inputs;     /* [chunk][n_layers][per_layer_dim] of the running pass; or NULL */
    float *input_rows; /* [pool_size][n_layers][per_layer_dim]; or NULL */
    struct expert_scratch *experts; /* or NULL */
    float *mixer_in;                /* [chunk][mixer_in_dim] */
    float *mixed;                   /* [chunk][conv dim] behind the convolution */
    float *gates;                   /* [chunk][2 v heads] of the delta rule: decays, betas */
    float *mixer_out; /* [chunk][config_mixer_out]; `mixed` itself if there is only a convolution */
    float *query_length, *key_length;   /* [k dim] of the delta rule: each value the same */
    float *cos[N_ROPES], *sin[N_ROPES]; /* [chunk][rope.half] */
    uint16_t *unpacked; /* [n_kv_heads][keys, values][ctx_len][head_dim] of a layer; or NULL */
    float *scores;      /* [pool_size][scores_stride]: widened positions and rows of scores, or a
                         * prompt's scratch */
    size_t ctx_stride, scores_stride;
    uint32_t widest_head; /* floats of a head, a multiple of 16 */
    float *logits;        /* [SESSION_MAX_LAST][vocab], n_logits of them */
    uint32_t n_logits;
};

/* Tokens [pos0, pos0 + n) going through one layer; or of n sessions the next token of each
 * (batch.h). */
struct pass {
    struct session *s; /* whose scratch it works with */
    const struct layer *l;
    const int32_t *ids; /* [n] */
    uint32_t layer, pos0, n;
    struct session *const *rows; /* [n] the sessions of the tokens; NULL: all are of s */
    uint32_t row0;               /* of scratch, where its tokens begin */

    /* what the step that is running works with */
    const struct norm *norm;
    const float *bias; /* [n_bias], of y */
    float *y;          /* [n][ld_y] */
    size_t ld_y;
    uint32_t n_bias;
    uint32_t n_parts;  /* that a group of heads is divided into */
    bool stores_heads; /* attend_group also rotates and stores what its heads are about */
};

/* Token t: whose it is, and at which position. */
static inline struct session *pass_session(const struct pass *p, uint32_t t)
{
    return p->rows ? p->rows[t] : p->s;
}
static inline uint32_t pass_pos(const struct pass *p, uint32_t t)
{
    return p->rows ? p->rows[t]->len : p->pos0 + t;
}

uint32_t up_dim(const struct layer_plan *p); /* gate and up, or up alone, of the dense part */

/* A step over n_chunks; work too small to wake anybody for is done here and now. The chunks are the
 * same either way. */
void pass_run(struct pass *p, pool_fn *fn, uint32_t n_chunks, uint64_t work);
static inline void pass_lap(const struct pass *p, enum op op)
{
    profile_lap(pool_profile(p->s->pool), op);
}
void pass_norm(const struct pass *p, const struct norm *norm, float *out, const float *x);
/* gate [n] becomes what the layer's activation makes of it and up [n]; up NULL: not gated. */
void pass_act(const struct pass *p, float *gate, const float *up, uint32_t n);
/* One matrix, or several whose outputs lie side by side in a row of y; then their biases. The time
 * is op's. */
void pass_project(struct pass *p, enum op op, const struct matrix *w, const float *const *bias,
                  uint32_t n_parts, const float *x, float *y, size_t ld_y);

/* What a part of the layer adds to the stream: s->h, normed if `norm` is there. */
void pass_add_to_stream(struct pass *p, const struct norm *norm);

/* Per-layer inputs: of all layers, from the embeddings in s->x; and what the layer makes of its
 * own, added to the stream. */
void inputs_prepare(struct pass *p);
void inputs_run(struct pass *p);

/* Queries, keys and values in s->qkv, keys and values into the cache; what is seen in s->heads. */
void attention_run(struct pass *p);
/* Scores that one worker needs, in floats. */
size_t attention_scratch(const struct session *s);

/* A layer without attention: s->mixer_in, which the projections filled, to s->mixer_out. */
void mixer_run(struct pass *p);
uint32_t mixer_in_dim(const struct model_config *c);
/* Makes the first n steps of the last pass again (state_go_back). */
void mixer_again(struct session *s, uint32_t n);

/* Evaluates one chunk: its keys and values are in the cache afterwards, and s->x holds the last
 * layer's output. `again`: the stopped pass goes on. -> false when told to stop. */
bool forward(struct session *s, const int32_t *ids, uint32_t pos0, uint32_t n, bool again,
             uint32_t total, session_progress_fn *progress, void *arg);
/* The next token of n sessions that share the scratch of s, with one read of the weights. */
void forward_rows(struct session *s, struct session *const *rows, const int32_t *ids, uint32_t n,
                  float *logits /* [n][vocab] */);
/* Where sessions plan copies of their states before a pass over `count` tokens. */
void session_plan_pass(struct session *s, uint32_t count);
/* The cache has these ids behind those that it had. */
void session_append(struct session *s, const int32_t *ids, uint32_t n);
/* One layer alone, from s->x to s->x. */
void forward_layer(struct session *s, uint32_t layer, const int32_t *ids, uint32_t n);
/* Of n tokens into s->x. */
void forward_embed(struct session *s, const int32_t *ids, uint32_t n);
/* The last norm, of one token's output of the last layer. */
void forward_last_norm(struct session *s, const float *x /* [dim] */, float *out /* [dim] */);
/* Logits of the n tokens whose last norms are in s->h. */
void forward_logits(struct session *s, uint32_t n, float *logits /* [n][vocab] */);

#endif
