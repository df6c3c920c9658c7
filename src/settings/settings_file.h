/* SPDX-License-Identifier: MIT
 *
 * settings_file: what a user wants to last: single lines of config.yaml, and the model and preset
 * used last (option "remember").
 */
#ifndef QINS_SETTINGS_FILE_H
#define QINS_SETTINGS_FILE_H

#include "options.h"

/* Writes the options in `ids` with their present values into the user's config.yaml; all other
 * lines stay as they are. The file is replaced as a whole, and only by one that can be read. -> its
 * path; caller frees. */
char *settings_save(const struct options *o, const enum option_id *ids, size_t n,
                    struct error *err);

/* Model and preset used last, into the layer of config.yaml, if "remember" is true and nothing
 * else says what they are to be. *gone: what is no longer there, or NULL; caller frees. */
void settings_recall(struct options *o, char **gone);
/* Keeps them for the next start, if "remember" is true. Nothing is told if it fails. */
void settings_remember(const struct options *o, const char *model);

#endif
