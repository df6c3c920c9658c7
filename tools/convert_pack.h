/* SPDX-License-Identifier: MIT
 *
 * convert_pack: qins-convert's --compress and --decompress of files, and what they report.
 */
#ifndef QINS_CONVERT_PACK_H
#define QINS_CONVERT_PACK_H

#include "compress.h"

/* "5" -> level; NULL: the default one. */
bool convert_pack_level(const char *text, int *level, struct error *err);
/* A share of weights, 0 to 0.99. */
bool convert_pack_share(const char *text, float *share, struct error *err);
/* NAME-zstd.qins, in this folder; caller frees. */
char *convert_pack_name(const char *path);
/* Compresses `plain`, which a conversion has written for it, into OUT, and removes it. */
bool convert_pack(const char *plain, const char *out, const struct compress_options *o,
                  struct compress_report *r, struct error *err);
/* A line; of a conversion, or of a file that was there. */
void convert_pack_print(const struct compress_report *r, const char *out, FILE *f);
void convert_pack_json(const struct compress_report *r, const char *out, FILE *f);

#endif
