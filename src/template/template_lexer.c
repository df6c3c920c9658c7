/* SPDX-License-Identifier: MIT */
#include "template_lexer.h"

#include <string.h>

#include "template_literals.h"
#include "template_unicode.h"
#include "utf8.h"

struct lexer {
    struct work *w;
    const char *s, *end; /* what is left */
    const char *counted; /* up to here w->line and w->column are right */
    struct token *tokens;
    uint32_t n, cap;
    bool line_starting; /* the last token ended with a line end */
    char brackets[WORK_MAX_DEPTH];
    uint32_t n_brackets;
};

struct value lexer_source(struct work *w, const char *text, size_t n)
{
    struct text *t = text_new(w);
    int32_t cp;
    w->line = w->column = 1;
    for (size_t at = 0, step; at < n; at += step) {
        step = utf8_decode(text + at, n - at, &cp);
        if (cp < 0)
            work_fail(w, "not valid UTF-8");
        if (cp == 0)
            work_fail(w, "a NUL byte");
        if (cp == '\r' && at + 1 < n && text[at + 1] == '\n')
            step = 2;
        bool line_end = cp == '\r' || cp == '\n';
        text_append(w, t, line_end ? "\n" : text + at, line_end ? 1 : step, true);
        w->line += line_end;
        w->column = line_end ? 1 : w->column + 1;
    }
    if (t->len && t->data[t->len - 1] == '\n')
        t->len--;
    return text_string(t);
}

/* Makes line and column those of p. */
static void locate(struct lexer *l, const char *p)
{
    for (; l->counted < p; l->counted++) {
        if (*l->counted == '\n') {
            l->w->line++;
            l->w->column = 1;
        } else if (((unsigned char)*l->counted & 0xc0) != 0x80) {
            l->w->column++;
        }
    }
}

static struct token *push(struct lexer *l, enum token_kind kind, const char *bytes, size_t n)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 256;
        l->tokens = work_grow_array(l->w, l->tokens, l->n, cap, sizeof *l->tokens);
        l->cap = cap;
    }
    locate(l, bytes);
    struct token *t = &l->tokens[l->n++];
    *t = (struct token){.kind = kind,
                        .line = l->w->line,
                        .column = l->w->column,
                        .bytes = bytes,
                        .len = (uint32_t)n};
    return t;
}

static bool starts(const struct lexer *l, const char *p, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(l->end - p) >= n && memcmp(p, with, n) == 0;
}

static const char *skip_space(const struct lexer *l, const char *p)
{
    int32_t cp;
    while (p < l->end) {
        size_t n = utf8_decode(p, (size_t)(l->end - p), &cp);
        if (!unicode_is_space(cp))
            break;
        p += n;
    }
    return p;
}

static const char *skip_space_back(const char *start, const char *p)
{
    while (p > start) {
        const char *c = p - 1;
        int32_t cp;
        while (c > start && ((unsigned char)*c & 0xc0) == 0x80)
            c--;
        utf8_decode(c, (size_t)(p - c), &cp);
        if (!unicode_is_space(cp))
            break;
        p = c;
    }
    return p;
}

/* The text from `start` up to a tag at `p` whose sign (-, + or another character) is given. */
static void push_text(struct lexer *l, const char *start, const char *p, char sign, bool variable)
{
    const char *end = p;
    if (sign == '-') {
        end = skip_space_back(start, p);
    } else if (sign != '+' && !variable) {
        const char *line = p;
        while (line > start && line[-1] != '\n')
            line--;
        if ((line > start || l->line_starting) && skip_space_back(line, p) == line)
            end = line;
    }
    if (end > start)
        push(l, TOKEN_TEXT, start, (size_t)(end - start));
}

/* Behind a tag's end at p, where `-` or `+` may stand in front of `close`. -> NULL: not here. */
static const char *tag_end(struct lexer *l, const char *p, const char *close, bool plus, bool trim)
{
    bool minus = *p == '-';
    if (minus || (plus && *p == '+')) {
        if (!starts(l, p + 1, close))
            return NULL;
        p += 1 + strlen(close);
        return minus ? skip_space(l, p) : p;
    }
    if (!starts(l, p, close))
        return NULL;
    p += strlen(close);
    return trim && p < l->end && *p == '\n' ? p + 1 : p;
}

