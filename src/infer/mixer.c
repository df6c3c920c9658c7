/* SPDX-License-Identifier: MIT
 *
 * mixer: layers that keep a state instead of positions. Both kinds look at a few inputs by a
 * convolution over the tokens; a chunk of work is a slice of its channels, or some columns of the
 * heads' states, with all tokens of the pass: a strip of DELTA_COLS columns stays in the first
 * level cache from token to token. On a CPU that is as fast as the form in chunks of tokens, whose
 * products are small (docs/performance.md).
 */
#include <math.h>
#include <string.h>

#include "session_internal.h"

enum {
    CONV_SLICE = 512, /* channels of a chunk */
    DELTA_SLICE = 4,  /* times DELTA_COLS columns of a chunk */
};

uint32_t mixer_in_dim(const struct model_config *c)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < MAX_MIXER_IN && c->arch->mixer.in[i]; i++)
        n += config_mixer_rows(c, i);
    return n;
}

/* The state of the pass's first token. */
static const struct state *state_of(const struct pass *p)
{
    return &pass_session(p, 0)->state;
}

/* Of a pass over tokens of several sessions: that over one of them. */
static struct pass pass_of_row(const struct pass *p, uint32_t t)
{
    struct pass row = *p;
    row.rows = p->rows + t;
    row.row0 = t;
    row.pos0 = p->rows[t]->len;
    row.n = 1;
    return row;
}

/* ---- the convolution -------------------------------------------------------------------- */

/* Its inputs: those before the pass, then those of the pass. */
struct inputs {
    const float *before; /* [taps - 1][dim] */
    const float *in;     /* [n_tok][ld] */
    size_t ld;
    uint32_t taps, dim;
};

/* t from -(taps - 1) on. */
static const float *input_at(const struct inputs *x, int32_t t)
{
    return t < 0 ? x->before + (size_t)(t + (int32_t)x->taps - 1) * x->dim
                 : x->in + (size_t)t * x->ld;
}

/* The state behind n tokens, of channels [first, first + n_channels). */
static void store_inputs(const struct inputs *x, uint32_t n, float *to, uint32_t first,
                         uint32_t n_channels)
{
    for (uint32_t tap = 0; tap + 1 < x->taps; tap++)
        memcpy(to + (size_t)tap * x->dim + first,
               input_at(x, (int32_t)(n + tap) - (int32_t)x->taps + 1) + first,
               n_channels * sizeof *to);
}

static struct inputs inputs_of(const struct pass *p)
{
    const struct model_config *c = &p->s->m->config;
    const struct state *st = state_of(p);
    const size_t ld = mixer_in_dim(c);
    return (struct inputs){.before = st->now + st->at[p->layer],
                           .in = p->s->mixer_in + p->row0 * ld,
                           .ld = ld,
                           .taps = c->conv_taps,
                           .dim = config_conv_dim(c)};
}

static void remember_inputs(const struct pass *p, const struct inputs *x, uint32_t first,
                            uint32_t n_channels)
{
    const struct state *st = state_of(p);
    const size_t at = st->at[p->layer];
    store_inputs(x, p->n, st->other + at, first, n_channels);
    for (uint32_t i = 0; i < st->n_captures; i++)
        store_inputs(x, st->captures[i].pos - p->pos0, st->captures[i].floats + at, first,
                     n_channels);
    for (uint32_t t = 0; p->n <= STATE_STEPS && t < p->n; t++)
        memcpy(st->steps[p->layer].in + (size_t)t * x->dim + first, x->in + t * x->ld + first,
               n_channels * sizeof(float));
}

/* Chunk: CONV_SLICE channels of all tokens, into s->mixed. */
static void conv_slice(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct inputs x = inputs_of(p);
    const uint32_t first = chunk * CONV_SLICE, left = x.dim - first;
    const uint32_t n = left < CONV_SLICE ? left : CONV_SLICE;
    const float *rows[MAX_CONV_TAPS], *bias = p->l->conv_bias ? p->l->conv_bias + first : NULL;
    (void)worker;
    for (uint32_t t = 0; t < p->n; t++) {
        float *row = s->mixer_in + (size_t)(p->row0 + t) * x.ld + first;
        float *out = s->mixed + (size_t)(p->row0 + t) * x.dim + first;
        if (p->l->plan.mixer == MIXER_CONV) /* b, c, x lie side by side */
            s->k->mul(row, row + 2 * x.dim, n);
        for (uint32_t tap = 0; tap < x.taps; tap++)
            rows[tap] = input_at(&x, (int32_t)(t + tap) - (int32_t)x.taps + 1) + first;
        s->k->short_conv(out, rows, p->l->conv + first, x.dim, bias, x.taps, n);
        if (p->l->plan.mixer == MIXER_CONV)
            s->k->mul(out, row + x.dim, n);
        else
            s->k->sigmoid_mul(out, out, n);
    }
    remember_inputs(p, &x, first, n);
}

