/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <math.h>
#include <stdio.h>

char *format_bytes(uint64_t bytes, char *out, size_t size)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double x = (double)bytes;
    int unit = 0;
    for (; x >= 999.5; unit++)
        x /= 1000;
    if (!bytes)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.*f %s",
                 unit == 0 || x >= 99.95 ? 0
                 : x >= 9.995            ? 1
                                         : 2,
                 x, units[unit]);
    return out;
}

char *format_rate(double rate, char *out, size_t size)
{
    if (!isfinite(rate) || rate <= 0)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.*f tok/s", rate < 99.95 ? 1 : 0, rate);
    return out;
}

char *format_ms(double ms, char *out, size_t size)
{
    if (!isfinite(ms) || ms <= 0)
        snprintf(out, size, "-");
    else if (ms < 999.5)
        snprintf(out, size, "%.*f ms", ms < 9.95 ? 1 : 0, ms);
    else
        snprintf(out, size, "%.*f s", ms < 99950 ? 1 : 0, ms / 1000);
    return out;
}
