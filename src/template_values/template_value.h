/* SPDX-License-Identifier: MIT
 *
 * template_value: the values of a running template, with the types of Python that Jinja's templates
 * see. A value is small and copied; what it points to lives as long as the work.
 */
#ifndef QINS_TEMPLATE_VALUE_H
#define QINS_TEMPLATE_VALUE_H

#include "template_work.h"

enum kind {
    KIND_MISSING, /* no value at all: an argument that was not given */
    KIND_UNDEFINED,
    KIND_NONE,
    KIND_BOOL,
    KIND_INT,
    KIND_FLOAT,
    KIND_STRING,
    KIND_LIST,
    KIND_TUPLE,
    KIND_MAP,
    KIND_VIEW, /* keys(), values() or items() of a mapping */
    KIND_RANGE,
    KIND_ITERATOR, /* what select, map, reversed ... give: can be walked through once */
    KIND_NAMESPACE,
    KIND_FUNCTION, /* range, namespace, raise_exception ... */
    KIND_METHOD,   /* a method together with the value it belongs to */
    KIND_MACRO,
    KIND_LOOP,
};

enum undefined {                      /* why: for the message when it is used */
                 UNDEFINED_NAME,      /* a variable */
                 UNDEFINED_MEMBER,    /* of a value of kind `at` */
                 UNDEFINED_PARAMETER, /* of a macro */
                 UNDEFINED_OTHER,     /* the name is the whole message */
};

enum view { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS };

enum {
    VALUE_DATA = 1,   /* a number that came from a message: its digits are not the template's */
    VALUE_MARKUP = 2, /* a string that went through `safe` or `escape` */
};

struct value {
    uint8_t kind, flags;
    uint16_t which; /* undefined: why; view: which; function, method: which */
    uint32_t at;    /* string: first byte in its text */
    uint32_t len;   /* string, name: bytes */
    union {
        bool yes;
        int64_t i;
        double f;
        struct text *text;
        const char *name; /* undefined */
        struct list *list;
        struct map *map;
        struct range *range;
        struct iterator *iterator;
        struct bound *bound;
        struct macro *macro;
        struct loop *loop;
        const void *any;
    };
};

struct list {
    struct value *items;
    uint32_t n, cap;
    bool group; /* a tuple of groupby: has .grouper and .list */
};

struct entry {
    struct value key, value;
    uint64_t hash;
};

/* In the order of insertion. Keys compare as in Python: 1, 1.0 and true are one key. */
struct map {
    struct entry *entries;
    uint32_t n, cap;
    uint32_t *slots; /* [n_slots] entry + 1, or 0; NULL as long as the map is small */
    uint32_t n_slots;
};

struct range {
    int64_t start, stop, step, n;
};

struct iterator {
    struct value of; /* what it walks through */
    uint64_t at;
};

struct bound {
    struct value self;
};

static inline struct value value_none(void)
{
    return (struct value){.kind = KIND_NONE};
}
static inline struct value value_bool(bool yes)
{
    return (struct value){.kind = KIND_BOOL, .yes = yes};
}
static inline struct value value_int(int64_t i)
{
    return (struct value){.kind = KIND_INT, .i = i};
}
static inline struct value value_float(double f)
{
    return (struct value){.kind = KIND_FLOAT, .f = f};
}
struct value value_undefined(enum undefined why, const char *name, size_t n);
struct value value_list(struct list *l);
struct value value_tuple(struct list *l);
struct value value_map(struct map *m);
/* Can be walked through once. */
struct value value_iterator(struct work *w, struct value of);

/* As Python names the type: "str", "int" ... */
const char *value_type(struct value v);
bool value_is_number(struct value v); /* bool, int or float */
/* Of a number. */
double value_as_float(struct value v);
/* -> whether v is an int or a bool, and *out. */
bool value_as_int(struct value v, int64_t *out);

struct list *list_new(struct work *w, uint32_t cap);
void list_push(struct work *w, struct list *l, struct value v);

#endif
