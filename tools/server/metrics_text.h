/* SPDX-License-Identifier: MIT
 *
 * metrics_text: what has happened so far in Prometheus's text format, version 0.0.4.
 */
#ifndef QINS_METRICS_TEXT_H
#define QINS_METRICS_TEXT_H

#include "scheduler.h"

enum { METRICS_MAX_STATUS = 600 };

struct metrics_web {                        /* of the web server's thread */
    uint64_t n_replies[METRICS_MAX_STATUS]; /* by status */
    uint64_t n_connections;                 /* now */
};

void metrics_text(const struct scheduler_counts *c, const struct metrics_web *w, struct buf *out);

#endif
