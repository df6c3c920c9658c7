/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <md4c.h>
#include <stdlib.h>
#include <string.h>

#include "entities.h"
#include "literal.h"
#include "sanitise.h"
#include "utf8.h"

/* What the rows stand in: a quote's bar, a list item's marker and indent. */
struct container {
    MD_BLOCKTYPE type; /* MD_BLOCK_QUOTE, UL, OL or LI */
    bool tight;        /* of lists */
    unsigned number;   /* of the next item of an OL */
    char sign;         /* behind it */
    char marker[16];   /* of LI, until it has been drawn; then as many blanks */
};

struct md {
    struct layout *out;
    const struct look_of_text *look;
    struct container *stack; /* [depth] */
    size_t depth, cap;
    size_t shared;             /* containers that have been open since the last row */
    bool joined, drawn;        /* no blank row before the first one; a row has been drawn */
    struct styled text, clean; /* inlines of the current block; scratch */
    struct buf plain;          /* scratch */
    struct styled first, rest; /* prefixes of its rows */
    int strong, emphasis, code, link, strike;
    bool heading;
    size_t link_start; /* in text */
    struct highlight highlight;
    struct table table;
    bool in_table;
    size_t n_cap;  /* cells allocated */
    size_t budget; /* bytes and cells that may still come */
};

/* ---- prefixes ------------------------------------------------------------------------- */

/* Containers deeper than half the width allows are not drawn. */
static void prefix_of(struct md *m, struct styled *to, size_t depth, bool first)
{
    int cells = 0;
    styled_clear(to);
    for (size_t i = 0; i < depth && cells < m->look->width / 2; i++) {
        struct container *c = &m->stack[i];
        if (c->type == MD_BLOCK_QUOTE) {
            styled_puts(to, STYLE_BORDER, m->look->unicode && !m->look->bare ? "│ " : "> ");
            cells += 2;
        } else if (c->type == MD_BLOCK_LI) {
            int width = (int)utf8_width(c->marker, strlen(c->marker));
            if (first)
                styled_puts(to, STYLE_BOLD, c->marker);
            else
                styled_add(to, STYLE_TEXT, "                ", (size_t)width);
            cells += width;
        }
    }
}

/* A blank row where the text has one, and the prefixes of the block that begins. */
static void begin_rows(struct md *m)
{
    bool tight = false;
    for (size_t i = m->depth; i-- > 0;)
        if (m->stack[i].type == MD_BLOCK_UL || m->stack[i].type == MD_BLOCK_OL) {
            tight = m->stack[i].tight;
            break;
        }
    if (m->drawn ? !tight : !m->joined) {
        prefix_of(m, &m->rest, m->drawn ? m->shared : 0, false);
        styled_trim(&m->rest);
        styled_fit(&m->rest, m->look->width);
        layout_row(m->out, &m->rest, m->rest.text.len, END_LINE);
    }
    prefix_of(m, &m->first, m->depth, true);
    prefix_of(m, &m->rest, m->depth, false);
    for (size_t i = 0; i < m->depth; i++) {
        struct container *c = &m->stack[i];
        size_t width = utf8_width(c->marker, strlen(c->marker));
        snprintf(c->marker, sizeof c->marker, "%*s", (int)width, "");
    }
    m->drawn = true;
    m->shared = m->depth;
}

static void end_paragraph(struct md *m)
{
    if (!m->text.text.len)
        return;
    begin_rows(m);
    layout_paragraph(m->out, m->look, &m->text, &m->first, &m->rest);
    styled_clear(&m->text);
}

/* ---- inlines -------------------------------------------------------------------------- */

static enum style style_now(const struct md *m)
{
    if (m->code)
        return STYLE_CODE;
    if (m->link)
        return STYLE_LINK;
    if (m->strike)
        return STYLE_STRIKE;
    if (m->heading)
        return STYLE_HEADING;
    return m->strong ? STYLE_BOLD : m->emphasis ? STYLE_EMPHASIS : STYLE_TEXT;
}

static void add_inline(struct md *m, enum style style, const char *s, size_t n)
{
    m->plain.len = m->clean.text.len = 0;
    literal_restore(&m->plain, s, n);
    if (m->look->emoji == EMOJI_NATIVE) {
        styled_add(&m->text, style, m->plain.data, m->plain.len);
        return;
    }
    emoji_replace(m->look->emoji, m->plain.data, m->plain.len, &m->clean.text);
    styled_add(&m->text, style, m->clean.text.data, m->clean.text.len);
}

