/* SPDX-License-Identifier: MIT
 *
 * config_fields: the fields that a config.json may have, and what each does to the arithmetic.
 */
#ifndef QINS_CONFIG_FIELDS_H
#define QINS_CONFIG_FIELDS_H

#include "json.h"

/* Refuses a field that we do not know, and one whose value asks for arithmetic that we do not have.
 */
bool config_fields_check(const json_t *config, const char *name, struct error *err);

#endif
