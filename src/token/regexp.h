/* SPDX-License-Identifier: MIT
 *
 * regexp: regular expressions of tokenizers, in the syntax of Oniguruma (which the tokenizers
 * library uses), run by PCRE2: UTF-8, Unicode classes, JIT if there is one. Steps, depth and memory
 * of a search are limited: a hostile pattern gives up.
 */
#ifndef QINS_REGEXP_H
#define QINS_REGEXP_H

#include "base.h"

struct regexp;

/* NULL for what is no regular expression; `name` and `what` ("pre_tokenizer") stand in the message.
 */
struct regexp *regexp_new(const char *source, size_t n, const char *name, const char *what,
                          struct error *err);
void regexp_free(struct regexp *p);

/* Memory of the searches in a text of n bytes; one per thread. Searches that together take absurdly
 * long give up, too. */
struct regexp_scratch;
struct regexp_scratch *regexp_scratch_new(size_t n);
void regexp_scratch_free(struct regexp_scratch *s);

enum found { FOUND_NOTHING, FOUND_MATCH, FOUND_GAVE_UP };

/* The first match of s[0..n), valid UTF-8, that begins at `from` or later. What lies before `from`
 * can be looked back at. */
enum found regexp_find(const struct regexp *p, struct regexp_scratch *scratch, const char *s,
                       size_t n, size_t from, size_t *start, size_t *end);

/* regexp_syntax.c: the expression as PCRE2 writes it, appended to `out`. */
bool regexp_translate(const char *source, size_t n, struct buf *out, struct error *err);

#endif
