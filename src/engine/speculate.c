/* SPDX-License-Identifier: MIT */
#include "speculate.h"

#include <math.h>
#include <string.h>

/* How fast estimates follow what happens. */
#define HIT_RATE 0.08
#define TIME_RATE 0.15
#define SLOPE_RATE 0.3
#define FORGET_RATE 0.002

#define FIRST_SLOPE 0.2
#define FIRST_MAX 2
#define MIN_GAIN 1.08 /* tokens a time that a guess must promise; the estimates are not exact */

bool speculate_mode_from_name(const char *name, enum speculate_mode *mode)
{
    static const char *const names[] = {
        [SPECULATE_AUTO] = "auto", [SPECULATE_ON] = "on", [SPECULATE_OFF] = "off"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *mode = (enum speculate_mode)i;
            return true;
        }
    return false;
}

void speculate_init(struct speculate *s, enum speculate_mode mode)
{
    *s = (struct speculate){.mode = mode, .slope = FIRST_SLOPE};
    speculate_begin(s);
}

void speculate_begin(struct speculate *s)
{
    static const double first[SPECULATE_CLASSES] = {0.4, 0.5, 0.7, 0.85};
    memcpy(s->hit, first, sizeof first);
}

static int class_of(uint32_t n_match)
{
    return n_match == 0 ? 0 : n_match < 3 ? 1 : n_match < 8 ? 2 : 3;
}

static void follow(double *estimate, double value, double rate)
{
    *estimate += (value - *estimate) * rate;
}

/* Expected tokens of a pass with k guesses: the guessed ones up to the first that is wrong, and the
 * one that the model says itself. */
uint32_t speculate_length(const struct speculate *s, uint32_t n_match, uint32_t n_max)
{
    if (s->mode != SPECULATE_AUTO)
        return s->mode == SPECULATE_ON ? n_max : 0;
    if (!s->is_measured) /* what they cost is found out with few, beside a pass without any */
        n_max = s->pass_ms == 0 ? 0 : n_max < FIRST_MAX ? n_max : FIRST_MAX;
    double hit = s->hit[class_of(n_match)], right = 1, tokens = 1, best_gain = MIN_GAIN;
    uint32_t best = 0;
    for (uint32_t k = 1; k <= n_max; k++) {
        right *= hit;
        tokens += right;
        double gain = tokens / (1 + k * s->slope);
        if (gain > best_gain) {
            best_gain = gain;
            best = k;
        }
    }
    return best;
}

void speculate_learn(struct speculate *s, uint32_t n_match, uint32_t n_accepted, bool is_wrong)
{
    double *hit = &s->hit[class_of(n_match)];
    for (uint32_t i = 0; i < n_accepted; i++)
        follow(hit, 1, HIT_RATE);
    if (is_wrong)
        follow(hit, 0, HIT_RATE);
}

void speculate_time(struct speculate *s, uint32_t n_tok, double ms)
{
    if (n_tok == 1) {
        if (s->pass_ms > 0)
            follow(&s->pass_ms, fmin(ms, 2 * s->pass_ms), TIME_RATE);
        else
            s->pass_ms = ms;
        follow(&s->slope, FIRST_SLOPE, FORGET_RATE);
    } else if (s->pass_ms > 0) {
        double slope = (ms / s->pass_ms - 1) / (n_tok - 1);
        follow(&s->slope, fmin(fmax(slope, 0), 2), s->is_measured ? SLOPE_RATE : 1);
        s->is_measured = true;
    }
}
