/* SPDX-License-Identifier: MIT */
#include "layer_inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"

enum {
    MAX_FULL = 12,   /* inputs of a layer with all moments; more (experts) have E[x^2] alone */
    MIN_TOKENS = 64, /* fewer say little: those of all tokens take their place */
};

struct input {
    uint32_t cols, n[2]; /* tokens of the text now: of the original, of the other stream */
    float *x[2];         /* [n][cols] of either, of which cap have room */
    size_t cap[2];
    struct gram all, held;
    bool is_finished;
};

struct user { /* a matrix */
    const void *data;
    size_t input;
};

struct layer_inputs {
    struct pool *pool;
    uint32_t max_tok;
    bool has_d;
    struct input *inputs;
    struct user *users;
    size_t n_inputs, inputs_cap, n_users, users_cap;

    int stream;          /* which is running */
    const float *last_x; /* input of the last product */
    size_t last_input;
};

struct layer_inputs *layer_inputs_new(struct pool *p, uint32_t max_tok, bool has_d)
{
    struct layer_inputs *in = xcalloc(1, sizeof *in);
    *in = (struct layer_inputs){.pool = p, .max_tok = max_tok, .has_d = has_d};
    return in;
}

void layer_inputs_free(struct layer_inputs *in)
{
    for (size_t i = 0; i < in->n_inputs; i++) {
        gram_free(&in->inputs[i].all);
        gram_free(&in->inputs[i].held);
        free(in->inputs[i].x[0]);
        free(in->inputs[i].x[1]);
    }
    free(in->inputs);
    free(in->users);
    free(in);
}

static struct input *add_input(struct layer_inputs *in, uint32_t cols)
{
    in->inputs = xgrow(in->inputs, in->n_inputs, &in->inputs_cap, sizeof *in->inputs);
    struct input *input = &in->inputs[in->n_inputs];
    bool is_full = in->n_inputs++ < MAX_FULL;
    *input = (struct input){.cols = cols};
    gram_init(&input->all, cols, is_full, in->has_d);
    gram_init(&input->held, cols, is_full, in->has_d);
    return input;
}

/* -> index, or n_users. */
static size_t find_user(const struct layer_inputs *in, const void *data)
{
    size_t i = 0;
    while (i < in->n_users && in->users[i].data != data)
        i++;
    return i;
}

static size_t input_of(struct layer_inputs *in, const struct matrix *w, const float *x)
{
    size_t i = find_user(in, w->data);
    if (i < in->n_users)
        return in->users[i].input;
    bool shares = x == in->last_x && in->inputs[in->last_input].cols == w->cols;
    in->users = xgrow(in->users, in->n_users, &in->users_cap, sizeof *in->users);
    if (!shares)
        add_input(in, w->cols);
    in->users[in->n_users++] = (struct user){w->data, shares ? in->last_input : in->n_inputs - 1};
    return in->users[in->n_users - 1].input;
}

/* Experts see few of the tokens each. */
static void reserve(struct input *input, int stream, size_t n_tok)
{
    if (n_tok <= input->cap[stream])
        return;
    input->cap[stream] = n_tok;
    input->x[stream] = xrealloc(input->x[stream], n_tok * input->cols, sizeof(float));
}

static void watch(void *arg, const struct matrix *w, uint32_t n_tok, const float *x)
{
    struct layer_inputs *in = arg;
    size_t i = input_of(in, w, x);
    struct input *input = &in->inputs[i];
    bool again = in->last_x == x && in->last_input == i;
    in->last_x = x;
    in->last_input = i;
    if (again || input->n[in->stream] + n_tok > in->max_tok)
        return;
    reserve(input, in->stream, input->n[in->stream] + n_tok);
    memcpy(input->x[in->stream] + (size_t)input->n[in->stream] * w->cols, x,
           (size_t)n_tok * w->cols * sizeof *x);
    input->n[in->stream] += n_tok;
}

static void run(struct layer_inputs *in, int stream, struct session *s, uint32_t layer,
                const int32_t *ids, uint32_t n, float *x)
{
    in->stream = stream;
    in->last_x = NULL;
    session_watch(s, watch, in);
    session_layer(s, layer, ids, n, x);
    session_watch(s, NULL, NULL);
}

/* The other stream's moments, and by how much the original's differ. Experts may be given other
 * tokens there: then there is nothing to compare. */
static void add(struct layer_inputs *in, struct input *input, bool is_held)
{
    const int now = in->has_d;
    const float *d = NULL;
    if (in->has_d && input->n[0] == input->n[1]) {
        for (size_t i = 0; i < (size_t)input->n[0] * input->cols; i++)
            input->x[0][i] -= input->x[1][i];
        d = input->x[0];
    }
    if (input->n[now] > 0)
        gram_add(is_held ? &input->held : &input->all, in->pool, input->n[now], input->x[now], d);
    input->n[0] = input->n[1] = 0;
}

void layer_inputs_collect(struct layer_inputs *in, struct session *s, uint32_t layer,
                          const int32_t *ids, uint32_t n, float *x0, const float *x, bool is_held)
{
    run(in, 0, s, layer, ids, n, x0);
    if (in->has_d) {
        size_t dim = (size_t)in->inputs->cols; /* the first product's input is the stream */
        float *copy = xmalloc((size_t)n * dim * sizeof *copy);
        memcpy(copy, x, (size_t)n * dim * sizeof *copy);
        run(in, 1, s, layer, ids, n, copy);
        free(copy);
    }
    for (size_t i = 0; i < in->n_inputs; i++)
        add(in, &in->inputs[i], is_held);
}

static void finish(struct input *input)
{
    if (input->is_finished)
        return;
    gram_finish(&input->all);
    gram_finish(&input->held);
    input->is_finished = true;
}

/* Of the inputs of this length that which has seen the most tokens, the last of several: for an
 * expert what its router reads. NULL: none has seen enough. */
static const struct gram *most_seen(struct layer_inputs *in, uint32_t cols)
{
    const struct gram *most = NULL;
    uint64_t n = MIN_TOKENS;
    for (size_t i = 0; i < in->n_inputs; i++) {
        struct gram *g = &in->inputs[i].all;
        finish(&in->inputs[i]);
        if (g->cols != cols || g->n_tok < n)
            continue;
        most = g;
        n = g->n_tok;
    }
    return most;
}

const struct gram *layer_inputs_of(struct layer_inputs *in, const struct matrix *w,
                                   const struct gram **held)
{
    size_t i = find_user(in, w->data);
    *held = NULL;
    if (i < in->n_users) {
        struct input *input = &in->inputs[in->users[i].input];
        finish(input);
        if (input->held.n_tok > 0 && input->held.x)
            *held = &input->held;
        if (input->all.n_tok >= MIN_TOKENS)
            return &input->all;
    }
    *held = NULL;
    return most_seen(in, w->cols);
}
