/* SPDX-License-Identifier: MIT
 *
 * memory_limits: how much memory this process may still take: the least of what the system has
 * free, what the control groups above it (v2 and v1, containers) leave, and its own limits
 * (ulimit -v, -d).
 */
#ifndef QINS_MEMORY_LIMITS_H
#define QINS_MEMORY_LIMITS_H

#include "base.h"

/* 0: the system does not tell. */
uint64_t memory_free(void);

#endif
