/* SPDX-License-Identifier: MIT */
#include "wake.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "system.h"

void wake_open(struct wake *w)
{
    int fds[2];
    const int error = system_wake_pair(fds);
    if (error)
        die(EX_OSERR, "cannot make a wake-up descriptor: %s", strerror(error));
    *w = (struct wake){fds[0], fds[1]};
}

void wake_close(struct wake *w)
{
    close(w->read_fd);
    if (w->write_fd != w->read_fd)
        close(w->write_fd);
}

void wake_signal(const struct wake *w)
{
    uint64_t one = 1; /* what eventfd takes; for a pipe just bytes. Full means: readable already. */
    while (write(w->write_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void wake_clear(const struct wake *w)
{
    uint64_t bytes[16];
    for (;;) {
        ssize_t n = read(w->read_fd, bytes, sizeof bytes);
        if (n > 0 && w->read_fd != w->write_fd)
            continue; /* a pipe may hold more */
        if (n >= 0 || errno != EINTR)
            return;
    }
}
