/* SPDX-License-Identifier: MIT
 *
 * vi: vi's keys for the editor: insert and normal mode, motions, the operators d c y, counts, and
 * '.'. What is cut goes into the editor's kill ring; text that ends in '\n' is put back as lines.
 */
#ifndef QINS_VI_H
#define QINS_VI_H

#include "edit.h"

/* -> false: not a key of vi's; it does what it does elsewhere. */
bool vi_key(struct editor *e, int32_t key);

#endif
