/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <math.h>

#include "system.h"

unsigned cpus_usable(void)
{
    unsigned n = system_cores();
    double quota = system_cpu_quota("");
    if (quota != 0 && quota < n)
        n = (unsigned)ceil(quota);
    return n > 0 ? n : 1;
}
