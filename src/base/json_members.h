/* SPDX-License-Identifier: MIT
 *
 * json_members: goes through the members of a JSON object one by one, so that a text of any length
 * needs the memory of its largest member alone. Messages say "its header".
 */
#ifndef QINS_JSON_MEMBERS_H
#define QINS_JSON_MEMBERS_H

#include "json.h"

struct json_members {
    const char *s; /* [n] */
    size_t n, at;
    bool begun;
    const char *file; /* for messages */
};

struct json_member {
    const char *name; /* caller frees with json_decref(all) */
    json_t *value;    /* of `all` */
    json_t *all;
};

/* -> behind the string that begins at s[at], or n */
size_t json_behind_string(const char *s, size_t n, size_t at);

/* The next member of the object, checked as JSON. -> 1; 0: it was the last, and nothing but white
 * space follows the object; -1: not JSON */
int json_next_member(struct json_members *h, struct json_member *m, struct error *err);

#endif
