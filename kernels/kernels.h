/* SPDX-License-Identifier: MIT
 *
 * kernels: the arithmetic of the program, and nothing else.
 *
 * A kernel allocates nothing, locks nothing and computes a slice of its output, so that threading
 * lives in one place above (src/infer). Each prototype is stated once, as a function
 * type; `struct kernels` is the table of the variants chosen for one CPU level. The scalar variant
 * of each kernel (kernels/scalar.c) is its definition: every other one is tested against it.
 *
 * Bit layouts of the formats: TECHNICAL_SPEC.md, "Number formats".
 */
#ifndef QINS_KERNELS_H
#define QINS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats.h"
#include "levels.h"

/* ---- number formats ------------------------------------------------------------------- */

enum {
    ROW_GROUP = 16, /* rows that one tile interleaves; a kernel's slice is whole row groups */
    ACT_BLOCK = 32, /* activations that share one int8 scale */
    MAX_TILE_COLS = 128,
    TILE_TOKENS = 16, /* tokens and columns of one bf16 tile of a prompt */
    TILE_COLS = 32,
    TILE_GROUPS = 16,           /* row groups that a prompt kernel decodes at once */
    TILE_SCRATCH = 800 << 10,   /* bytes that it needs for them */
    ATTEND_TILE = 32,           /* queries that go over the keys together */
    ATTEND_NEAR = 64,           /* positions that they take at a time */
    ATTEND_TOKENS = 128,        /* queries of a head that a prompt kernel takes at once */
    ATTEND_DIM = 512,           /* of a head that it takes, at most */
    ATTEND_SCRATCH = 848 << 10, /* bytes */
    DELTA_COLS = 16,            /* columns of a state that delta_rule takes */
};

const struct format_info *format_info(enum format format);
/* -> false when no format has this name. */
bool format_from_name(const char *name, enum format *format);

/* How the vector kernels ask memory for a matrix; never changes a result. Levels without prefetches
 * of their own (scalar, ARM) do not read it. */
struct read_plan {
    uint8_t streams; /* row groups, or rows, that are read side by side: 1, 2 or 4 */
    bool twice;      /* each line is asked for early into L2 and late into L1, of 4 streams only;
                        else once, into L1 alone, `ahead` bytes before it is needed */
    uint16_t ahead;  /* bytes; 0: not at all */
};

/* Some to choose from by measurement, the default first. */
enum { N_READ_PLANS = 8 };
extern const struct read_plan read_plans[N_READ_PLANS];

/* One weight matrix, bound into memory that somebody else owns (a mapped file). */
struct matrix {
    enum format format;
    uint32_t rows, cols;         /* logical shape: y[rows] = W x[cols] */
    uint32_t rows_pad, cols_pad; /* whole tiles; equal to rows, cols when row-major */
    const void *data;            /* tiles, row group major, column minor; or [rows][cols] */
    const float *row;       /* [row_floats][rows_pad]: base, or log_min then log_max; or NULL */
    float log_min, log_max; /* seed range of the ORIGINAL tensor (natural logs) */
    struct read_plan read;
};

/* Shape and sizes of a matrix in a format; `data` and `row` stay NULL. */
struct matrix matrix_shape(enum format format, uint32_t rows, uint32_t cols);
size_t matrix_data_bytes(const struct matrix *m);
size_t matrix_row_bytes(const struct matrix *m); /* of `row`; 0 when the format has none */

/* ---- activations ---------------------------------------------------------------------- */

/* One input vector, as float and as int8 blocks: q = rint(x / scale), scale = max|x| / 127 over
 * each block of ACT_BLOCK. Beyond cols everything is zero up to cols_pad. Buffers belong to the
 * caller, 64-byte aligned, sized for cols_pad rounded up to MAX_TILE_COLS. */
struct activation {
    const float *x; /* [cols] */
    int8_t *q;      /* [cols_pad] */
    float *scale;   /* [cols_pad / ACT_BLOCK] */
    int32_t *sum;   /* [cols_pad / 16] sum of q over 16 columns: bias correction of u8 x s8 units */
    /* For QINS8, else NULL: x in 15 bits, since its weights are finer than 8 bits of x. */
    int8_t *low;   /* [cols_pad] rint(128 (x / scale - q)) */
    int16_t *wide; /* [cols_pad] 128 q + low */
};

