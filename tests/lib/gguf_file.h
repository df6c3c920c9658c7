/* SPDX-License-Identifier: MIT
 *
 * gguf_file: GGUF files written by hand, piece by piece.
 */
#ifndef QINS_GGUF_FILE_H
#define QINS_GGUF_FILE_H

#include "base.h"
#include "gguf.h"
#include "tiny_model.h"

static inline void gg_u32(struct buf *b, uint32_t n)
{
    buf_append(b, &n, sizeof n);
}

static inline void gg_u64(struct buf *b, uint64_t n)
{
    buf_append(b, &n, sizeof n);
}

static inline void gg_string(struct buf *b, const char *text)
{
    gg_u64(b, strlen(text));
    buf_puts(b, text);
}

static inline void gg_start(struct buf *b, uint64_t n_tensors, uint64_t n_values)
{
    buf_puts(b, "GGUF");
    gg_u32(b, 3);
    gg_u64(b, n_tensors);
    gg_u64(b, n_values);
}

static inline void gg_key(struct buf *b, const char *key, uint32_t kind)
{
    gg_string(b, key);
    gg_u32(b, kind);
}

static inline void gg_key_u32(struct buf *b, const char *key, uint32_t n)
{
    gg_key(b, key, GGUF_U32);
    gg_u32(b, n);
}

static inline void gg_key_u16(struct buf *b, const char *key, uint16_t n)
{
    gg_key(b, key, GGUF_U16);
    buf_append(b, &n, sizeof n);
}

static inline void gg_key_f32(struct buf *b, const char *key, float f)
{
    gg_key(b, key, GGUF_F32);
    buf_append(b, &f, sizeof f);
}

static inline void gg_key_string(struct buf *b, const char *key, const char *text)
{
    gg_key(b, key, GGUF_STRING);
    gg_string(b, text);
}

static inline void gg_key_array(struct buf *b, const char *key, uint32_t kind, uint64_t n)
{
    gg_key(b, key, GGUF_ARRAY);
    gg_u32(b, kind);
    gg_u64(b, n);
}

/* rows 0: a vector */
static inline void gg_tensor(struct buf *b, const char *name, uint64_t rows, uint64_t cols,
                             uint32_t type, uint64_t offset)
{
    gg_string(b, name);
    gg_u32(b, rows ? 2 : 1);
    gg_u64(b, cols);
    if (rows)
        gg_u64(b, rows);
    gg_u32(b, type);
    gg_u64(b, offset);
}

static inline void gg_align(struct buf *b, size_t alignment)
{
    while (b->len % alignment)
        buf_append(b, "", 1);
}

/* The keys of tiny_model.h's model. */
enum { TINY_KEYS = 8 };

static inline void gg_tiny_keys(struct buf *b)
{
    gg_key_string(b, "general.architecture", "llama");
    gg_key_u32(b, "llama.block_count", 1);
    gg_key_u32(b, "llama.context_length", 64);
    gg_key_u32(b, "llama.embedding_length", 16);
    gg_key_u32(b, "llama.feed_forward_length", 24);
    gg_key_u32(b, "llama.attention.head_count", 2);
    gg_key_u32(b, "llama.attention.head_count_kv", 1);
    gg_key_f32(b, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
}

static const char *const tiny_gguf_names[N_TINY] = {
    "token_embd.weight",     "blk.0.attn_norm.weight", "blk.0.attn_q.weight",
    "blk.0.attn_k.weight",   "blk.0.attn_v.weight",    "blk.0.attn_output.weight",
    "blk.0.ffn_norm.weight", "blk.0.ffn_gate.weight",  "blk.0.ffn_up.weight",
    "blk.0.ffn_down.weight", "output_norm.weight",
};

/* The tiny model as tiny.gguf, all but tensor `left_out` (-1: none), with `more` (or NULL) behind.
 */
static inline void tiny_gguf(const char *folder, int left_out, const char *more)
{
    struct buf b = {0};
    uint64_t at = 0;
    gg_start(&b, N_TINY - (left_out >= 0) + (more != NULL), TINY_KEYS);
    gg_tiny_keys(&b);
    for (int i = 0; i < N_TINY; i++) {
        if (i == left_out)
            continue;
        gg_tensor(&b, tiny_gguf_names[i], tiny_tensors[i].rows, tiny_tensors[i].cols, 0, at);
        at += (tiny_size(&tiny_tensors[i]) * sizeof(float) + 31) / 32 * 32;
    }
    if (more)
        gg_tensor(&b, more, 0, 8, 0, at);
    gg_align(&b, 32);
    for (int i = 0; i < N_TINY; i++) {
        for (unsigned k = 0; i != left_out && k < tiny_size(&tiny_tensors[i]); k++) {
            float w = tiny_weight(&tiny_tensors[i], k);
            buf_append(&b, &w, sizeof w);
        }
        gg_align(&b, 32);
    }
    buf_append(&b, (float[8]){0}, more ? 8 * sizeof(float) : 0);
    write_bytes(folder, "tiny.gguf", b.data, b.len);
    buf_free(&b);
}

#endif
