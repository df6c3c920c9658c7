/* SPDX-License-Identifier: MIT
 *
 * convert_report: what a conversion did, as a table for people or as JSON for programs.
 */
#ifndef QINS_CONVERT_REPORT_H
#define QINS_CONVERT_REPORT_H

#include "convert.h"

/* `out_path` is raw; it is made fit for a terminal here. -> false when writing to f failed. */
bool convert_report_table(const struct convert_report *r, const char *out_path, FILE *f);
bool convert_report_json(const struct convert_report *r, enum format format, const char *out_path,
                         FILE *f);

#endif
