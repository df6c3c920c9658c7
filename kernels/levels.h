/* SPDX-License-Identifier: MIT
 *
 * levels: one row per CPU level, lowest first. The flags' names, the order in which kernels
 * override each other (dispatch.c) and the names in options and messages come from it. To add one:
 * a row here, its detection (cpu.c), its files (meson.build).
 */
#ifndef QINS_LEVELS_H
#define QINS_LEVELS_H

/* ROW(name, FLAG, flags of the levels below it that it needs, functions that fill the table) */
/* clang-format off */
#define X86_LEVELS(ROW)                                                                          \
    /* AVX2 + FMA + F16C */                                                                      \
    ROW(avx2, CPU_AVX2, 0, kernels_avx2_matrix, kernels_avx2_int8, kernels_avx2_vector,          \
        kernels_avx2_layers, kernels_avx2_state, kernels_avx2_attend)                            \
    /* the VNNI of 256-bit registers, without AVX-512: alone may be missing */                   \
    ROW(avxvnni, CPU_AVXVNNI, CPU_AVX2, kernels_avxvnni)                                         \
    /* F, BW, DQ, VL */                                                                          \
    ROW(avx512, CPU_AVX512, CPU_AVX2, kernels_avx512, kernels_avx512_attend,                     \
        kernels_avx512_state)                                                                    \
    /* AVX-512 VNNI + VBMI */                                                                    \
    ROW(vnni, CPU_VNNI, CPU_AVX2 | CPU_AVX512, kernels_vnni, kernels_vnni_tokens)                \
    /* tiles, int8 and bf16, permission granted by the kernel */                                 \
    ROW(amx, CPU_AMX, CPU_AVX2 | CPU_AVX512 | CPU_VNNI, kernels_amx, kernels_amx_attend)

#define ARM_LEVELS(ROW)                                                                          \
    ROW(neon, CPU_NEON, 0, kernels_neon_matrix, kernels_neon_tokens, kernels_neon_vector,        \
        kernels_neon_attend, kernels_neon_state)                                                 \
    ROW(dotprod, CPU_DOTPROD, CPU_NEON, kernels_dotprod, kernels_dotprod_tokens)                 \
    ROW(i8mm, CPU_I8MM, CPU_NEON | CPU_DOTPROD, kernels_i8mm, kernels_i8mm_tokens)
/* clang-format on */

#define LEVEL_BIT(name, flag, ...) flag##_BIT,
#define LEVEL_FLAG(name, flag, ...) flag = 1 << flag##_BIT,
enum cpu_flag_bit { X86_LEVELS(LEVEL_BIT) ARM_LEVELS(LEVEL_BIT) N_CPU_FLAGS };
enum cpu_flag { X86_LEVELS(LEVEL_FLAG) ARM_LEVELS(LEVEL_FLAG) };
#undef LEVEL_BIT
#undef LEVEL_FLAG

/* Their names, each with a space before it: of all machines, and of this one. */
#define LEVEL_NAME(name, ...) " " #name
#define ALL_LEVEL_NAMES " scalar" X86_LEVELS(LEVEL_NAME) ARM_LEVELS(LEVEL_NAME)
#if defined(__x86_64__)
#define LEVELS(ROW) X86_LEVELS(ROW)
#elif defined(__aarch64__)
#define LEVELS(ROW) ARM_LEVELS(ROW)
#else
#define LEVELS(ROW)
#endif
#define LEVEL_NAMES " scalar" LEVELS(LEVEL_NAME)

#endif
