/* SPDX-License-Identifier: MIT
 *
 * The emulated CPU has every x86-64 level; AVX2 is the real one's.
 */
#include "kernels.h"

unsigned cpu_flags(void)
{
    return !__builtin_cpu_supports("avx2")
               ? 0
               : CPU_AVX2 | CPU_AVXVNNI | CPU_AVX512 | CPU_VNNI | CPU_AMX;
}
