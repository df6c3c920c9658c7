/* SPDX-License-Identifier: MIT */
#include "hyperlinks.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Variation selectors: what screen.c draws has them taken out. Older C libraries know the second
 * ones alone. */
static const struct {
    int32_t first;
    int n;
} selectors[] = {{0xe0100, 240}, {0xfe00, 16}};

const char hyperlink_end[] = "\033]8;;\033\\";

void hyperlink_begin(const char *url, uint32_t id, struct buf *out)
{
    buf_printf(out, "\033]8;id=q%x;%s\033\\", id, url);
}

static bool have_no_width(int (*width)(wchar_t), int32_t first, int n)
{
    for (int i = 0; i < n; i++)
        if (width((wchar_t)(first + i)) != 0)
            return false;
    return true;
}

bool hyperlinks_open(struct hyperlinks *h, int (*width)(wchar_t))
{
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        const int n = selectors[i].n, n_links = n * n / 2;
        if (!have_no_width(width, selectors[i].first, n))
            continue;
        h->first_mark = selectors[i].first;
        h->n_marks = n;
        h->n = n_links < MAX_HYPERLINKS ? n_links : MAX_HYPERLINKS;
        return true;
    }
    return false;
}

/* ---- the links of a frame ------------------------------------------------------------- */

void hyperlinks_erase(struct hyperlinks *h)
{
    for (int i = 0; i < MAX_HYPERLINKS; i++)
        h->links[i].is_drawn = false;
}

void hyperlinks_shown(struct hyperlinks *h)
{
    for (int i = 0; i < MAX_HYPERLINKS; i++)
        h->links[i].is_shown = h->links[i].is_drawn;
}

void hyperlinks_free(struct hyperlinks *h)
{
    for (int i = 0; i < MAX_HYPERLINKS; i++)
        free(h->links[i].url);
    *h = (struct hyperlinks){0};
}

int hyperlinks_add(struct hyperlinks *h, const char *url, uint32_t id)
{
    struct hyperlink *unused = NULL;
    for (struct hyperlink *l = h->links; l < h->links + h->n; l++) {
        if (l->url && l->id == id && strcmp(l->url, url) == 0) {
            l->is_drawn = true;
            return (int)(l - h->links) + 1;
        }
        /* while the terminal has cells of it, others would look the same to curses */
        if (!unused && !l->is_drawn && !l->is_shown)
            unused = l;
    }
    if (!unused)
        return 0;
    free(unused->url);
    *unused = (struct hyperlink){.url = xstrdup(url), .id = id, .is_drawn = true};
    return (int)(unused - h->links) + 1;
}

/* ---- marks ---------------------------------------------------------------------------- */

void hyperlinks_mark(const struct hyperlinks *h, int number, int column,
                     wchar_t marks[HYPERLINK_MARKS])
{
    const int value = (number - 1) * 2 + column % 2;
    marks[0] = (wchar_t)(h->first_mark + value / h->n_marks);
    marks[1] = (wchar_t)(h->first_mark + value % h->n_marks);
}

static bool is_mark(const struct hyperlinks *h, int32_t cp)
{
    return cp >= h->first_mark && cp < h->first_mark + h->n_marks;
}

/* A character, what is drawn on it, and its marks. -> their bytes; *number: the link that the cell
 * is of, or 0; *shown: the bytes before its marks */
static size_t read_cell(const struct hyperlinks *h, const char *s, size_t n, int *number,
                        size_t *shown)
{
    int32_t cp, second;
    size_t at = utf8_decode(s, n, &cp), used;
    *number = 0;
    for (; at < n; at += used) {
        used = utf8_decode(s + at, n - at, &cp);
        if (cp < 0x80 || utf8_char_width(cp) != 0)
            break;
        if (is_mark(h, cp)) {
            *shown = at;
            at += used;
            at += utf8_decode(s + at, n - at, &second);
            *number = ((cp - h->first_mark) * h->n_marks + second - h->first_mark) / 2 + 1;
            return at;
        }
    }
    return *shown = at;
}

/* ---- what curses wrote ---------------------------------------------------------------- */

/* -> bytes of the sequence that begins with ESC */
static size_t sequence_bytes(const char *s, size_t n)
{
    size_t i = 1;
    const bool is_csi = n > 1 && s[1] == '[';
    for (i += is_csi; i < n && (unsigned char)s[i] < (is_csi ? 0x40 : 0x30); i++) /* parameters */
        ;
    return i < n ? i + 1 : n;
}

static void go_to(const struct hyperlinks *h, int *open, int number, struct buf *out)
{
    if (number == *open)
        return;
    if (number)
        hyperlink_begin(h->links[number - 1].url, h->links[number - 1].id, out);
    else
        buf_puts(out, hyperlink_end);
    *open = number;
}

void hyperlinks_write(const struct hyperlinks *h, const char *s, size_t n, struct buf *out)
{
    int open = 0;
    for (size_t at = 0, used; at < n; at += used) {
        int number = 0;
        size_t shown;
        const bool is_sequence = s[at] == '\033', is_control = (unsigned char)s[at] < ' ';
        used = is_sequence  ? sequence_bytes(s + at, n - at)
               : is_control ? 1
                            : read_cell(h, s + at, n - at, &number, &shown);
        if (is_sequence || is_control)
            shown = used;
        if (is_sequence && s[at + used - 1] == 'm') /* colours do not end a link */
            number = open;
        go_to(h, &open, number, out);
        buf_append(out, s + at, shown);
    }
    go_to(h, &open, 0, out);
}
