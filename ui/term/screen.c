/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "hyperlinks.h"
#include "theme.h"
#include "utf8.h"
#include "wrap.h"

enum {
    MAX_ROWS = 500, /* of what we draw; larger terminals stay blank beyond */
    MAX_COLUMNS = 1000,
    MAX_MARKS = CCHARW_MAX - HYPERLINK_MARKS,
    GIVE_BACK_MS = 1000, /* how long a terminal that does not read may delay our leaving */
};

static struct {
    SCREEN *curses;
    FILE *canvas; /* what curses writes to */
    int in_fd, out_fd;
    bool was_raw;       /* what was typed before came through the line discipline: */
    size_t typed_ahead; /* so many bytes, in which Enter is a newline */
    bool own_out;       /* out_fd is ours and does not block */
    struct buf out;     /* written by curses, not yet taken by the terminal: [at, len) */
    size_t at;
    struct termios before; /* the terminal as we found it */
    volatile bool active;  /* it is ours: screen_restore has something to do */
    bool utf8, mouse;
    char *title;    /* NULL: not ours */
    bool has_modes; /* the terminal knows those of xterm */
    int n_rows, n_columns;
    int cursor_row, cursor_column;
    const char *palette; /* sets the palette back: we change none, so the user's own is to stay */
    char farewell[256];  /* gives the terminal back */
    size_t n_farewell;
    bool colours;
    const struct glyphs *glyphs;
    bool has_links; /* the terminal gets them */
    struct hyperlinks links;
    int link; /* of what is drawn: its number, or 0 */
    attr_t attributes[N_STYLES];
    short pairs[N_STYLES]; /* 0: no colour */
} s;

/* The program ends: by a thread that got no memory, or by a signal. */
static volatile bool is_over;

static const char modes_on[] = "\033[?2004h\033[?1004h"; /* pastes in brackets, focus */
static const char modes_off[] = "\033[?1004l\033[?2004l";
static const char frame_begins[] = "\033[?2026h", frame_ends[] = "\033[?2026l";
static const char title_kept[] = "\033[22;2t", title_back[] = "\033[23;2t";
static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";

static const struct glyphs unicode_glyphs = {
    "─", "│", "┬", "┤", "─", "━", "●", "█", "░", "↑", "↓", "▸", "▾", SPARK_BRAILLE,
};
static const struct glyphs block_glyphs = {
    "─", "│", "┬", "┤", "─", "━", "●", "█", "░", "↑", "↓", "▸", "▾", SPARK_BLOCKS,
};
static const struct glyphs ascii_glyphs = {
    "-", "|", "+", "+", "-", "=", "O", "#", ".", "^", "v", "+", "-", SPARK_ASCII,
};

static bool term_is(const char *prefix)
{
    const char *term = getenv("TERM");
    return term && strncmp(term, prefix, strlen(prefix)) == 0;
}

/* vt100 and its like; vte is another, and young. */
static bool is_vt(void)
{
    const char *term = getenv("TERM");
    return term_is("vt") && term[2] >= '0' && term[2] <= '9';
}

bool screen_is_ascii(void)
{
    return !s.utf8;
}

const struct glyphs *screen_glyphs(void)
{
    return s.glyphs;
}

/* The consoles' fonts have few signs, and real VT100s none; what has 256 colours is young enough to
 * have braille. */
static const struct glyphs *choose_glyphs(void)
{
    if (!s.utf8 || term_is("linux") || is_vt())
        return &ascii_glyphs;
    return COLORS >= 256 ? &unicode_glyphs : &block_glyphs;
}

int screen_rows(void)
{
    return s.n_rows;
}

int screen_columns(void)
{
    return s.n_columns;
}

/* ---- from curses to the terminal ------------------------------------------------------ */

static void leave_out(const char *sequence, size_t from)
{
    size_t n = strlen(sequence);
    char *at;
    while (n && (at = memmem(s.out.data + from, s.out.len - from, sequence, n))) {
        s.out.len -= n;
        memmove(at, at + n, s.out.len - (size_t)(at - s.out.data));
    }
}

/* Writes runs of a character out that curses made shorter by REP, "c ESC [ n b": Terminal.app, also
 * over SSH, draws them wrongly. (Curses keeps a copy of the capability, so it cannot be taken
 * away.)
 */
