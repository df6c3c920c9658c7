/* SPDX-License-Identifier: MIT
 *
 * matcher: finds what a step looks for: a string, an expression, or characters of a kind.
 */
#ifndef QINS_MATCHER_H
#define QINS_MATCHER_H

#include "regexp.h"
#include "step.h"

struct matcher {
    bool (*is_match)(int32_t cp); /* one character, or NULL; -1 for a byte that is no UTF-8 */
    const char *string;           /* [n], or NULL */
    size_t n;
    struct regexp *pattern; /* or NULL */
};

/* GPT-2's way to split. */
#define GPT2_PATTERN                                                                               \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/* What the step looks for, if anything; `strings` outlives it. */
bool matcher_init(struct matcher *m, const struct step *s, const char *strings, const char *name,
                  struct error *err);
void matcher_free(struct matcher *m);

/* Hears of consecutive pieces that cover a text. -> false ends it. */
typedef bool matcher_fn(void *arg, size_t start, size_t end, bool is_match);
/* Everything in s[0..n), matches and what lies between them. Expressions do not see bytes that are
 * no UTF-8: these lie between. -> false: `fn` ended it, or *gave_up is set. */
bool matcher_run(const struct matcher *m, struct regexp_scratch *scratch, const char *s, size_t n,
                 matcher_fn *fn, void *arg, bool *gave_up);

#endif
