/* SPDX-License-Identifier: MIT */
#include "thinking.h"

#include <string.h>

static const char *const modes[] = {
    [THINK_AUTO] = "auto", [THINK_ON] = "on",         [THINK_OFF] = "off",
    [THINK_LOW] = "low",   [THINK_MEDIUM] = "medium", [THINK_HIGH] = "high",
};

bool think_mode_from_name(const char *name, enum think_mode *mode)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(name, modes[i]) == 0) {
            *mode = (enum think_mode)i;
            return true;
        }
    return false;
}

const char *think_mode_name(enum think_mode mode)
{
    return modes[mode];
}
