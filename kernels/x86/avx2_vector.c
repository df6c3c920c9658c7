/* SPDX-License-Identifier: MIT
 *
 * AVX2: activations, norms and the cache's int8. Every operation in the scalar order: equal bit for
 * bit.
 */
#include "x86/avx2.h"

/* ---- activations ---------------------------------------------------------------------- */

static inline __m256 abs_avx2(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

static float max_avx2(__m256 m)
{
    __m128 t = _mm_max_ps(_mm256_castps256_ps128(m), _mm256_extractf128_ps(m, 1));
    t = _mm_max_ps(t, _mm_movehl_ps(t, t));
    return _mm_cvtss_f32(_mm_max_ss(t, _mm_shuffle_ps(t, t, 1)));
}

/* 32 integers as 16-bit numbers in their order, or as bytes. */
static inline void pack_words(const __m256i i[4], __m256i w[2])
{
    for (int j = 0; j < 2; j++)
        w[j] = _mm256_permute4x64_epi64(_mm256_packs_epi32(i[j * 2], i[j * 2 + 1]), 0xd8);
}

static inline __m256i pack_bytes(const __m256i i[4])
{
    __m256i bytes =
        _mm256_packs_epi16(_mm256_packs_epi32(i[0], i[1]), _mm256_packs_epi32(i[2], i[3]));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* At most 127; NaN becomes -127. */
static inline __m256 within_127(__m256 v)
{
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_set1_ps(-127)), _mm256_set1_ps(127));
}

static inline __m256i round_127(__m256 v)
{
    return _mm256_cvtps_epi32(within_127(v));
}

/* What is left of v, whose nearest integers are i. */
static void quantise_low(const __m256 v[4], const __m256i i[4], int8_t *low, int16_t *wide)
{
    __m256i rest[4], words[2];
    for (int j = 0; j < 4; j++)
        rest[j] = _mm256_cvtps_epi32(
            _mm256_mul_ps(_mm256_sub_ps(v[j], _mm256_cvtepi32_ps(i[j])), _mm256_set1_ps(128)));
    _mm256_storeu_si256((void *)low, pack_bytes(rest));
    for (int j = 0; j < 4; j++)
        rest[j] = _mm256_add_epi32(rest[j], _mm256_slli_epi32(i[j], 7));
    pack_words(rest, words);
    for (int j = 0; j < 2; j++)
        _mm256_storeu_si256((void *)(wide + j * 16), words[j]);
}

enum { GROUP = 8 }; /* blocks whose scales are found together: divisions take long */

/* The largest of the eight floats of each vector. */
static __m256 maxima(const __m256 m[GROUP])
{
    __m256 two[4], four[2];
    for (int i = 0; i < 4; i++)
        two[i] = _mm256_max_ps(_mm256_unpacklo_ps(m[2 * i], m[2 * i + 1]),
                               _mm256_unpackhi_ps(m[2 * i], m[2 * i + 1]));
    for (int i = 0; i < 2; i++) {
        const __m256d a = _mm256_castps_pd(two[2 * i]), b = _mm256_castps_pd(two[2 * i + 1]);
        four[i] = _mm256_max_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)),
                                _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
    }
    return _mm256_max_ps(_mm256_permute2f128_ps(four[0], four[1], 0x20),
                         _mm256_permute2f128_ps(four[0], four[1], 0x31));
}

/* Scales of n blocks, 0 in place of subnormal ones, and 1 / scale, 0 of 0. NaN: max drops it in
 * favour of the maximum so far. */
