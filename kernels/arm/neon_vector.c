/* SPDX-License-Identifier: MIT
 *
 * NEON: activations and norms. Every operation in the scalar order: equal bit for bit.
 */
#include "arm/neon.h"

/* maxnm drops NaN in favour of the maximum so far, and of -127. */
static void quantise_block(const float x[ACT_BLOCK], int8_t *q, float *scale_out, int32_t *sum,
                           int8_t *low, int16_t *wide)
{
    float32x4_t v[8], max = vdupq_n_f32(0);
    int16x8_t words[4];
    for (int j = 0; j < 8; j++) {
        v[j] = vld1q_f32(x + j * 4);
        max = vmaxnmq_f32(vabsq_f32(v[j]), max);
    }
    float scale = vmaxnmvq_f32(max) / 127.0f;
    scale = scale < __FLT_MIN__ ? 0 : scale;
    float32x4_t inverse = vdupq_n_f32(scale > 0 ? 1.0f / scale : 0);
    for (int j = 0; j < 4; j++) {
        int16x4_t half[2], rest[2];
        for (int i = 0; i < 2; i++) {
            float32x4_t t = vmaxnmq_f32(vmulq_f32(v[j * 2 + i], inverse), vdupq_n_f32(-127));
            t = vminnmq_f32(t, vdupq_n_f32(127));
            int32x4_t whole = vcvtnq_s32_f32(t);
            half[i] = vmovn_s32(whole);
            t = vmulq_f32(vsubq_f32(t, vcvtq_f32_s32(whole)), vdupq_n_f32(128));
            rest[i] = vmovn_s32(vcvtnq_s32_f32(t));
        }
        words[j] = vcombine_s16(half[0], half[1]);
        vst1_s8(q + j * 8, vmovn_s16(words[j]));
        if (!low)
            continue;
        int16x8_t rests = vcombine_s16(rest[0], rest[1]);
        vst1_s8(low + j * 8, vmovn_s16(rests));
        vst1q_s16(wide + j * 8, vaddq_s16(vshlq_n_s16(words[j], 7), rests));
    }
    *scale_out = scale;
    sum[0] = vaddvq_s16(vaddq_s16(words[0], words[1]));
    sum[1] = vaddvq_s16(vaddq_s16(words[2], words[3]));
}

static void quantise_neon(struct activation *a, uint32_t cols, uint32_t cols_pad)
{
    for (uint32_t k = 0; k < cols_pad; k += ACT_BLOCK) {
        uint32_t n = k >= cols ? 0 : cols - k;
        float tail[ACT_BLOCK] = {0};
        if (n < ACT_BLOCK)
            memcpy(tail, a->x + (n ? k : 0), n * sizeof *tail);
        quantise_block(n < ACT_BLOCK ? tail : a->x + k, a->q + k, &a->scale[k / ACT_BLOCK],
                       a->sum + k / 16, a->low ? a->low + k : NULL, a->low ? a->wide + k : NULL);
    }
}

static void rms_norm_neon(float *out, const float *x, const float *weight, uint32_t dim, float eps)
{
    float factor = 1.0f / sqrtf(dot_neon(x, x, 0, dim, ELEMENT_F32) / (float)dim + eps);
    uint32_t i = 0;
    for (; i + 4 <= dim; i += 4) {
        float32x4_t v = vmulq_f32(vld1q_f32(x + i), vdupq_n_f32(factor));
        vst1q_f32(out + i, vmulq_f32(v, vld1q_f32(weight + i)));
    }
    for (; i < dim; i++)
        out[i] = x[i] * factor * weight[i];
}

static void rope_neon(float *head, const float *cos, const float *sin, uint32_t half)
{
    uint32_t j = 0;
    for (; j + 4 <= half; j += 4) {
        float32x4_t a = vld1q_f32(head + j), b = vld1q_f32(head + half + j);
        float32x4_t c = vld1q_f32(cos + j), s = vld1q_f32(sin + j);
        vst1q_f32(head + j, vsubq_f32(vmulq_f32(a, c), vmulq_f32(b, s)));
        vst1q_f32(head + half + j, vaddq_f32(vmulq_f32(b, c), vmulq_f32(a, s)));
    }
    for (; j < half; j++) {
        float a = head[j], b = head[j + half];
        head[j] = a * cos[j] - b * sin[j];
        head[j + half] = b * cos[j] + a * sin[j];
    }
}

static void silu_mul_neon(float *gate, const float *up, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t g = vld1q_f32(gate + i);
        float32x4_t e = vaddq_f32(vdupq_n_f32(1), exp_neon(vnegq_f32(g)));
        vst1q_f32(gate + i, vmulq_f32(vdivq_f32(g, e), vld1q_f32(up + i)));
    }
    for (; i < n; i++)
        gate[i] = gate[i] / (1.0f + exp_f32(-gate[i])) * up[i];
}

static void add_neon(float *x, const float *y, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(x + i, vaddq_f32(vld1q_f32(x + i), vld1q_f32(y + i)));
    for (; i < n; i++)
        x[i] += y[i];
}

void kernels_neon_vector(struct kernels *k)
{
    k->quantise = quantise_neon;
    k->rms_norm = rms_norm_neon;
    k->rope = rope_neon;
    k->silu_mul = silu_mul_neon;
    k->add = add_neon;
}
