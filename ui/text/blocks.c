/* SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "utf8.h"

/* ---- what a line is ------------------------------------------------------------------- */

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

/* A line that begins with a letter is text, whatever follows. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_heading(const char *s, size_t n)
{
    size_t marks = count(s, n, '#');
    return marks >= 1 && marks <= 6 && (marks == n || s[marks] == ' ' || s[marks] == '\n');
}

/* What a list item at the left edge is marked with: its bullet, or what stands behind its number.
 */
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

/* May it begin a list within a paragraph? Only a first item with text does. */
static bool may_interrupt(const char *s, size_t n)
{
    size_t i = s[0] >= '0' && s[0] <= '9' ? strspn(s, "0123456789") : 0;
    return (i == 0 || (i == 1 && s[0] == '1')) && i + 1 < n && !is_blank(s + i + 1, n - i - 1);
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

enum { AHEAD = 4 }; /* bytes of the character that would start the next piece */

/* ---- borders -------------------------------------------------------------------------- */

static void begin(struct scan *c, size_t at, enum block_kind kind, bool joined, struct block *out)
{
    *out = (struct block){.start = at,
                          .kind = (uint8_t)kind,
                          .joined = joined,
                          .fence = c->fence,
                          .n_fence = c->n_fence,
                          .indent = c->indent,
                          .code = c->code};
    c->start = at;
    c->kind = (uint8_t)kind;
    c->open = true;
    c->content = c->blank = false;
    c->list = 0;
}

static void inside_fence(struct scan *c, const char *s, size_t n, bool line_start, bool line_end)
{
    if (line_start && line_end && closes_fence(s, n, c->fence, c->n_fence)) {
        c->fence = 0;
        c->blank = true; /* whatever comes next is a new block */
        return;
    }
    highlight_skip(&c->code, s, n);
}

/* A piece outside of fences. */
static bool take_text(struct scan *c, const char *s, size_t at, size_t n, bool line_start,
                      bool full, struct block *out)
{
    bool blank = line_start && is_blank(s, n),
         edge = line_start && s[0] != ' ' && s[0] != '\t' && !blank;
    bool special = line_start && !blank && !is_letter(s[0]);
    size_t blanks = special ? count(s, n, ' ') : 0;
    char sign = 0, marker = special && blanks < 4 ? list_marker(s + blanks, n - blanks) : 0;
    int indent, n_fence = 0;
    size_t info;
    if (special && !c->mid_line && (edge || !c->list))
        n_fence = fence_of(s, n, &sign, &indent, &info);
    if (n_fence) {
        c->fence = sign;
        c->n_fence = (uint16_t)n_fence;
        c->indent = (uint8_t)indent;
        highlight_start(&c->code, s + info, n - info);
        begin(c, at, BLOCK_CODE, false, out);
        return true;
    }
    bool code = c->open && c->kind == BLOCK_CODE;
    bool border =
        c->content && edge && (is_heading(s, n) || (c->blank && !(c->list && c->list == marker)));
    bool begins = !c->open || (code && !blank) || border;
    if (begins)
        begin(c, at, BLOCK_TEXT, false, out);
    else if (full)
        begin(c, at, code ? BLOCK_CODE : BLOCK_TEXT, true, out);
    if (!blank && !c->content) {
        c->content = true;
        c->list = marker;
    } else if (marker && !c->list && (c->blank || may_interrupt(s + blanks, n - blanks))) {
        c->list = marker;
    }
    c->blank = blank;
    return begins || full;
}

/* One piece of a line, at c->seen. -> whether a block begins with it, which then is *out */
static bool take(struct scan *c, const char *s, size_t n, struct block *out)
{
    char plain[PIECE_MAX];
    size_t at = c->seen;
    bool line_start = !c->mid_line, line_end = s[n - 1] == '\n';
    bool full = c->open && at + n - c->start > BLOCK_MAX;
    c->mid_line = !line_end;
    c->seen += n;
    if (line_end && n > 1 && s[n - 2] == '\r') { /* CR LF is one line end */
        memcpy(plain, s, n - 2);
        plain[n - 2] = '\n';
        s = plain;
        n--;
    }
    if (!c->fence)
        return take_text(c, s, at, n, line_start, full, out);
    if (full)
        begin(c, at, BLOCK_CODE, true, out);
    inside_fence(c, s, n, line_start, line_end);
    return full;
}

/* May s[0..n) be cut at `at`, 0 < at < n, for the sanitiser's sake? */
static bool may_cut(const char *s, size_t n, size_t at)
{
    int32_t before, after;
    size_t back = 1;
    while (back < 4 && back < at && ((unsigned char)s[at - back] & 0xC0) == 0x80)
        back++;
    utf8_decode(s + at - back, back, &before);
    utf8_decode(s + at, n - at, &after);
    return sanitise_may_cut(before, after);
}

/* Length of the next piece of s[0..n), or 0 while it is not known. */
static size_t piece(const char *s, size_t n, bool end)
{
    size_t most = n < PIECE_MAX ? n : PIECE_MAX;
    const char *newline = memchr(s, '\n', most);
    if (newline)
        return (size_t)(newline - s) + 1;
    if (n < PIECE_MAX + AHEAD && !end)
        return 0;
    if (n <= PIECE_MAX)
        return n;
    for (size_t i = most; i > most / 2; i--)
        if (s[i - 1] == ' ' && may_cut(s, n, i))
            return i;
    for (size_t i = most; i > most / 2; i--)
        if (((unsigned char)s[i] & 0xC0) != 0x80 && may_cut(s, n, i))
            return i;
    size_t whole = utf8_complete(s, most);
    return whole ? whole : most;
}

/* Takes empty lines that begin nothing, as most are, without more ado. */
static void skip_empty_lines(struct scan *c, const char *s, size_t n)
{
    if (!c->open || c->mid_line || c->fence)
        return;
    size_t most = c->start + BLOCK_MAX < n ? c->start + BLOCK_MAX : n;
    for (; c->seen < most && s[c->seen] == '\n'; c->seen++)
        c->blank = true;
}

static size_t next_piece(struct scan *c, const char *s, size_t n, bool end)
{
    skip_empty_lines(c, s, n);
    return c->seen < n ? piece(s + c->seen, n - c->seen, end) : 0;
}

/* ---- the list ------------------------------------------------------------------------- */

/* One more block; `before`: the scan before the piece that it begins with. */
static void add(struct blocks *b, const struct block *block, const struct scan *before)
{
    size_t at = b->n % CHUNK_BLOCKS;
    if (at == 0) {
        if (b->n_chunks == b->cap) {
            b->cap = b->cap ? b->cap * 2 : 1;
            b->chunks = xrealloc(b->chunks, b->cap, sizeof *b->chunks);
        }
        b->chunks[b->n_chunks++] = (struct chunk){.before = *before};
    }
    if (b->chunks[b->n_chunks - 1].blocks)
        b->chunks[b->n_chunks - 1].blocks[at] = *block;
    b->n++;
}

/* The first block, of which more is known now. */
static void begin_anew(struct blocks *b, const struct block *block)
{
    struct block *first = b->chunks[0].blocks;
    if (!first)
        return;
    struct layout *layout = first->layout;
    *first = *block;
    first->layout = layout;
}

void blocks_update(struct blocks *b, const char *s, size_t n, bool end)
{
    struct scan *c = &b->scan, before = *c;
    struct block block;
    for (size_t used; (used = next_piece(c, s, n, end));) {
        if (b->n % CHUNK_BLOCKS == 0)
            before = *c;
        bool first = !c->open;
        if (!take(c, s + c->seen, used, &block))
            continue;
        if (first && b->n) /* it is there already, begun before its first line was whole */
            begin_anew(b, &block);
        else
            add(b, &block, &before);
    }
    if (!b->n && n)
        add(b, &(struct block){.kind = BLOCK_TEXT}, &(struct scan){0});
}

struct block *blocks_at(struct blocks *b, const char *s, size_t n, size_t i)
{
    struct chunk *chunk = &b->chunks[i / CHUNK_BLOCKS];
    if (!chunk->blocks) {
        struct scan c = chunk->before;
        size_t left = b->n - (i - i % CHUNK_BLOCKS), used;
        size_t wanted = left < CHUNK_BLOCKS ? left : CHUNK_BLOCKS, got = 0;
        chunk->blocks = xcalloc(CHUNK_BLOCKS, sizeof *chunk->blocks);
        while (got < wanted && c.seen < b->scan.seen && (used = next_piece(&c, s, n, true)))
            got += take(&c, s + c.seen, used, &chunk->blocks[got]);
    }
    return &chunk->blocks[i % CHUNK_BLOCKS];
}

void blocks_free(struct blocks *b)
{
    for (size_t i = 0; i < b->n_chunks; i++)
        free(b->chunks[i].blocks);
    free(b->chunks);
    *b = (struct blocks){0};
}
