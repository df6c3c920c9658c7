/* SPDX-License-Identifier: MIT
 *
 * AVX-VNNI: the int8 products of AVX2 with dot products of one instruction. For CPUs without
 * AVX-512; it has been run by emulation only (tests/kernels/emulated).
 */
#include "x86/int8_tokens.h"
#include "x86/int8_vector.h"

void kernels_avxvnni(struct kernels *k)
{
    int8_vector(k);
    int8_tokens(k);
}
