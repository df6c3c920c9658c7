/* SPDX-License-Identifier: MIT
 *
 * scalar_layers: the definition of the kernels that only some architectures need.
 */
#include "kernels_internal.h"

/* ---- norms, activations, scales ------------------------------------------------------- */

static void layer_norm_scalar(float *out, const float *x, const float *weight, const float *bias,
                              uint32_t dim, float eps)
{
    float sum[LANES] = {0}, square[LANES] = {0};
    for (uint32_t i = 0; i < dim; i++)
        sum[i % LANES] += x[i];
    const float mean = sum_lanes(sum) / (float)dim;
    for (uint32_t i = 0; i < dim; i++)
        square[i % LANES] = fmaf(x[i] - mean, x[i] - mean, square[i % LANES]);
    const float factor = 1.0f / sqrtf(sum_lanes(square) / (float)dim + eps);
    for (uint32_t i = 0; i < dim; i++)
        out[i] = fmaf((x[i] - mean) * factor, weight[i], bias ? bias[i] : 0);
}

static void gelu_mul_scalar(float *gate, const float *up, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        gate[i] = gelu_f32(gate[i]) * (up ? up[i] : 1);
}

static void clamped_mul_scalar(float *gate, const float *up, float limit, float alpha, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        gate[i] = clamped_f32(gate[i], up[i], limit, alpha);
}

static void soft_cap_scalar(float *x, float cap, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = soft_cap_f32(x[i], cap);
}

static void scale_scalar(float *x, float factor, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] *= factor;
}

static void add_scaled_scalar(float *x, const float *y, float factor, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = fmaf(factor, y[i], x[i]);
}

/* ---- attention ------------------------------------------------------------------------ */

static float dot(const float *q, const void *k, size_t at, uint32_t dim, enum element e)
{
    float lane[LANES] = {0};
    for (uint32_t d = 0; d < dim; d++)
        lane[d % LANES] = fmaf(q[d], load_one(k, at + d, e), lane[d % LANES]);
    return sum_lanes(lane);
}

/* scores[p] becomes exp(score - greatest score); -> 1 / their sum. */
static float softmax(float *scores, uint32_t n_pos)
{
    float lane[LANES] = {0}, max = -INFINITY;
    for (uint32_t p = 0; p < n_pos; p++)
        max = scores[p] > max ? scores[p] : max;
    for (uint32_t p = 0; p < n_pos; p++) {
        scores[p] = exp_f32(scores[p] - max);
        lane[p % LANES] += scores[p];
    }
    return 1.0f / sum_lanes(lane);
}

/* One query over n positions. */
static void attend_one(const struct attend_group *a, uint32_t t, uint32_t first, uint32_t n,
                       float *scores /* [n], and a sink */, enum element e)
{
    const float *q = a->q + t * a->ld_q;
    float *out = a->out + t * a->ld_out;
    for (uint32_t p = 0; p < n; p++) {
        float product = dot(q, a->k, (size_t)(first + p) * a->dim, a->dim, e);
        scores[p] = a->scale * (a->k_scale ? a->k_scale[first + p] * product : product);
        if (a->cap > 0)
            scores[p] = soft_cap_f32(scores[p], a->cap);
    }
    if (a->sinks)
        scores[n] = a->sinks[t];
    const float factor = softmax(scores, n + (a->sinks != NULL));
    memset(out, 0, a->dim * sizeof *out);
    for (uint32_t p = 0; p < n; p++) {
        if (a->v_scale)
            scores[p] *= a->v_scale[first + p];
        for (uint32_t d = 0; d < a->dim; d++)
            out[d] = fmaf(scores[p], load_one(a->v, (size_t)(first + p) * a->dim + d, e), out[d]);
    }
    for (uint32_t d = 0; d < a->dim; d++)
        out[d] *= factor;
}

static void attend_group_scalar(const struct attend_group *a, enum element e)
{
    for (uint32_t t = 0; t < a->n; t++) {
        const uint32_t end = a->n_pos + t * a->step;
        const uint32_t first = a->window && end > a->window ? end - a->window : 0;
        attend_one(a, t, first, end - first, a->scores, e);
    }
}

static void attend_group_f32_scalar(const struct attend_group *a)
{
    attend_group_scalar(a, ELEMENT_F32);
}

static void attend_group_bf16_scalar(const struct attend_group *a)
{
    attend_group_scalar(a, ELEMENT_BF16);
}

static void attend_group_int8_scalar(const struct attend_group *a)
{
    attend_group_scalar(a, ELEMENT_INT8);
}

void kernels_scalar_layers(struct kernels *k)
{
    k->layer_norm = layer_norm_scalar;
    k->gelu_mul = gelu_mul_scalar;
    k->clamped_mul = clamped_mul_scalar;
    k->soft_cap = soft_cap_scalar;
    k->scale = scale_scalar;
    k->add_scaled = add_scaled_scalar;
    k->attend_group_f32 = attend_group_f32_scalar;
    k->attend_group_bf16 = attend_group_bf16_scalar;
    k->attend_group_int8 = attend_group_int8_scalar;
}
