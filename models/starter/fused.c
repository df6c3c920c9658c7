/* SPDX-License-Identifier: MIT
 *
 * fused: what lies between the matrix products of a training step on a CPU, one pass over memory
 * each. PyTorch does the same in some twenty passes; fused.py falls back to that. bfloat16 values
 * are the upper halves of floats; sums are float32. fused.py compiles it when it is imported.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;

static inline float up(bf16 x)
{
    uint32_t u = (uint32_t)x << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static inline bf16 down(float f)
{
    uint32_t u;
    memcpy(&u, &f, 4);
    return (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}

/* y [n][h] = x * r * w; r [n] is kept for the way back */
void norm_forward(const bf16 *restrict x, const bf16 *restrict w, bf16 *restrict y,
                  float *restrict r, long n, long h, float eps)
{
    for (long i = 0; i < n; i++, x += h, y += h) {
        float sum = 0;
        for (long j = 0; j < h; j++)
            sum += up(x[j]) * up(x[j]);
        r[i] = 1 / sqrtf(sum / h + eps);
        for (long j = 0; j < h; j++)
            y[j] = down(up(x[j]) * r[i] * up(w[j]));
    }
}

/* dx [n][h], dw [h] added to */
void norm_backward(const bf16 *restrict x, const bf16 *restrict w, const float *restrict r,
                   const bf16 *restrict g, bf16 *restrict dx, float *restrict dw, long n, long h)
{
    for (long i = 0; i < n; i++, x += h, g += h, dx += h) {
        float dot = 0, s = r[i];
        for (long j = 0; j < h; j++)
            dot += up(g[j]) * up(w[j]) * up(x[j]);
        dot *= s * s / h;
        for (long j = 0; j < h; j++) {
            dx[j] = down((up(g[j]) * up(w[j]) - up(x[j]) * dot) * s);
            dw[j] += up(g[j]) * up(x[j]) * s;
        }
    }
}

/* gu [n][2f]: gate, then up -> y [n][f] */
void gate_forward(const bf16 *restrict gu, bf16 *restrict y, long n, long f)
{
    for (long i = 0; i < n; i++, gu += 2 * f, y += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]);
            y[j] = down(g / (1 + expf(-g)) * up(gu[f + j]));
        }
}

void gate_backward(const bf16 *restrict gu, const bf16 *restrict d, bf16 *restrict dgu, long n, long f)
{
    for (long i = 0; i < n; i++, gu += 2 * f, dgu += 2 * f, d += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]), u = up(gu[f + j]), s = 1 / (1 + expf(-g)), e = up(d[j]);
            dgu[j] = down(e * u * s * (1 + g * (1 - s)));
            dgu[f + j] = down(e * g * s);
        }
}

static void turn(const bf16 *restrict x, bf16 *restrict y, const float *restrict c,
                 const float *restrict s, long half, float scale)
{
    for (long j = 0; j < half; j++) {
        float a = up(x[j]), b = up(x[j + half]);
        y[j] = down((a * c[j] - b * s[j]) * scale);
        y[j + half] = down((b * c[j] + a * s[j]) * scale);
    }
}

/* qkv [b][t][3][heads][d] -> q (scaled), k, v [b][heads][t][d]; c, s [t][d / 2] */
void split_heads(const bf16 *restrict qkv, bf16 *restrict q, bf16 *restrict k, bf16 *restrict v,
                 const float *c, const float *s, long nb, long t, long heads, long d, float scale)
{
    for (long b = 0; b < nb; b++)
        for (long i = 0; i < t; i++)
            for (long h = 0; h < heads; h++) {
                const bf16 *x = qkv + ((b * t + i) * 3 * heads + h) * d;
                long at = ((b * heads + h) * t + i) * d;
                turn(x, q + at, c + i * d / 2, s + i * d / 2, d / 2, scale);
                turn(x + heads * d, k + at, c + i * d / 2, s + i * d / 2, d / 2, 1);
                memcpy(v + at, x + 2 * heads * d, d * sizeof *v);
            }
}

static void turn_back(const bf16 *restrict g, bf16 *restrict out, const float *restrict c,
                      const float *restrict s, long half, float scale)
{
    for (long j = 0; j < half; j++) {
        float a = up(g[j]), b = up(g[j + half]);
        out[j] = down((a * c[j] + b * s[j]) * scale);
        out[j + half] = down((b * c[j] - a * s[j]) * scale);
    }
}

void join_heads(const bf16 *dq, const bf16 *dk, const bf16 *dv, bf16 *dqkv, const float *c,
                const float *s, long nb, long t, long heads, long d, float scale)
{
    for (long b = 0; b < nb; b++)
        for (long i = 0; i < t; i++)
            for (long h = 0; h < heads; h++) {
                bf16 *x = dqkv + ((b * t + i) * 3 * heads + h) * d;
                long at = ((b * heads + h) * t + i) * d;
                turn_back(dq + at, x, c + i * d / 2, s + i * d / 2, d / 2, scale);
                turn_back(dk + at, x + heads * d, c + i * d / 2, s + i * d / 2, d / 2, 1);
                memcpy(x + 2 * heads * d, dv + at, d * sizeof *dv);
            }
}

/* scores [m][t][t], in place; row i sees columns 0..i, the others become 0 */
void softmax_forward(bf16 *restrict x, long m, long t)
{
    float e[t];
    for (long r = 0; r < m * t; r++, x += t) {
        long n = r % t + 1;
        float top = -1e30f, sum = 0;
        for (long j = 0; j < n; j++)
            top = fmaxf(top, up(x[j]));
        for (long j = 0; j < n; j++) {
            e[j] = expf(up(x[j]) - top);
            sum += e[j];
        }
        sum = 1 / sum;
        for (long j = 0; j < n; j++)
            x[j] = down(e[j] * sum);
        memset(x + n, 0, (t - n) * sizeof *x);
    }
}

/* g [m][t][t] becomes the gradient of the scores */
void softmax_backward(const bf16 *restrict p, bf16 *restrict g, long m, long t)
{
    for (long r = 0; r < m * t; r++, p += t, g += t) {
        long n = r % t + 1;
        float dot = 0;
        for (long j = 0; j < n; j++)
            dot += up(p[j]) * up(g[j]);
        for (long j = 0; j < n; j++)
            g[j] = down(up(p[j]) * (up(g[j]) - dot));
        memset(g + n, 0, (t - n) * sizeof *g);
    }
}

/* logits [n][v] become weight * (softmax - one-hot of target) -> sum of weight * cross entropy */
double cross_entropy(bf16 *restrict x, const int64_t *restrict target, const float *restrict weight,
                     long n, long v)
{
    double loss = 0;
    float e[v];
    for (long i = 0; i < n; i++, x += v) {
        float top = -1e30f, sum = 0, w = weight[i];
        if (w == 0) {
            memset(x, 0, v * sizeof *x);
            continue;
        }
        for (long j = 0; j < v; j++)
            top = fmaxf(top, up(x[j]));
        for (long j = 0; j < v; j++) {
            e[j] = expf(up(x[j]) - top);
            sum += e[j];
        }
        loss += w * (logf(sum) + top - up(x[target[i]]));
        float k = w / sum;
        e[target[i]] -= sum;
        for (long j = 0; j < v; j++)
            x[j] = down(e[j] * k);
    }
    return loss;
}