static void went_to(struct lexer *l, const char *p)
{
    l->line_starting = p > l->s && p[-1] == '\n';
    l->s = p;
}

static void read_comment(struct lexer *l, const char *tag)
{
    const char *p = tag + 2, *behind = NULL;
    if (p < l->end && (*p == '-' || *p == '+'))
        p++;
    for (; p + 1 < l->end && !behind; p++)
        if (*p == '#' || ((*p == '-' || *p == '+') && p[1] == '#'))
            behind = tag_end(l, p, "#}", true, true);
    if (!behind) {
        locate(l, tag);
        work_fail(l->w, "Missing end of comment tag");
    }
    went_to(l, behind);
}

/* {% raw %} -> behind it, or NULL. */
static const char *raw_begin(struct lexer *l, const char *tag)
{
    const char *p = tag + 2;
    if (p < l->end && (*p == '-' || *p == '+'))
        p++;
    p = skip_space(l, p);
    if (!starts(l, p, "raw"))
        return NULL;
    p = skip_space(l, p + 3);
    return p < l->end ? tag_end(l, p, "%}", false, false) : NULL;
}

static const char *raw_end(struct lexer *l, const char *tag)
{
    const char *p = tag + 2;
    if (p < l->end && (*p == '-' || *p == '+'))
        p++;
    p = skip_space(l, p);
    if (!starts(l, p, "endraw"))
        return NULL;
    p = skip_space(l, p + 6);
    return p < l->end ? tag_end(l, p, "%}", true, true) : NULL;
}

static void read_raw(struct lexer *l, const char *tag, const char *body)
{
    went_to(l, body);
    for (const char *p = body; p + 1 < l->end; p++) {
        const char *behind = starts(l, p, "{%") ? raw_end(l, p) : NULL;
        if (!behind)
            continue;
        push_text(l, body, p, p[2], false);
        went_to(l, behind);
        return;
    }
    locate(l, tag);
    work_fail(l->w, "Missing end of raw directive");
}

/* ---- inside of a tag ------------------------------------------------------------------------ */

static void check_bracket(struct lexer *l, char c)
{
    if (strchr("([{", c)) {
        if (l->n_brackets == sizeof l->brackets)
            work_fail(l->w, "nested too deeply");
        l->brackets[l->n_brackets++] = c == '(' ? ')' : c == '[' ? ']' : '}';
        return;
    }
    if (!strchr(")]}", c))
        return;
    if (l->n_brackets == 0)
        work_fail(l->w, "unexpected '%c'", c);
    if (l->brackets[--l->n_brackets] != c)
        work_fail(l->w, "unexpected '%c', expected '%c'", c, l->brackets[l->n_brackets]);
}

static void read_operator(struct lexer *l)
{
    static const char *const operators[] = {"//", "**", "==", "!=", "<=", ">=", "+", "-", "/",
                                            "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                            "<",  ">",  "=",  ".",  ":",  "|",  ",", ";"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!starts(l, l->s, operators[i]))
            continue;
        push(l, TOKEN_OPERATOR, l->s, strlen(operators[i]));
        check_bracket(l, *l->s);
        l->s += strlen(operators[i]);
        return;
    }
    locate(l, l->s);
    int32_t cp;
    size_t n = utf8_decode(l->s, (size_t)(l->end - l->s), &cp);
    work_fail(l->w, "unexpected char '%.*s'", (int)n, l->s);
}

