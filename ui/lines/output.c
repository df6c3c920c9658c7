/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void output_init(struct output *o)
{
    *o = (struct output){
        .to_terminal = isatty(STDOUT_FILENO),
        .status_to_terminal = isatty(STDERR_FILENO),
    };
}

void output_free(struct output *o)
{
    flow_free(&o->flow);
}

static void fail(struct output *o, int error)
{
    o->error = error;
    o->result = error == EPIPE   ? OUTPUT_CLOSED
                : error == EINTR ? OUTPUT_INTERRUPTED
                                 : OUTPUT_FAILED;
}

/* Straight to the descriptor: each token is there as soon as it is made, and errors are seen. */
static void put(struct output *o, const char *bytes, size_t n)
{
    if (n)
        o->ends_line = bytes[n - 1] == '\n';
    while (n && o->result == OUTPUT_OK) {
        ssize_t written = write(STDOUT_FILENO, bytes, n);
        if (written >= 0) {
            bytes += written;
            n -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
            if (poll(&fd, 1, -1) < 0)
                fail(o, errno);
        } else {
            fail(o, errno);
        }
    }
}

/* Of the terminal, as it is now; where it does not know, as terminals were. */
static int columns(void)
{
    enum { USUAL = 80 };
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : USUAL;
}

static void put_clean(struct output *o, const struct buf *clean)
{
    struct buf rows = {0};
    if (!o->in_rows) {
        put(o, clean->data, clean->len);
        return;
    }
    flow_text(&o->flow, columns(), clean->data, clean->len, &rows);
    put(o, rows.data, rows.len);
    buf_free(&rows);
}

void output_text(struct output *o, const char *text, size_t n)
{
    output_status(o, NULL);
    if (!o->to_terminal) {
        put(o, text, n);
        return;
    }
    struct buf clean = {0};
    sanitise(&o->sanitiser, text, n, &clean);
    put_clean(o, &clean);
    buf_free(&clean);
}

void output_end(struct output *o)
{
    struct buf clean = {0};
    output_status(o, NULL);
    if (o->to_terminal)
        sanitise_end(&o->sanitiser, &clean);
    put_clean(o, &clean);
    buf_free(&clean);
    flow_end(&o->flow);
    if (!o->ends_line)
        put(o, "\n", 1);
}

void output_entered(struct output *o)
{
    flow_end(&o->flow);
}

void output_status(struct output *o, const char *line)
{
    int n = line ? (int)strlen(line) : 0;
    if (!o->status_to_terminal || (n == 0 && o->n_status == 0))
        return;
    /* No escape codes: blanks over the rest of the old line. */
    fprintf(stderr, "\r%s%*s%s", line ? line : "", o->n_status > n ? o->n_status - n : 0, "",
            n == 0 ? "\r" : "");
    fflush(stderr);
    o->n_status = n;
}
