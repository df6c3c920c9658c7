/* SPDX-License-Identifier: MIT
 *
 * scalar: the definition of every kernel. Variants for an instruction set are compared with these:
 * integer parts and quantisation bit for bit, float parts in the same order of operations.
 */
#include "kernels_internal.h"
#include "qins.h"

/* ---- decoding ------------------------------------------------------------------------- */

static void value_table(float table[256], float log_min, float log_max)
{
    for (unsigned s = 0; s < 256; s++)
        table[s] = qins_value((uint8_t)s, 1, log_min, log_max);
}

void decoder_init(struct decoder *d, const struct matrix *m)
{
    d->m = m;
    if (m->format == FORMAT_QINS9)
        value_table(d->table, m->log_min, m->log_max);
}

void decoder_row(struct decoder *d, uint32_t row)
{
    const struct matrix *m = d->m;
    if (m->format == FORMAT_QINS9ROW)
        value_table(d->table, m->row[row], m->row[m->rows_pad + row]);
}

static void decode_qins9(const struct decoder *d, const uint8_t *tile, uint32_t r, uint32_t n,
                         float *out)
{
    for (uint32_t k = 0; k < n; k++) {
        uint32_t byte = r * 4 + k % 4;
        uint8_t sign = tile[QINS9_SIGNS + k / 4 * 8 + byte / 8] >> byte % 8 & 1;
        float value = d->table[tile[k / 4 * 64 + byte]];
        out[k] = sign ? -value : value;
    }
}

static void decode_qins8(const uint8_t *tile, float base, uint32_t r, uint32_t n, float *out)
{
    for (uint32_t k = 0; k < n; k++) {
        uint8_t code = tile[k / 4 * 64 + r * 4 + k % 4];
        float value = base * qins8_value[code & 127];
        out[k] = code & 128 ? -value : value;
    }
}

static void decode_blocks(const uint8_t *tile, const struct format_info *f, const int8_t *levels,
                          float base, uint32_t r, uint32_t n, float *out)
{
    const uint8_t *codes = tile + f->tile_cols / f->block * ROW_GROUP;
    for (uint32_t k = 0; k < n; k++) {
        float scale = base * qins4_scale(tile[k / f->block * ROW_GROUP + r]);
        out[k] = scale * (float)levels[block_code(codes, f->code_bits, r, k)];
    }
}

static void decode_bf16(const uint16_t *in, uint32_t n, float *out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = bf16_to_f32(in[i]);
}

uint32_t decoder_tile(const struct decoder *d, uint32_t row, uint32_t col0, float *out)
{
    const struct matrix *m = d->m;
    const struct format_info *f = format_info(m->format);
    uint32_t cols = f->tile_cols == 1 ? MAX_TILE_COLS : f->tile_cols, r = row % ROW_GROUP;
    uint32_t n = m->cols - col0 < cols ? m->cols - col0 : cols;
    size_t at = (size_t)row * m->cols + col0;
    const uint8_t *tile = NULL;
    if (f->tile_cols > 1)
        tile = group_tiles(m, row / ROW_GROUP) + (size_t)(col0 / f->tile_cols) * f->tile_bytes;

    switch (m->format) {
    case FORMAT_F32: memcpy(out, (const float *)m->data + at, n * sizeof *out); break;
    case FORMAT_BF16: decode_bf16((const uint16_t *)m->data + at, n, out); break;
    case FORMAT_QINS9:
    case FORMAT_QINS9ROW: decode_qins9(d, tile, r, n, out); break;
    case FORMAT_QINS8: decode_qins8(tile, m->row[row], r, n, out); break;
    default: decode_blocks(tile, f, block_levels(m->format), m->row[row], r, n, out);
    }
    return n;
}

static void dequant_scalar(const struct matrix *w, uint32_t row0, uint32_t row1, float *out)
{
    struct decoder d;
    decoder_init(&d, w);
    for (uint32_t row = row0; row < row1; row++) {
        decoder_row(&d, row);
        for (uint32_t col = 0; col < w->cols;) {
            uint32_t n = decoder_tile(&d, row, col, out);
            col += n;
            out += n;
        }
    }
}

/* ---- matrix times vector -------------------------------------------------------------- */

static float dot_f32(const float *a, const float *b, uint32_t n)
{
    float lane[LANES] = {0};
    for (uint32_t i = 0; i < n; i++)
        lane[i % LANES] = fmaf(a[i], b[i], lane[i % LANES]);
    return sum_lanes(lane);
}

static float dot_bf16(const float *a, const uint16_t *b, uint32_t n)
{
    float lane[LANES] = {0};
    for (uint32_t i = 0; i < n; i++)
        lane[i % LANES] = fmaf(a[i], bf16_to_f32(b[i]), lane[i % LANES]);
    return sum_lanes(lane);
}

