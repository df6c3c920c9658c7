/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "utf8.h"
#include "web_link.h"

static int width_in_rows(wchar_t c)
{
    return utf8_char_width((int32_t)c);
}

void output_init(struct output *o)
{
    *o = (struct output){
        .to_terminal = isatty(STDOUT_FILENO),
        .status_to_terminal = isatty(STDERR_FILENO),
    };
    hyperlinks_open(&o->links, width_in_rows);
}

void output_free(struct output *o)
{
    flow_free(&o->flow);
    buf_free(&o->word);
    hyperlinks_free(&o->links);
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

/* Where the unfinished word at the end of s[0..n) begins. Between signs of East Asia a row may end
 * anywhere. */
static size_t last_word(const char *s, size_t n)
{
    enum { EAST_ASIA = 0x2e80 };
    size_t word = 0;
    for (size_t i = 0, used; i < n; i += used) {
        int32_t cp;
        used = utf8_decode(s + i, n - i, &cp);
        if (cp == ' ' || cp == '\t' || cp == '\n' || cp >= EAST_ASIA)
            word = i + used;
    }
    return word;
}

/* -> how much of the text in o->word may be shown: all far from the row's end, or if the word that
 * grows is longer than those of a language. */
static size_t count_ready(const struct output *o, int width)
{
    enum { LONG_WORD = 24 };
    size_t n = o->word.len, word = last_word(o->word.data, n);
    bool is_near = o->flow.column + (int)utf8_width(o->word.data, n) + LONG_WORD > width;
    return is_near && n - word < 2 * LONG_WORD ? word : n;
}

/* A URL whose characters have the marks of a link. */
static void mark_link(struct output *o, const char *s, size_t n, struct buf *out)
{
    struct buf url = {0};
    const int number =
        web_link_target(s, n, &url) ? hyperlinks_add(&o->links, url.data, ++o->n_links) : 0;
    for (size_t i = 0, used; i < n; i += used) {
        wchar_t marks[HYPERLINK_MARKS];
        char bytes[4];
        used = utf8_cluster(s + i, n - i);
        buf_append(out, s + i, used);
        if (!number)
            continue;
        hyperlinks_mark(&o->links, number, 0, marks);
        for (int m = 0; m < HYPERLINK_MARKS; m++)
            buf_append(out, bytes, utf8_encode((int32_t)marks[m], bytes));
    }
    buf_free(&url);
}

/* flow_text, with links: the marks pass through it, and then tell where rows cut a link. */
static void flow_links(struct output *o, int width, const char *s, size_t n, struct buf *rows)
{
    struct buf marked = {0}, with_marks = {0};
    size_t at = 0, start;
    for (size_t used; (used = web_link_find(s, n, at, &start)); at = start + used) {
        buf_append(&marked, s + at, start - at);
        mark_link(o, s + start, used, &marked);
    }
    buf_append(&marked, s + at, n - at);
    flow_text(&o->flow, width, marked.data, marked.len, &with_marks);
    hyperlinks_write(&o->links, with_marks.data, with_marks.len, rows);
    hyperlinks_erase(&o->links);
    buf_free(&marked);
    buf_free(&with_marks);
}

static void put_clean(struct output *o, const struct buf *clean, bool is_end)
{
    struct buf rows = {0};
    if (!o->in_rows) {
        put(o, clean->data, clean->len);
        return;
    }
    int width = columns();
    buf_append(&o->word, clean->data, clean->len);
    size_t n = is_end || !o->in_pieces || !o->word.len ? o->word.len : count_ready(o, width);
    if (o->has_links)
        flow_links(o, width, o->word.data, n, &rows);
    else
        flow_text(&o->flow, width, o->word.data, n, &rows);
    o->word.len -= n;
    if (o->word.len)
        memmove(o->word.data, o->word.data + n, o->word.len);
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
    put_clean(o, &clean, false);
    buf_free(&clean);
}

void output_end(struct output *o)
{
    struct buf clean = {0};
    output_status(o, NULL);
    if (o->to_terminal)
        sanitise_end(&o->sanitiser, &clean);
    put_clean(o, &clean, true);
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
