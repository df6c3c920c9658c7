/* SPDX-License-Identifier: MIT
 *
 * authorities: where a system keeps the certificates by which others are verified. A libcurl knows
 * the place of the system that it was built for, which need not be the one that it runs on.
 */
#ifndef QINS_AUTHORITIES_H
#define QINS_AUTHORITIES_H

/* The first file that is there, below `root` ("" for the real ones). Caller frees; NULL: none. */
char *authorities_find(const char *root);

#endif
