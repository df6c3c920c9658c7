/* SPDX-License-Identifier: MIT
 *
 * state: what layers without attention know of a text: a few inputs of their convolution, and the
 * matrices of the delta rule. It does not grow with the text, and nothing can be taken out of it.
 * So a pass makes a new state beside the one that it began with, the steps of a short pass are
 * remembered (drafted tokens are undone by making them again without the wrong ones), and copies
 * are kept on the way: evaluation goes on from the last one before the place that a text changed.
 */
#ifndef QINS_STATE_H
#define QINS_STATE_H

#include "model.h"

enum {
    STATE_STEPS = 7,    /* tokens of a short pass */
    STATE_COPIES = 64,  /* at most */
    STATE_CAPTURES = 8, /* in one pass */
};

struct state_copy {
    uint32_t pos; /* tokens that it is behind */
    float *floats;
};

/* Steps of a layer in the last short pass. */
struct state_steps {
    float *in;    /* [STATE_STEPS][conv dim] what the convolution read */
    float *mixed; /* [STATE_STEPS][conv dim] queries, keys and values of the delta rule */
    float *gates; /* [STATE_STEPS][2 v heads] its decay and beta */
};

struct state {
    size_t n_floats; /* of one state; 0: every layer has attention */
    uint32_t n_layers;
    size_t *at;                /* [n_layers] a layer's part: its convolution's, then its matrices */
    struct state_steps *steps; /* [n_layers] */
    float *now;                /* [n_floats] behind the first `pos` tokens */
    float *other;              /* [n_floats] what a pass writes, and then what it began with */
    uint32_t pos;
    bool has_other;         /* `other` is the state behind the first `from` tokens */
    uint32_t from, n_steps; /* steps from there to pos, 0: not remembered */
    struct state_copy copies[STATE_COPIES]; /* [n_copies] by position */
    uint32_t n_copies, max_copies;
    struct state_copy captures[STATE_CAPTURES]; /* [n_captures] that the running pass fills */
    uint32_t n_captures;
};

/* `max_bytes`: of copies; two are kept in any case. */
void state_init(struct state *s, const struct model *m, uint64_t max_bytes);
void state_free(struct state *s);
/* Behind no token. */
void state_clear(struct state *s);

/* Floats of a layer's convolution: [taps - 1][conv dim], the oldest first. */
size_t state_conv_floats(const struct model_config *c);
/* Of one head's matrix: [v dim / DELTA_COLS][k dim][DELTA_COLS]. */
size_t state_head_floats(const struct model_config *c);

/* The pass from pos on copies its state behind the first `end` tokens, within it and in order. */
void state_capture(struct state *s, uint32_t end);
/* The state of now is kept. */
void state_keep(struct state *s);
/* No pass goes on any more: what it was to capture is dropped. */
void state_end_pass(struct state *s);
/* A pass over n tokens is over. */
void state_passed(struct state *s, uint32_t n);

/* -> the greatest number of tokens, at most n, whose state is known. */
uint32_t state_reach(const struct state *s, uint32_t n);
/* Goes back to n tokens, which state_reach gave; copies behind them are dropped. -> how many steps
 * are to be made again, from `other` into `now`. */
uint32_t state_go_back(struct state *s, uint32_t n);

/* For states from a file: room for one behind all others, which may take that of another; drops the
 * one at pos; goes on from the last one, which is at n. */
float *state_add_copy(struct state *s, uint32_t pos);
void state_drop_copy(struct state *s, uint32_t pos);
void state_adopt(struct state *s, uint32_t n);

uint64_t state_bytes(const struct state *s); /* in use */

#endif
