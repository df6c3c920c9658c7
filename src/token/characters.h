/* SPDX-License-Identifier: MIT
 *
 * characters: kinds of characters as the tokenizers library has them (Rust's and Unicode's), and
 * the form that ByteLevel gives to bytes. A byte that is no UTF-8 is -1, and of no kind.
 */
#ifndef QINS_CHARACTERS_H
#define QINS_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool char_is_numeric(int32_t cp);     /* Nd, Nl, No */
bool char_is_punctuation(int32_t cp); /* P, and ASCII's other signs */
bool char_is_word(int32_t cp);        /* \w */
bool char_is_white(int32_t cp);       /* White_Space */

/* ByteLevel: every byte as a character that can be seen. -> bytes written to out[2]. */
size_t byte_level_encode(uint8_t byte, char out[2]);
/* The byte that a character stands for, or -1. */
int byte_level_decode(int32_t cp);

#endif
