/* SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* ---- what a line is ---------------------------------------------------------------------------------- */

static size_t count(const char *s, size_t n, char c)
{
    size_t i = 0;
    while (i < n && s[i] == c)
        i++;
    return i;
}

static bool is_blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\t' && s[i] != '\n')
            return false;
    return true;
}

static bool is_heading(const char *s, size_t n)
{
    size_t marks = count(s, n, '#');
    return marks >= 1 && marks <= 6 && (marks == n || s[marks] == ' ' || s[marks] == '\n');
}

/* What a list item at the left edge is marked with: its bullet, or what stands behind its number. */
static char list_marker(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && i < 9 && s[i] >= '0' && s[i] <= '9')
        i++;
    bool bullet = i == 0 && n && (s[0] == '-' || s[0] == '+' || s[0] == '*');
    bool number = i > 0 && i < n && (s[i] == '.' || s[i] == ')');
    if (!bullet && !number)
        return 0;
    return i + 1 == n || s[i + 1] == ' ' || s[i + 1] == '\t' || s[i + 1] == '\n' ? s[i] : 0;
}

int fence_of(const char *s, size_t n, char *sign, int *indent, size_t *info)
{
    size_t blanks = count(s, n, ' ');
    if (blanks > 3 || blanks == n || (s[blanks] != '`' && s[blanks] != '~'))
        return 0;
    *sign = s[blanks];
    *indent = (int)blanks;
    size_t signs = count(s + blanks, n - blanks, *sign);
    *info = blanks + signs;
    if (signs < 3 || (*sign == '`' && memchr(s + *info, '`', n - *info)))
        return 0;
    return (int)signs;
}

bool closes_fence(const char *s, size_t n, char sign, int n_fence)
{
    size_t blanks = count(s, n, ' ');
    if (blanks > 3)
        return false;
    size_t signs = count(s + blanks, n - blanks, sign);
    return signs >= (size_t)n_fence && is_blank(s + blanks + signs, n - blanks - signs);
}

/* ---- borders -------------------------------------------------------------------------------------------- */

static void start_block(struct blocks *b, size_t at, enum block_kind kind, bool joined)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 4;
        b->blocks = xrealloc(b->blocks, b->cap, sizeof *b->blocks);
    }
    struct sheet *sheet = NULL;
    if (b->n && b->blocks[b->n - 1].start == at) /* the first block, begun before its first line was whole */
        sheet = b->blocks[--b->n].sheet;
    b->blocks[b->n++] = (struct block){.start = at, .kind = (uint8_t)kind, .joined = joined, .sheet = sheet,
                                       .fence = b->fence, .n_fence = b->n_fence,
                                       .indent = b->indent, .code = b->code};
    b->content = b->blank = false;
    b->list = 0;
}

static void inside_fence(struct blocks *b, const char *s, size_t n, bool line_start, bool line_end)
{
    if (line_start && line_end && closes_fence(s, n, b->fence, b->n_fence)) {
        b->fence = 0;
        b->blank = true; /* whatever comes next is a new block */
        return;
    }
    highlight_skip(&b->code, s, n);
}

/* One piece of a line, at `at`. */
static void take(struct blocks *b, const char *s, size_t at, size_t n)
{
    bool start = !b->mid_line, end = s[n - 1] == '\n';
    b->mid_line = !end;
    bool full = b->n && at + n - b->blocks[b->n - 1].start > BLOCK_MAX;
    if (b->fence) {
        if (full)
            start_block(b, at, BLOCK_CODE, true);
        inside_fence(b, s, n, start, end);
        return;
    }
    char sign = 0, marker = start ? list_marker(s, n) : 0;
    int indent;
    size_t info;
    bool blank = start && is_blank(s, n), edge = start && s[0] != ' ' && s[0] != '\t' && !blank;
    int n_fence = start && end && (edge || !b->list) ? fence_of(s, n, &sign, &indent, &info) : 0;
    bool code = b->n && b->blocks[b->n - 1].kind == BLOCK_CODE;
    if (n_fence) {
        b->fence = sign;
        b->n_fence = n_fence;
        b->indent = indent;
        highlight_start(&b->code, s + info, n - info);
        start_block(b, at, BLOCK_CODE, false);
        return;
    }
    bool border = b->content && edge && (is_heading(s, n) || (b->blank && !(b->list && b->list == marker)));
    if (!b->n || (code && !blank) || border)
        start_block(b, at, BLOCK_TEXT, false);
    else if (full)
        start_block(b, at, code ? BLOCK_CODE : BLOCK_TEXT, true);
    if (!blank && !b->content) {
        b->content = true;
        b->list = marker;
    }
    b->blank = blank;
}

/* Length of the next piece of s[0..n), or 0 while it is not known. */
static size_t piece(const char *s, size_t n, bool end)
{
    size_t most = n < PIECE_MAX ? n : PIECE_MAX;
    const char *newline = memchr(s, '\n', most);
    if (newline)
        return (size_t)(newline - s) + 1;
    if (n < PIECE_MAX)
        return end ? n : 0;
    for (size_t i = most; i > most / 2; i--)
        if (s[i - 1] == ' ')
            return i;
    size_t whole = utf8_complete(s, most);
    return whole ? whole : most;
}

void blocks_update(struct blocks *b, const char *s, size_t n, bool end)
{
    for (size_t used; b->seen < n && (used = piece(s + b->seen, n - b->seen, end)); b->seen += used)
        take(b, s + b->seen, b->seen, used);
    if (!b->n && n)
        start_block(b, 0, BLOCK_TEXT, false);
}

void blocks_free(struct blocks *b)
{
    free(b->blocks);
    *b = (struct blocks){0};
}
