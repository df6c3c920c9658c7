/* SPDX-License-Identifier: MIT
 *
 * cpu: which instruction sets may run here. A CPU that has an instruction is not enough: the
 * operating system must save its registers too (XCR0), and for AMX grant it to this process.
 */
#include "kernels.h"
#include "system.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum {
    XCR0_AVX = 1 << 1 | 1 << 2,                        /* XMM, YMM */
    XCR0_AVX512 = XCR0_AVX | 1 << 5 | 1 << 6 | 1 << 7, /* opmask, ZMM */
    XCR0_AMX = 1 << 17 | 1 << 18,                      /* tile config, tile data */
    LEAF1_ECX = 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29, /* FMA OSXSAVE AVX F16C */
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_ECX_VNNI = 1 << 1 | 1 << 11,           /* VBMI, VNNI */
    LEAF7_EDX_AMX = 1 << 22 | 1 << 24 | 1 << 25, /* BF16 TILE INT8 */
    LEAF7_1_EAX_AVXVNNI = 1 << 4,
    LEAF7_1_EAX_BF16 = 1 << 5, /* AVX512_BF16 */
};
#define LEAF7_EBX_AVX512 (1u << 16 | 1u << 17 | 1u << 30 | 1u << 31) /* F DQ BW VL */

static bool has(uint32_t value, uint32_t bits)
{
    return (value & bits) == bits;
}

static uint32_t xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t leaf7_1_eax(void)
{
    uint32_t a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) ? a : 0;
}

unsigned cpu_flags(void)
{
    uint32_t a, b, c, d, xcr;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, LEAF1_ECX))
        return 0;
    xcr = xcr0();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, LEAF7_EBX_AVX2) || !has(xcr, XCR0_AVX))
        return 0;
    unsigned flags = CPU_AVX2;
    if (has(leaf7_1_eax(), LEAF7_1_EAX_AVXVNNI))
        flags |= CPU_AVXVNNI;
    if (!has(b, LEAF7_EBX_AVX512) || !(has(xcr, XCR0_AVX512) || system_grants_avx512()))
        return flags;
    flags |= CPU_AVX512;
    if (!has(c, LEAF7_ECX_VNNI))
        return flags;
    flags |= CPU_VNNI;
    if (has(d, LEAF7_EDX_AMX) && has(leaf7_1_eax(), LEAF7_1_EAX_BF16) && has(xcr, XCR0_AMX) &&
        system_grants_amx())
        flags |= CPU_AMX;
    return flags;
}

#elif defined(__aarch64__)

unsigned cpu_flags(void)
{
    const unsigned features = system_arm_features();
    unsigned flags = features & SYSTEM_ARM_NEON ? CPU_NEON : 0;
    if (flags && features & SYSTEM_ARM_DOTPROD)
        flags |= CPU_DOTPROD;
    if (flags & CPU_DOTPROD && features & SYSTEM_ARM_I8MM)
        flags |= CPU_I8MM;
    return flags;
}

#else

unsigned cpu_flags(void)
{
    return 0;
}

#endif
