/* SPDX-License-Identifier: MIT
 *
 * header_scan: goes through the members of a JSON object one by one, so that a header of any length
 * needs the memory of its largest member alone.
 */
#ifndef QINS_HEADER_SCAN_H
#define QINS_HEADER_SCAN_H

#include "json.h"

struct header_scan {
    const char *s; /* [n] */
    size_t n, at;
    bool begun;
    const char *file; /* for messages */
};

struct header_member {
    const char *name; /* caller frees with json_decref(all) */
    json_t *value;    /* of `all` */
    json_t *all;
};

/* The next member of the object, checked as JSON. -> 1; 0: it was the last, and nothing but white
 * space follows the object; -1: not JSON */
int header_next(struct header_scan *h, struct header_member *m, struct error *err);

#endif
