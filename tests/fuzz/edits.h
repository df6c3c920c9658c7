/* SPDX-License-Identifier: MIT
 *
 * edits: a valid file changed here and there, for formats that no blind change would pass. The
 * input is a list of edits of 8 bytes: what, how much, where (u32), and a value.
 */
#ifndef QINS_FUZZ_EDITS_H
#define QINS_FUZZ_EDITS_H

#include "fuzz.h"

enum { EDIT_BYTES = 8, EDIT_MOST_GROWTH = 4096 };

static inline uint32_t edit_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* One edit of file->data[0..len); its first bytes, the head, are hit more often. */
static inline void edit_apply(struct buf *file, const uint8_t e[EDIT_BYTES], size_t n_head)
{
    uint32_t where = edit_u32(e + 2);
    size_t at = where % (e[0] & 16 && n_head <= file->len ? n_head : file->len + 1);
    uint64_t value = e[6] | (uint64_t)e[7] << 8;
    size_t n = (size_t)1 << (e[1] & 3);
    switch (e[0] & 15) {
    case 0: /* the file ends here */ file->len = at; break;
    case 1: /* more behind it */
        for (size_t i = 0; i < value % EDIT_MOST_GROWTH; i++)
            buf_append(file, &e[6], 1);
        break;
    case 2: /* a run of one byte */
        for (size_t i = 0; i < e[7] && at + i < file->len; i++)
            file->data[at + i] = (char)e[6];
        break;
    case 3: /* all bits of a number */
        value = ~(uint64_t)0 - value;
        /* fall through */
    case 4:
    case 5: /* a number */
        for (size_t i = 0; i < n && at + i < file->len; i++)
            file->data[at + i] = (char)(value >> 8 * i);
        break;
    case 6: /* a large number */
        value <<= 8 * (e[1] >> 2 & 7);
        for (size_t i = 0; i < 8 && at + i < file->len; i++)
            file->data[at + i] = (char)(value >> 8 * i);
        break;
    default: /* a bit, or a little more or less */
        if (at < file->len)
            file->data[at] = (char)(e[1] & 1 ? file->data[at] ^ 1 << (e[6] & 7)
                                             : file->data[at] + (e[6] & 7) - 3);
    }
}

/* The whole list. The caller frees. */
static inline struct buf edits_apply(const struct buf *valid, const uint8_t *data, size_t n,
                                     size_t n_head)
{
    struct buf file = {0};
    buf_append(&file, valid->data, valid->len);
    for (size_t i = 0; i + EDIT_BYTES <= n && file.len; i += EDIT_BYTES)
        edit_apply(&file, data + i, n_head);
    return file;
}

#endif
