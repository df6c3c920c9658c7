/* SPDX-License-Identifier: MIT
 *
 * next_event: the next event of an engine, for which a slow machine gets its time.
 */
#ifndef QINS_TEST_NEXT_EVENT_H
#define QINS_TEST_NEXT_EVENT_H

#include <poll.h>

#include "engine.h"
#include "test.h"

enum { EVENT_WAIT_MS = 120000 };

static inline struct event next_event(struct engine *e)
{
    struct event event;
    while (!engine_next(e, &event)) {
        struct pollfd p = {.fd = engine_fd(e), .events = POLLIN};
        if (poll(&p, 1, EVENT_WAIT_MS) == 0)
            fail_msg("no event within %d ms", EVENT_WAIT_MS);
    }
    return event;
}

#endif