static void matvec_f32_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                              const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_f32(x->x, (const float *)w->data + (size_t)r * w->cols, w->cols);
}

static void matvec_bf16_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                               const struct activation *x, float *y)
{
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = dot_bf16(x->x, (const uint16_t *)w->data + (size_t)r * w->cols, w->cols);
}

/* One row of QINS9: four partial sums, column k in sum k mod 4, weights by exp_f32. */
static float row_qins9(const struct matrix *w, const uint8_t *tile, uint32_t r, float log_min,
                       float log_max, const float *x)
{
    float table[256] = {0}, sum[4] = {0}, step = (log_max - log_min) / 254.0f;
    for (int s = 1; s < 256; s++)
        table[s] = exp_f32(fmaf((float)(255 - s), step, log_min));
    for (uint32_t k = 0; k < w->cols; k++) {
        const uint8_t *at = tile + (size_t)(k / QINS9_COLS) * 576;
        uint32_t line = k % QINS9_COLS / 4, byte = r * 4 + k % 4;
        float value = table[at[line * 64 + byte]];
        if (at[QINS9_SIGNS + line * 8 + byte / 8] >> byte % 8 & 1)
            value = -value;
        sum[k % 4] = fmaf(value, x[k], sum[k % 4]);
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void matvec_qins9_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                                const struct activation *x, float *y)
{
    bool by_row = w->format == FORMAT_QINS9ROW;
    for (uint32_t r = group0 * ROW_GROUP; r < group1 * ROW_GROUP && r < w->rows; r++)
        y[r] = row_qins9(w, group_tiles(w, r / ROW_GROUP), r % ROW_GROUP,
                         by_row ? w->row[r] : w->log_min,
                         by_row ? w->row[w->rows_pad + r] : w->log_max, x->x);
}

static int32_t block_qins8(const uint8_t *tile, uint32_t r, const int16_t *x)
{
    int32_t sum = 0;
    for (uint32_t k = 0; k < ACT_BLOCK; k++) {
        uint8_t code = tile[k / 4 * 64 + r * 4 + k % 4];
        int32_t product = qins8_magnitude[code & 127] * x[k];
        sum += code & 128 ? -product : product;
    }
    return sum;
}

static void matvec_qins8_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                                const struct activation *x, float *y)
{
    for (uint32_t row = group0 * ROW_GROUP; row < group1 * ROW_GROUP && row < w->rows; row++) {
        const uint8_t *tile = group_tiles(w, row / ROW_GROUP);
        float acc = 0;
        for (uint32_t b = 0; b < w->cols_pad / ACT_BLOCK; b++, tile += 512)
            acc = fmaf((float)block_qins8(tile, row % ROW_GROUP, x->wide + b * ACT_BLOCK),
                       x->scale[b], acc);
        y[row] = acc * (w->row[row] / (float)QINS8_UNITS);
    }
}

/* Block sums of formats with blocks; levels as their codes say. */
static void matvec_blocks_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                                 const struct activation *x, float *y)
{
    const struct format_info *f = format_info(w->format);
    const uint32_t n_blocks = f->tile_cols / f->block;
    const int8_t *levels = block_levels(w->format);
    for (uint32_t row = group0 * ROW_GROUP; row < group1 * ROW_GROUP && row < w->rows; row++) {
        const uint8_t *tile = group_tiles(w, row / ROW_GROUP);
        const uint32_t r = row % ROW_GROUP;
        float acc = 0;
        for (uint32_t k = 0; k < w->cols_pad; k += f->block) {
            const uint32_t in_tile = k % f->tile_cols;
            int32_t sum = 0;
            for (uint32_t i = 0; i < f->block; i++)
                sum +=
                    levels[block_code(tile + n_blocks * ROW_GROUP, f->code_bits, r, in_tile + i)] *
                    x->q[k + i];
            float scale = qins4_scale(tile[in_tile / f->block * ROW_GROUP + r]);
            acc = fmaf((float)sum, scale * x->scale[k / ACT_BLOCK], acc);
            if (in_tile + f->block == f->tile_cols)
                tile += f->tile_bytes;
        }
        y[row] = acc * w->row[row];
    }
}

static void matvec_batch_scalar(const struct matrix *w, uint32_t group0, uint32_t group1,
                                const struct activation *x, uint32_t n_tok, float *y, size_t ld_y)
{
    matvec_fn *matvec = w->format == FORMAT_QINS8 ? matvec_qins8_scalar : matvec_blocks_scalar;
    for (uint32_t t = 0; t < n_tok; t++)
        matvec(w, group0, group1, &x[t], y + t * ld_y);
}

/* ---- activations ---------------------------------------------------------------------- */

