/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sanitise.h"
#include "utf8.h"

enum { REDRAW_MS = 100, BAR_CELLS = 20, DEFAULT_WIDTH = 80 };

void progress_start(struct progress *p, const char *program, bool quiet)
{
    *p = (struct progress){.program = program, .quiet = quiet, .is_terminal = isatty(2) == 1};
}

static size_t terminal_width(void)
{
    struct winsize size;
    return ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u
                                                               : DEFAULT_WIDTH - 1;
}

/* Overwrites what the last line left; no escape sequences, so that any terminal will do. */
static void draw(struct progress *p, const char *line)
{
    size_t width = utf8_width(line, strlen(line));
    fprintf(stderr, "\r%s%*s", line, p->width > width ? (int)(p->width - width) : 0, "");
    if (p->width > width)
        fprintf(stderr, "\r%s", line);
    fflush(stderr);
    p->width = width;
}

/* Takes whole clusters from the end until the line fits. */
static void shorten(struct buf *b, size_t width)
{
    size_t len = 0, used = 0;
    while (len < b->len) {
        size_t n = utf8_cluster(b->data + len, b->len - len);
        used += (size_t)utf8_cluster_width(b->data + len, n);
        if (used > width)
            break;
        len += n;
    }
    b->len = len;
    b->data[len] = '\0';
}

static void append_time(struct buf *b, double seconds)
{
    if (seconds < 120)
        buf_printf(b, "%.0f s left", seconds);
    else
        buf_printf(b, "%.0f min left", seconds / 60);
}

static void draw_bar(struct progress *p, const char *item, uint64_t done, uint64_t total, double ms)
{
    struct buf line = {0};
    double part = total ? (double)done / (double)total : 0, spent = (ms - p->step_ms) / 1e3;
    int cells = (int)(part * BAR_CELLS);
    char *clean = sanitise_text(item, strlen(item), true);
    buf_printf(&line, "%-8s [%.*s%*s] %3.0f %%", p->step, cells, "####################",
               BAR_CELLS - cells, "", 100 * part);
    double rate = done > p->step_done ? (double)(done - p->step_done) / spent : 0;
    if (rate > 0 && spent > 0.5) {
        buf_printf(&line, "  %.0f MB/s  ", rate / 1e6);
        append_time(&line, (double)(total - done) / rate);
    }
    buf_printf(&line, "  %s", clean);
    shorten(&line, terminal_width());
    draw(p, line.data);
    buf_free(&line);
    free(clean);
}

void progress_show(struct progress *p, const char *step, const char *item, uint64_t done_bytes,
                   uint64_t total_bytes)
{
    double ms = now_ms();
    bool is_new = strcmp(step, p->step) != 0;
    if (p->quiet)
        return;
    if (is_new) {
        snprintf(p->step, sizeof p->step, "%s", step);
        p->step_ms = ms;
        p->step_done = done_bytes; /* what an earlier start has done */
        if (!p->is_terminal)
            fprintf(stderr, "%s: %s %.1f MB\n", p->program, step, (double)total_bytes / 1e6);
    }
    if (!p->is_terminal || (!is_new && ms - p->drawn_ms < REDRAW_MS))
        return;
    p->drawn_ms = ms;
    draw_bar(p, item, done_bytes < total_bytes ? done_bytes : total_bytes, total_bytes, ms);
}

void progress_end(struct progress *p)
{
    if (p->width) {
        draw(p, "");
        fputc('\r', stderr);
    }
    p->width = 0;
}
