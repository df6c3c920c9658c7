/* SPDX-License-Identifier: MIT */
#include "template_operators.h"

#include <math.h>
#include <string.h>

#include "template_access.h"
#include "template_escape.h"
#include "template_format.h"
#include "template_map.h"
#include "template_text.h"
#include "template_walk.h"

const char *operator_name(enum operator_kind op)
{
    static const char *const names[] = {"+",  "-", "*",  "/", "//", "%",  "** or pow()", "==",
                                        "!=", "<", "<=", ">", ">=", "in", "not in"};
    return names[op];
}

_Noreturn static void fail_types(struct work *w, enum operator_kind op, struct value a,
                                 struct value b)
{
    value_use(w, a);
    value_use(w, b);
    work_fail(w, "unsupported operand type(s) for %s: '%s' and '%s'", operator_name(op),
              value_type(a), value_type(b));
}

/* ---- numbers -------------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static bool int_power(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;
    for (;;) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent == 0)
            break;
        if (__builtin_mul_overflow(base, base, &base))
            return false;
    }
    *out = result;
    return true;
}

static struct value int_arithmetic(struct work *w, enum operator_kind op, int64_t a, int64_t b)
{
    int64_t r = 0;
    bool ok = true;
    if (b == 0 && (op == OP_DIV || op == OP_FLOORDIV || op == OP_MOD))
        work_fail(w, "division by zero");
    switch (op) {
    case OP_ADD: ok = !__builtin_add_overflow(a, b, &r); break;
    case OP_SUB: ok = !__builtin_sub_overflow(a, b, &r); break;
    case OP_MUL: ok = !__builtin_mul_overflow(a, b, &r); break;
    case OP_DIV: return value_float((double)a / (double)b);
    case OP_FLOORDIV:
        ok = !(a == INT64_MIN && b == -1);
        r = ok ? floor_div(a, b) : 0;
        break;
    case OP_MOD: r = b == -1 ? 0 : a - floor_div(a, b) * b; break;
    default:
        if (b < 0)
            return value_float(pow((double)a, (double)b));
        ok = int_power(a, b, &r);
    }
    if (!ok)
        work_fail(w, "an integer beyond 64 bits");
    return value_int(r);
}

static double float_mod(double a, double b)
{
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r != 0 ? r : copysign(0, b);
}

static struct value float_arithmetic(struct work *w, enum operator_kind op, double a, double b)
{
    if (b == 0 && (op == OP_DIV || op == OP_FLOORDIV || op == OP_MOD))
        work_fail(w, "float division by zero");
    switch (op) {
    case OP_ADD: return value_float(a + b);
    case OP_SUB: return value_float(a - b);
    case OP_MUL: return value_float(a * b);
    case OP_DIV: return value_float(a / b);
    case OP_FLOORDIV: return value_float(floor((a - float_mod(a, b)) / b + 0.5));
    case OP_MOD: return value_float(float_mod(a, b));
    default: return value_float(pow(a, b));
    }
}

static struct value numbers(struct work *w, enum operator_kind op, struct value a, struct value b)
{
    int64_t x, y;
    struct value r = value_as_int(a, &x) && value_as_int(b, &y)
                         ? int_arithmetic(w, op, x, y)
                         : float_arithmetic(w, op, value_as_float(a), value_as_float(b));
    r.flags = (a.flags | b.flags) & VALUE_DATA;
    return r;
}

/* ---- strings and lists ---------------------------------------------------------------------- */

static struct value add_strings(struct work *w, struct value a, struct value b)
{
    if (!((a.flags | b.flags) & VALUE_MARKUP))
        return string_concat(w, a, b);
    struct value s = string_concat(w, value_escape(w, a), value_escape(w, b));
    s.flags = VALUE_MARKUP;
    return s;
}

static struct value add_lists(struct work *w, struct value a, struct value b)
{
    struct list *l = list_new(w, a.list->n + b.list->n);
    work_step(w, 1 + (a.list->n + b.list->n) / 4);
    for (uint32_t i = 0; i < a.list->n; i++)
        list_push(w, l, a.list->items[i]);
    for (uint32_t i = 0; i < b.list->n; i++)
        list_push(w, l, b.list->items[i]);
    a.list = l;
    return a;
}