static void write_runs_out(size_t from)
{
    struct buf whole = {0};
    size_t done = from;
    for (size_t i = from; i + 3 < s.out.len; i++) {
        size_t end = i + 2;
        uint32_t n = 0;
        if (memcmp(s.out.data + i, "\033[", 2) != 0 || i == from)
            continue;
        while (s.out.data[end] >= '0' && s.out.data[end] <= '9' && n < MAX_COLUMNS)
            n = n * 10 + (uint32_t)(s.out.data[end++] - '0');
        if (s.out.data[end] != 'b')
            continue;
        buf_append(&whole, s.out.data + done, i - done);
        for (uint32_t k = 0; k < (n ? n : 1) && k < MAX_COLUMNS; k++)
            buf_append(&whole, s.out.data + i - 1, 1);
        done = end + 1;
        i = end;
    }
    if (done > from) {
        buf_append(&whole, s.out.data + done, s.out.len - done);
        s.out.len = from;
        buf_append(&s.out, whole.data, whole.len);
    }
    buf_free(&whole);
}

/* Puts sequences in the place of the marks that cells of links have. */
static void write_links(size_t from)
{
    struct buf whole = {0};
    hyperlinks_write(&s.links, s.out.data + from, s.out.len - from, &whole);
    s.out.len = from;
    buf_append(&s.out, whole.data, whole.len);
    buf_free(&whole);
}

/* Moves what curses wrote into s.out. */
static void collect(void)
{
    size_t before = s.out.len;
    fflush(s.canvas);
    int fd = fileno(s.canvas);
    off_t n = lseek(fd, 0, SEEK_CUR);
    char chunk[4096];
    for (off_t i = 0; i < n;) {
        ssize_t got = pread(fd, chunk, sizeof chunk, i);
        if (got <= 0)
            break;
        size_t take = n - i < got ? (size_t)(n - i) : (size_t)got;
        buf_append(&s.out, chunk, take);
        i += (off_t)take;
    }
    lseek(fd, 0, SEEK_SET);
    if (s.palette && s.out.len > before)
        leave_out(s.palette, before);
    write_runs_out(before);
    if (s.links.n && s.out.len > before) /* also what was drawn before links were switched off */
        write_links(before);
}

bool screen_busy(void)
{
    return s.at < s.out.len;
}

int screen_out_fd(void)
{
    return s.out_fd;
}

bool screen_flush(void)
{
    while (s.active && screen_busy()) {
        size_t n = s.out.len - s.at;
        /* An fd that blocks gets little at a time, and only when poll says that there is room. */
        struct pollfd p = {.fd = s.out_fd, .events = POLLOUT};
        if (!s.own_out && (poll(&p, 1, 0) <= 0 || !(p.revents & POLLOUT)))
            return !(p.revents & (POLLERR | POLLHUP));
        ssize_t written = write(s.out_fd, s.out.data + s.at, s.own_out || n < 256 ? n : 256);
        if (written < 0)
            return errno == EAGAIN || errno == EINTR;
        s.at += (size_t)written;
    }
    if (s.active)
        s.out.len = s.at = 0;
    return true;
}

/* Writes everything, but waits no longer than a moment for a terminal that does not read. */
static void flush_all(void)
{
    double end = now_ms() + GIVE_BACK_MS;
    while (screen_flush() && screen_busy() && now_ms() < end) {
        struct pollfd p = {.fd = s.out_fd, .events = POLLOUT};
        poll(&p, 1, 50);
    }
    s.out.len = s.at = 0;
}

/* ---- taking and giving back ----------------------------------------------------------- */

static void set_raw(void)
{
    struct termios raw = s.before;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON | PARMRK);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    raw.c_cflag |= CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(s.in_fd, TCSADRAIN, &raw);
    if (is_over) /* since this began */
        tcsetattr(s.in_fd, TCSANOW, &s.before);
    int n = 0;
    if (!s.was_raw && ioctl(s.in_fd, FIONREAD, &n) == 0 && n > 0)
        s.typed_ahead = (size_t)n;
    s.was_raw = true;
}

