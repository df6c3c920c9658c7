/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <string.h>

#include "utf8.h"

enum { NARROW_INDENT = 4 }; /* of what goes on, where the last column stands too far to the right */

/* Cells before the last column of a line; columns stand two blanks and more apart. */
static int indent_of(const char *s, size_t n, int width)
{
    size_t blanks = 0, column;
    while (blanks < n && s[blanks] == ' ')
        blanks++;
    column = blanks;
    for (size_t i = blanks; i + 2 < n; i++)
        if (s[i] == ' ' && s[i + 1] == ' ' && s[i + 2] != ' ')
            column = i + 2;
    int cells = (int)utf8_width(s, column);
    return cells <= width / 2 ? cells : (int)blanks + NARROW_INDENT;
}

void page_layout(struct layout *l, const struct look_of_text *look, const char *s, size_t n)
{
    struct styled line = {0}, indent = {0};
    for (size_t at = 0; at < n;) {
        const char *end = memchr(s + at, '\n', n - at);
        size_t used = end ? (size_t)(end - (s + at)) : n - at;
        styled_clear(&line);
        styled_clear(&indent);
        layout_add_plain(l, &line, STYLE_TEXT, s + at, used);
        for (int i = indent_of(s + at, used, look->width); i > 0; i--)
            styled_puts(&indent, STYLE_TEXT, " ");
        layout_paragraph(l, look, &line, NULL, &indent);
        at += used + 1;
    }
    styled_free(&line);
    styled_free(&indent);
}
