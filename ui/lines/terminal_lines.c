/* SPDX-License-Identifier: MIT */
#include "terminal_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "utf8.h"

enum { ESCAPE = 27, DELETE = 127, BACKSPACE = 8 };

static struct termios before;
static volatile sig_atomic_t is_set;

/* ---- the terminal --------------------------------------------------------------------- */

/* There a change would stop the program. */
static bool is_in_background(void)
{
    pid_t front = tcgetpgrp(STDIN_FILENO);
    return front >= 0 && front != getpgrp();
}

static void set(void)
{
    struct termios mode = before;
    if (is_in_background())
        return;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    is_set = 1;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode); /* what was typed before stays */
}

void terminal_lines_end(void)
{
    int error = errno;
    if (is_set && !is_in_background())
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    is_set = 0;
    errno = error;
}

static void on_stop(int signal)
{
    int error = errno;
    bool was_set = is_set;
    (void)signal;
    terminal_lines_end();
    raise(SIGSTOP);
    if (was_set)
        set();
    errno = error;
}

static void on_death(int signal)
{
    terminal_lines_end();
    raise(signal); /* its own way again: SA_RESETHAND */
}

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
        old.sa_handler == SIG_DFL)
        sigaction(signal, &action, NULL);
}

bool terminal_lines_begin(void)
{
    static const int deaths[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
                                 SIGILL,  SIGALRM, SIGUSR1, SIGUSR2};
    static bool is_ready;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    if (!is_ready) {
        atexit(terminal_lines_end);
        handle(SIGTSTP, on_stop, SA_RESTART);
        for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
            handle(deaths[i], on_death, (int)(SA_RESETHAND | SA_NODEFER));
        is_ready = true;
    }
    set();
    return true;
}

/* ---- a line --------------------------------------------------------------------------- */

static bool is_key(char c, int which)
{
    return before.c_cc[which] != _POSIX_VDISABLE && (unsigned char)c == before.c_cc[which];
}

static void rub_out(struct terminal_lines *t, int cells)
{
    while (cells-- > 0)
        buf_puts(&t->echo, "\b \b");
}

static int width_of(const char *s, size_t n)
{
    return *s == '\t' ? 1 : utf8_cluster_width(s, n);
}

/* The line's last cluster goes. */
static void erase(struct terminal_lines *t)
{
    size_t last = 0, n = 0;
    while (last + n < t->line.len) {
        last += n;
        n = utf8_cluster(t->line.data + last, t->line.len - last);
    }
    if (n)
        rub_out(t, width_of(t->line.data + last, n));
    t->line.len = last;
}

static bool ends_in_blank(const struct terminal_lines *t)
{
    return t->line.len && strchr(" \t", t->line.data[t->line.len - 1]);
}

static void erase_word(struct terminal_lines *t)
{
    while (ends_in_blank(t))
        erase(t);
    while (t->line.len && !ends_in_blank(t))
        erase(t);
}

static void kill_line(struct terminal_lines *t)
{
    for (size_t i = 0, n; i < t->line.len; i += n) {
        n = utf8_cluster(t->line.data + i, t->line.len - i);
        rub_out(t, width_of(t->line.data + i, n));
    }
    t->line.len = 0;
}

static void echo_text(struct terminal_lines *t, const char *s, size_t n)
{
    for (size_t i = 0, used; i < n; i += used) {
        int32_t cp;
        used = utf8_decode(s + i, n - i, &cp);
        if (cp == '\t')
            buf_puts(&t->echo, " ");
        else if (cp < 0 || (cp >= DELETE && cp < 0xa0)) /* no control of the terminal's */
            buf_puts(&t->echo, "?");
        else
            buf_append(&t->echo, s + i, used);
    }
}

static void reprint(struct terminal_lines *t)
{
    buf_puts(&t->echo, "\n");
    echo_text(t, t->line.data, t->line.len);
}

/* Of keys that move or do something elsewhere: nothing to do here. -> true: taken */
static bool take_sequence(struct terminal_lines *t, char c)
{
    if (t->escape == ESCAPE && (c == '[' || c == 'O'))
        t->escape = c;
    else if (t->escape == '[' && (unsigned char)c >= 0x20 && (unsigned char)c < 0x40)
        return true;
    else if (t->escape)
        t->escape = 0;
    else if (c == ESCAPE)
        t->escape = ESCAPE;
    else
        return false;
    return true;
}

static enum terminal_line take_key(struct terminal_lines *t, char c)
{
    if (c == '\n' || c == '\r') {
        t->escape = 0;
        buf_puts(&t->line, "\n");
        buf_puts(&t->echo, "\n");
        return TERMINAL_LINE;
    }
    if (take_sequence(t, c))
        return TERMINAL_LINE_NONE;
    /* The terminal makes a NUL of an end that is typed before its mode changes. */
    if (is_key(c, VEOF) || (!c && t->n_reads == 1))
        return t->line.len ? TERMINAL_LINE_NONE : TERMINAL_LINE_END;
    if (c == DELETE || c == BACKSPACE || is_key(c, VERASE))
        erase(t);
    else if (is_key(c, VKILL))
        kill_line(t);
    else if (is_key(c, VWERASE))
        erase_word(t);
    else if (is_key(c, VREPRINT))
        reprint(t);
    return TERMINAL_LINE_NONE;
}

/* Characters from s[0..n) that are text, whole ones. */
static size_t text_length(const char *s, size_t n)
{
    size_t end = 0;
    while (end < n && (s[end] == '\t' || ((unsigned char)s[end] >= 0x20 && s[end] != DELETE)))
        end++;
    return end < n ? end : utf8_complete(s, n);
}

/* ---- bytes ---------------------------------------------------------------------------- */

static void write_echo(struct terminal_lines *t)
{
    bool both_ways = (fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDWR;
    const char *bytes = t->echo.data;
    size_t n = is_set ? t->echo.len : 0; /* else it has echoed by itself */
    while (n) {
        ssize_t written = write(both_ways ? STDIN_FILENO : STDOUT_FILENO, bytes, n);
        if (written < 0)
            break;
        bytes += written;
        n -= (size_t)written;
    }
    t->echo.len = 0;
}

void terminal_lines_read(struct terminal_lines *t, const char *bytes, size_t n)
{
    if (t->at == t->typed.len)
        t->at = t->typed.len = 0;
    buf_append(&t->typed, bytes, n);
    t->n_reads += t->n_reads < 2;
}

enum terminal_line terminal_lines_next(struct terminal_lines *t, struct buf *out)
{
    enum terminal_line result = TERMINAL_LINE_NONE;
    if (!is_set)
        set();
    while (result == TERMINAL_LINE_NONE && t->at < t->typed.len) {
        const char *s = t->typed.data + t->at;
        size_t left = t->typed.len - t->at, n = t->escape ? 0 : text_length(s, left);
        bool is_cut = n == 0 && !t->escape && (unsigned char)*s >= 0x80; /* its rest will come */
        if (is_cut)
            break;
        if (n) {
            buf_append(&t->line, s, n);
            echo_text(t, s, n);
        } else {
            result = take_key(t, *s);
        }
        t->at += n ? n : 1;
    }
    write_echo(t);
    if (result == TERMINAL_LINE) {
        buf_append(out, t->line.data, t->line.len);
        t->line.len = 0;
    }
    return result;
}

size_t terminal_lines_held(const struct terminal_lines *t)
{
    return t->typed.len - t->at + t->line.len;
}

void terminal_lines_free(struct terminal_lines *t)
{
    terminal_lines_end();
    buf_free(&t->typed);
    buf_free(&t->line);
    buf_free(&t->echo);
}
