/* SPDX-License-Identifier: MIT
 *
 * json_parts: JSON (RFC 8259) as parts of a grammar. White space, the length of numbers and the
 * depth of values that are not described further are bounded, so that a model comes to an end.
 */
#ifndef QINS_JSON_PARTS_H
#define QINS_JSON_PARTS_H

#include <jansson.h>

#include "grammar.h"

enum { JSON_VALUE_DEPTH = 24 };

/* Rules that are made when they are needed first. */
struct json_parts {
    struct grammar *g;
    uint32_t space, string, number, integer; /* number + 1; 0: not made */
    uint32_t value[JSON_VALUE_DEPTH + 1];    /* by the depth that is left */
};

struct part
part_json_space(struct json_parts *p); /* none, a blank, or a line end and some blanks */
struct part part_json_character(struct json_parts *p); /* one of a string */
struct part part_json_string(struct json_parts *p);
struct part part_json_number(struct json_parts *p);
struct part part_json_integer(struct json_parts *p);
struct part part_json_value(struct json_parts *p);                        /* of any kind */
struct part part_json_object(struct json_parts *p);                       /* with any members */
struct part part_json_literal(struct json_parts *p, const json_t *value); /* exactly this one */
/* A string that is none of these names, which are sorted and differ. Without escapes, so that no
 * name is there in another spelling. */
struct part part_json_other_key(struct json_parts *p, const char *const *names, size_t n);

/* item (space "," space item)*, between the bounds of their number;
 * most: ENDLESS, or at least `least`. The item is called by its rule. */
struct part part_json_list(struct json_parts *p, uint32_t item, int32_t least, int32_t most);

#endif
