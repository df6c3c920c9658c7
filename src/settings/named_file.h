/* SPDX-License-Identifier: MIT
 *
 * named_file: files that a user calls by their names: presets, themes and chat templates.
 * presets/NAME.yaml, templates/NAME.jinja in the user's folder, then among the installed files.
 */
#ifndef QINS_NAMED_FILE_H
#define QINS_NAMED_FILE_H

#include "base.h"

/* `kind`: "preset", "theme", "template"; the folder's name has an s more. A name with '/' or the
 * ending of its kind is a path and returned as it is. -> path; caller frees. NULL: no such file;
 * the message lists names. */
char *named_file(const char *kind, const char *name, struct error *err);
/* All that can be found, sorted, each once; *n of them; caller frees each and the array. */
char **named_files(const char *kind, size_t *n);

#endif
