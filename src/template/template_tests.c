/* SPDX-License-Identifier: MIT */
#include "template_tests.h"

#include <string.h>

#include "template_access.h"
#include "template_map.h"
#include "template_operators.h"
#include "template_print.h"
#include "template_strings.h"
#include "template_walk.h"

enum test {
    TEST_BOOLEAN,
    TEST_CALLABLE,
    TEST_DEFINED,
    TEST_DIVISIBLEBY,
    TEST_ESCAPED,
    TEST_EVEN,
    TEST_FALSE,
    TEST_FLOAT,
    TEST_INTEGER,
    TEST_ITERABLE,
    TEST_LOWER,
    TEST_MAPPING,
    TEST_NONE,
    TEST_NUMBER,
    TEST_ODD,
    TEST_SAMEAS,
    TEST_SEQUENCE,
    TEST_STRING,
    TEST_TRUE,
    TEST_UNDEFINED,
    TEST_UPPER,
    TEST_COMPARE, /* + enum operator_kind */
};

static const struct {
    const char *name;
    int test;
} tests[] = {
    {"boolean", TEST_BOOLEAN},
    {"callable", TEST_CALLABLE},
    {"defined", TEST_DEFINED},
    {"divisibleby", TEST_DIVISIBLEBY},
    {"escaped", TEST_ESCAPED},
    {"even", TEST_EVEN},
    {"false", TEST_FALSE},
    {"float", TEST_FLOAT},
    {"integer", TEST_INTEGER},
    {"iterable", TEST_ITERABLE},
    {"lower", TEST_LOWER},
    {"mapping", TEST_MAPPING},
    {"none", TEST_NONE},
    {"number", TEST_NUMBER},
    {"odd", TEST_ODD},
    {"sameas", TEST_SAMEAS},
    {"sequence", TEST_SEQUENCE},
    {"string", TEST_STRING},
    {"true", TEST_TRUE},
    {"undefined", TEST_UNDEFINED},
    {"upper", TEST_UPPER},
    {"in", TEST_COMPARE + OP_IN},
    {"==", TEST_COMPARE + OP_EQ},
    {"eq", TEST_COMPARE + OP_EQ},
    {"equalto", TEST_COMPARE + OP_EQ},
    {"!=", TEST_COMPARE + OP_NE},
    {"ne", TEST_COMPARE + OP_NE},
    {">", TEST_COMPARE + OP_GT},
    {"gt", TEST_COMPARE + OP_GT},
    {"greaterthan", TEST_COMPARE + OP_GT},
    {">=", TEST_COMPARE + OP_GE},
    {"ge", TEST_COMPARE + OP_GE},
    {"<", TEST_COMPARE + OP_LT},
    {"lt", TEST_COMPARE + OP_LT},
    {"lessthan", TEST_COMPARE + OP_LT},
    {"<=", TEST_COMPARE + OP_LE},
    {"le", TEST_COMPARE + OP_LE},
};
enum { N_TESTS = sizeof tests / sizeof *tests };

int test_find(const char *name, size_t n)
{
    for (int i = 0; i < N_TESTS; i++)
        if (strlen(tests[i].name) == n && memcmp(tests[i].name, name, n) == 0)
            return tests[i].test;
    return -1;
}

static bool is_multiple(struct work *w, struct value v, struct value of)
{
    struct value rest = operator_arithmetic(w, OP_MOD, v, of);
    return value_is_number(rest) && value_as_float(rest) == 0;
}

static bool is_same(struct work *w, struct value a, struct value b)
{
    if (a.kind != b.kind)
        return false;
    return a.kind > KIND_STRING ? a.any == b.any : value_equal(w, a, b);
}

static bool is_case(struct work *w, struct value v, bool upper)
{
    struct value s = value_str(w, v);
    work_bytes(w, s.len * 4ull);
    return string_is_case(s, upper);
}

static bool is_callable(struct value v)
{
    return v.kind == KIND_FUNCTION || v.kind == KIND_METHOD || v.kind == KIND_MACRO ||
           v.kind == KIND_LOOP || v.kind == KIND_UNDEFINED; /* which has a __call__ that fails */
}

static bool is_sequence(struct value v)
{
    return v.kind == KIND_UNDEFINED || v.kind == KIND_STRING || v.kind == KIND_LIST ||
           v.kind == KIND_TUPLE || v.kind == KIND_MAP || v.kind == KIND_RANGE;
}

static struct signature signature(int test)
{
    if (test >= TEST_COMPARE || test == TEST_DIVISIBLEBY || test == TEST_SAMEAS)
        return (struct signature){"/other", 1};
    return (struct signature){"", 0};
}

bool test_run(struct work *w, int test, struct value v, const struct arguments *a)
{
    struct value given[MAX_PARAMETERS];
    arguments_bind(w, a, "the test", signature(test), given);
    if (test >= TEST_COMPARE)
        return operator_compare(w, (enum operator_kind)(test - TEST_COMPARE), v, given[0]);
    switch ((enum test)test) {
    case TEST_BOOLEAN: return v.kind == KIND_BOOL;
    case TEST_CALLABLE: return is_callable(v);
    case TEST_DEFINED: return v.kind != KIND_UNDEFINED;
    case TEST_DIVISIBLEBY: return is_multiple(w, v, given[0]);
    case TEST_ESCAPED: return v.kind == KIND_STRING && (v.flags & VALUE_MARKUP);
    case TEST_EVEN: return is_multiple(w, v, value_int(2));
    case TEST_FALSE: return v.kind == KIND_BOOL && !v.yes;
    case TEST_FLOAT: return v.kind == KIND_FLOAT;
    case TEST_INTEGER: return v.kind == KIND_INT;
    case TEST_ITERABLE: return walk_can(v) || v.kind == KIND_LOOP;
    case TEST_LOWER: return is_case(w, v, false);
    case TEST_MAPPING: return v.kind == KIND_MAP;
    case TEST_NONE: return v.kind == KIND_NONE;
    case TEST_NUMBER: return value_is_number(v);
    case TEST_ODD:
        return value_equal(w, operator_arithmetic(w, OP_MOD, v, value_int(2)), value_int(1));
    case TEST_SAMEAS: return is_same(w, v, given[0]);
    case TEST_SEQUENCE: return is_sequence(v);
    case TEST_STRING: return v.kind == KIND_STRING;
    case TEST_TRUE: return v.kind == KIND_BOOL && v.yes;
    case TEST_UNDEFINED: return v.kind == KIND_UNDEFINED;
    default: return is_case(w, v, true);
    }
}
