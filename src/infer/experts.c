/* SPDX-License-Identifier: MIT */
#include "experts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expert_fetch.h"
#include "matmul_parts.h"

/* A row: one token at one of its experts. Rows stand by expert, then by token. */
struct expert_scratch {
    struct matmul *mm;
    float *scores;    /* [chunk][n] of the router */
    uint32_t *chosen; /* [chunk][n_used] experts, in the order of their weights */
    float *weight;    /* [chunk][n_used] */
    uint32_t *row;    /* [chunk][n_used] their rows */
    float *beside;    /* [chunk] weights of the dense part */
    uint32_t *token;  /* [rows] */
    uint32_t *expert; /* [rows] */
    uint32_t *first;  /* [n + 1] row where an expert's begin */
    float *gate, *up; /* [rows][dim of an expert] */
    float *out;       /* [rows][dim] */
    float *routed;    /* [chunk][dim] what routers with a norm of their own read; or NULL */
    struct matmul_part *parts; /* [2 n] */
    struct expert_fetch fetch;
};

/* ---- scratch -------------------------------------------------------------------------- */

struct expert_scratch *experts_new(const struct session *s)
{
    const struct model_config *c = &s->m->config;
    const struct expert_config *e = &c->experts;
    if (e->n == 0)
        return NULL;
    struct expert_scratch *x = xcalloc(1, sizeof *x);
    size_t chunk = s->chunk, n_rows = chunk * e->n_used;
    /* where a matrix unit takes 16 rows at a time, each expert may fill up its last ones */
    size_t padded = n_rows + (s->k->pack_tokens ? (size_t)TILE_TOKENS * e->n : 0);
    x->mm = matmul_new(s->k, s->pool, s->gemm, (uint32_t)padded, c->dim > e->dim ? c->dim : e->dim);
    x->scores = xaligned_scratch(chunk * e->n * sizeof *x->scores);
    x->chosen = xcalloc(n_rows, sizeof *x->chosen);
    x->weight = xcalloc(n_rows, sizeof *x->weight);
    x->row = xcalloc(n_rows, sizeof *x->row);
    x->beside = xcalloc(chunk, sizeof *x->beside);
    x->token = xcalloc(n_rows, sizeof *x->token);
    x->expert = xcalloc(n_rows, sizeof *x->expert);
    x->first = xcalloc(e->n + 1, sizeof *x->first);
    x->gate = xaligned_scratch(n_rows * e->dim * sizeof *x->gate);
    x->up = xaligned_scratch(n_rows * e->dim * sizeof *x->up);
    x->out = xaligned_scratch(n_rows * c->dim * sizeof *x->out);
    if (c->arch->experts.router_scale)
        x->routed = xaligned_scratch(chunk * c->dim * sizeof *x->routed);
    x->parts = xcalloc(2 * (size_t)e->n, sizeof *x->parts);
    x->fetch.is_mapped = s->m->file.owns_file;
    return x;
}

void experts_watch(struct expert_scratch *x, matmul_watch_fn *fn, void *arg)
{
    if (x)
        matmul_watch(x->mm, fn, arg);
}

void experts_each(struct expert_scratch *x, bool on)
{
    if (x)
        matmul_each(x->mm, on);
}

void experts_free(struct expert_scratch *x)
{
    if (!x)
        return;
    matmul_free(x->mm);
    void *const arrays[] = {x->scores, x->chosen, x->weight, x->row, x->beside, x->token, x->expert,
                            x->first,  x->gate,   x->up,     x->out, x->routed, x->parts};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(x);
}

/* ---- the router ----------------------------------------------------------------------- */

