/* SPDX-License-Identifier: MIT
 *
 * conditions: what else happened while something was measured, and what the program takes.
 */
#ifndef QINS_CONDITIONS_H
#define QINS_CONDITIONS_H

#include <stdint.h>

/* CPU time since the start, ours and of all, in seconds; and the clock. */
struct load {
    double own, busy, clock;
    uint32_t n_cpus;
};

struct load load_now(void);
/* CPU time that others had meanwhile, in percent of all CPUs; < 0: the system does not tell,
 * or the time was too short. */
double load_foreign(const struct load *start, const struct load *end);

/* Resident bytes, shared pages divided by those who share them; 0: the system does not tell. */
uint64_t pss_bytes(void);

#endif