void screen_take_ahead(char *bytes, size_t n)
{
    for (size_t i = 0; i < n && s.typed_ahead > 0; i++, s.typed_ahead--)
        if (bytes[i] == '\n')
            bytes[i] = '\r';
}

static int farewell_put(int c)
{
    if (s.n_farewell < sizeof s.farewell)
        s.farewell[s.n_farewell++] = (char)c;
    return c;
}

/* -> NULL: the terminal has it not. */
static const char *sequence_of(const char *capability)
{
    const char *text = tigetstr(capability);
    return text != (const char *)-1 ? text : NULL;
}

static void farewell_add(const char *capability)
{
    const char *text = sequence_of(capability);
    if (text)
        tputs(text, 1, farewell_put);
}

static void farewell_puts(const char *text)
{
    while (*text)
        farewell_put(*text++);
}

static void prepare_farewell(void)
{
    const char *modes = s.has_modes ? modes_off : "", *mouse = s.mouse ? mouse_off : "";
    s.n_farewell = 0;
    farewell_puts(s.has_links ? hyperlink_end : "");
    farewell_puts(screen_has_osc() ? frame_ends : "");
    farewell_puts(s.title ? title_back : "");
    farewell_puts(mouse);
    farewell_puts(modes);
    farewell_add("sgr0");
    farewell_add("op");
    farewell_add("cnorm");
    farewell_add("rmcup");
    farewell_puts(mouse); /* some terminals keep modes per screen */
    farewell_puts(modes);
    farewell_puts("\r\n");
}

void screen_restore(void)
{
    is_over = true;
    if (!s.active)
        return;
    s.active = false; /* other threads write no more */
    int saved = errno;
    double end = now_ms() + GIVE_BACK_MS;
    for (size_t at = 0; at < s.n_farewell && now_ms() < end;) {
        ssize_t written = write(s.out_fd, s.farewell + at, s.n_farewell - at);
        if (written > 0)
            at += (size_t)written;
        else if (errno == EAGAIN) /* full of what came before */
            poll(&(struct pollfd){.fd = s.out_fd, .events = POLLOUT}, 1, 50);
        else if (errno != EINTR)
            break;
    }
    tcsetattr(s.in_fd, TCSANOW, &s.before);
    errno = saved;
}

void screen_leave(void)
{
    if (!s.active)
        return;
    s.out.len = s.at = 0; /* maybe in the middle of a frame */
    if (s.has_links)
        buf_puts(&s.out, hyperlink_end);
    if (screen_has_osc())
        buf_puts(&s.out, frame_ends);
    endwin();
    collect();
    if (s.mouse)
        buf_puts(&s.out, mouse_off);
    if (s.has_modes)
        buf_puts(&s.out, modes_off);
    if (s.title)
        buf_puts(&s.out, title_back);
    flush_all();
    tcsetattr(s.in_fd, TCSADRAIN, &s.before);
    s.active = false;
}

static void send_title(bool first)
{
    if (first)
        buf_puts(&s.out, title_kept);
    buf_printf(&s.out, "\033]2;%s\033\\", s.title);
}

void screen_enter(void)
{
    while (is_over) /* it is given back already, or never taken */
        pause();
    s.active = true;
    set_raw();
    if (s.has_modes)
        buf_puts(&s.out, modes_on);
    if (s.mouse)
        buf_puts(&s.out, mouse_on);
    if (s.title)
        send_title(true);
    screen_resize();
}

void screen_close(void)
{
    screen_leave();
    if (s.curses)
        delscreen(s.curses);
    if (s.canvas)
        fclose(s.canvas);
    if (s.own_out)
        close(s.out_fd);
    buf_free(&s.out);
    hyperlinks_free(&s.links);
    free(s.title);
    memset(&s, 0, sizeof s);
}

/* ---- opening -------------------------------------------------------------------------- */