static void softmax(float *x, uint32_t n)
{
    float max = x[0], sum = 0;
    for (uint32_t i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (uint32_t i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - max);
    for (uint32_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* The k greatest, the greatest first; of equals the one with the lower index. */
static void greatest(const float *x, const float *bias, uint32_t n, uint32_t k, uint32_t *chosen)
{
    bool taken[MAX_EXPERTS] = {false};
    for (uint32_t j = 0; j < k; j++) {
        uint32_t best = n;
        float most = 0;
        for (uint32_t i = 0; i < n; i++) {
            float score = bias ? x[i] + bias[i] : x[i];
            if (taken[i] || !(best == n || score > most))
                continue;
            best = i;
            most = score;
        }
        taken[best] = true;
        chosen[j] = best;
    }
}

static void choose(const struct experts *e, float *scores, uint32_t *chosen, float *weight)
{
    if (e->kind == ROUTER_SOFTMAX)
        softmax(scores, e->n);
    for (uint32_t i = 0; e->kind == ROUTER_SIGMOID && i < e->n; i++)
        scores[i] = 1 / (1 + expf(-scores[i]));
    greatest(scores, e->choice_bias, e->n, e->n_used, chosen);
    float sum = e->normalise_eps;
    for (uint32_t j = 0; j < e->n_used; j++)
        sum += weight[j] = scores[chosen[j]];
    if (e->kind == ROUTER_TOP_SOFTMAX)
        softmax(weight, e->n_used);
    for (uint32_t j = 0; j < e->n_used; j++) {
        if (e->normalise)
            weight[j] /= sum;
        if (e->scale != 1)
            weight[j] *= e->scale;
        if (e->weight_scale)
            weight[j] *= e->weight_scale[chosen[j]];
    }
}

static void choose_of_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct experts *e = p->l->experts;
    struct expert_scratch *x = p->s->experts;
    float *scores = x->scores + (size_t)t * e->n;
    (void)worker;
    if (e->router_bias)
        p->s->k->add(scores, e->router_bias, e->n);
    choose(e, scores, x->chosen + (size_t)t * e->n_used, x->weight + (size_t)t * e->n_used);
}

static void routed_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct model_config *c = &p->s->m->config;
    (void)worker;
    p->s->k->rms_norm(p->s->experts->routed + (size_t)t * c->dim, p->s->x + (size_t)t * c->dim,
                      p->l->experts->router_norm, c->dim, c->norm_eps);
}

/* Every token alone, so that its experts do not depend on the tokens beside it. */
static void route(struct pass *p, const float *h)
{
    const struct experts *e = p->l->experts;
    struct expert_scratch *x = p->s->experts;
    if (e->router_norm) {
        pass_run(p, routed_token, p->n, (uint64_t)p->n * p->s->m->config.dim);
        h = x->routed;
    }
    matmul_run_each(p->s->mm, &e->router, p->n, h, x->scores, e->n);
    pass_run(p, choose_of_token, p->n, (uint64_t)p->n * e->n * e->n_used);
}

static void weigh_beside(struct pass *p, const float *h)
{
    const struct experts *e = p->l->experts;
    float *beside = p->s->experts->beside;
    if (e->beside_gate.rows)
        matmul_run_each(p->s->mm, &e->beside_gate, p->n, h, beside, 1);
    for (uint32_t t = 0; t < p->n; t++)
        beside[t] = e->beside_gate.rows ? 1 / (1 + expf(-beside[t])) : 1;
}

/* ---- rows by expert ------------------------------------------------------------------- */

static void sort_rows(struct pass *p)
{
    const struct experts *e = p->l->experts;
    struct expert_scratch *x = p->s->experts;
    uint32_t n_rows = p->n * e->n_used, next[MAX_EXPERTS];
    memset(x->first, 0, (e->n + 1) * sizeof *x->first);
    for (uint32_t i = 0; i < n_rows; i++)
        x->first[x->chosen[i] + 1]++;
    for (uint32_t i = 0; i < e->n; i++) {
        x->first[i + 1] += x->first[i];
        next[i] = x->first[i];
    }
    for (uint32_t i = 0; i < n_rows; i++) {
        uint32_t row = next[x->chosen[i]]++;
        x->row[i] = row;
        x->token[row] = i / e->n_used;
        x->expert[row] = x->chosen[i];
    }
}

/* Adds a matrix of each expert that has rows. -> their number. */
static uint32_t add_parts(struct pass *p, const struct matrix *const stacks[], float *const y[],
                          uint32_t n_stacks)
{
    struct expert_scratch *x = p->s->experts;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->l->experts->n; i++)
        for (uint32_t j = 0; x->first[i + 1] > x->first[i] && j < n_stacks; j++)
            x->parts[n++] = (struct matmul_part){&stacks[j][i], x->first[i],
                                                 x->first[i + 1] - x->first[i], y[j]};
    return n;
}

/* Those with rows. */
static void fetch_experts(struct pass *p)
{
    const struct experts *e = p->l->experts;
    struct expert_scratch *x = p->s->experts;
    for (uint32_t i = 0; i < e->n; i++) {
        if (x->first[i + 1] == x->first[i])
            continue;
        for (uint32_t j = 0; j < e->n_gate_up; j++)
            expert_fetch_matrix(&x->fetch, &e->gate_up[j][i]);
        expert_fetch_matrix(&x->fetch, &e->down[i]);
    }
}