/* What an entity stands for has not passed the sanitiser yet. */
static void add_entity(struct md *m, const char *s, size_t n)
{
    char bytes[4];
    int32_t cp = entity_character(s, n);
    if (cp < 0) {
        styled_add(&m->text, style_now(m), s, n);
        return;
    }
    char *clean = sanitise_text(bytes, utf8_encode(cp, bytes), true);
    styled_puts(&m->text, style_now(m), clean);
    free(clean);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *user)
{
    struct md *m = user;
    if (n > m->budget)
        return 1;
    m->budget -= n;
    switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR: /* models mean their line ends: verses, addresses */
        styled_puts(&m->text, style_now(m), "\n");
        break;
    case MD_TEXT_ENTITY: add_entity(m, s, n); break;
    default: add_inline(m, style_now(m), s, n);
    }
    return 0;
}

/* A target or a title, whose entities are characters. */
static void add_attribute(struct buf *out, const MD_ATTRIBUTE *a)
{
    for (size_t i = 0; a->size && a->substr_offsets[i] < a->size; i++) {
        MD_OFFSET from = a->substr_offsets[i], to = a->substr_offsets[i + 1];
        char bytes[4];
        int32_t cp =
            a->substr_types[i] == MD_TEXT_ENTITY ? entity_character(a->text + from, to - from) : -1;
        if (cp < 0) {
            literal_restore(out, a->text + from, to - from);
            continue;
        }
        char *clean = sanitise_text(bytes, utf8_encode(cp, bytes), true);
        buf_puts(out, clean);
        free(clean);
    }
    buf_puts(out, "");
}

static bool ends_with(const char *s, size_t n, const char *end, size_t n_end)
{
    return !n_end || (n >= n_end && memcmp(s + n - n_end, end, n_end) == 0);
}

/* What comes is the text of a link; of one in another the outer one counts. */
static void begin_link(struct md *m, const MD_ATTRIBUTE *target)
{
    m->link_start = m->text.text.len;
    if (m->link++)
        return;
    struct buf url = {0};
    add_attribute(&url, target);
    m->text.link = layout_link(m->out, url.data, url.len);
    buf_free(&url);
}

/* " (URL "title")" behind a link; nothing if its text is the URL and there is no title. */
static void add_url(struct md *m, const MD_ATTRIBUTE *target, const MD_ATTRIBUTE *title)
{
    size_t n = m->text.text.len - m->link_start;
    const char *shown = n ? m->text.text.data + m->link_start : "";
    const uint32_t link = m->text.link;
    struct buf url = {0};
    add_attribute(&url, target);
    bool same = n == url.len || (n + 7 == url.len && memcmp(url.data, "mailto:", 7) == 0);
    m->text.link = 0;
    if (title->size || !same || !ends_with(url.data, url.len, shown, n)) {
        styled_puts(&m->text, STYLE_DIM, n ? " (" : "(");
        m->text.link = m->link ? layout_link(m->out, url.data, url.len) : link;
        styled_add(&m->text, STYLE_DIM, url.data, url.len);
        m->text.link = 0;
        if (title->size) {
            struct buf text = {0};
            add_attribute(&text, title);
            styled_puts(&m->text, STYLE_DIM, url.len ? " \"" : "\"");
            styled_add(&m->text, STYLE_DIM, text.data, text.len);
            styled_puts(&m->text, STYLE_DIM, "\"");
            buf_free(&text);
        }
        styled_puts(&m->text, STYLE_DIM, ")");
    }
    m->text.link = m->link ? link : 0;
    buf_free(&url);
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *user)
{
    struct md *m = user;
    switch (type) {
    case MD_SPAN_EM: m->emphasis++; break;
    case MD_SPAN_STRONG: m->strong++; break;
    case MD_SPAN_CODE: m->code++; break;
    case MD_SPAN_DEL:
        m->strike++;
        styled_puts(&m->text, STYLE_STRIKE, "~~"); /* few terminals can strike through */
        break;
    case MD_SPAN_IMG:
        styled_puts(&m->text, STYLE_DIM, "image: ");
        begin_link(m, &((MD_SPAN_IMG_DETAIL *)detail)->src);
        break;
    case MD_SPAN_A: begin_link(m, &((MD_SPAN_A_DETAIL *)detail)->href); break;
    default: break;
    }
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *user)
{
    struct md *m = user;
    switch (type) {
    case MD_SPAN_EM: m->emphasis--; break;
    case MD_SPAN_STRONG: m->strong--; break;
    case MD_SPAN_CODE: m->code--; break;
    case MD_SPAN_DEL:
        styled_puts(&m->text, STYLE_STRIKE, "~~");
        m->strike--;
        break;
    case MD_SPAN_A:
        m->link--;
        add_url(m, &((MD_SPAN_A_DETAIL *)detail)->href, &((MD_SPAN_A_DETAIL *)detail)->title);
        break;
    case MD_SPAN_IMG:
        m->link--;
        add_url(m, &((MD_SPAN_IMG_DETAIL *)detail)->src, &((MD_SPAN_IMG_DETAIL *)detail)->title);
        break;
    default: break;
    }
    return 0;
}

