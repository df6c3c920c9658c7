/* SPDX-License-Identifier: MIT
 *
 * prefetch: what the matvec of interleaved tiles asks memory for in advance.
 */
#ifndef QINS_PREFETCH_H
#define QINS_PREFETCH_H

#include <immintrin.h>

#include "kernels_internal.h"

enum { SOON = 1024, AHEAD = 3 * 1088 }; /* bytes: distances of the late and the early prefetch */

/* Each line is asked for twice: early into L2, across the ends of pages where hardware stops, and
 * late into L1. Always inlined: GCC drops the calls of a function that does nothing but prefetch.
 */
static inline __attribute__((always_inline)) void prefetch_line(const uint8_t *p, size_t ahead)
{
    _mm_prefetch((const char *)p + SOON, _MM_HINT_T0);
    _mm_prefetch((const char *)p + ahead, _MM_HINT_T1);
}

/* The same for the line that begins with columns 4 i of a unit of 32, if one does: formats with
 * blocks. */
static inline __attribute__((always_inline)) void prefetch_codes(const uint8_t *unit, const int i,
                                                                 const uint32_t bits, size_t ahead)
{
    const int per_line = bits == 2 ? 4 : 2;
    if (i % per_line == 0 && (bits != 3 || i < 6))
        prefetch_line(unit + i / per_line * 64, ahead);
}

/* The same by a plan: `twice` is the plan's, a constant here. */
static inline __attribute__((always_inline)) void prefetch_planned(const uint8_t *p, size_t ahead,
                                                                   const bool twice)
{
    if (twice)
        prefetch_line(p, ahead);
    else
        _mm_prefetch((const char *)p + ahead, _MM_HINT_NTA);
}

static inline __attribute__((always_inline)) void
prefetch_codes_planned(const uint8_t *unit, const int i, const uint32_t bits, size_t ahead,
                       const bool twice)
{
    const int per_line = bits == 2 ? 4 : 2;
    if (i % per_line == 0 && (bits != 3 || i < 6))
        prefetch_planned(unit + i / per_line * 64, ahead, twice);
}

/* Bytes of the codes of 32 columns. */
static inline uint32_t unit_bytes(const uint32_t bits)
{
    return bits * 64;
}

/* Distance of the early, or only, prefetch for column k. n row groups are read side by side: when
 * they are neighbours, each stream jumps over the others' groups at its end. */
static inline size_t early_distance(const struct matrix *w, uint32_t k, uint32_t tile_cols,
                                    size_t tile_bytes, int n, uint32_t apart)
{
    size_t tiles = (w->read.ahead + tile_bytes / 2) / tile_bytes;
    size_t others = apart > 1 ? 0 : (size_t)(n - 1) * (w->cols_pad / tile_cols);
    bool beyond = k + tiles * tile_cols >= w->cols_pad;
    return (tiles + (beyond ? others : 0)) * tile_bytes;
}

/* Calls rows(w, from, n, twice, apart, ...) for all of [from, end), n at a time by the plan of w; n
 * and twice are constants. Neighbours that are left over go one by one. */
#define READ_BY_PLAN(rows, w, from, end, apart, ...)                                               \
    do {                                                                                           \
        const uint32_t n_streams = (w)->read.streams;                                              \
        const uint32_t of_four = (apart) > 1 ? 1 : 4, of_two = (apart) > 1 ? 1 : 2;                \
        if ((w)->read.twice)                                                                       \
            for (; from + of_four <= end; from += of_four)                                         \
                rows(w, from, 4, true, apart, __VA_ARGS__);                                        \
        else if (n_streams >= 4)                                                                   \
            for (; from + of_four <= end; from += of_four)                                         \
                rows(w, from, 4, false, apart, __VA_ARGS__);                                       \
        else if (n_streams >= 2)                                                                   \
            for (; from + of_two <= end; from += of_two)                                           \
                rows(w, from, 2, false, apart, __VA_ARGS__);                                       \
        for (; from < end; from++)                                                                 \
            rows(w, from, 1, false, apart, __VA_ARGS__);                                           \
    } while (0)

#endif
