/* SPDX-License-Identifier: MIT
 *
 * access_key: the key that clients must send, from a file that nobody else can read. Only its
 * SHA-256 is kept, and compared in constant time.
 */
#ifndef QINS_ACCESS_KEY_H
#define QINS_ACCESS_KEY_H

#include "base.h"

struct access_key {
    bool on;
    unsigned char hash[32];
};

/* The first line of a file of mode 0600 (or stricter). */
bool access_key_read(struct access_key *k, const char *path, struct error *err);
/* authorization: the header of this name, "Bearer KEY", or NULL. */
bool access_key_fits(const struct access_key *k, const char *authorization);

#endif
