/* SPDX-License-Identifier: MIT
 *
 * sse: server-sent events (WHATWG HTML, "Server-sent events") from bytes that come in pieces of any
 * size: lines end in LF, CR or CR LF; comments, unknown fields and a byte order mark are passed
 * over; several data lines of one event are joined by LF. Of an event only its data is told.
 */
#ifndef QINS_SSE_H
#define QINS_SSE_H

#include "base.h"

enum { SSE_MAX_BYTES = 1 << 20 }; /* of a line, and of an event's data */

struct sse { /* starts zeroed */
    struct buf line, data;
    bool has_data; /* a data line came since the last event */
    bool skips_lf; /* the line ended in CR */
    bool begun;    /* a line was there: no byte order mark can come */
};

/* The data of one event; false stops. */
typedef bool sse_take(void *arg, const char *data, size_t n);

/* -> false: `take` said so, or *too_long. */
bool sse_push(struct sse *s, const char *bytes, size_t n, sse_take *take, void *arg,
              bool *too_long);
/* The stream has ended: many servers leave out the empty line that closes their last event. */
bool sse_end(struct sse *s, sse_take *take, void *arg);
void sse_free(struct sse *s);

#endif
