/* SPDX-License-Identifier: MIT
 *
 * cpus: how many CPUs this process may use for arithmetic. One thread per physical core: a second
 * hyperthread adds nothing if memory is the limit.
 */
#ifndef QINS_CPUS_H
#define QINS_CPUS_H

#include <stddef.h>

/* Physical cores in the affinity mask, no more than the cgroup quota rounded up; at least 1. */
unsigned cpus_usable(void);

#endif
