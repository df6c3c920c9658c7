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

/* Bytes of white space at the start of s[0..n). */
size_t white_at_start(const char *s, size_t n);
/* Bytes of s[0..n) without the white space at its end, but no fewer than `least`. */
size_t without_white_end(const char *s, size_t n, size_t least);
/* Start of the last character of s[0..n), n > 0. */
size_t last_character(const char *s, size_t n, int32_t *cp);

/* ByteLevel: every byte as a character that can be seen. -> bytes written to out[2]. */
size_t byte_level_encode(uint8_t byte, char out[2]);
/* The byte that a character stands for, or -1. */
int byte_level_decode(int32_t cp);

#endif
