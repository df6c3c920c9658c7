/* SPDX-License-Identifier: MIT
 *
 * normalizer: the steps that change a text before it is split.
 */
#ifndef QINS_NORMALIZER_H
#define QINS_NORMALIZER_H

#include "marked.h"
#include "matcher.h"
#include "step.h"

/* One step: *text becomes its normal form; `spare` is scratch. `matcher` finds what STEP_REPLACE
 * replaces. -> false: its pattern gave up, or the text grew beyond `max` bytes; it stays as it was.
 */
bool normalize_step(const struct step *s, const char *strings, const struct matcher *matcher,
                    struct regexp_scratch *scratch, size_t max, struct marked *text,
                    struct marked *spare);

#endif
