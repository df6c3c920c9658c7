/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

size_t state_conv_floats(const struct model_config *c)
{
    return (size_t)(c->conv_taps - 1) * config_conv_dim(c);
}

size_t state_head_floats(const struct model_config *c)
{
    return (size_t)c->delta_k_dim * c->delta_v_dim;
}

static void plan_steps(struct state_steps *steps, const struct model_config *c)
{
    steps->in = xcalloc((size_t)STATE_STEPS * config_conv_dim(c), sizeof(float));
    if (c->arch->mixer.kind != MIXER_DELTA)
        return;
    steps->mixed = xcalloc((size_t)STATE_STEPS * config_conv_dim(c), sizeof(float));
    steps->gates = xcalloc((size_t)STATE_STEPS * 2 * c->delta_v_heads, sizeof(float));
}

void state_init(struct state *s, const struct model *m, uint64_t max_bytes)
{
    const struct model_config *c = &m->config;
    size_t of_layer = 0;
    *s = (struct state){.n_layers = c->n_layers};
    if (c->arch->mixer.kind != MIXER_ATTENTION)
        of_layer = state_conv_floats(c) + c->delta_v_heads * state_head_floats(c);
    of_layer = (of_layer + 15) / 16 * 16; /* whole lines */
    s->at = xcalloc(c->n_layers, sizeof *s->at);
    s->steps = xcalloc(c->n_layers, sizeof *s->steps);
    for (uint32_t i = 0; i < c->n_layers; i++) {
        s->at[i] = s->n_floats;
        if (m->layers[i].plan.mixer == MIXER_ATTENTION)
            continue;
        s->n_floats += of_layer;
        plan_steps(&s->steps[i], c);
    }
    if (s->n_floats == 0)
        return;
    s->now = xaligned(s->n_floats * sizeof(float));
    s->other = xaligned_scratch(s->n_floats * sizeof(float));
    uint64_t n = max_bytes / (s->n_floats * sizeof(float));
    s->max_copies = n < 2 ? 2 : n < STATE_COPIES ? (uint32_t)n : STATE_COPIES;
}

static void drop_copies(struct state *s, uint32_t first)
{
    while (s->n_copies > first)
        free(s->copies[--s->n_copies].floats);
}

void state_free(struct state *s)
{
    state_end_pass(s);
    drop_copies(s, 0);
    for (uint32_t i = 0; i < s->n_layers; i++) {
        free(s->steps[i].in);
        free(s->steps[i].mixed);
        free(s->steps[i].gates);
    }
    free(s->steps);
    free(s->at);
    free(s->now);
    free(s->other);
    *s = (struct state){0};
}

void state_clear(struct state *s)
{
    if (s->n_floats == 0)
        return;
    state_end_pass(s);
    drop_copies(s, 0);
    memset(s->now, 0, s->n_floats * sizeof *s->now);
    s->pos = s->n_steps = 0;
    s->has_other = false;
}

/* ---- copies ----------------------------------------------------------------------------- */

/* What is lost least: copies stand the closer the nearer they are to the end of the text. */
static uint32_t least_useful(const struct state *s)
{
    const uint32_t end = s->copies[s->n_copies - 1].pos;
    uint32_t worst = 0;
    double least = 0;
    for (uint32_t i = 0; i + 1 < s->n_copies; i++) {
        uint32_t before = i > 0 ? s->copies[i - 1].pos : 0;
        double value = (double)(s->copies[i + 1].pos - before) / (end - s->copies[i].pos + 1.0);
        if (i == 0 || value < least) {
            worst = i;
            least = value;
        }
    }
    return worst;
}

/* -> room for one more copy behind all others. */
static float *make_room(struct state *s)
{
    if (s->n_copies + s->n_captures < s->max_copies || s->n_copies == 0)
        return xaligned_scratch(s->n_floats * sizeof(float));
    uint32_t i = least_useful(s);
    float *floats = s->copies[i].floats;
    memmove(s->copies + i, s->copies + i + 1, (s->n_copies - i - 1) * sizeof *s->copies);
    s->n_copies--;
    return floats;
}

