/* SPDX-License-Identifier: MIT
 *
 * fused: what lies between the matrix products of a training step on a CPU, one pass over memory
 * each. PyTorch does the same in some twenty passes; fused.py falls back to that. Values are
 * bfloat16, the upper halves of floats, or with -DFLOAT floats; sums are float32. fused.py compiles
 * it when it is imported.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef FLOAT
typedef float real;

static inline float up(real x)
{
    return x;
}
static inline real down(float f)
{
    return f;
}
#else
typedef uint16_t real;

static inline float up(real x)
{
    uint32_t u = (uint32_t)x << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static inline real down(float f)
{
    uint32_t u;
    memcpy(&u, &f, 4);
    return (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}
#endif

/* y [n][h] = x * r * w; r [n] is kept for the way back */
void norm_forward(const real *restrict x, const real *restrict w, real *restrict y,
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
void norm_backward(const real *restrict x, const real *restrict w, const float *restrict r,
                   const real *restrict g, real *restrict dx, float *restrict dw, long n, long h)
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
void gate_forward(const real *restrict gu, real *restrict y, long n, long f)
{
    for (long i = 0; i < n; i++, gu += 2 * f, y += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]);
            y[j] = down(g / (1 + expf(-g)) * up(gu[f + j]));
        }
}

void gate_backward(const real *restrict gu, const real *restrict d, real *restrict dgu, long n,
                   long f)
{
    for (long i = 0; i < n; i++, gu += 2 * f, dgu += 2 * f, d += f)
        for (long j = 0; j < f; j++) {
            float g = up(gu[j]), u = up(gu[f + j]), s = 1 / (1 + expf(-g)), e = up(d[j]);
            dgu[j] = down(e * u * s * (1 + g * (1 - s)));
            dgu[f + j] = down(e * g * s);
        }
}

static void turn(const real *restrict x, real *restrict y, const float *restrict c,
                 const float *restrict s, long half, float scale)
{
    for (long j = 0; j < half; j++) {
        float a = up(x[j]), b = up(x[j + half]);
        y[j] = down((a * c[j] - b * s[j]) * scale);
        y[j + half] = down((b * c[j] + a * s[j]) * scale);
    }
}

/* qkv [b][t][3][heads][d] -> q (scaled), k, v [b][heads][t][d]; c, s [t][d / 2] */
void split_heads(const real *restrict qkv, real *restrict q, real *restrict k, real *restrict v,
                 const float *c, const float *s, long nb, long t, long heads, long d, float scale)
{
    for (long b = 0; b < nb; b++)
        for (long i = 0; i < t; i++)
            for (long h = 0; h < heads; h++) {
                const real *x = qkv + ((b * t + i) * 3 * heads + h) * d;
                long at = ((b * heads + h) * t + i) * d;
                turn(x, q + at, c + i * d / 2, s + i * d / 2, d / 2, scale);
                turn(x + heads * d, k + at, c + i * d / 2, s + i * d / 2, d / 2, 1);
                memcpy(v + at, x + 2 * heads * d, d * sizeof *v);
            }
}

static void turn_back(const real *restrict g, real *restrict out, const float *restrict c,
                      const float *restrict s, long half, float scale)
{
    for (long j = 0; j < half; j++) {
        float a = up(g[j]), b = up(g[j + half]);
        out[j] = down((a * c[j] + b * s[j]) * scale);
        out[j + half] = down((b * c[j] - a * s[j]) * scale);
    }
}

void join_heads(const real *dq, const real *dk, const real *dv, real *dqkv, const float *c,
                const float *s, long nb, long t, long heads, long d, float scale)
{
    for (long b = 0; b < nb; b++)
        for (long i = 0; i < t; i++)
            for (long h = 0; h < heads; h++) {
                real *x = dqkv + ((b * t + i) * 3 * heads + h) * d;
                long at = ((b * heads + h) * t + i) * d;
                turn_back(dq + at, x, c + i * d / 2, s + i * d / 2, d / 2, scale);
                turn_back(dk + at, x + heads * d, c + i * d / 2, s + i * d / 2, d / 2, 1);
                memcpy(x + 2 * heads * d, dv + at, d * sizeof *dv);
            }
}

/* scores [m][t][t], in place; row i sees columns 0..i, the others become 0 */
void softmax_forward(real *restrict x, long m, long t)
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
void softmax_backward(const real *restrict p, real *restrict g, long m, long t)
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
double cross_entropy(real *restrict x, const int64_t *restrict target, const float *restrict weight,
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
