/* SPDX-License-Identifier: MIT
 *
 * huge_memory: memory in pages of 2 MiB, if the system has them: for what is read end to end.
 */
#ifndef QINS_HUGE_MEMORY_H
#define QINS_HUGE_MEMORY_H

#include <stddef.h>

enum { HUGE_PAGE = 2 << 20 }; /* bytes; of x86 and of most arm64 systems */

/* Addresses without memory that begin on a huge page, for mmap with MAP_FIXED. Released by munmap
 * of `bytes`. -> NULL, errno says why. */
void *huge_room(size_t bytes);

/* Zeroed, private; begins on a huge page. Memory is taken by the first write to a page. -> NULL,
 * errno says why. */
void *huge_memory_new(size_t bytes);
void huge_memory_free(void *p, size_t bytes); /* p may be NULL */

#endif
