/* SPDX-License-Identifier: MIT
 *
 * hasher: SHA-256 of a checkpoint's files, in a thread of its own beside the conversion.
 */
#ifndef QINS_HASHER_H
#define QINS_HASHER_H

#include "checkpoint.h"

enum { SHA256_HEX = 64 };

/* -> false if the library refuses. */
bool sha256_hex(const void *bytes, size_t n, char hex[SHA256_HEX + 1]);

struct hasher;

/* `c` outlives the hasher. */
struct hasher *hasher_start(const struct checkpoint *c);
bool hasher_is_done(const struct hasher *h);
uint64_t hasher_bytes(const struct hasher *h); /* hashed so far */
/* -> [n_sources] lower-case hexadecimal; valid until hasher_free. Only when done. */
const char (*hasher_result(const struct hasher *h, struct error *err))[SHA256_HEX + 1];
void hasher_free(struct hasher *h); /* stops it first */

#endif
