/* SPDX-License-Identifier: MIT
 *
 * versions: of this program and of the libraries that it runs with, for --version.
 */
#ifndef QINS_VERSIONS_H
#define QINS_VERSIONS_H

#include "base.h"

/* "NAME VERSION\n", then one line with the libraries. */
void versions_append(struct buf *out, const char *program);

#endif
