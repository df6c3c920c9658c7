/* SPDX-License-Identifier: MIT
 *
 * avx512: inline pieces that the files for 512-bit registers share.
 */
#ifndef QINS_AVX512_H
#define QINS_AVX512_H

#include <immintrin.h>

#include "internal.h"

static inline __mmask16 first_lanes(uint32_t n)
{
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

#endif