static void find_scales(const float *x, uint32_t n, float scale[GROUP], float inverse[GROUP])
{
    const __m256 zero = _mm256_setzero_ps();
    __m256 max[GROUP];
    for (uint32_t b = 0; b < GROUP; b++) {
        max[b] = zero;
        for (uint32_t j = 0; j < 4 && b < n; j++)
            max[b] = _mm256_max_ps(abs_avx2(_mm256_loadu_ps(x + b * ACT_BLOCK + j * 8)), max[b]);
    }
    __m256 s = _mm256_div_ps(maxima(max), _mm256_set1_ps(127));
    s = _mm256_andnot_ps(_mm256_cmp_ps(s, _mm256_set1_ps(__FLT_MIN__), _CMP_LT_OQ), s);
    _mm256_storeu_ps(scale, s);
    _mm256_storeu_ps(inverse, _mm256_and_ps(_mm256_cmp_ps(s, zero, _CMP_GT_OQ),
                                            _mm256_div_ps(_mm256_set1_ps(1), s)));
}

/* Of the first and the last 16 of 32 bytes with signs. */
static void sum_halves(__m256i bytes, int32_t sum[2])
{
    const __m256i biased = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
    __m256i eights = _mm256_sad_epu8(biased, _mm256_setzero_si256());
    eights = _mm256_add_epi32(eights, _mm256_shuffle_epi32(eights, 0x4e));
    sum[0] = _mm_cvtsi128_si32(_mm256_castsi256_si128(eights)) - 16 * 128;
    sum[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(eights, 1)) - 16 * 128;
}

/* NaN becomes -127. */
static void quantise_block(const float x[ACT_BLOCK], float inverse, int8_t *q, int32_t sum[2],
                           int8_t *low, int16_t *wide)
{
    __m256 v[4];
    __m256i i[4];
    for (int j = 0; j < 4; j++) {
        v[j] = within_127(_mm256_mul_ps(_mm256_loadu_ps(x + j * 8), _mm256_set1_ps(inverse)));
        i[j] = _mm256_cvtps_epi32(v[j]);
    }
    const __m256i bytes = pack_bytes(i);
    _mm256_storeu_si256((void *)q, bytes);
    sum_halves(bytes, sum);
    if (low)
        quantise_low(v, i, low, wide);
}

static void quantise_avx2(struct activation *a, uint32_t cols, uint32_t cols_pad)
{
    for (uint32_t k = 0; k < cols_pad; k += GROUP * ACT_BLOCK) {
        const uint32_t left = (cols_pad - k + ACT_BLOCK - 1) / ACT_BLOCK;
        const uint32_t n = left < GROUP ? left : GROUP;
        float scale[GROUP], inverse[GROUP], tail[GROUP * ACT_BLOCK];
        const float *x = a->x + k;
        if (k + n * ACT_BLOCK > cols) {
            const uint32_t n_x = cols > k ? cols - k : 0;
            memset(tail, 0, sizeof tail);
            memcpy(tail, a->x + (n_x ? k : 0), n_x * sizeof *tail);
            x = tail;
        }
        find_scales(x, n, scale, inverse);
        memcpy(a->scale + k / ACT_BLOCK, scale, n * sizeof *scale);
        for (uint32_t b = 0; b < n; b++) {
            const uint32_t at = k + b * ACT_BLOCK;
            quantise_block(x + b * ACT_BLOCK, inverse[b], a->q + at, a->sum + at / 16,
                           a->low ? a->low + at : NULL, a->low ? a->wide + at : NULL);
        }
    }
}

static void rms_norm_avx2(float *out, const float *x, const float *weight, uint32_t dim, float eps)
{
    float factor = 1.0f / sqrtf(dot_avx2(x, x, 0, dim, ELEMENT_F32) / (float)dim + eps);
    uint32_t i = 0;
    for (; i + 8 <= dim; i += 8) {
        __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(factor));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(v, _mm256_loadu_ps(weight + i)));
    }
    for (; i < dim; i++)
        out[i] = x[i] * factor * weight[i];
}

