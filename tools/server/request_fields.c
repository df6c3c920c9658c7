/* SPDX-License-Identifier: MIT */
#include "request_fields.h"

#include <math.h>

static const json_t *find(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

const char *field_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    default: return "null";
    }
}

bool field_bool(const json_t *object, const char *name, bool *out, struct request_fault *f)
{
    const json_t *value = find(object, name);
    if (!value)
        return true;
    if (!json_is_boolean(value))
        return request_fault_set(f, name, "%s is %s, not true or false", name, field_type(value));
    *out = json_is_true(value);
    return true;
}

bool field_number(const json_t *object, const char *name, double min, double max, float *out,
                  struct request_fault *f)
{
    const json_t *value = find(object, name);
    if (!value)
        return true;
    if (!json_is_number(value))
        return request_fault_set(f, name, "%s is %s, not a number", name, field_type(value));
    const double x = json_number_value(value);
    if (!(x >= min && x <= max))
        return request_fault_set(f, name, "%s is %g, not from %g to %g", name, x, min, max);
    *out = (float)x;
    return true;
}

bool field_integer(const json_t *object, const char *name, int64_t min, int64_t max, int64_t *out,
                   struct request_fault *f)
{
    const json_t *value = find(object, name);
    if (!value)
        return true;
    const double real = json_real_value(value); /* 0 for what is none */
    const bool is_whole = json_is_real(value) && real == floor(real) && fabs(real) < 0x1p53;
    if (!json_is_integer(value) && !is_whole)
        return request_fault_set(f, name, "%s is %s, not a whole number", name,
                                 json_is_real(value) ? "a fraction" : field_type(value));
    const json_int_t x = is_whole ? (json_int_t)real : json_integer_value(value);
    if (x < min || x > max)
        return request_fault_set(f, name, "%s is %lld, not from %lld to %lld", name, (long long)x,
                                 (long long)min, (long long)max);
    *out = x;
    return true;
}

bool field_refuse(const json_t *object, const char *name, int64_t allowed, const char *why,
                  struct request_fault *f)
{
    const json_t *value = find(object, name);
    if (!value || json_is_false(value) || (json_is_array(value) && json_array_size(value) == 0) ||
        (json_is_object(value) && json_object_size(value) == 0) ||
        (json_is_integer(value) && json_integer_value(value) == allowed))
        return true;
    return request_fault_set(f, name, "%s: %s", name, why);
}
