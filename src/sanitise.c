/* SPDX-License-Identifier: MIT */
#include "sanitise.h"

char *sanitise_text(const char *text, size_t n, bool one_line)
{
    (void)one_line; /* stub: printable ASCII only */
    char *out = xstrndup(text, n);
    for (size_t i = 0; i < n; i++)
        if (out[i] < 0x20 || out[i] == 0x7f)
            out[i] = '?';
    return out;
}