static uint32_t n_slices(const struct model_config *c)
{
    return (config_conv_dim(c) + CONV_SLICE - 1) / CONV_SLICE;
}

static void again_slice(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct state *st = state_of(p);
    struct inputs x = inputs_of(p);
    const uint32_t first = chunk * CONV_SLICE, left = x.dim - first;
    const size_t at = st->at[p->layer];
    (void)worker;
    x.before = st->other + at;
    x.in = st->steps[p->layer].in;
    x.ld = x.dim;
    store_inputs(&x, p->n, st->now + at, first, left < CONV_SLICE ? left : CONV_SLICE);
}

/* ---- the delta rule --------------------------------------------------------------------- */

/* Lengths of queries and keys, which become 1 / k dim^1/2 and 1. */
static void norm_key(const struct session *s, float *head, const float *weight)
{
    const uint32_t dim = s->m->config.delta_k_dim;
    s->k->rms_norm(head, head, weight, dim, 1e-6f / (float)dim);
}

static float softplus(float x)
{
    return x > 20 ? x : log1pf(expf(x));
}

/* Chunk: a token. Its queries and keys get their lengths; its decays, then its betas. */
static void gate_heads(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const uint32_t conv_dim = config_conv_dim(c), n_heads = c->delta_v_heads;
    const size_t at = p->row0 + t;
    float *q = s->mixed + at * conv_dim, *k = q + config_delta_k_dim(c);
    float *gates = s->gates + at * 2 * n_heads;
    const float *beta = s->mixer_in + at * mixer_in_dim(c) + conv_dim + config_delta_v_dim(c);
    (void)worker;
    for (uint32_t i = 0; i < c->delta_k_heads; i++) {
        norm_key(s, q + (size_t)i * c->delta_k_dim, s->query_length);
        norm_key(s, k + (size_t)i * c->delta_k_dim, s->key_length);
    }
    for (uint32_t i = 0; i < n_heads; i++) {
        gates[i] = expf(p->l->decay[i] * softplus(beta[n_heads + i] + p->l->step_bias[i]));
        gates[n_heads + i] = 1 / (1 + expf(-beta[i]));
    }
    if (p->n > STATE_STEPS)
        return;
    const struct state_steps *steps = &state_of(p)->steps[p->layer];
    memcpy(steps->mixed + (size_t)t * conv_dim, q, conv_dim * sizeof *q);
    memcpy(steps->gates + (size_t)t * 2 * n_heads, gates, 2 * n_heads * sizeof *gates);
}

/* Strips of DELTA_COLS columns, counted through the states of all heads. */
static uint32_t n_strips(const struct model_config *c)
{
    return config_delta_v_dim(c) / DELTA_COLS;
}

static uint32_t n_delta_slices(const struct model_config *c)
{
    return (n_strips(c) + DELTA_SLICE - 1) / DELTA_SLICE;
}

static uint32_t end_of_slice(const struct model_config *c, uint32_t chunk)
{
    const uint32_t end = (chunk + 1) * DELTA_SLICE;
    return end < n_strips(c) ? end : n_strips(c);
}

static struct delta_rule delta_of(const struct model_config *c, uint32_t strip, const float *mixed,
                                  const float *gates)
{
    const uint32_t head = strip * DELTA_COLS / c->delta_v_dim;
    const uint32_t key = head / (c->delta_v_heads / c->delta_k_heads);
    const float *q = mixed + (size_t)key * c->delta_k_dim;
    return (struct delta_rule){.q = q,
                               .k = q + config_delta_k_dim(c),
                               .v = mixed + 2 * (size_t)config_delta_k_dim(c) +
                                    (size_t)strip * DELTA_COLS,
                               .ld = config_conv_dim(c),
                               .decay = gates + head,
                               .beta = gates + c->delta_v_heads + head,
                               .ld_gate = 2 * (size_t)c->delta_v_heads,
                               .k_dim = c->delta_k_dim};
}

/* Where it is in a state of all layers. */
static size_t strip_at(const struct pass *p, uint32_t strip)
{
    const struct model_config *c = &p->s->m->config;
    return state_of(p)->at[p->layer] + state_conv_floats(c) +
           (size_t)strip * c->delta_k_dim * DELTA_COLS;
}

/* The next n tokens. */
static void run_delta(const struct session *s, struct delta_rule *d, uint32_t n)
{
    d->n_tok = n;
    if (n == 0)
        return;
    s->k->delta_rule(d);
    d->before = d->state;
    d->q += n * d->ld;
    d->k += n * d->ld;
    d->v += n * d->ld;
    d->decay += n * d->ld_gate;
    d->beta += n * d->ld_gate;
    d->out += n * d->ld_out;
}

