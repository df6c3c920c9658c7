/* SPDX-License-Identifier: MIT
 *
 * gguf_file: GGUF files written by hand, piece by piece.
 */
#ifndef QINS_GGUF_FILE_H
#define QINS_GGUF_FILE_H

#include "base.h"
#include "gguf.h"
#include "test.h"

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

#endif
