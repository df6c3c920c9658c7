/* SPDX-License-Identifier: MIT */
#include "aside.h"

/* A quotation has "│ ", and "> " without Unicode. */
static const char *rule_of(const struct look_of_text *look)
{
    return look->bare ? "> " : look->unicode ? "┊ " : "| ";
}

/* Bytes of the blank lines at the start. */
static size_t blank_lines(const char *s, size_t n)
{
    size_t line = 0;
    for (size_t i = 0; i < n && (s[i] == '\n' || s[i] == ' ' || s[i] == '\t'); i++)
        if (s[i] == '\n')
            line = i + 1;
    return line;
}

void aside_layout(struct layout *l, const struct look_of_text *look, const char *s, size_t n,
                  bool first, bool end)
{
    struct styled text = {0}, rule = {0};
    struct buf clean = {0};
    size_t from = first ? blank_lines(s, n) : 0;
    bool some = from < n;
    n -= some && s[n - 1] == '\n';
    emoji_replace(look->emoji, s + from, n - from, &clean);
    layout_add_plain(l, &text, STYLE_THINKING, clean.data, clean.len);
    styled_puts(&rule, STYLE_BORDER, rule_of(look));
    if (some)
        layout_paragraph(l, look, &text, &rule, &rule);
    if (end)
        layout_blank(l);
    styled_free(&text);
    styled_free(&rule);
    buf_free(&clean);
}
