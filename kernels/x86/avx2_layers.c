/* SPDX-License-Identifier: MIT
 *
 * AVX2: what only some architectures need. Every operation in the scalar order: equal bit for bit.
 */
#include "x86/avx2.h"

static void layer_norm_avx2(float *out, const float *x, const float *weight, const float *bias,
                            uint32_t dim, float eps)
{
    float sum[LANES] = {0}, square[LANES] = {0};
    __m256 low = _mm256_setzero_ps(), high = low, low2 = low, high2 = low;
    const uint32_t whole = dim / LANES * LANES;
    for (uint32_t i = 0; i < whole; i += LANES) {
        low = _mm256_add_ps(low, _mm256_loadu_ps(x + i));
        high = _mm256_add_ps(high, _mm256_loadu_ps(x + i + 8));
    }
    _mm256_storeu_ps(sum, low);
    _mm256_storeu_ps(sum + 8, high);
    for (uint32_t i = whole; i < dim; i++)
        sum[i % LANES] += x[i];
    const float mean = sum_lanes(sum) / (float)dim;
    const __m256 m = _mm256_set1_ps(mean);
    for (uint32_t i = 0; i < whole; i += LANES) {
        __m256 a = _mm256_sub_ps(_mm256_loadu_ps(x + i), m);
        __m256 b = _mm256_sub_ps(_mm256_loadu_ps(x + i + 8), m);
        low2 = _mm256_fmadd_ps(a, a, low2);
        high2 = _mm256_fmadd_ps(b, b, high2);
    }
    _mm256_storeu_ps(square, low2);
    _mm256_storeu_ps(square + 8, high2);
    for (uint32_t i = whole; i < dim; i++)
        square[i % LANES] = fmaf(x[i] - mean, x[i] - mean, square[i % LANES]);
    const float factor = 1.0f / sqrtf(sum_lanes(square) / (float)dim + eps);
    uint32_t i = 0;
    for (; i + 8 <= dim; i += 8) {
        __m256 v = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), m), _mm256_set1_ps(factor));
        __m256 b = bias ? _mm256_loadu_ps(bias + i) : _mm256_setzero_ps();
        _mm256_storeu_ps(out + i, _mm256_fmadd_ps(v, _mm256_loadu_ps(weight + i), b));
    }
    for (; i < dim; i++)
        out[i] = fmaf((x[i] - mean) * factor, weight[i], bias ? bias[i] : 0);
}

static inline __m256 gelu_avx2(__m256 x)
{
    __m256 cube = _mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(GELU_CUBE), x), x);
    __m256 u = _mm256_mul_ps(_mm256_fmadd_ps(cube, x, x), _mm256_set1_ps(GELU_MINUS_2U));
    return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1), exp_avx2(u)));
}

static void gelu_mul_avx2(float *gate, const float *up, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 y = gelu_avx2(_mm256_loadu_ps(gate + i));
        _mm256_storeu_ps(gate + i, up ? _mm256_mul_ps(y, _mm256_loadu_ps(up + i)) : y);
    }
    for (; i < n; i++)
        gate[i] = gelu_f32(gate[i]) * (up ? up[i] : 1);
}

static void clamped_mul_avx2(float *gate, const float *up, float limit, float alpha, uint32_t n)
{
    const __m256 most = _mm256_set1_ps(limit), least = _mm256_set1_ps(-limit);
    const __m256 one = _mm256_set1_ps(1), minus_alpha = _mm256_set1_ps(-alpha);
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) { /* of two, min and max give the second if one is NaN, as scalar */
        __m256 g = _mm256_min_ps(_mm256_loadu_ps(gate + i), most);
        __m256 u = _mm256_max_ps(_mm256_min_ps(_mm256_loadu_ps(up + i), most), least);
        __m256 e = exp_avx2(_mm256_mul_ps(minus_alpha, g));
        g = _mm256_div_ps(g, _mm256_add_ps(one, e));
        _mm256_storeu_ps(gate + i, _mm256_mul_ps(g, _mm256_add_ps(u, one)));
    }
    for (; i < n; i++)
        gate[i] = clamped_f32(gate[i], up[i], limit, alpha);
}

static void scale_avx2(float *x, float factor, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(factor)));
    for (; i < n; i++)
        x[i] *= factor;
}

static void add_scaled_avx2(float *x, const float *y, float factor, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(x + i, _mm256_fmadd_ps(_mm256_set1_ps(factor), _mm256_loadu_ps(y + i),
                                                _mm256_loadu_ps(x + i)));
    for (; i < n; i++)
        x[i] = fmaf(factor, y[i], x[i]);
}

void kernels_avx2_layers(struct kernels *k)
{
    k->layer_norm = layer_norm_avx2;
    k->gelu_mul = gelu_mul_avx2;
    k->clamped_mul = clamped_mul_avx2;
    k->soft_cap = soft_cap_avx2;
    k->scale = scale_avx2;
    k->add_scaled = add_scaled_avx2;
}