/* All tokens of the pass, into s->mixer_out. */
static void delta_strip(const struct pass *p, uint32_t strip)
{
    const struct session *s = p->s;
    const struct state *st = state_of(p);
    const struct model_config *c = &s->m->config;
    const size_t at = strip_at(p, strip), row = p->row0;
    struct delta_rule d = delta_of(c, strip, s->mixed + row * config_conv_dim(c),
                                   s->gates + row * 2 * c->delta_v_heads);
    uint32_t done = 0;
    d.before = st->now + at;
    d.state = st->other + at;
    d.out = s->mixer_out + row * config_delta_v_dim(c) + (size_t)strip * DELTA_COLS;
    d.ld_out = config_delta_v_dim(c);
    for (uint32_t i = 0; i < st->n_captures; i++) {
        uint32_t end = st->captures[i].pos - p->pos0;
        run_delta(s, &d, end - done);
        memcpy(st->captures[i].floats + at, d.state,
               (size_t)c->delta_k_dim * DELTA_COLS * sizeof *d.state);
        done = end;
    }
    run_delta(s, &d, p->n - done);
}

static void delta_slice(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct model_config *c = &p->s->m->config;
    (void)worker;
    for (uint32_t strip = chunk * DELTA_SLICE; strip < end_of_slice(c, chunk); strip++)
        delta_strip(p, strip);
}

static void delta_strip_again(const struct pass *p, uint32_t strip)
{
    const struct state *st = state_of(p);
    const struct state_steps *steps = &st->steps[p->layer];
    const size_t at = strip_at(p, strip);
    struct delta_rule d = delta_of(&p->s->m->config, strip, steps->mixed, steps->gates);
    float out[STATE_STEPS * DELTA_COLS];
    d.before = st->other + at;
    d.state = st->now + at;
    d.out = out;
    d.ld_out = DELTA_COLS;
    run_delta(p->s, &d, p->n);
}

static void delta_slice_again(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const struct model_config *c = &p->s->m->config;
    (void)worker;
    for (uint32_t strip = chunk * DELTA_SLICE; strip < end_of_slice(c, chunk); strip++)
        delta_strip_again(p, strip);
}

/* Chunk: a token. What its heads read is normed, and passes their gates. */
static void norm_heads(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const uint32_t dim = config_delta_v_dim(c);
    float *out = s->mixer_out + (size_t)t * dim;
    float *z = s->mixer_in + (size_t)t * mixer_in_dim(c) + config_conv_dim(c);
    (void)worker;
    for (uint32_t i = 0; i < c->delta_v_heads; i++, out += c->delta_v_dim)
        s->k->rms_norm(out, out, p->l->mixer_norm, c->delta_v_dim, c->norm_eps);
    s->k->silu_mul(z, out - dim, dim);
    memcpy(out - dim, z, dim * sizeof *z);
}

/* ---- a layer ---------------------------------------------------------------------------- */

static uint64_t delta_work(const struct pass *p)
{
    const struct model_config *c = &p->s->m->config;
    return (uint64_t)p->n * config_delta_v_dim(c) * c->delta_k_dim;
}

static void conv_slice_of_row(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const uint32_t n = n_slices(&p->s->m->config);
    struct pass row = pass_of_row(p, chunk / n);
    conv_slice(&row, chunk % n, worker);
}

static void gate_heads_of_row(void *arg, uint32_t t, uint32_t worker)
{
    struct pass row = pass_of_row(arg, t);
    gate_heads(&row, 0, worker);
}

static void delta_slice_of_row(void *arg, uint32_t chunk, uint32_t worker)
{
    const struct pass *p = arg;
    const uint32_t n = n_delta_slices(&p->s->m->config);
    struct pass row = pass_of_row(p, chunk / n);
    delta_slice(&row, chunk % n, worker);
}

void mixer_run(struct pass *p)
{
    struct session *s = p->s;
    const struct model_config *c = &s->m->config;
    const uint32_t n_rows = p->rows ? p->n : 1;
    pass_run(p, p->rows ? conv_slice_of_row : conv_slice, n_rows * n_slices(c),
             (uint64_t)p->n * config_conv_dim(c) * c->conv_taps);
    pass_lap(p, OP_CONV);
    if (p->l->plan.mixer != MIXER_DELTA)
        return;
    pass_run(p, p->rows ? gate_heads_of_row : gate_heads, p->n,
             (uint64_t)(p->n - 1) * config_delta_k_dim(c));
    pass_run(p, p->rows ? delta_slice_of_row : delta_slice, n_rows * n_delta_slices(c),
             delta_work(p));
    pass_run(p, norm_heads, p->n, (uint64_t)(p->n - 1) * config_delta_v_dim(c));
    pass_lap(p, OP_DELTA);
}

void mixer_again(struct session *s, uint32_t n)
{
    const struct model_config *c = &s->m->config;
    struct pass p = {.s = s, .n = n};
    for (p.layer = 0; n > 0 && p.layer < c->n_layers; p.layer++) {
        p.l = &s->m->layers[p.layer];
        if (p.l->plan.mixer == MIXER_ATTENTION)
            continue;
        pass_run(&p, again_slice, n_slices(c), (uint64_t)n * config_conv_dim(c));
        if (p.l->plan.mixer == MIXER_DELTA)
            pass_run(&p, delta_slice_again, n_delta_slices(c), delta_work(&p));
    }
}
