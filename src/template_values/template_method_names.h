/* SPDX-License-Identifier: MIT
 *
 * template_method_names: which methods the values of a template have.
 */
#ifndef QINS_TEMPLATE_METHOD_NAMES_H
#define QINS_TEMPLATE_METHOD_NAMES_H

#include "template_value.h"

enum method {
    STR_CAPITALIZE,
    STR_CASEFOLD,
    STR_CENTER,
    STR_COUNT,
    STR_ENDSWITH,
    STR_EXPANDTABS,
    STR_FIND,
    STR_FORMAT,
    STR_INDEX,
    STR_ISALNUM,
    STR_ISALPHA,
    STR_ISASCII,
    STR_ISDECIMAL,
    STR_ISDIGIT,
    STR_ISLOWER,
    STR_ISNUMERIC,
    STR_ISPRINTABLE,
    STR_ISSPACE,
    STR_ISTITLE,
    STR_ISUPPER,
    STR_JOIN,
    STR_LJUST,
    STR_LOWER,
    STR_LSTRIP,
    STR_PARTITION,
    STR_REMOVEPREFIX,
    STR_REMOVESUFFIX,
    STR_REPLACE,
    STR_RFIND,
    STR_RINDEX,
    STR_RJUST,
    STR_RPARTITION,
    STR_RSPLIT,
    STR_RSTRIP,
    STR_SPLIT,
    STR_SPLITLINES,
    STR_STARTSWITH,
    STR_STRIP,
    STR_SWAPCASE,
    STR_TITLE,
    STR_UPPER,
    STR_ZFILL,
    LIST_APPEND,
    LIST_CLEAR,
    LIST_COPY,
    LIST_COUNT,
    LIST_EXTEND,
    LIST_INDEX,
    LIST_INSERT,
    LIST_POP,
    LIST_REMOVE,
    LIST_REVERSE,
    DICT_CLEAR,
    DICT_COPY,
    DICT_GET,
    DICT_ITEMS,
    DICT_KEYS,
    DICT_POP,
    DICT_SETDEFAULT,
    DICT_UPDATE,
    DICT_VALUES,
    LOOP_CYCLE,
    LOOP_CHANGED,
    N_METHODS,
};

const char *method_name(enum method m);
/* -> the method of a value of this kind, or -1. */
int method_find(struct value of, const char *name, size_t n);
/* Whether any value could have a method of this name. */
bool method_exists(const char *name, size_t n);

#endif