static void rope_avx2(float *head, const float *cos, const float *sin, uint32_t half)
{
    uint32_t j = 0;
    for (; j + 8 <= half; j += 8) {
        __m256 a = _mm256_loadu_ps(head + j), b = _mm256_loadu_ps(head + half + j);
        __m256 c = _mm256_loadu_ps(cos + j), s = _mm256_loadu_ps(sin + j);
        _mm256_storeu_ps(head + j, _mm256_sub_ps(_mm256_mul_ps(a, c), _mm256_mul_ps(b, s)));
        _mm256_storeu_ps(head + half + j, _mm256_add_ps(_mm256_mul_ps(b, c), _mm256_mul_ps(a, s)));
    }
    for (; j < half; j++) {
        float a = head[j], b = head[j + half];
        head[j] = a * cos[j] - b * sin[j];
        head[j + half] = b * cos[j] + a * sin[j];
    }
}

static void silu_mul_avx2(float *gate, const float *up, uint32_t n)
{
    const __m256 one = _mm256_set1_ps(1), minus = _mm256_set1_ps(-0.0f);
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 e = _mm256_add_ps(one, exp_avx2(_mm256_xor_ps(g, minus)));
        _mm256_storeu_ps(gate + i, _mm256_mul_ps(_mm256_div_ps(g, e), _mm256_loadu_ps(up + i)));
    }
    for (; i < n; i++)
        gate[i] = gate[i] / (1.0f + exp_f32(-gate[i])) * up[i];
}

static void add_avx2(float *x, const float *y, uint32_t n)
{
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(x + i, _mm256_add_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    for (; i < n; i++)
        x[i] += y[i];
}

static void pack_int8_avx2(int8_t *q, float *scale, const float *x, uint32_t n)
{
    const uint32_t whole = n / 32 * 32;
    __m256 most = _mm256_setzero_ps();
    for (uint32_t i = 0; i < whole; i += 8)
        most = _mm256_max_ps(abs_avx2(_mm256_loadu_ps(x + i)), most);
    float max = max_avx2(most);
    for (uint32_t i = whole; i < n; i++)
        max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
    *scale = max / 127.0f < __FLT_MIN__ ? 0 : max / 127.0f;
    const float inverse = *scale > 0 ? 1.0f / *scale : 0;
    for (uint32_t i = 0; i < whole; i += 32) {
        __m256i rounded[4];
        for (int j = 0; j < 4; j++)
            rounded[j] =
                round_127(_mm256_mul_ps(_mm256_loadu_ps(x + i + j * 8), _mm256_set1_ps(inverse)));
        _mm256_storeu_si256((void *)(q + i), pack_bytes(rounded));
    }
    for (uint32_t i = whole; i < n; i++)
        q[i] = (int8_t)_mm256_cvtsi256_si32(round_127(_mm256_set1_ps(x[i] * inverse)));
}

static void unpack_int8_avx2(uint16_t *out, const int8_t *q, const float *scale, uint32_t n_pos,
                             uint32_t dim)
{
    const __m256i half = _mm256_set1_epi32(0x7fff), one = _mm256_set1_epi32(1);
    for (uint32_t p = 0; p < n_pos; p++, q += dim, out += dim) {
        const __m256 s = _mm256_set1_ps(scale[p]);
        uint32_t d = 0;
        for (; d + 16 <= dim; d += 16) {
            __m256i u[2];
            for (int i = 0; i < 2; i++) {
                u[i] = _mm256_castps_si256(
                    _mm256_mul_ps(s, load_avx2(q, d + (size_t)i * 8, ELEMENT_INT8)));
                __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u[i], 16), one);
                u[i] = _mm256_add_epi32(u[i], _mm256_add_epi32(half, odd));
                u[i] = _mm256_srli_epi32(u[i], 16);
            }
            __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi32(u[0], u[1]), 0xd8);
            _mm256_storeu_si256((void *)(out + d), both);
        }
        for (; d < dim; d++) {
            uint32_t u = float_bits(scale[p] * (float)q[d]);
            out[d] = (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
        }
    }
}

void kernels_avx2_vector(struct kernels *k)
{
    k->quantise = quantise_avx2;
    k->rms_norm = rms_norm_avx2;
    k->rope = rope_avx2;
    k->silu_mul = silu_mul_avx2;
    k->add = add_avx2;
    k->pack_int8 = pack_int8_avx2;
    k->unpack_int8 = unpack_int8_avx2;
}
