/* SPDX-License-Identifier: MIT
 *
 * conditions: what else happened while something was measured, and what the program takes.
 */
#ifndef QINS_CONDITIONS_H
#define QINS_CONDITIONS_H

#include <stddef.h>
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

/* Pages that lie between two addresses and are in memory. */
struct page_use {
    uint64_t bytes, huge_bytes; /* of these, in pages of 2 MiB */
    uint64_t private_bytes;     /* anonymous: of no file */
};
struct page_use page_use(const void *data, size_t size); /* zeros if the system does not tell */

/* What numbers are measured on. */
struct machine {
    char cpu[64];          /* its name, plain ASCII; "": the system does not tell */
    uint32_t usable_cpus;  /* affinity and quota respected */
    double quota;          /* CPUs' time that the control group allows; 0: no limit */
    uint64_t cache_bytes;  /* last-level cache; 0: unknown */
    uint64_t memory_bytes; /* of the machine; 0: unknown */
};
struct machine machine_now(void);

#endif
