/* SPDX-License-Identifier: MIT
 *
 * utf8: code points, grapheme clusters and display width, on utf8proc. Text is always given with
 * its length; NUL is a character like others.
 */
#ifndef QINS_UTF8_H
#define QINS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point of s[0..n), n > 0. -> bytes used (1..4) and *cp; for an invalid sequence 1
 * and *cp = -1. Overlong forms, surrogates and values above 10FFFF are invalid. */
size_t utf8_decode(const char *s, size_t n, int32_t *cp);
/* -> bytes written to out[4]. */
size_t utf8_encode(int32_t cp, char out[4]);
/* Length of the prefix of s that ends on a complete character: what is cut off at the end is the
 * start of a sequence that more bytes could complete. Invalid bytes count as complete. */
size_t utf8_complete(const char *s, size_t n);

/* Bytes of the first extended grapheme cluster of s[0..n), n > 0: what a cursor steps over. It is
 * cut where its letters and signs (but for emoji) would need more than two cells, and after
 * UTF8_CLUSTER_MAX code points, more than any real one has: a storm of marks stays bounded. */
enum { UTF8_CLUSTER_MAX = 32 };
size_t utf8_cluster(const char *s, size_t n);
/* Cells of one code point, as terminals count: a spacing mark has one, the later parts of a Hangul
 * syllable have none; an invalid one is shown as U+FFFD. */
int utf8_char_width(int32_t cp);
/* Cells that one cluster takes on a terminal: 0, 1 or 2. Emoji with VS16, ZWJ sequences and flags
 * take 2; a spacing vowel sign has its own. */
int utf8_cluster_width(const char *s, size_t n);
/* Cells of a whole text without control characters. */
size_t utf8_width(const char *s, size_t n);

/* Unicode White_Space, as HF tokenizers' rstrip uses it. */
bool utf8_is_space(int32_t cp);
/* Letters, marks and numbers: what words are made of. */
bool utf8_is_word(int32_t cp);
/* The letter in upper (lower) case if it has one of a single code point, else itself. */
int32_t utf8_to_case(int32_t cp, bool upper);
/* Extended_Pictographic: what an emoji sequence may be built of. */
bool utf8_is_pictograph(int32_t cp);
/* Digits, '#' and '*': with VS16 and U+20E3 behind them they are keycaps. */
bool utf8_is_keycap_base(int32_t cp);

#endif
