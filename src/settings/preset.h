/* SPDX-License-Identifier: MIT
 *
 * preset: YAML files of options. One flat mapping of options, plus `description`. Unknown and
 * duplicate keys, nesting and values out of range are errors with file:line:column.
 */
#ifndef QINS_PRESET_H
#define QINS_PRESET_H

#include "options.h"

/* Reads one YAML text into o's layer of this source: all of it, or nothing on failure. `name` is
 * what messages call it. */
bool preset_read(struct options *o, const char *yaml, size_t n, const char *name,
                 enum option_source source, struct error *err);

/* A preset at start, by a name as named_file takes it: below environment and flags. */
bool preset_load(struct options *o, const char *name, struct error *err);
/* A preset that the user picks while the program runs: takes the last one away, and wins over
 * flags and earlier changes for every key that it sets. o is as before on failure. */
bool preset_choose(struct options *o, const char *name, struct error *err);
/* The installed default.yaml, then the user's config.yaml, both if they exist. */
bool preset_load_defaults(struct options *o, struct error *err);
/* Names of all presets that can be found, sorted; *n of them; caller frees each and the array. */
char **preset_names(size_t *n);
/* The same as text: "balanced, code". -> false, and nothing written, if there are none. */
bool preset_list(struct buf *out);

#endif
