/* SPDX-License-Identifier: MIT
 *
 * config_fields: the fields of one object of a config.json, and which of them were read: one that
 * nobody reads and that is not known to be neutral might change the arithmetic.
 */
#ifndef QINS_CONFIG_FIELDS_H
#define QINS_CONFIG_FIELDS_H

#include "json.h"

struct config_fields {
    const json_t *object, *defaults; /* defaults may be NULL */
    json_t *read;                    /* an object with the keys that were asked for */
    const char *name;                /* of the object, for messages */
};

struct config_fields config_fields_new(const json_t *object, const json_t *defaults,
                                       const char *name);
void config_fields_free(struct config_fields *f);

/* -> the value, or the default, or NULL: neither, or null. It counts as read. */
const json_t *config_field(struct config_fields *f, const char *key);
/* Typed. Absent or null: `optional` leaves *out as it is. */
bool config_field_u32(struct config_fields *f, const char *key, bool optional, uint32_t *out,
                      struct error *err);
bool config_field_number(struct config_fields *f, const char *key, bool optional, double *out,
                         struct error *err);
bool config_field_bool(struct config_fields *f, const char *key, bool optional, bool *out,
                       struct error *err);

/* Adds the fields that were not read and are not known to be neutral: `"key" = value, ...`, behind
 * `prefix`. */
void config_fields_unknown(const struct config_fields *f, const char *prefix, struct buf *out);

#endif