/* ---- kernel prototypes ---------------------------------------------------------------- */

/* Fills a->q, a->scale, a->sum, and a->low and a->wide if they are there, from a->x. */
typedef void quantise_fn(struct activation *a, uint32_t cols, uint32_t cols_pad);

/* y[r] = sum_k W[r][k] x[k] for the rows of groups [group0, group1); never writes beyond y[rows-1].
 * Block sums are exact integers; the float part is, for each row and in column order,
 * acc = fma((float)block_sum, weight_scale * x_scale, acc): equal bit for bit on every CPU. */
typedef void matvec_fn(const struct matrix *w, uint32_t group0, uint32_t group1,
                       const struct activation *x, float *y /* [rows] */);

/* The same rows of groups [group0, group1), and of those that lie `apart`, 2 apart, ... further on,
 * as many as the plan of w has streams, all of whole groups: each stream runs through memory
 * without a jump. */
typedef void matvec_far_fn(const struct matrix *w, uint32_t group0, uint32_t group1, uint32_t apart,
                           const struct activation *x, float *y /* [rows] */);

/* The same for several tokens, int8 formats only: y[t] has exactly the bits that matvec gives for
 * x[t], so that results do not depend on how tokens are gathered. Weights are decoded once for many
 * tokens; never writes beyond y[n_tok - 1][rows - 1]. */
typedef void matvec_batch_fn(const struct matrix *w, uint32_t group0, uint32_t group1,
                             const struct activation *x /* [n_tok] */, uint32_t n_tok,
                             float *y /* [n_tok][ld_y] */, size_t ld_y);

/* out[r - row0][k] = W[r][k], exact decode, rows [row0, row1). */
typedef void dequant_fn(const struct matrix *w, uint32_t row0, uint32_t row1,
                        float *out /* [row1 - row0][cols] */);

/* out = x * rsqrt(mean(x^2) + eps) * weight; out may be x. */
typedef void rms_norm_fn(float *out, const float *x, const float *weight, uint32_t dim, float eps);

/* Rotates the pairs (j, j + half) of one head in place; the rest of the head stays. */
typedef void rope_fn(float *head, const float *cos /* [half] */, const float *sin /* [half] */,
                     uint32_t half);

/* gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i] */
typedef void silu_mul_fn(float *gate, const float *up, uint32_t n);

/* x[i] += y[i] */
typedef void add_fn(float *x, const float *y, uint32_t n);

/* out = (x - mean(x)) * rsqrt(variance(x) + eps) * weight + bias; bias may be NULL, out may be x.
 */
typedef void layer_norm_fn(float *out, const float *x, const float *weight, const float *bias,
                           uint32_t dim, float eps);

/* gate[i] = gelu(gate[i]) * up[i], GELU with the tanh; up NULL: 1. */
typedef void gelu_mul_fn(float *gate, const float *up, uint32_t n);

/* g = min(gate[i], limit), u = up[i] clamped to [-limit, limit]:
 * gate[i] = g / (1 + exp(-alpha g)) * (u + 1); gpt-oss */
typedef void clamped_mul_fn(float *gate, const float *up, float limit, float alpha, uint32_t n);

/* x[i] = cap tanh(x[i] / cap) */
typedef void soft_cap_fn(float *x, float cap, uint32_t n);

/* x[i] *= factor; x[i] += factor * y[i] */
typedef void scale_fn(float *x, float factor, uint32_t n);
typedef void add_scaled_fn(float *x, const float *y, float factor, uint32_t n);

/* Attention: out = softmax(scale * q K^T) V in float, for several queries that share keys and
 * values: the heads of a group at one position (step 0), or neighbours in a prompt (step 1). Query
 * t sees positions [.., n_pos + t * step), all of them or the last `window`. int8 keys and values
 * have one scale per position, k_scale[p] * k[p][d]: a factor of the score, before `scale`, and of
 * the position's weight, after the softmax. cap > 0: scores become cap tanh(score / cap). sinks: a
 * score of each query that takes its share of the softmax and has no value. Every query has the
 * bits that it has alone; the lanes of its sums count from the first position that it sees. k and v
 * are f32, bf16 or int8 by the function. */
