/* SPDX-License-Identifier: MIT
 *
 * preset: YAML files of options, read with libyaml's events. Unknown keys, aliases, anchors, tags,
 * duplicate keys and values out of range are errors with file:line:column.
 */
#ifndef QINS_PRESET_H
#define QINS_PRESET_H

#include "options.h"

/* Reads one YAML file into o with this source. `name` is what messages call it. */
bool preset_read(struct options *o, const char *yaml, size_t n, const char *name,
                 enum option_source source, struct error *err);

/* Finds a preset NAME: a path with '/' or ".yaml" as it is; else presets/NAME.yaml under the user's
 * folder ($XDG_CONFIG_HOME/qins or ~/.config/qins), then the installed conf/. Caller frees. */
char *preset_find(const char *name, struct error *err);
bool preset_load(struct options *o, const char *name, struct error *err);
/* Defaults: the installed default.yaml, then the user's config.yaml, both where they exist. */
bool preset_load_defaults(struct options *o, struct error *err);
/* Names of all presets that can be found, sorted; *n of them; caller frees each and the array. */
char **preset_names(size_t *n);

#endif
