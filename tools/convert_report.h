/* SPDX-License-Identifier: MIT
 *
 * convert_report: what a conversion did, as a table for people or as JSON for programs.
 */
#ifndef QINS_CONVERT_REPORT_H
#define QINS_CONVERT_REPORT_H

#include "compress.h"
#include "convert.h"

/* What a report says of the file. */
struct convert_result {
    const char *out_path; /* raw; it is made fit for a terminal here */
    enum format format;
    const char *template;                     /* chat template: "own", or "none" for a base model */
    const struct compress_report *compressed; /* NULL: it is not */
};

/* -> false when writing to f failed. */
bool convert_report_table(const struct convert_report *r, const struct convert_result *result,
                          FILE *f);
bool convert_report_json(const struct convert_report *r, const struct convert_result *result,
                         FILE *f);

#endif
