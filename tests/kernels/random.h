/* SPDX-License-Identifier: MIT
 *
 * random: reproducible test data (xorshift64*), the same on every machine.
 */
#ifndef QINS_TEST_RANDOM_H
#define QINS_TEST_RANDOM_H

#include <math.h>
#include <stdint.h>

static uint64_t random_state = 1;

static inline uint64_t random_bits(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Du;
}

static inline void random_seed(uint64_t seed)
{
    random_state = seed * 0x9E3779B97F4A7C15u + 0x632BE59BD9B4E019u;
    for (int i = 0; i < 4; i++)
        random_bits();
}

/* (0, 1] */
static inline double random_unit(void)
{
    return ((double)(random_bits() >> 11) + 1) * 0x1p-53;
}

static inline float random_gauss(void)
{
    double radius = sqrt(-2 * log(random_unit()));
    return (float)(radius * cos(6.283185307179586 * random_unit()));
}

static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)(random_bits() >> 32) % n;
}

#endif
