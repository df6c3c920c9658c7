/* SPDX-License-Identifier: MIT
 *
 * AVX2: the int8 products.
 */
#include "x86/int8_tokens.h"
#include "x86/int8_vector.h"

void kernels_avx2_int8(struct kernels *k)
{
    int8_vector(k);
    int8_tokens(k);
}
