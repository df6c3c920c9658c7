/* SPDX-License-Identifier: MIT
 *
 * yaml_reader: small YAML files of settings, read with libyaml's events. UTF-8 of at most 64 KiB.
 * Aliases, anchors, tags, merge keys, directives and second documents are refused; every error is
 * one line with file:line:column.
 */
#ifndef QINS_YAML_READER_H
#define QINS_YAML_READER_H

#include <yaml.h>

#include "base.h"

enum { YAML_MAX_BYTES = 64 * 1024 };

struct yaml_reader {
    yaml_parser_t parser;
    const char *text;
    size_t n;
    const char *name; /* what messages call the text */
    struct error *err;
};

/* Takes one pair; the value is a scalar, or the start of a mapping (then reader_pairs reads it) or
 * of a list. */
typedef bool reader_take(void *context, struct yaml_reader *r, const yaml_event_t *key,
                         const yaml_event_t *value);

/* Reads the whole text: one mapping, or comments alone. `form`: what a line looks like, for
 * messages. Text and name stay the caller's. */
bool reader_read(const char *text, size_t n, const char *name, const char *form, reader_take *take,
                 void *context, struct error *err);
/* The rest of a mapping whose start was read. */
bool reader_pairs(struct yaml_reader *r, reader_take *take, void *context);

/* Takes one item of a list: a scalar. */
typedef bool reader_take_item(void *context, struct yaml_reader *r, const yaml_event_t *item);
/* The rest of a list whose start was read, its items without NUL inside; `key` for messages. */
bool reader_items(struct yaml_reader *r, const char *key, reader_take_item *take, void *context);

/* "NAME:line:column: ..."; -> false. */
bool reader_refuse(struct yaml_reader *r, yaml_mark_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A text as a scalar in double quotes, which reads back as the same bytes. */
void yaml_put_text(struct buf *out, const char *text);

const char *reader_text(const yaml_event_t *scalar);
bool reader_is_plain(const yaml_event_t *scalar); /* not quoted, no block */
/* One value for `key`, without NUL inside. */
bool reader_check_scalar(struct yaml_reader *r, const char *key, const yaml_event_t *value);
/* The same, and YAML takes it for a text too: neither nothing nor a truth value. */
bool reader_check_text(struct yaml_reader *r, const char *key, const yaml_event_t *value);

#endif