/* ---- blocks --------------------------------------------------------------------------- */

static struct container *enter(struct md *m, MD_BLOCKTYPE type)
{
    end_paragraph(m); /* of a tight item, which has no paragraph around its text */
    m->stack = xgrow(m->stack, m->depth, &m->cap, sizeof *m->stack);
    struct container *c = &m->stack[m->depth++];
    *c = (struct container){.type = type};
    return c;
}

static void leave(struct md *m)
{
    end_paragraph(m);
    struct container *c = &m->stack[m->depth - 1];
    if (c->type == MD_BLOCK_LI && c->marker[strspn(c->marker, " ")]) {
        begin_rows(m); /* an item without text */
        styled_fit(&m->first, m->look->width);
        layout_row(m->out, &m->first, m->first.text.len, END_LINE);
    }
    m->depth--;
    m->shared = m->shared < m->depth ? m->shared : m->depth;
}

static void enter_item(struct md *m, const MD_BLOCK_LI_DETAIL *d)
{
    struct container *c = enter(m, MD_BLOCK_LI), *list = c - 1;
    bool dot = m->look->unicode && !m->look->bare;
    if (list->type == MD_BLOCK_OL)
        snprintf(c->marker, sizeof c->marker, "%u%c ", list->number++, list->sign);
    else
        snprintf(c->marker, sizeof c->marker, "%s", dot ? "• " : "- ");
    if (d->is_task)
        snprintf(c->marker + strlen(c->marker), sizeof c->marker - strlen(c->marker), "[%c] ",
                 d->task_mark);
}

static void draw_rule(struct md *m)
{
    enum { MAX = 40 };
    begin_rows(m);
    int taken = (int)utf8_width(m->first.text.data, m->first.text.len);
    int n = m->look->bare ? 3 : m->look->width - taken;
    size_t n_prefix = m->first.text.len;
    for (int i = 0; i < n && i < MAX; i++)
        styled_puts(&m->first, STYLE_BORDER, m->look->unicode && !m->look->bare ? "─" : "-");
    styled_fit(&m->first, m->look->width);
    layout_row(m->out, &m->first, n_prefix < m->first.text.len ? n_prefix : m->first.text.len,
               END_LINE);
}

static void start_table(struct md *m, const MD_BLOCK_TABLE_DETAIL *d)
{
    end_paragraph(m);
    m->table = (struct table){.n_columns = d->col_count, .align = xcalloc(d->col_count, 1)};
    m->in_table = true;
    m->n_cap = 0;
}

static void free_table(struct md *m)
{
    for (size_t i = 0; i < m->table.n_cells; i++)
        styled_free(&m->table.cells[i]);
    free(m->table.cells);
    free(m->table.align);
    m->table = (struct table){0};
    m->in_table = false;
}

static void end_cell(struct md *m, const MD_BLOCK_TD_DETAIL *d)
{
    struct table *t = &m->table;
    t->cells = xgrow(t->cells, t->n_cells, &m->n_cap, sizeof *t->cells);
    t->align[t->n_cells % t->n_columns] = d->align == MD_ALIGN_RIGHT    ? ALIGN_RIGHT
                                          : d->align == MD_ALIGN_CENTER ? ALIGN_CENTER
                                                                        : ALIGN_LEFT;
    t->cells[t->n_cells++] = m->text;
    m->text = (struct styled){0};
    m->strong -= t->n_cells <= t->n_columns;
}

static void end_table(struct md *m)
{
    begin_rows(m);
    if (m->table.n_cells)
        table_layout(m->out, m->look, &m->table, &m->first, &m->rest);
    free_table(m);
}