static void add_keys(struct keys *k)
{
    static const struct {
        const char *capability;
        int32_t key;
    } table[] = {
        {"kcuu1", K_UP},           {"kcud1", K_DOWN},          {"kcub1", K_LEFT},
        {"kcuf1", K_RIGHT},        {"khome", K_HOME},          {"kend", K_END},
        {"kpp", K_PAGE_UP},        {"knp", K_PAGE_DOWN},       {"kdch1", K_DELETE},
        {"kich1", K_INSERT},       {"kcbt", K_TAB | K_SHIFT},  {"kf1", K_F1},
        {"kf5", K_F1 + 4},         {"kf6", K_F1 + 5},          {"kf7", K_F1 + 6},
        {"kf8", K_F1 + 7},         {"kUP3", K_ALT | K_UP},     {"kDN3", K_ALT | K_DOWN},
        {"kLFT3", K_ALT | K_LEFT}, {"kRIT3", K_ALT | K_RIGHT},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        keys_add(k, sequence_of(table[i].capability), table[i].key);
}

/* -> has the terminal colours, and its own ones behind text? */
static bool start_colours(void)
{
    return has_colors() && start_color() == OK && use_default_colors() == OK;
}

static attr_t curses_attributes(unsigned attributes)
{
    return (attributes & ATTRIBUTE_BOLD ? A_BOLD : 0) | (attributes & ATTRIBUTE_DIM ? A_DIM : 0) |
           (attributes & ATTRIBUTE_UNDERLINE ? A_UNDERLINE : 0) |
           (attributes & ATTRIBUTE_ITALIC ? A_ITALIC : 0) |
           (attributes & ATTRIBUTE_REVERSE ? A_REVERSE : 0);
}

/* A theme's colour -> the terminal's, -1 its own. With 8 colours the bright ones are bold. */
static short terminal_colour(int colour, attr_t *attributes)
{
    if (colour == 0)
        return -1;
    int c = colour_among(colour - 1, COLORS >= 256 ? 256 : 16);
    if (c >= 8 && COLORS < 16) {
        *attributes |= A_BOLD;
        c -= 8;
    }
    return (short)c;
}

void screen_set_theme(const struct theme *t, bool colour)
{
    for (short i = 0; i < N_STYLES; i++) {
        const struct look *l = &t->looks[i];
        attr_t ignored = 0;
        s.attributes[i] = curses_attributes(l->attributes);
        s.pairs[i] = s.colours && colour && (l->fg || l->bg) ? (short)(i + 1) : 0;
        if (s.pairs[i])
            init_pair(s.pairs[i], terminal_colour(l->fg, &s.attributes[i]),
                      terminal_colour(l->bg, &ignored));
    }
    cchar_t blank; /* what is empty has the ground of text */
    setcchar(&blank, L" ", A_NORMAL, s.pairs[STYLE_TEXT], NULL);
    bkgrndset(&blank);
    screen_redraw();
}

/* An fd of our own on the terminal, so that only our writes do not block. */
static void open_out(int out_fd)
{
    char name[256];
    s.out_fd = out_fd;
    if (ttyname_r(out_fd, name, sizeof name) != 0)
        return;
    int fd = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    s.own_out = fd >= 0;
    if (s.own_out)
        s.out_fd = fd;
}

static bool refuse_terminal(struct error *err)
{
    const char *term = getenv("TERM");
    return error_set(err, EX_UNAVAILABLE, "a terminal of type \"%.40s\" has no screen to draw on",
                     term ? term : "");
}

bool screen_open(int in_fd, int out_fd, struct keys *k, struct error *err)
{
    memset(&s, 0, sizeof s);
    s.in_fd = in_fd;
    if (term_is("dumb") || !getenv("TERM") || !*getenv("TERM"))
        return refuse_terminal(err);
    if (tcgetattr(in_fd, &s.before) != 0)
        return error_set(err, EX_UNAVAILABLE, "stdin is not a terminal: %s", strerror(errno));
    s.canvas = tmpfile();
    if (!s.canvas)
        return error_set(err, EX_CANTCREAT, "cannot create a temporary file: %s", strerror(errno));
    s.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    s.has_modes = !is_vt() && !term_is("ansi");
    use_env(FALSE);   /* the size comes from the terminal, whatever LINES and COLUMNS say; */
    use_tioctl(TRUE); /* without this, terminfo entries that tell none are refused */
    s.curses = newterm(NULL, s.canvas, stdin);
    if (!s.curses || !tigetstr("cup")) {
        fclose(s.canvas);
        if (s.curses)
            delscreen(s.curses);
        s.canvas = NULL;
        s.curses = NULL;
        return refuse_terminal(err);
    }
    open_out(out_fd);
    s.palette = sequence_of("oc");
    prepare_farewell();
    s.colours = start_colours();
    s.glyphs = choose_glyphs();
    add_keys(k);
    nonl();
    idlok(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    typeahead(-1);
    /* Curses began for a screen of terminfo's size, and set the scrolling region to it. That is
     * thrown away: it begins anew, for the terminal's size, with the first frame. */
    endwin();
    collect();
    s.out.len = 0;
    screen_enter();
    return true;
}

void screen_set_mouse(bool on)
{
    if (on == s.mouse || !s.has_modes)
        return;
    s.mouse = on;
    prepare_farewell();
    buf_puts(&s.out, on ? mouse_on : mouse_off);
}

static bool takes_links(void)
{
    const char *tmux = getenv("TMUX");
    return screen_has_osc() && (!term_is("screen") || (tmux && *tmux));
}

void screen_set_links(enum screen_links when)
{
    const bool on = when != LINKS_OFF && s.utf8 && hyperlinks_open(&s.links, wcwidth) &&
                    (when == LINKS_ON || takes_links());
    if (on == s.has_links)
        return;
    s.has_links = on;
    prepare_farewell();
    screen_redraw();
}

void screen_set_title(const char *title)
{
    const bool first = !s.title;
    if (!screen_has_osc() || !s.utf8 || (s.title && strcmp(title, s.title) == 0))
        return;
    free(s.title);
    s.title = xstrdup(title);
    if (first)
        prepare_farewell();
    send_title(first);
}

/* ---- size ----------------------------------------------------------------------------- */

void screen_resize(void)
{
    struct winsize w = {0};
    if (ioctl(s.out_fd, TIOCGWINSZ, &w) != 0)
        ioctl(s.in_fd, TIOCGWINSZ, &w);
    s.n_rows = w.ws_row ? w.ws_row < MAX_ROWS ? w.ws_row : MAX_ROWS : 24;
    s.n_columns = w.ws_col ? w.ws_col < MAX_COLUMNS ? w.ws_col : MAX_COLUMNS : 80;
    if (resizeterm(s.n_rows, s.n_columns) != OK) /* its windows hold lines that it has freed */
        die(EX_OSERR, "out of memory");
    screen_redraw();
}

void screen_redraw(void)
{
    clearok(curscr, TRUE);
}

/* ---- drawing -------------------------------------------------------------------------- */

void screen_erase(void)
{
    erase();
    hyperlinks_erase(&s.links);
    s.link = 0;
}

void screen_link(const char *url, uint32_t id)
{
    s.link = url && s.has_links ? hyperlinks_add(&s.links, url, id) : 0;
}

/* What stands for a character that an ASCII terminal has not. */
static wchar_t ascii_for(int32_t cp)
{
    static const struct {
        int32_t cp;
        char ascii;
    } table[] = {
        {0xa0, ' '},   {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
        {0x2010, '-'}, {0x2011, '-'},  {0x2012, '-'},  {0x2013, '-'}, {0x2014, '-'},
        {0x2026, '.'}, {0x2022, '*'},  {0x2212, '-'},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].cp == cp)
            return (wchar_t)table[i].ascii;
    return L'?';
}

/* Whether curses gives a character these cells too: it goes by the C library's table, which may be
 * older than ours (on macOS it is by far). If they differ, what follows in the row would shift. */
static bool curses_agrees(int32_t cp, int cells)
{
    return iswprint((wint_t)cp) && wcwidth((wchar_t)cp) == cells;
}

/* Marks that are drawn onto the character before; joiners and selectors, which terminals treat
 * differently from one another, are left out. */
static bool is_mark(int32_t cp)
{
    return utf8_char_width(cp) == 0 && curses_agrees(cp, 0) && !(cp >= 0x2000 && cp <= 0x206f) &&
           !(cp >= 0xfe00 && cp <= 0xfe0f) && cp != 0xfeff && cp < 0xe0000;
}

/* For what cannot be drawn: the sign that is used where a wide character is missing, if curses
 * knows its width. */
#define WIDE_SIGN 0x3013
static wchar_t stand_in(int cells)
{
    return cells == 2 && s.utf8 && curses_agrees(WIDE_SIGN, 2) ? (wchar_t)WIDE_SIGN : L'?';
}

/* One cell, a link's if one is being drawn. wide: [n], and room for the link's marks. */
static void put_cell(int row, int column, enum style style, wchar_t *wide, size_t n)
{
    cchar_t c;
    if (s.link) {
        hyperlinks_mark(&s.links, s.link, column, wide + n);
        n += HYPERLINK_MARKS;
    }
    wide[n] = L'\0';
    setcchar(&c, wide, s.attributes[style], s.pairs[style], NULL);
    mvadd_wch(row, column, &c);
}

/* One cluster in exactly `cells` cells. */
static void put_cluster(int row, int column, int cells, enum style style, const char *text,
                        size_t n)
{
    wchar_t wide[CCHARW_MAX + 1];
    int32_t cp;
    size_t n_wide = 0, at = utf8_decode(text, n, &cp);
    wchar_t base = (wchar_t)cp;
    const int base_cells = utf8_char_width(cp);
    if (cp < 0)
        base = L'?';
    else if (cp >= 0x80 && !s.utf8)
        base = ascii_for(cp);
    else if (base_cells < 1 || base_cells > cells || !curses_agrees(cp, base_cells))
        base = stand_in(cells);
    wide[n_wide++] = base;
    while (s.utf8 && at < n && n_wide < MAX_MARKS) {
        size_t used = utf8_decode(text + at, n - at, &cp);
        if (cells == 2 && base_cells == 1 && cp >= 0 && utf8_char_width(cp) == 1) {
            /* The other letter of a flag, a vowel sign: it has a cell of its own. */
            put_cluster(row, column + --cells, 1, style, text + at, n - at);
            break;
        }
        at += used;
        if (is_mark(cp))
            wide[n_wide++] = (wchar_t)cp;
    }
    put_cell(row, column, style, wide, n_wide);
    for (int i = utf8_char_width((int32_t)base); i < cells; i++)
        put_cell(row, column + i, style, (wchar_t[1 + HYPERLINK_MARKS + 1]){L' '}, 1);
}

int screen_put(int row, int column, int cells, enum style style, const char *text, size_t n)
{
    int drawn = 0, width;
    if (row < 0 || row >= s.n_rows || column < 0)
        return 0;
    if (cells > s.n_columns - column)
        cells = s.n_columns - column;
    for (size_t i = 0, used; i < n; i += used, drawn += width) {
        used = wrap_cluster(text + i, n - i, drawn, &width);
        if (drawn + width > cells)
            break;
        if (text[i] == '\t')
            screen_repeat(row, column + drawn, width, style, " ");
        else if (width > 0)
            put_cluster(row, column + drawn, width, style, text + i, used);
    }
    return drawn;
}

int screen_puts(int row, int column, int cells, enum style style, const char *text)
{
    return screen_put(row, column, cells, style, text, strlen(text));
}

void screen_repeat(int row, int column, int n, enum style style, const char *glyph)
{
    for (int i = 0; i < n; i++)
        screen_puts(row, column + i, 1, style, glyph);
}

void screen_cursor(int row, int column)
{
    s.cursor_row = row < s.n_rows ? row : s.n_rows - 1;
    s.cursor_column = column < s.n_columns ? column : s.n_columns - 1;
}

void screen_send(const char *bytes, size_t n)
{
    buf_append(&s.out, bytes, n);
}

bool screen_has_osc(void)
{
    return !term_is("linux") && !is_vt() && !term_is("ansi");
}

void screen_show(void)
{
    move(s.cursor_row, s.cursor_column);
    wnoutrefresh(stdscr);
    doupdate();
    const size_t before = s.out.len;
    if (screen_has_osc())
        buf_puts(&s.out, frame_begins);
    const size_t begins = s.out.len;
    collect();
    hyperlinks_shown(&s.links);
    if (s.out.len == begins)
        s.out.len = before;
    else if (screen_has_osc())
        buf_puts(&s.out, frame_ends);
}