static bool has_copy(const struct state *s, uint32_t pos)
{
    return s->n_copies > 0 && s->copies[s->n_copies - 1].pos >= pos;
}

void state_keep(struct state *s)
{
    if (s->n_floats == 0 || s->pos == 0 || has_copy(s, s->pos))
        return;
    float *floats = make_room(s);
    memcpy(floats, s->now, s->n_floats * sizeof *floats);
    s->copies[s->n_copies++] = (struct state_copy){s->pos, floats};
}

void state_capture(struct state *s, uint32_t end)
{
    if (s->n_floats == 0 || s->n_captures == STATE_CAPTURES ||
        (s->n_captures > 0 && s->captures[s->n_captures - 1].pos == end))
        return;
    float *floats = make_room(s);
    s->captures[s->n_captures++] = (struct state_copy){end, floats};
}

void state_end_pass(struct state *s)
{
    while (s->n_captures > 0)
        free(s->captures[--s->n_captures].floats);
}

/* ---- forth and back --------------------------------------------------------------------- */

static void swap(struct state *s)
{
    float *now = s->now;
    s->now = s->other;
    s->other = now;
}

void state_passed(struct state *s, uint32_t n)
{
    if (s->n_floats == 0)
        return;
    swap(s);
    s->has_other = true;
    s->from = s->pos;
    s->pos += n;
    s->n_steps = n <= STATE_STEPS ? n : 0;
    memcpy(s->copies + s->n_copies, s->captures, s->n_captures * sizeof *s->captures);
    s->n_copies += s->n_captures;
    s->n_captures = 0;
}

uint32_t state_reach(const struct state *s, uint32_t n)
{
    if (s->n_floats == 0 || n == s->pos)
        return n;
    uint32_t best = 0;
    for (uint32_t i = 0; i < s->n_copies && s->copies[i].pos <= n; i++)
        best = s->copies[i].pos;
    if (s->has_other && s->from <= n && s->from >= best)
        best = s->n_steps > 0 ? n : s->from;
    return best;
}

static void take_copy(struct state *s, uint32_t n)
{
    const struct state_copy *copy = &s->copies[s->n_copies - 1];
    assert(s->n_copies > 0 && copy->pos == n);
    memcpy(s->now, copy->floats, s->n_floats * sizeof *s->now);
    s->pos = n;
    s->n_steps = 0;
    s->has_other = false;
}

uint32_t state_go_back(struct state *s, uint32_t n)
{
    if (s->n_floats == 0 || n == s->pos)
        return 0;
    state_end_pass(s);
    if (n == 0) {
        state_clear(s);
        return 0;
    }
    uint32_t kept = 0;
    while (kept < s->n_copies && s->copies[kept].pos <= n)
        kept++;
    drop_copies(s, kept);
    if (!s->has_other || s->from > n || (s->from < n && s->n_steps == 0)) {
        take_copy(s, n);
        return 0;
    }
    s->pos = n;
    s->n_steps = n - s->from;
    if (s->n_steps == 0) {
        swap(s);
        s->has_other = false;
    }
    return s->n_steps;
}

float *state_add_copy(struct state *s, uint32_t pos)
{
    float *floats = make_room(s);
    s->copies[s->n_copies++] = (struct state_copy){pos, floats};
    return floats;
}

void state_drop_copy(struct state *s, uint32_t pos)
{
    for (uint32_t i = 0; i < s->n_copies; i++)
        if (s->copies[i].pos == pos) {
            free(s->copies[i].floats);
            memmove(s->copies + i, s->copies + i + 1, (s->n_copies - i - 1) * sizeof *s->copies);
            s->n_copies--;
            return;
        }
}

void state_adopt(struct state *s, uint32_t n)
{
    if (n == 0)
        state_clear(s);
    else if (s->n_floats > 0)
        take_copy(s, n);
}

uint64_t state_bytes(const struct state *s)
{
    return (uint64_t)(s->n_floats ? 2 + s->n_copies : 0) * s->n_floats * sizeof(float);
}
