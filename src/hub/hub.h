/* SPDX-License-Identifier: MIT
 *
 * hub: models that Hugging Face's programs have downloaded, by their names there: org/name or
 * org/name@revision. They are looked for in those programs' cache; nothing is ever downloaded.
 */
#ifndef QINS_HUB_H
#define QINS_HUB_H

#include "base.h"

/* The form of such a name: letters, digits and -_. of ASCII, as the hub allows them. */
bool hub_is_name(const char *text);
/* -> the folder of that revision (else of "main") with the model's files; caller frees. */
char *hub_find(const char *name, struct error *err);
/* The cache of those programs, or NULL; caller frees. */
char *hub_cache_folder(void);
/* "org/name" of a folder that hub_find gave, NULL of any other; caller frees. */
char *hub_name(const char *folder);

#endif
