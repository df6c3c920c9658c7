/* SPDX-License-Identifier: MIT */
#include "rope.h"

#include <math.h>

/* Llama 3: waves longer than the original context are stretched by `factor`, short ones stay, those
 * between are mixed. */
static float llama3_scaled(const struct model_config *c, float inv)
{
    float ctx = (float)c->orig_ctx, wave = 2.0f * (float)M_PI / inv;
    if (wave < ctx / c->rope_high)
        return inv;
    if (wave > ctx / c->rope_low)
        return inv / c->rope_factor;
    float t = (ctx / wave - c->rope_low) / (c->rope_high - c->rope_low);
    return (1.0f - t) * inv / c->rope_factor + t * inv;
}

void rope_init(struct rope *r, const struct model_config *c)
{
    *r = (struct rope){.half = c->rot_dim / 2, .scale = 1.0f};
    for (uint32_t j = 0; j < r->half; j++) {
        float power = powf(c->rope_theta, (float)(2 * j) / (float)c->rot_dim);
        float inv = 1.0f / power;
        if (c->rope == ROPE_LLAMA3)
            inv = llama3_scaled(c, inv);
        r->inv_freq[0][j] = r->inv_freq[1][j] = inv;
        if (c->rope == ROPE_LONGROPE) {
            r->inv_freq[0][j] = 1.0f / (c->short_factor[j] * power);
            r->inv_freq[1][j] = 1.0f / (c->long_factor[j] * power);
        }
    }
    if (c->rope == ROPE_LONGROPE && c->max_ctx > c->orig_ctx)
        r->scale = (float)sqrt(1.0 + log((double)c->max_ctx / c->orig_ctx) / log(c->orig_ctx));
}

bool rope_is_long(const struct model_config *c, uint32_t length)
{
    return c->rope == ROPE_LONGROPE && length > c->orig_ctx;
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
