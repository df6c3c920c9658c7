/* SPDX-License-Identifier: MIT
 *
 * blob_hash: what the hub calls a file's contents, computed as the bytes come: SHA-256 (64
 * hexadecimal digits) of large files, git's SHA-1 of a blob (40 digits: "blob SIZE\0" goes first)
 * of small ones.
 */
#ifndef QINS_BLOB_HASH_H
#define QINS_BLOB_HASH_H

#include "base.h"

enum { BLOB_NAME_MAX = 64 };

struct blob_hash;

/* Whether it is one of the two, in lower case. */
bool blob_hash_is_name(const char *name);
/* For contents of `bytes` bytes that are called `name`. */
struct blob_hash *blob_hash_new(const char *name, uint64_t bytes);
void blob_hash_add(struct blob_hash *h, const void *bytes, size_t n);
/* Whether all that was added is called that name. Once. */
bool blob_hash_matches(struct blob_hash *h);
void blob_hash_free(struct blob_hash *h); /* NULL is fine */

#endif
