/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "markdown.h"

static const enum style styles[] = {
    [TOKEN_PLAIN] = STYLE_TEXT,      [TOKEN_KEYWORD] = STYLE_KEYWORD, [TOKEN_STRING] = STYLE_STRING,
    [TOKEN_COMMENT] = STYLE_COMMENT, [TOKEN_NUMBER] = STYLE_NUMBER,
};

static void add_prefix(struct styled *to, const struct styled *prefix)
{
    if (prefix)
        styled_copy(to, prefix, 0, prefix->text.len);
}

/* A corner, and the name of the language behind it. */
static void corner(struct layout *out, const struct look_of_text *look, const struct styled *prefix,
                   const char *sign, const char *names)
{
    struct styled row = {0};
    add_prefix(&row, prefix);
    styled_puts(&row, STYLE_BORDER, look->unicode ? sign : "+-");
    if (names) {
        styled_puts(&row, STYLE_DIM, " ");
        styled_add(&row, STYLE_DIM, names + 1, strcspn(names + 1, " "));
    }
    styled_fit(&row, look->width);
    layout_row(out, &row, row.text.len, END_LINE);
    styled_free(&row);
}

void code_layout(struct layout *out, const struct look_of_text *look, struct code_frame frame,
                 struct highlight code, const char *s, size_t n)
{
    struct styled line = {0}, bar = {0};
    add_prefix(&bar, frame.rest);
    if (!look->bare)
        styled_puts(&bar, STYLE_BORDER, look->unicode ? "│ " : "| ");
    if (frame.head && !look->bare)
        corner(out, look, frame.first, "╭─", highlight_language(&code));
    for (size_t i = 0; i < n;) {
        enum token token;
        size_t used = highlight_token(&code, s + i, n - i, &token);
        if (s[i] != '\n')
            styled_add(&line, styles[token], s + i, used);
        i += used;
        if (i == n || s[i - 1] == '\n') {
            layout_paragraph(out, look, &line, &bar, &bar);
            styled_clear(&line);
        }
    }
    if (frame.foot && !look->bare)
        corner(out, look, frame.rest, "╰─", NULL);
    styled_free(&line);
    styled_free(&bar);
}
