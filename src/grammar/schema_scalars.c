/* SPDX-License-Identifier: MIT
 *
 * Strings and numbers of a JSON schema.
 */
#include <math.h>

#include "json_range.h"
#include "schema_reader.h"

/* A number of things, at least 0. *out stays if it is not there. */
static bool read_count(struct schema *s, const json_t *schema, const char *key, int32_t *out)
{
    const json_t *v = json_object_get(schema, key);
    if (!v)
        return true;
    double value = json_is_number(v) ? json_number_value(v) : -1;
    if (value < 0 || value != floor(value) || value > GRAMMAR_MAX_NODES)
        return SCHEMA_WRONG(s, "\"%s\" is not a whole number of 0 to %d", key, GRAMMAR_MAX_NODES);
    *out = (int32_t)value;
    return true;
}

bool schema_counts(struct schema *s, const json_t *schema, const char *least, const char *most,
                   int32_t *min, int32_t *max)
{
    *min = 0;
    *max = ENDLESS;
    if (!read_count(s, schema, least, min) || !read_count(s, schema, most, max))
        return false;
    return *max == ENDLESS || *min <= *max ||
           SCHEMA_WRONG(s, "\"%s\" is %d and \"%s\" is %d: nothing fits", least, *min, most, *max);
}

bool schema_string(struct schema *s, const json_t *schema, struct part *out)
{
    int32_t min, max;
    if (!schema_counts(s, schema, "minLength", "maxLength", &min, &max))
        return false;
    if (min == 0 && max == ENDLESS) {
        *out = part_json_string(&s->json);
        return true;
    }
    struct part open = part_text(s->g, "\"", 1);
    struct part inside = part_repeat(s->g, part_json_character(&s->json), min, max);
    *out = part_then(s->g, part_then(s->g, open, inside), part_text(s->g, "\"", 1));
    return true;
}

/* One of two keywords that bound a number; the stricter one counts. */
struct bound {
    bool is_there, is_outside;
    double value;
};

static bool read_bound(struct schema *s, const json_t *schema, const char *key, bool is_outside,
                       int sign, struct bound *b)
{
    const json_t *v = json_object_get(schema, key);
    if (!v)
        return true;
    if (!json_is_number(v))
        return SCHEMA_WRONG(s, "\"%s\" is not a number", key);
    double value = json_number_value(v);
    if (fabs(value) > JSON_RANGE_MAX)
        return SCHEMA_WRONG(s, "\"%s\" is beyond 15 digits", key);
    if (b->is_there && sign * value < sign * b->value)
        return true;
    if (b->is_there && value == b->value)
        is_outside |= b->is_outside;
    *b = (struct bound){true, is_outside, value};
    return true;
}

static bool read_bounds(struct schema *s, const json_t *schema, struct bound *low,
                        struct bound *high)
{
    return read_bound(s, schema, "minimum", false, 1, low) &&
           read_bound(s, schema, "exclusiveMinimum", true, 1, low) &&
           read_bound(s, schema, "maximum", false, -1, high) &&
           read_bound(s, schema, "exclusiveMaximum", true, -1, high);
}

static bool nothing_between(struct schema *s)
{
    return SCHEMA_WRONG(s, "no number is between its minimum and its maximum");
}

static bool integer_between(struct schema *s, const struct bound *low, const struct bound *high,
                            struct part *out)
{
    int64_t first = low->is_there ? (int64_t)ceil(low->value) : -JSON_RANGE_MAX;
    int64_t last = high->is_there ? (int64_t)floor(high->value) : JSON_RANGE_MAX;
    first += low->is_there && low->is_outside && (double)first == low->value;
    last -= high->is_there && high->is_outside && (double)last == high->value;
    if (first > last)
        return nothing_between(s);
    *out = json_integer_range(s->g, first, last);
    return true;
}

static bool number_between(struct schema *s, const struct bound *low, const struct bound *high,
                           struct part *out)
{
    if ((low->is_there && low->value != floor(low->value)) ||
        (high->is_there && high->value != floor(high->value)))
        return SCHEMA_WRONG(s, "the minimum and the maximum of a number have to be whole here");
    struct number_range r = {low->is_there ? (int64_t)low->value : -JSON_RANGE_MAX,
                             high->is_there ? (int64_t)high->value : JSON_RANGE_MAX,
                             low->is_there && low->is_outside, high->is_there && high->is_outside};
    if (r.first > r.last || (r.first == r.last && (r.without_first || r.without_last)))
        return nothing_between(s);
    *out = json_number_range(s->g, &r);
    return true;
}

bool schema_number(struct schema *s, const json_t *schema, bool is_integer, struct part *out)
{
    struct bound low = {0}, high = {0};
    if (!read_bounds(s, schema, &low, &high))
        return false;
    if (low.is_there || high.is_there)
        return (is_integer ? integer_between : number_between)(s, &low, &high, out);
    *out = is_integer ? part_json_integer(&s->json) : part_json_number(&s->json);
    return true;
}