static void end_code(struct md *m)
{
    begin_rows(m);
    code_layout(
        m->out, m->look,
        (struct code_frame){.head = true, .foot = true, .first = &m->first, .rest = &m->rest},
        m->highlight, m->text.text.data, m->text.text.len);
    styled_clear(&m->text);
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
    struct md *m = user;
    switch (type) {
    case MD_BLOCK_QUOTE: enter(m, type); break;
    case MD_BLOCK_UL: enter(m, type)->tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight != 0; break;
    case MD_BLOCK_OL: {
        const MD_BLOCK_OL_DETAIL *d = detail;
        struct container *c = enter(m, type);
        c->tight = d->is_tight != 0;
        c->number = d->start;
        c->sign = d->mark_delimiter;
        break;
    }
    case MD_BLOCK_LI: enter_item(m, detail); break;
    case MD_BLOCK_HR:
        end_paragraph(m);
        draw_rule(m);
        break;
    case MD_BLOCK_H:
        end_paragraph(m);
        m->heading = true;
        break;
    case MD_BLOCK_CODE: {
        const MD_BLOCK_CODE_DETAIL *d = detail;
        end_paragraph(m);
        highlight_start(&m->highlight, d->lang.text ? d->lang.text : "", d->lang.size);
        break;
    }
    case MD_BLOCK_P: end_paragraph(m); break;
    case MD_BLOCK_TABLE: start_table(m, detail); break;
    case MD_BLOCK_TH: m->strong++; /* fall through */
    case MD_BLOCK_TD:
        if (m->budget < 8)
            return 1;
        m->budget -= 8;
        break;
    default: break;
    }
    return 0;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
    struct md *m = user;
    switch (type) {
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
    case MD_BLOCK_LI: leave(m); break;
    case MD_BLOCK_H:
        end_paragraph(m);
        m->heading = false;
        break;
    case MD_BLOCK_CODE: end_code(m); break;
    case MD_BLOCK_P: end_paragraph(m); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: end_cell(m, detail); break;
    case MD_BLOCK_TABLE: end_table(m); break;
    default: break;
    }
    return 0;
}

static bool parse(struct md *m, const char *s, size_t n)
{
    static const MD_PARSER parser = {
        .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML |
                 MD_FLAG_PERMISSIVEURLAUTOLINKS,
        .enter_block = on_enter_block,
        .leave_block = on_leave_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };
    struct buf marked = {0};
    literal_mark(&marked, s, n);
    int stopped = md_parse(marked.data ? marked.data : "", (MD_SIZE)marked.len, &parser, m);
    if (stopped < 0)
        die(EX_OSERR, "out of memory");
    buf_free(&marked);
    buf_free(&m->plain);
    free_table(m);
    free(m->stack);
    styled_free(&m->text);
    styled_free(&m->clean);
    styled_free(&m->first);
    styled_free(&m->rest);
    return stopped == 0;
}

/* ---- a block -------------------------------------------------------------------------- */

static size_t without_newlines(const char *s, size_t n)
{
    while (n && s[n - 1] == '\n')
        n--;
    return n;
}

static bool is_blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\t' && s[i] != '\n')
            return false;
    return true;
}

void markdown_raw(struct layout *out, const struct look_of_text *look, const char *s, size_t n)
{
    struct styled text = {0};
    struct buf clean = {0};
    if (n && s[n - 1] == '\n')
        n--;
    emoji_replace(look->emoji, s, n, &clean);
    layout_add_plain(out, &text, STYLE_TEXT, clean.data, clean.len);
    layout_paragraph(out, look, &text, NULL, NULL);
    styled_free(&text);
    buf_free(&clean);
}

/* The fence opens in the first line, or did in a block before; code that follows is taken as it is.
 */
static void fenced(struct layout *out, const struct look_of_text *look, const struct block *b,
                   bool first, const char *s, size_t n)
{
    struct code_frame frame = {.head = !b->joined};
    size_t at = 0;
    struct buf code = {0}, clean = {0};
    if (!b->fence)
        return; /* blank lines behind a fence */
    if (!b->joined) {
        const char *newline = memchr(s, '\n', n);
        at = newline ? (size_t)(newline - s) + 1 : n;
    }
    for (size_t used; at < n && !frame.foot; at += used) {
        const char *newline = memchr(s + at, '\n', n - at);
        used = newline ? (size_t)(newline - s) - at + 1 : n - at;
        frame.foot = closes_fence(s + at, used, b->fence, b->n_fence);
        if (frame.foot)
            break;
        size_t blanks = 0;
        while (blanks < (size_t)b->indent && blanks < used && s[at + blanks] == ' ')
            blanks++;
        buf_append(&code, s + at + blanks, used - blanks);
    }
    if (!b->joined && !first)
        layout_blank(out);
    emoji_replace(look->emoji, code.data, code.len, &clean);
    code_layout(out, look, frame, b->code, clean.data, clean.len);
    buf_free(&code);
    buf_free(&clean);
}

void markdown_layout(struct layout *out, const struct look_of_text *look, const struct block *b,
                     bool first, const char *s, size_t n)
{
    bool joined = b->joined || first;
    layout_clear(out);
    if (b->kind == BLOCK_CODE) {
        fenced(out, look, b, first, s, n);
        return;
    }
    struct md m = {.out = out, .look = look, .joined = joined, .budget = 8 * n + 4096};
    bool ok = parse(&m, s, n);
    if ((ok && out->n) || is_blank(s, n))
        return;
    layout_clear(out);
    if (!joined)
        layout_blank(out);
    markdown_raw(out, look, s, without_newlines(s, n));
}
