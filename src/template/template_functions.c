/* SPDX-License-Identifier: MIT */
#include "template_functions.h"

#include <string.h>

#include "template_map.h"
#include "template_methods.h"
#include "template_print.h"
#include "template_walk.h"

enum { MAX_RANGE = 100000 }; /* Jinja's sandbox has the same */

enum function {
    FUNCTION_DICT,
    FUNCTION_NAMESPACE,
    FUNCTION_RAISE_EXCEPTION,
    FUNCTION_RANGE,
    FUNCTION_STRFTIME_NOW,
};

static const char *const names[] = {"dict", "namespace", "raise_exception", "range",
                                    "strftime_now"};
enum { N_FUNCTIONS = sizeof names / sizeof *names };

int function_find(const char *name, size_t n)
{
    for (int i = 0; i < N_FUNCTIONS; i++)
        if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
            return i;
    return -1;
}

const char *function_name(int function)
{
    return function < N_FUNCTIONS ? names[function] : NULL;
}

static struct value make_range(struct work *w, const struct value *a)
{
    struct range *r = work_take(w, sizeof *r);
    bool one = a[1].kind == KIND_MISSING;
    r->start = one ? 0 : argument_int(w, a[0], 0);
    r->stop = argument_int(w, one ? a[0] : a[1], 0);
    r->step = argument_int(w, a[2], 1);
    if (r->step == 0)
        work_fail(w, "range() arg 3 must not be zero");
    bool up = r->step > 0;
    uint64_t low = (uint64_t)(up ? r->start : r->stop), high = (uint64_t)(up ? r->stop : r->start);
    uint64_t stride = up ? (uint64_t)r->step : -(uint64_t)r->step;
    bool empty = up ? r->start >= r->stop : r->start <= r->stop;
    uint64_t n = empty ? 0 : (high - low - 1) / stride + 1;
    if (n > MAX_RANGE)
        work_fail(w, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                  MAX_RANGE);
    r->n = (int64_t)n;
    return (struct value){.kind = KIND_RANGE, .range = r};
}

/* Formats one conversion at a time: no width, and nothing that depends on a locale. */
static struct value format_time(struct work *w, struct value format, const struct tm *now)
{
    static const char known[] = "aAbBcCdDeFgGhHIjklmMnprRsStTuUVwWxXyYzZ%";
    struct text *t = text_new(w);
    if (!now)
        work_fail(w, "strftime_now: no clock was given");
    if (format.kind != KIND_STRING)
        work_fail(w, "strftime() argument 1 must be str, not %s", value_type(format));
    const char *s = string_bytes(format);
    for (uint32_t i = 0, n; i < format.len; i += n) {
        uint32_t flag = i + 2 < format.len && memchr("-_0^#", s[i + 1], 5) ? 1 : 0;
        char conversion[4] = {'%'}, out[64];
        n = 1;
        work_step(w, 1);
        if (s[i] == '%' && i + 1 + flag < format.len &&
            memchr(known, s[i + 1 + flag], sizeof known - 1)) {
            n = 2 + flag;
            memcpy(conversion + 1, s + i + 1, n - 1);
            bool zone = s[i + n - 1] == 'z' || s[i + n - 1] == 'Z'; /* the clock has none */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            size_t written = zone ? 0 : strftime(out, sizeof out, conversion, now);
#pragma GCC diagnostic pop
            text_append(w, t, out, written, true);
        } else if (s[i] == '%' && i + 1 < format.len && s[i + 1] == 'f') {
            n = 2;
            text_puts(w, t, "000000");
        } else {
            text_append_string(w, t, string_slice(format, i, 1));
        }
    }
    return text_string(t);
}

static struct value new_map(struct work *w, const struct arguments *a, enum function which)
{
    struct map *m = map_new(w);
    arguments_update_map(w, m, a, names[which]);
    struct value v = value_map(m);
    v.kind = which == FUNCTION_NAMESPACE ? KIND_NAMESPACE : KIND_MAP;
    return v;
}

struct value function_call(struct work *w, int function, const struct arguments *a,
                           const struct tm *now)
{
    static const struct signature range = {"/start,/stop,/step", 1}, message = {"message", 1},
                                  format = {"format", 1};
    struct value given[MAX_PARAMETERS];
    switch ((enum function)function) {
    case FUNCTION_DICT:
    case FUNCTION_NAMESPACE: return new_map(w, a, function);
    case FUNCTION_RANGE:
        arguments_bind(w, a, names[function], range, given);
        return make_range(w, given);
    case FUNCTION_STRFTIME_NOW:
        arguments_bind(w, a, names[function], format, given);
        return format_time(w, given[0], now);
    case FUNCTION_RAISE_EXCEPTION: break;
    }
    arguments_bind(w, a, names[function], message, given);
    struct value text = value_str(w, given[0]);
    work_refuse(w, string_bytes(text), text.len);
}
