/* SPDX-License-Identifier: MIT
 *
 * screen: the terminal. The only file that talks to curses.
 *
 * Curses draws into a file of its own; what it wrote goes to the terminal without blocking, when
 * poll says that there is room. A terminal that does not read delays frames and nothing else. Input
 * does not pass through curses (keys.h).
 */
#ifndef QINS_SCREEN_H
#define QINS_SCREEN_H

#include "base.h"
#include "keys.h"
#include "spark.h"
#include "style.h"

struct theme;

/* Signs for lines and bars, as far as terminal and locale have them. */
struct glyphs {
    const char *horizontal, *vertical, *tee_down, *tee_left; /* of the frame */
    const char *track, *passed, *knob;                       /* of sliders */
    const char *full, *empty;                                /* of bars */
    const char *up, *down;                                   /* more above, below */
    const char *closed, *open;                               /* of what can be opened */
    enum spark_signs graph;
};

/* Takes the terminal over and tells k its sequences. On failure the terminal is as it was. */
bool screen_open(int in_fd, int out_fd, struct keys *k, struct error *err);
/* What styles look like from the next frame on; without colour only the attributes hold. */
void screen_set_theme(const struct theme *t, bool colour);
/* Mouse reports, for terminals that have them. */
void screen_set_mouse(bool on);
/* Whether what is drawn as a link is one for the terminal, too (OSC 8). */
enum screen_links {
    LINKS_AUTO, /* if the terminal is none of those that do not know them */
    LINKS_ON,
    LINKS_OFF
};
void screen_set_links(enum screen_links when);
/* Gives it back as it was and forgets it. */
void screen_close(void);
/* The same from a signal handler or before death: writes a prepared text, touches nothing else. */
void screen_restore(void);
/* For the time that the program is stopped. */
void screen_leave(void);
void screen_enter(void);

/* Asks the terminal for its size; every cell is sent again. */
void screen_resize(void);
void screen_redraw(void);
int screen_rows(void);
int screen_columns(void);
const struct glyphs *screen_glyphs(void);
bool screen_is_ascii(void); /* the locale has no UTF-8: all other characters are shown as '?' */

/* Drawing: everything is blank after screen_erase. Draws sanitised UTF-8 of at most `cells` cells;
 * characters that the terminal cannot show become '?'; control characters are left out.
 * -> cells drawn. */
void screen_erase(void);
int screen_put(int row, int column, int cells, enum style style, const char *text, size_t n);
int screen_puts(int row, int column, int cells, enum style style, const char *text);
void screen_repeat(int row, int column, int n, enum style style, const char *glyph);
void screen_cursor(int row, int column);
/* What is drawn from now on is a link, until the next call or screen_erase; NULL: it is none. Its
 * rows and pieces have one id. The URL is one of web_link_target. */
void screen_link(const char *url, uint32_t id);

/* The window's title: sanitised UTF-8 without line ends; the one it had comes back at the end. */
void screen_set_title(const char *title);
/* Something other than a frame for the terminal, such as a clipboard's text: sent as it is. */
void screen_send(const char *bytes, size_t n);
/* Terminals that know OSC sequences; others would show them. */
bool screen_has_osc(void);

/* One frame: what changed since the last one, for the terminal, which shows it at once if it knows
 * synchronized output (mode 2026). */
void screen_show(void);
/* Something still has to be written to screen_out_fd: no new frame before that. */
bool screen_busy(void);
int screen_out_fd(void);
/* Writes what the terminal takes now. -> false when it is gone. */
bool screen_flush(void);
/* Bytes just read from the terminal: in what was typed before the screen was ours, Enter is Enter
 * again. */
void screen_take_ahead(char *bytes, size_t n);

#endif
