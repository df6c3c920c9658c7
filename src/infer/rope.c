/* SPDX-License-Identifier: MIT */
#include "rope.h"

#include <math.h>

/* Llama 3: waves longer than the original context are stretched by `factor`, short ones stay, those
 * between are mixed. */
static float llama3_scaled(const struct rope_config *rope, uint32_t orig_ctx, float inv)
{
    float ctx = (float)orig_ctx, wave = 2.0f * (float)M_PI / inv;
    if (wave < ctx / rope->high)
        return inv;
    if (wave > ctx / rope->low)
        return inv / rope->factor;
    float t = (ctx / wave - rope->low) / (rope->high - rope->low);
    return (1.0f - t) * inv / rope->factor + t * inv;
}

/* The dimension whose wave turns n times within the original context. */
static double yarn_dimension(const struct rope_config *rope, const struct model_config *c, double n)
{
    return rope->rot_dim * log(c->orig_ctx / (n * 2 * M_PI)) / (2 * log((double)rope->theta));
}

/* YaRN: a ramp over the dimensions from waves that stay to waves that are stretched by `factor`. */
static float yarn_scaled(const struct rope_config *rope, const struct model_config *c, uint32_t j,
                         float inv)
{
    double low = yarn_dimension(rope, c, (double)rope->high);
    double high = yarn_dimension(rope, c, (double)rope->low);
    low = fmax(rope->truncate ? floor(low) : low, 0);
    high = fmin(rope->truncate ? ceil(high) : high, rope->rot_dim - 1);
    if (low == high)
        high += 0.001;
    double ramp = fmin(fmax((j - low) / (high - low), 0), 1);
    return (float)((double)inv / (double)rope->factor * ramp + (double)inv * (1 - ramp));
}

void rope_init(struct rope *r, const struct model_config *c, int which)
{
    const struct rope_config *rope = &c->rope[which];
    *r = (struct rope){.half = rope->rot_dim / 2, .scale = rope->attention_factor};
    for (uint32_t j = 0; j < r->half; j++) {
        float power = powf(rope->theta, (float)(2 * j) / (float)rope->rot_dim);
        float inv = 1.0f / power;
        if (rope->kind == ROPE_LINEAR)
            inv /= rope->factor;
        if (rope->kind == ROPE_PROPORTIONAL)
            inv = j < rope->n_freqs ? inv / rope->factor : 0;
        if (rope->kind == ROPE_LLAMA3)
            inv = llama3_scaled(rope, c->orig_ctx, inv);
        if (rope->kind == ROPE_YARN)
            inv = yarn_scaled(rope, c, j, inv);
        r->inv_freq[0][j] = r->inv_freq[1][j] = inv;
        if (rope->kind == ROPE_LONGROPE) {
            r->inv_freq[0][j] = 1.0f / (rope->short_factor[j] * power);
            r->inv_freq[1][j] = 1.0f / (rope->long_factor[j] * power);
        }
    }
}

bool rope_is_long(const struct model_config *c, uint32_t length)
{
    return c->rope[ROPE_OF_FULL].kind == ROPE_LONGROPE && length > c->orig_ctx;
}

void rope_angles(const struct rope *r, bool use_long, uint32_t pos, float *cos_out, float *sin_out)
{
    const float *inv_freq = r->inv_freq[use_long];
    for (uint32_t j = 0; j < r->half; j++) {
        float angle = (float)pos * inv_freq[j];
        cos_out[j] = (float)cos(angle) * r->scale;
        sin_out[j] = (float)sin(angle) * r->scale;
    }
}