/* A block whose scale would be subnormal counts as zero: its reciprocal might not be finite. */
static void quantise_scalar(struct activation *a, uint32_t cols, uint32_t cols_pad)
{
    cols_pad = (cols_pad + ACT_BLOCK - 1) / ACT_BLOCK * ACT_BLOCK;
    memset(a->sum, 0, cols_pad / 16 * sizeof *a->sum);
    for (uint32_t k = 0; k < cols_pad; k += ACT_BLOCK) {
        uint32_t n = k >= cols ? 0 : cols - k < ACT_BLOCK ? cols - k : ACT_BLOCK;
        float max = 0;
        for (uint32_t i = 0; i < n; i++)
            max = fabsf(a->x[k + i]) > max ? fabsf(a->x[k + i]) : max;
        float scale = max / 127.0f;
        scale = scale < __FLT_MIN__ ? 0 : scale;
        float inverse = scale > 0 ? 1.0f / scale : 0;
        a->scale[k / ACT_BLOCK] = scale;
        for (uint32_t i = 0; i < ACT_BLOCK; i++) {
            float v = i < n ? a->x[k + i] * inverse : 0;
            v = v > -127.0f ? v : -127.0f; /* NaN becomes -127 */
            v = v < 127.0f ? v : 127.0f;
            a->q[k + i] = (int8_t)rintf(v);
            a->sum[(k + i) / 16] += a->q[k + i];
            if (!a->low)
                continue;
            a->low[k + i] = (int8_t)rintf(128.0f * (v - (float)a->q[k + i]));
            a->wide[k + i] = (int16_t)(128 * a->q[k + i] + a->low[k + i]);
        }
    }
}

static void rms_norm_scalar(float *out, const float *x, const float *weight, uint32_t dim,
                            float eps)
{
    float factor = 1.0f / sqrtf(dot_f32(x, x, dim) / (float)dim + eps);
    for (uint32_t i = 0; i < dim; i++)
        out[i] = x[i] * factor * weight[i];
}

static void rope_scalar(float *head, const float *cos, const float *sin, uint32_t half)
{
    for (uint32_t j = 0; j < half; j++) {
        float a = head[j], b = head[j + half];
        head[j] = a * cos[j] - b * sin[j];
        head[j + half] = b * cos[j] + a * sin[j];
    }
}

static void silu_mul_scalar(float *gate, const float *up, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1.0f + exp_f32(-gate[i])) * up[i];
}

static void add_scalar(float *x, const float *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] += y[i];
}

/* ---- int8 positions ------------------------------------------------------------------- */

/* A row whose scale would be subnormal counts as zero. */
static void pack_int8_scalar(int8_t *q, float *scale, const float *x, uint32_t n)
{
    float max = 0;
    for (uint32_t i = 0; i < n; i++)
        max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
    *scale = max / 127.0f < __FLT_MIN__ ? 0 : max / 127.0f;
    float inverse = *scale > 0 ? 1.0f / *scale : 0;
    for (uint32_t i = 0; i < n; i++) {
        float v = x[i] * inverse;
        v = v > -127.0f ? v : -127.0f; /* NaN becomes -127 */
        q[i] = (int8_t)rintf(v < 127.0f ? v : 127.0f);
    }
}

/* Rounds to nearest even. */
static void unpack_int8_scalar(uint16_t *out, const int8_t *q, const float *scale, uint32_t n_pos,
                               uint32_t dim)
{
    for (uint32_t p = 0; p < n_pos; p++)
        for (uint32_t d = 0; d < dim; d++, q++) {
            uint32_t u = float_bits(scale[p] * (float)*q);
            *out++ = (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
        }
}

void kernels_scalar(struct kernels *k)
{
    *k = (struct kernels){
        .level = "scalar",
        .matvec = {[FORMAT_F32] = matvec_f32_scalar,
                   [FORMAT_BF16] = matvec_bf16_scalar,
                   [FORMAT_QINS9] = matvec_qins9_scalar,
                   [FORMAT_QINS9ROW] = matvec_qins9_scalar,
                   [FORMAT_QINS8] = matvec_qins8_scalar},
        .quantise = quantise_scalar,
        .rms_norm = rms_norm_scalar,
        .rope = rope_scalar,
        .silu_mul = silu_mul_scalar,
        .add = add_scalar,
        .pack_int8 = pack_int8_scalar,
        .unpack_int8 = unpack_int8_scalar,
        .gemm_f32 = gemm_f32_openblas,
    };
    for (int f = 0; f < N_FORMATS; f++) {
        k->dequant[f] = dequant_scalar;
        if (format_info((enum format)f)->block)
            k->matvec[f] = matvec_blocks_scalar;
        if (format_info((enum format)f)->is_int8)
            k->matvec_batch[f] = matvec_batch_scalar;
    }
}
