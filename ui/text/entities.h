/* SPDX-License-Identifier: MIT
 *
 * entities: the characters that HTML's names and numbers stand for, such as &alpha; and &#65;.
 */
#ifndef QINS_ENTITIES_H
#define QINS_ENTITIES_H

#include "base.h"

/* s[0..n) from its '&' to its ';'. -> the code point; U+FFFD: a number that is none; -1: unknown */
int32_t entity_character(const char *s, size_t n);

#endif
