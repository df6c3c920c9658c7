/* SPDX-License-Identifier: MIT
 *
 * template_text: strings that know, byte for byte, whether the template wrote them or whether they
 * came from a message (or another value that was given). Every string is a view of a text; cutting
 * costs nothing, and adding to the string that ends a text grows it in place. A text that was seen
 * never changes: it only gets longer behind the views of it.
 */
#ifndef QINS_TEMPLATE_TEXT_H
#define QINS_TEMPLATE_TEXT_H

#include "template_value.h"

/* Bytes from the end of the run before up to `end`. */
struct run {
    uint32_t end;
    bool from_template;
};

enum text_width { TEXT_UNKNOWN, TEXT_ASCII, TEXT_WIDE };

struct text {
    char *data;
    uint32_t len, cap; /* cap 0: the bytes belong to somebody else */
    enum text_width width;
    bool output; /* what a template prints is not counted as memory, but has a limit of its own */
    struct block *block;
    struct run *runs; /* [n_runs], at least one; the last one ends at len */
    uint32_t n_runs, cap_runs;
    struct run first;
};

/* A string of bytes that live as long as the work. */
struct value string_of(struct work *w, const char *bytes, size_t n, bool from_template);
/* s as a part of what several runs read, at the same time: nothing is ever added to its text. */
struct value string_freeze(struct work *w, struct value s);
/* A literal of this program. */
struct value string_literal(struct work *w, const char *s);
static inline const char *string_bytes(struct value s)
{
    return s.text->data + s.at;
}
static inline struct value string_slice(struct value s, uint32_t at, uint32_t len)
{
    s.at += at;
    s.len = len;
    return s;
}
static inline struct value string_plain(struct value s) /* str() of a Markup */
{
    s.flags = 0;
    return s;
}
bool string_is(struct value v, const char *s);
/* Whether the template wrote byte `at` (< len). */
bool string_from_template(struct value s, uint32_t at);
/* Whether it wrote all of them. */
bool string_all_from_template(struct value s);
/* The run that holds byte `at` of s. -> one behind its last byte, at most s.len. */
uint32_t string_run(struct value s, uint32_t at, bool *from_template);

bool string_is_ascii(struct work *w, struct value s);
/* Characters (code points; an invalid byte counts as one), and the byte where character i begins;
 * i is at most their number. */
uint32_t string_chars(struct work *w, struct value s);
uint32_t string_offset(struct work *w, struct value s, uint32_t i);

struct text *text_new(struct work *w);
struct text *text_new_output(struct work *w);
void text_append(struct work *w, struct text *t, const char *bytes, size_t n, bool from_template);
void text_append_string(struct work *w, struct text *t, struct value s);
void text_puts(struct work *w, struct text *t, const char *s); /* as the template's own */
/* All of it. t may grow further: the value stays as it is. */
struct value text_string(const struct text *t);
/* s with more behind it. */
struct value string_concat(struct work *w, struct value a, struct value b);

#endif
