/* SPDX-License-Identifier: MIT
 *
 * request_fields: typed members of a request's JSON. A member that is absent or null leaves *out as
 * it is; a wrong type or a value out of range is a fault that names the member.
 */
#ifndef QINS_REQUEST_FIELDS_H
#define QINS_REQUEST_FIELDS_H

#include <jansson.h>
#include <stdint.h>

#include "request_fault.h"

bool field_bool(const json_t *object, const char *name, bool *out, struct request_fault *f);
bool field_number(const json_t *object, const char *name, double min, double max, float *out,
                  struct request_fault *f);
bool field_integer(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *out,
                   struct request_fault *f);
/* What is not offered: the member must be absent, null, false, or this number if it is one. */
bool field_refuse(const json_t *object, const char *name, int64_t allowed, const char *why,
                  struct request_fault *f);
const char *field_type(const json_t *value); /* "an object" */

#endif
