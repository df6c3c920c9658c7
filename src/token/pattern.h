/* SPDX-License-Identifier: MIT
 *
 * pattern: regular expressions of tokenizers, in the syntax of Oniguruma (which the tokenizers library
 * uses), run by PCRE2: UTF-8, Unicode classes, JIT if there is one. Steps, depth and memory of a
 * search are limited: a hostile pattern gives up.
 */
#ifndef QINS_PATTERN_H
#define QINS_PATTERN_H

#include "base.h"

struct pattern;

/* NULL for what is no expression; `name` and `what` ("pre_tokenizer") stand in the message. */
struct pattern *pattern_new(const char *source, size_t n, const char *name, const char *what,
                            struct error *err);
void pattern_free(struct pattern *p);

/* Memory of the searches in a text of n bytes; one per thread. Searches that together take absurdly
 * long give up, too. */
struct pattern_scratch;
struct pattern_scratch *pattern_scratch_new(size_t n);
void pattern_scratch_free(struct pattern_scratch *s);

enum found { FOUND_NOTHING, FOUND_MATCH, FOUND_GAVE_UP };

/* The first match of s[0..n), valid UTF-8, that begins at `from` or later. What lies before `from` can
 * be looked back at. */
enum found pattern_find(const struct pattern *p, struct pattern_scratch *scratch, const char *s,
                        size_t n, size_t from, size_t *start, size_t *end);

/* pattern_syntax.c: the expression as PCRE2 writes it, appended to `out`. */
bool pattern_translate(const char *source, size_t n, struct buf *out, struct error *err);

#endif
