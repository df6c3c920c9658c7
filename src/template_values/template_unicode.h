/* SPDX-License-Identifier: MIT
 *
 * template_unicode: characters as Python's str sees them.
 */
#ifndef QINS_TEMPLATE_UNICODE_H
#define QINS_TEMPLATE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

enum letter_case { CASE_LOWER, CASE_UPPER, CASE_TITLE };

bool unicode_is_space(int32_t cp);     /* str.isspace: Unicode's and the separators 1C to 1F */
bool unicode_is_line_end(int32_t cp);  /* where str.splitlines cuts */
bool unicode_is_printable(int32_t cp); /* str.isprintable: what repr does not escape */
bool unicode_is_alpha(int32_t cp);
bool unicode_is_digit(int32_t cp); /* of the decimal system: str.isdecimal */
bool unicode_is_upper(int32_t cp); /* title case is neither upper nor lower */
bool unicode_is_lower(int32_t cp);
bool unicode_is_cased(int32_t cp);
/* Full case mapping without context. -> code points in out, 1 to 3. */
int unicode_map_case(int32_t cp, enum letter_case to, int32_t out[3]);

#endif
