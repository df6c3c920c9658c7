/* SPDX-License-Identifier: MIT */
#include "template_method_names.h"

#include <string.h>

static const char *const names[N_METHODS] = {
    [STR_CAPITALIZE] = "capitalize",
    [STR_CASEFOLD] = "casefold",
    [STR_CENTER] = "center",
    [STR_COUNT] = "count",
    [STR_ENDSWITH] = "endswith",
    [STR_EXPANDTABS] = "expandtabs",
    [STR_FIND] = "find",
    [STR_FORMAT] = "format",
    [STR_INDEX] = "index",
    [STR_ISALNUM] = "isalnum",
    [STR_ISALPHA] = "isalpha",
    [STR_ISASCII] = "isascii",
    [STR_ISDECIMAL] = "isdecimal",
    [STR_ISDIGIT] = "isdigit",
    [STR_ISLOWER] = "islower",
    [STR_ISNUMERIC] = "isnumeric",
    [STR_ISPRINTABLE] = "isprintable",
    [STR_ISSPACE] = "isspace",
    [STR_ISTITLE] = "istitle",
    [STR_ISUPPER] = "isupper",
    [STR_JOIN] = "join",
    [STR_LJUST] = "ljust",
    [STR_LOWER] = "lower",
    [STR_LSTRIP] = "lstrip",
    [STR_PARTITION] = "partition",
    [STR_REMOVEPREFIX] = "removeprefix",
    [STR_REMOVESUFFIX] = "removesuffix",
    [STR_REPLACE] = "replace",
    [STR_RFIND] = "rfind",
    [STR_RINDEX] = "rindex",
    [STR_RJUST] = "rjust",
    [STR_RPARTITION] = "rpartition",
    [STR_RSPLIT] = "rsplit",
    [STR_RSTRIP] = "rstrip",
    [STR_SPLIT] = "split",
    [STR_SPLITLINES] = "splitlines",
    [STR_STARTSWITH] = "startswith",
    [STR_STRIP] = "strip",
    [STR_SWAPCASE] = "swapcase",
    [STR_TITLE] = "title",
    [STR_UPPER] = "upper",
    [STR_ZFILL] = "zfill",
    [LIST_APPEND] = "append",
    [LIST_CLEAR] = "clear",
    [LIST_COPY] = "copy",
    [LIST_COUNT] = "count",
    [LIST_EXTEND] = "extend",
    [LIST_INDEX] = "index",
    [LIST_INSERT] = "insert",
    [LIST_POP] = "pop",
    [LIST_REMOVE] = "remove",
    [LIST_REVERSE] = "reverse",
    [DICT_CLEAR] = "clear",
    [DICT_COPY] = "copy",
    [DICT_GET] = "get",
    [DICT_ITEMS] = "items",
    [DICT_KEYS] = "keys",
    [DICT_POP] = "pop",
    [DICT_SETDEFAULT] = "setdefault",
    [DICT_UPDATE] = "update",
    [DICT_VALUES] = "values",
    [LOOP_CYCLE] = "cycle",
    [LOOP_CHANGED] = "changed",
};

const char *method_name(enum method m)
{
    return names[m];
}

static int find(int first, int end, const char *name, size_t n)
{
    for (int m = first; m < end; m++)
        if (names[m][0] == name[0] && strlen(names[m]) == n && memcmp(names[m], name, n) == 0)
            return m;
    return -1;
}

int method_find(struct value of, const char *name, size_t n)
{
    if (n == 0)
        return -1;
    switch ((enum kind)of.kind) {
    case KIND_STRING: return find(STR_CAPITALIZE, LIST_APPEND, name, n);
    case KIND_LIST: return find(LIST_APPEND, DICT_CLEAR, name, n);
    case KIND_TUPLE: { /* what does not change it */
        int m = find(LIST_APPEND, DICT_CLEAR, name, n);
        return m == LIST_COUNT || m == LIST_INDEX ? m : -1;
    }
    case KIND_MAP: return find(DICT_CLEAR, LOOP_CYCLE, name, n);
    case KIND_LOOP: return find(LOOP_CYCLE, N_METHODS, name, n);
    default: return -1;
    }
}

bool method_exists(const char *name, size_t n)
{
    return n > 0 && find(0, N_METHODS, name, n) >= 0;
}
