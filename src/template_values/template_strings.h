/* SPDX-License-Identifier: MIT
 *
 * template_strings: what Python's str can do, for methods and filters. Positions count characters;
 * which bytes came from a message is carried on by all of it.
 */
#ifndef QINS_TEMPLATE_STRINGS_H
#define QINS_TEMPLATE_STRINGS_H

#include "template_text.h"

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

/* chars MISSING or none: white space. */
struct value string_strip(struct work *w, struct value s, struct value chars, int sides);
/* separator MISSING or none: runs of white space. limit < 0: none. */
struct list *string_split(struct work *w, struct value s, struct value separator, int64_t limit);
struct list *string_rsplit(struct work *w, struct value s, struct value separator, int64_t limit);
struct list *string_splitlines(struct work *w, struct value s, bool keep_ends);
/* count < 0: all. */
struct value string_replace(struct work *w, struct value s, struct value old, struct value new,
                            int64_t count);
struct value string_join(struct work *w, struct value separator, struct value items);
struct value string_upper(struct work *w, struct value s);
struct value string_lower(struct work *w, struct value s);
struct value string_capitalize(struct work *w, struct value s);
struct value string_swapcase(struct work *w, struct value s);
/* Some letter is of this case, and none of the other. */
bool string_is_case(struct value s, bool upper);
struct value string_title(struct work *w, struct value s);       /* the method */
struct value string_title_words(struct work *w, struct value s); /* the filter */
/* Padded to `width` characters; before: how much of the padding comes in front, of n. */
struct value string_pad(struct work *w, struct value s, int64_t width, struct value fill,
                        char align);
/* Bytes of s from which `what` begins, searched from byte `from` on. -> UINT32_MAX: nowhere. */
uint32_t string_search(struct work *w, struct value s, uint32_t from, struct value what);
uint32_t string_search_back(struct work *w, struct value s, uint32_t end, struct value what);
bool string_starts(struct value s, struct value with);
bool string_ends(struct value s, struct value with);

#endif
