/* SPDX-License-Identifier: MIT
 *
 * schema_reader: what the files that read a JSON schema share. For them alone.
 */
#ifndef QINS_SCHEMA_READER_H
#define QINS_SCHEMA_READER_H

#include "json_parts.h"

struct schema_ref {
    char *pointer; /* "#/$defs/node" */
    const json_t *target;
    uint32_t rule;
};

struct schema {
    struct grammar *g;
    struct json_parts json;
    const char *name;
    json_t *root;
    json_t *made;  /* merged schemas, which live as long as this */
    struct buf at; /* the place that is being read, as a JSON pointer */
    int depth;
    unsigned n_merged;
    struct schema_ref *refs; /* those below n_defined are defined */
    size_t n_refs, cap_refs, n_defined;
    struct error *err;
};

/* "NAME: PLACE: message"; takes the message. -> false */
bool schema_wrong(struct schema *s, char *message);
#define SCHEMA_WRONG(s, ...) schema_wrong(s, xasprintf(__VA_ARGS__))

/* The place becomes a member (or item i if key is NULL) of itself. -> to give back */
size_t schema_enter(struct schema *s, const char *key, size_t i);
void schema_leave(struct schema *s, size_t before);

/* A value that fits the schema. */
bool schema_part(struct schema *s, const json_t *schema, struct part *out);
uint32_t schema_new_rule(struct schema *s); /* named after the place */
/* The same as a rule. */
bool schema_rule(struct schema *s, const json_t *schema, uint32_t *rule);

bool schema_object(struct schema *s, const json_t *schema, struct part *out);
bool schema_array(struct schema *s, const json_t *schema, struct part *out);
/* A least and a most number of things; most: ENDLESS if it is not said. */
bool schema_counts(struct schema *s, const json_t *schema, const char *least, const char *most,
                   int32_t *min, int32_t *max);
bool schema_string(struct schema *s, const json_t *schema, struct part *out);
bool schema_number(struct schema *s, const json_t *schema, bool is_integer, struct part *out);

#endif