void experts_begin(struct session *s)
{
    if (s->experts)
        expert_fetch_pass(&s->experts->fetch);
}

void session_expert_reads(const struct session *s, uint64_t *needed_bytes, uint64_t *missed_bytes)
{
    *needed_bytes = s->experts ? s->experts->fetch.needed_bytes : 0;
    *missed_bytes = s->experts ? s->experts->fetch.missed_bytes : 0;
}

/* ---- products ------------------------------------------------------------------------- */

static void act_row(void *arg, uint32_t row, uint32_t worker)
{
    const struct pass *p = arg;
    const struct experts *e = p->l->experts;
    const struct expert_scratch *x = p->s->experts;
    float *gate = x->gate + (size_t)row * e->dim, *up = x->up + (size_t)row * e->dim;
    size_t bias = (size_t)x->expert[row] * e->dim;
    (void)worker;
    if (e->gate_up_bias[0])
        p->s->k->add(gate, e->gate_up_bias[0] + bias, e->dim);
    if (e->gate_up_bias[1])
        p->s->k->add(up, e->gate_up_bias[1] + bias, e->dim);
    pass_act(p, gate, up, e->dim);
}

void experts_run(struct pass *p, const float *h)
{
    const struct experts *e = p->l->experts;
    struct expert_scratch *x = p->s->experts;
    const struct matrix *const gate_up[] = {e->gate_up[0], e->gate_up[1]};
    const struct matrix *const down[] = {e->down};
    const uint32_t n_rows = p->n * e->n_used, dim = p->s->m->config.dim;
    route(p, h);
    pass_lap(p, OP_ROUTE);
    sort_rows(p);
    fetch_experts(p);
    weigh_beside(p, h);
    pass_lap(p, OP_ROUTE);
    uint32_t n_parts = add_parts(p, gate_up, (float *const[]){x->gate, x->up}, 2);
    matmul_run_parts(x->mm, x->parts, n_parts, h, p->n, x->token, e->dim);
    pass_lap(p, OP_GATE_UP);
    pass_run(p, act_row, n_rows, (uint64_t)n_rows * e->dim);
    pass_lap(p, OP_SILU);
    n_parts = add_parts(p, down, (float *const[]){x->out}, 1);
    matmul_run_parts(x->mm, x->parts, n_parts, x->gate, n_rows, NULL, dim);
    pass_lap(p, OP_DOWN);
}

/* ---- the sum -------------------------------------------------------------------------- */

/* In the order of their weights. The first row of a token takes the sum. */
static float *sum_of_token(const struct pass *p, uint32_t t)
{
    const struct experts *e = p->l->experts;
    const struct expert_scratch *x = p->s->experts;
    const struct kernels *k = p->s->k;
    const uint32_t dim = p->s->m->config.dim, *rows = x->row + (size_t)t * e->n_used;
    const float *weight = x->weight + (size_t)t * e->n_used;
    float *sum = x->out + (size_t)rows[0] * dim;
    for (uint32_t j = 0; j < e->n_used; j++) {
        float *out = x->out + (size_t)rows[j] * dim;
        if (e->down_bias)
            k->add(out, e->down_bias + (size_t)x->expert[rows[j]] * dim, dim);
        if (j == 0)
            k->scale(sum, weight[0], dim);
        else
            k->add_scaled(sum, out, weight[j], dim);
    }
    return sum;
}

static void add_token(void *arg, uint32_t t, uint32_t worker)
{
    const struct pass *p = arg;
    const struct experts *e = p->l->experts;
    const struct kernels *k = p->s->k;
    const uint32_t dim = p->s->m->config.dim;
    float *h = p->s->h + (size_t)t * dim, *sum = sum_of_token(p, t);
    float beside = p->s->experts->beside[t];
    (void)worker;
    if (e->post_norm.weight)
        pass_norm(p, &e->post_norm, sum, sum);
    if (p->l->n_gate_up == 0) {
        memcpy(h, sum, dim * sizeof *h);
        return;
    }
    if (e->dense_post_norm.weight)
        pass_norm(p, &e->dense_post_norm, h, h);
    if (beside != 1)
        k->scale(h, beside, dim);
    k->add(h, sum, dim);
}

void experts_add(struct pass *p)
{
    const uint32_t dim = p->s->m->config.dim;
    pass_run(p, add_token, p->n, (uint64_t)p->n * p->l->experts->n_used * dim);
    pass_lap(p, OP_ADD);
}