struct attend_group {
    float *out; /* [n][ld_out] */
    size_t ld_out;
    const float *q; /* [n][ld_q] */
    size_t ld_q;
    uint32_t n, n_pos, dim;
    uint32_t step, window;          /* window 0: all */
    const void *k, *v;              /* [n_pos + (n - 1) step][dim] */
    const float *k_scale, *v_scale; /* [as many] of int8; else NULL */
    float scale, cap;
    const float *sinks; /* [n], or NULL */
    /* Scratch: min(n, n_rows) rows for what so many neighbours see together, one more if there are
     * sinks; and for ATTEND_NEAR positions as floats. */
    float *scores; /* [n_rows][ld_scores] */
    size_t ld_scores;
    uint32_t n_rows; /* >= 1; the more up to ATTEND_TILE, the faster */
    float *wide;     /* [ATTEND_NEAR][dim], 64-byte aligned */
};
typedef void attend_group_fn(const struct attend_group *a);

/* x[i] *= y[i] */
typedef void mul_fn(float *x, const float *y, uint32_t n);

/* x[i] = x[i] / (1 + exp(-gate[i])); gate may be x. */
typedef void sigmoid_mul_fn(float *x, const float *gate, uint32_t n);

/* out[i] = (bias ? bias[i] : 0) + sum over taps of w[tap][i] x[tap][i], added in this order. */
typedef void short_conv_fn(float *out /* [n] */, const float *const *x /* [taps][n] */,
                           const float *w /* [taps][ld_w] */, size_t ld_w, const float *bias,
                           uint32_t taps, uint32_t n);

/* The gated delta rule for DELTA_COLS columns of one head's state S [k_dim][v_dim], token after
 * token:  S decays; d = beta (v - S^T k); S += k d^T; out = S^T q. Sums over k_dim are four partial
 * ones, element r in r mod 4. Source: "Gated Delta Networks", arXiv 2412.06464, and Qwen3.5. */
struct delta_rule {
    float *state;           /* [k_dim][DELTA_COLS] behind the tokens */
    const float *before;    /* the same before them; may be `state` */
    const float *q, *k, *v; /* [n_tok][ld]: k_dim, k_dim, DELTA_COLS used */
    size_t ld;
    const float *decay, *beta; /* [n_tok][ld_gate]: one used */
    size_t ld_gate;
    float *out; /* [n_tok][ld_out]: DELTA_COLS used */
    size_t ld_out;
    uint32_t n_tok, k_dim;
};
typedef void delta_rule_fn(const struct delta_rule *d);

/* One position of one head: q = rint(x / *scale), *scale = max|x| / 127. */
typedef void pack_int8_fn(int8_t *q, float *scale, const float *x /* [n] */, uint32_t n);
/* Positions as bf16, for a unit that takes no int8; scales must be finite. */
typedef void unpack_int8_fn(uint16_t *out /* [n_pos][dim] */, const int8_t *q, const float *scale,
                            uint32_t n_pos, uint32_t dim);

/* The same for n <= ATTEND_TOKENS neighbours of a prompt (step 1) and bf16 keys and values, on a
 * matrix unit. The softmax is made online, over blocks of positions that begin at multiples of a
 * constant in the text, whose position `origin` is the first of a->k: so the bits of a result
 * depend on its query and what it sees alone. Weights of positions are rounded to bf16, queries to
 * twice bf16: with s the exact scores, p their softmax and e the greatest scale * sum |q k| of a
 * position, |out - sum p v| <= (2^-7 + 2^-15 e exp(2^-15 e)) sum p |v|. dim <= ATTEND_DIM;
 * a->scores: ATTEND_SCRATCH bytes, 64-byte aligned. */
typedef void attend_prompt_fn(const struct attend_group *a, uint32_t origin);

/* The first n_tok <= TILE_TOKENS tokens as a row of bf16 tiles, rounded to nearest even: tile k
 * has [TILE_TOKENS][TILE_COLS] values of columns TILE_COLS * k on. Zero beyond n_tok, cols. */