static struct value repeat(struct work *w, struct value v, int64_t times)
{
    uint64_t n = v.kind == KIND_STRING ? v.len : v.list->n;
    if (times < 0 || n == 0)
        times = 0;
    if (times > 0 && n > WORK_MAX_BYTES / (uint64_t)times)
        work_fail(w, "repeated too often");
    work_step(w, (uint64_t)times);
    if (v.kind == KIND_STRING) {
        struct text *t = text_new(w);
        for (int64_t i = 0; i < times; i++)
            text_append_string(w, t, v);
        struct value s = text_string(t);
        s.flags = v.flags;
        return s;
    }
    struct list *l = list_new(w, (uint32_t)(n * (uint64_t)times));
    work_step(w, n * (uint64_t)times / 4);
    for (int64_t i = 0; i < times; i++)
        for (uint32_t k = 0; k < n; k++)
            list_push(w, l, v.list->items[k]);
    v.list = l;
    return v;
}

static bool is_sequence(struct value v)
{
    return v.kind == KIND_STRING || v.kind == KIND_LIST || v.kind == KIND_TUPLE;
}

struct value operator_arithmetic(struct work *w, enum operator_kind op, struct value a,
                                 struct value b)
{
    int64_t times;
    if (value_is_number(a) && value_is_number(b))
        return numbers(w, op, a, b);
    if (op == OP_MOD && a.kind == KIND_STRING)
        return format_percent(w, a, b);
    if (op == OP_ADD && a.kind == KIND_STRING && b.kind == KIND_STRING)
        return add_strings(w, a, b);
    if (op == OP_ADD && a.kind == b.kind && (a.kind == KIND_LIST || a.kind == KIND_TUPLE))
        return add_lists(w, a, b);
    if (op == OP_MUL && is_sequence(a) && value_as_int(b, &times))
        return repeat(w, a, times);
    if (op == OP_MUL && is_sequence(b) && value_as_int(a, &times))
        return repeat(w, b, times);
    fail_types(w, op, a, b);
}

struct value operator_negate(struct work *w, struct value v)
{
    int64_t i;
    value_use(w, v);
    if (value_as_int(v, &i) && i == INT64_MIN)
        work_fail(w, "an integer beyond 64 bits");
    struct value r;
    if (value_as_int(v, &i))
        r = value_int(-i);
    else if (v.kind == KIND_FLOAT)
        r = value_float(-v.f);
    else
        work_fail(w, "bad operand type for unary -: '%s'", value_type(v));
    r.flags = v.flags;
    return r;
}

/* ---- comparisons ---------------------------------------------------------------------------- */

static bool string_contains(struct work *w, struct value in, struct value v)
{
    if (v.kind != KIND_STRING)
        work_fail(w, "'in <string>' requires string as left operand, not %s", value_type(v));
    work_bytes(w, in.len);
    return v.len == 0 || memmem(string_bytes(in), in.len, string_bytes(v), v.len);
}

bool value_contains(struct work *w, struct value in, struct value v)
{
    struct value item;
    if (in.kind == KIND_STRING)
        return string_contains(w, in, v);
    if (in.kind == KIND_MAP || (in.kind == KIND_VIEW && in.which == VIEW_KEYS))
        return map_get(w, in.map, v) != NULL;
    if (!walk_can(in))
        work_fail(w, "argument of type '%s' is not iterable", value_type(in));
    for (struct walk walk = walk_start(w, in); walk_next(w, &walk, &item);)
        if (value_equal(w, item, v))
            return true;
    return false;
}

bool operator_compare(struct work *w, enum operator_kind op, struct value a, struct value b)
{
    switch (op) {
    case OP_EQ: return value_equal(w, a, b);
    case OP_NE: return !value_equal(w, a, b);
    case OP_IN: return value_contains(w, b, a);
    case OP_NOT_IN: return !value_contains(w, b, a);
    default: break;
    }
    value_use(w, a);
    value_use(w, b);
    int order = value_order(w, a, b, operator_name(op));
    switch (op) {
    case OP_LT: return order == -1;
    case OP_LE: return order == -1 || order == 0;
    case OP_GT: return order == 1;
    default: return order == 1 || order == 0;
    }
}