static const char *name_end(const struct lexer *l)
{
    const char *p = l->s;
    int32_t cp;
    while (p < l->end) {
        size_t n = utf8_decode(p, (size_t)(l->end - p), &cp);
        bool letter = (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || cp == '_' ||
                      (cp >= '0' && cp <= '9') || (cp >= 0x80 && utf8_is_word(cp));
        if (!letter)
            break;
        p += n;
    }
    return p;
}

static void read_number(struct lexer *l)
{
    const char *before = l->n ? l->tokens[l->n - 1].bytes : NULL;
    bool after_dot = before && l->s > before && l->s[-1] == '.';
    struct value v;
    size_t n = after_dot ? 0 : literal_float(l->w, l->s, l->end, &v);
    enum token_kind kind = n ? TOKEN_FLOAT : TOKEN_INT;
    locate(l, l->s);
    if (!n)
        n = literal_int(l->w, l->s, l->end, &v);
    push(l, kind, l->s, n)->value = v;
    l->s += n;
}

static void read_string(struct lexer *l)
{
    const char *p = l->s + 1;
    while (p < l->end && *p != *l->s)
        p += *p == '\\' && p + 1 < l->end ? 2 : 1;
    locate(l, l->s);
    if (p >= l->end)
        work_fail(l->w, "a string without its end");
    struct token *t = push(l, TOKEN_STRING, l->s, (size_t)(p + 1 - l->s));
    t->value = literal_string(l->w, l->s + 1, (size_t)(p - l->s - 1));
    l->s = p + 1;
}

static void read_token(struct lexer *l)
{
    if (*l->s >= '0' && *l->s <= '9')
        read_number(l);
    else if (*l->s == '"' || *l->s == '\'')
        read_string(l);
    else if (name_end(l) > l->s) {
        const char *end = name_end(l);
        push(l, TOKEN_NAME, l->s, (size_t)(end - l->s));
        l->s = end;
    } else {
        read_operator(l);
    }
}

static void read_tag(struct lexer *l, const char *tag, bool variable)
{
    const char *behind = NULL;
    push(l, variable ? TOKEN_VARIABLE_BEGIN : TOKEN_BLOCK_BEGIN, tag, 2);
    uint32_t line = l->w->line, column = l->w->column;
    l->s = tag + 2;
    if (l->s < l->end && (*l->s == '-' || *l->s == '+'))
        l->s++;
    l->n_brackets = 0;
    while (!behind) {
        l->s = skip_space(l, l->s);
        if (l->s >= l->end) {
            l->w->line = line;
            l->w->column = column;
            work_fail(l->w, "a tag without its end '%s'", variable ? "}}" : "%}");
        }
        if (l->n_brackets == 0)
            behind = variable ? tag_end(l, l->s, "}}", false, false)
                              : tag_end(l, l->s, "%}", true, true);
        if (!behind)
            read_token(l);
    }
    push(l, variable ? TOKEN_VARIABLE_END : TOKEN_BLOCK_END, l->s, 2);
    went_to(l, behind);
}

/* -> where the next tag begins, or the end. */
static const char *find_tag(const struct lexer *l)
{
    for (const char *p = l->s; p + 1 < l->end; p++) {
        p = memchr(p, '{', (size_t)(l->end - p));
        if (!p)
            break;
        if (p + 1 < l->end && (p[1] == '{' || p[1] == '%' || p[1] == '#'))
            return p;
    }
    return l->end;
}

struct token *lexer_tokens(struct work *w, struct value source, uint32_t *n_tokens)
{
    struct lexer l = {.w = w,
                      .s = string_bytes(source),
                      .counted = string_bytes(source),
                      .end = string_bytes(source) + source.len,
                      .line_starting = true};
    w->line = w->column = 1;
    while (l.s < l.end) {
        const char *tag = find_tag(&l), *raw;
        if (tag == l.end) {
            push(&l, TOKEN_TEXT, l.s, (size_t)(l.end - l.s));
            break;
        }
        push_text(&l, l.s, tag, tag + 2 < l.end ? tag[2] : '\0', tag[1] == '{');
        if (tag[1] == '#')
            read_comment(&l, tag);
        else if (tag[1] == '%' && (raw = raw_begin(&l, tag)))
            read_raw(&l, tag, raw);
        else
            read_tag(&l, tag, tag[1] == '{');
    }
    push(&l, TOKEN_END, l.end, 0);
    *n_tokens = l.n;
    return l.tokens;
}
