/* SPDX-License-Identifier: MIT
 *
 * wake: a descriptor that one thread makes readable so that another one, in poll(), wakes.
 */
#ifndef QINS_WAKE_H
#define QINS_WAKE_H

struct wake {
    int read_fd, write_fd; /* the same if the system has eventfd */
};

void wake_open(struct wake *w); /* dies when the process has no descriptor left */
void wake_close(struct wake *w);
void wake_signal(const struct wake *w);
void wake_clear(const struct wake *w); /* not readable any more, until the next signal */

#endif
