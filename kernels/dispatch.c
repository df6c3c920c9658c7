/* SPDX-License-Identifier: MIT
 *
 * dispatch: from a CPU level to the table of kernels.
 */
#include <string.h>

#include "kernels_internal.h"

enum { MAX_FILES = 6 };

struct level {
    const char *name;
    unsigned flags;                             /* its own and those it needs of the levels below */
    void (*fill[MAX_FILES])(struct kernels *k); /* each overrides what it improves */
};

#define LEVEL_ROW(name, flag, below, ...) {#name, (flag) | (below), {__VA_ARGS__}},
static const struct level levels[] = {
    {"scalar", 0, {kernels_scalar, kernels_scalar_layers, kernels_scalar_state}},
    LEVELS(LEVEL_ROW)};

enum { N_LEVELS = sizeof levels / sizeof *levels };

const char *cpu_level_names(void)
{
    return "auto" LEVEL_NAMES;
}

bool cpu_flags_from_name(const char *name, unsigned *flags)
{
    unsigned here = cpu_flags();
    if (strcmp(name, "auto") == 0) {
        *flags = here;
        return true;
    }
    for (size_t i = 0; i < N_LEVELS; i++)
        if (strcmp(name, levels[i].name) == 0 && (levels[i].flags & ~here) == 0) {
            *flags = levels[i].flags;
            return true;
        }
    return false;
}

void kernels_init(struct kernels *k, unsigned flags)
{
    flags &= cpu_flags();
    gemm_init();
    for (const struct level *l = levels; l < levels + N_LEVELS; l++) {
        if (l->flags & ~flags)
            continue;
        for (int i = 0; i < MAX_FILES && l->fill[i]; i++)
            l->fill[i](k);
        k->level = l->name;
    }
}