typedef void pack_tokens_fn(const float *x /* [n_tok][cols] */, uint32_t n_tok, uint32_t cols,
                            uint16_t *tiles /* 64-byte aligned */);

/* out[t][r] = sum_k W[r][k] x[t][k] for the rows of groups [group0, group1) and many tokens; never
 * writes beyond out[n_tok - 1][rows - 1]. Weights are decoded exactly and rounded to bf16 (nearest
 * even) like the tokens; products and sums are float. The bits of a sum depend on W and its token
 * alone. `scratch`: TILE_SCRATCH bytes, 64-byte aligned. */
typedef void gemm_tiles_fn(const struct matrix *w, uint32_t group0, uint32_t group1,
                           const uint16_t *tiles /* pack_tokens of 16 tokens after 16 */,
                           uint32_t n_tok, float *out /* [n_tok][ld_out] */, size_t ld_out,
                           void *scratch);

/* Bytes of a row of tiles: up to TILE_TOKENS tokens. */
size_t gemm_tiles_bytes(uint32_t cols);

/* out[t][r] = sum_k panel[r][k] x[t][k]: the portable matrix product, through OpenBLAS on the
 * calling thread alone. */
typedef void gemm_f32_fn(uint32_t n_tok, uint32_t n_rows, uint32_t cols,
                         const float *x /* [n_tok][cols] */,
                         const float *panel /* [n_rows][cols] */,
                         float *out /* [n_tok][ld_out], n_rows used */, size_t ld_out);

/* What a core can do at most: n times as many independent dot products of int8 as fill its units,
 * on registers alone. -> products of two numbers made. */
typedef uint64_t dot_peak_fn(uint32_t n, int32_t *sum /* [16], of no use */);

/* ---- dispatch ------------------------------------------------------------------------- */

struct kernels {
    const char *level; /* "scalar", or a name of levels.h */
    bool reads_plans;  /* its matvec functions follow matrix.read */
    bool fast_int8; /* matvec_batch beats any product of floats in vectors, however many tokens */
    matvec_fn *matvec[N_FORMATS];
    matvec_far_fn *matvec_far[N_FORMATS];     /* NULL: this level has none */
    matvec_batch_fn *matvec_batch[N_FORMATS]; /* NULL: format_info says no is_int8 */
    dequant_fn *dequant[N_FORMATS];
    gemm_tiles_fn *gemm_tiles[N_FORMATS]; /* NULL: this level has none */
    pack_tokens_fn *pack_tokens;          /* NULL if there is no prompt kernel */
    quantise_fn *quantise;
    rms_norm_fn *rms_norm;
    rope_fn *rope;
    silu_mul_fn *silu_mul;
    add_fn *add;
    layer_norm_fn *layer_norm;
    gelu_mul_fn *gelu_mul;
    clamped_mul_fn *clamped_mul;
    soft_cap_fn *soft_cap;
    scale_fn *scale;
    add_scaled_fn *add_scaled;
    attend_group_fn *attend_group_f32, *attend_group_bf16, *attend_group_int8;
    mul_fn *mul;
    sigmoid_mul_fn *sigmoid_mul;
    short_conv_fn *short_conv;
    delta_rule_fn *delta_rule;
    pack_int8_fn *pack_int8;
    unpack_int8_fn *unpack_int8;
    attend_prompt_fn *attend_prompt; /* NULL: one query after another */
    gemm_f32_fn *gemm_f32;
    dot_peak_fn *dot_peak; /* NULL: not measured at this level */
};

/* What this CPU and its operating system support. */
unsigned cpu_flags(void);
/* "scalar", "avx2", ... -> the flags up to that level; "auto" -> all. False: no such level here. */
bool cpu_flags_from_name(const char *name, unsigned *flags);
/* "auto scalar avx2 ...": what this architecture may have, for messages. */
const char *cpu_level_names(void);

/* Fills the table for these flags (ANDed with cpu_flags()): a pure function of its argument. */
void kernels_init(struct kernels *k, unsigned flags);

#endif
