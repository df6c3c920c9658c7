/* SPDX-License-Identifier: MIT
 *
 * wrong_file: what a file is that was taken for another: by its first bytes, in words that say what
 * to do.
 */
#ifndef QINS_WRONG_FILE_H
#define QINS_WRONG_FILE_H

#include <stddef.h>

/* bytes[0..n): the start of the file. -> "a Git LFS pointer, ..."; NULL: nothing that is known */
const char *wrong_file_kind(const void *bytes, size_t n);

#endif
