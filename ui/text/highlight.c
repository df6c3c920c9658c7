/* SPDX-License-Identifier: MIT */
#include "highlight.h"

#include <string.h>

/* clang-format off */
enum { ANY_CASE = 1, TRIPLE = 2, BACKTICK = 4, LIFETIMES = 8, TAGS = 16, WORD_HASH = 32 };

static const struct language {
    const char *names;             /* of fences, the first is ours */
    const char *line[2];           /* what starts a comment up to the end of the line */
    const char *open, *close;      /* comment over lines */
    unsigned flags;
    const char *keywords;          /* between blanks, with one at both ends */
} languages[] = {
    {"", {0}, NULL, NULL, 0, ""},
    {" c h cpp c++ cc hpp objc cuda ", {"//"}, "/*", "*/", 0,
     " alignas alignof auto bool break case catch char class const constexpr continue default delete do"
     " double else enum explicit extern false final float for friend goto if inline int int16_t int32_t"
     " int64_t int8_t long namespace new nullptr NULL operator override private protected public register"
     " restrict return short signed size_t sizeof static struct switch template this throw true try typedef"
     " typename uint16_t uint32_t uint64_t uint8_t union unsigned using virtual void volatile while #define"
     " #elif #else #endif #error #if #ifdef #ifndef #include #pragma #undef "},
    {" python py python3 ", {"#"}, NULL, NULL, TRIPLE,
     " and as assert async await break case class continue def del elif else except False finally for from"
     " global if import in is lambda match None nonlocal not or pass raise return self True try while with"
     " yield "},
    {" sh bash shell zsh console ", {"#"}, NULL, NULL, BACKTICK | WORD_HASH,
     " alias break case cd continue do done echo elif else esac eval exec exit export fi for function if in"
     " local read readonly return set shift source sudo then trap unset until while "},
    {" json jsonc json5 ", {"//"}, NULL, NULL, 0, " false null true "},
    {" yaml yml ", {"#"}, NULL, NULL, WORD_HASH, " false no null off on true yes "},
    {" javascript js typescript ts jsx tsx mjs ", {"//"}, "/*", "*/", BACKTICK,
     " abstract any as async await boolean break case catch class const continue debugger declare default"
     " delete do else enum export extends false finally for from function get if implements import in"
     " instanceof interface let new null number of private protected public readonly return set static"
     " string super switch this throw true try type typeof undefined var void while yield "},
    {" rust rs ", {"//"}, "/*", "*/", LIFETIMES,
     " as async await bool box break char const continue crate dyn else enum extern f32 f64 false fn for i16"
     " i32 i64 i8 if impl in isize let loop match mod move mut None Ok Err Option pub ref return Result self"
     " Self Some static str String struct super trait true type u16 u32 u64 u8 union unsafe use usize Vec"
     " where while "},
    {" go golang ", {"//"}, "/*", "*/", BACKTICK,
     " any bool break byte case chan const continue default defer else error fallthrough false float32"
     " float64 for func go goto if import int int32 int64 interface map nil package range return rune select"
     " string struct switch true type uint uint32 uint64 var "},
    {" sql sqlite mysql postgresql ", {"--"}, "/*", "*/", ANY_CASE,
     " add all alter and as asc begin between by case check column commit constraint create cross database"
     " default delete desc distinct drop else end exists false foreign from full group having if in index"
     " inner insert int integer into is join key left like limit not null offset on or order outer primary"
     " references replace right rollback select set table text then true union unique update using values"
     " varchar view when where with "},
    {" html xml svg xhtml ", {0}, "<!--", "-->", TAGS, ""},
    {" java kotlin cs csharp scala swift ", {"//"}, "/*", "*/", 0,
     " abstract as bool boolean break byte case catch char class const continue default do double else enum"
     " extends false final finally float for fun func if implements import in instanceof int interface is"
     " let long namespace native new null object override package private protected public return sealed"
     " short static string String struct super switch this throw throws true try using val var virtual void"
     " volatile when while "},
    {" toml ini ", {"#", ";"}, NULL, NULL, 0, " false true "},
};
/* clang-format on */
enum { N_LANGUAGES = sizeof languages / sizeof *languages };

/* struct highlight.inside: the comment; or a sign that ends a string, tripled with the high bit. */
enum { IN_COMMENT = 1, IN_TRIPLE = 0x80 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* " word " among the words? */
static bool among(const char *words, const char *word, size_t n, bool any_case)
{
    for (const char *w = words; *w; w++) {
        size_t i = 0;
        if (*w != ' ')
            continue;
        while (i < n && w[1 + i] == (any_case ? lower(word[i]) : word[i]))
            i++;
        if (i == n && n && w[1 + n] == ' ')
            return true;
    }
    return false;
}

void highlight_start(struct highlight *h, const char *info, size_t n)
{
    size_t start = 0, end;
    *h = (struct highlight){0};
    while (start < n &&
           (info[start] == ' ' || info[start] == '\t' || info[start] == '{' || info[start] == '.'))
        start++;
    for (end = start; end < n && !strchr(" \t\n,:{}", info[end]);)
        end++;
    for (uint8_t i = 1; i < N_LANGUAGES; i++)
        if (among(languages[i].names, info + start, end - start, true))
            h->language = i;
}

const char *highlight_language(const struct highlight *h)
{
    return h->language ? languages[h->language].names : NULL;
}

static bool starts(const char *s, size_t n, const char *with)
{
    if (!with || !n || s[0] != with[0])
        return false;
    size_t len = strlen(with);
    return len && len <= n && memcmp(s, with, len) == 0;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static size_t line_length(const char *s, size_t n)
{
    const char *end = memchr(s, '\n', n);
    return end ? (size_t)(end - s) : n;
}

/* Up to behind `close`, or to the end of the line. */
static size_t until(struct highlight *h, const char *s, size_t n, size_t from, const char *close)
{
    size_t len = line_length(s, n);
    for (size_t i = from; i < len; i++) {
        if (h->inside != IN_COMMENT && s[i] == '\\')
            i++;
        else if (starts(s + i, len - i, close)) {
            h->inside = 0;
            return i + strlen(close);
        }
    }
    return len;
}

static size_t inside(struct highlight *h, const char *s, size_t n, enum token *token)
{
    char sign = (char)(h->inside & ~IN_TRIPLE), close[4] = {sign, 0};
    *token = h->inside == IN_COMMENT ? TOKEN_COMMENT : TOKEN_STRING;
    if (h->inside & IN_TRIPLE)
        close[1] = close[2] = sign;
    return until(h, s, n, 0, h->inside == IN_COMMENT ? languages[h->language].close : close);
}

static size_t string(struct highlight *h, const char *s, size_t n)
{
    const struct language *l = &languages[h->language];
    char close[4] = {s[0], 0};
    uint8_t before = h->inside;
    bool triple = l->flags & TRIPLE && n >= 3 && s[1] == s[0] && s[2] == s[0];
    if (triple)
        close[1] = close[2] = s[0];
    h->inside = (uint8_t)(s[0] | (triple ? IN_TRIPLE : 0));
    size_t used = until(h, s, n, strlen(close), close);
    if (h->inside && !triple && s[0] != '`')
        h->inside = before; /* these end with their line */
    return used;
}

static size_t number(const char *s, size_t n)
{
    size_t i = 1;
    while (i < n &&
           (is_word(s[i]) || (s[i] == '.' && i + 1 < n && is_word(s[i + 1])) ||
            ((s[i] == '-' || s[i] == '+') && (s[i - 1] == 'e' || s[i - 1] == 'E') && s[1] != 'x')))
        i++;
    return i;
}

static size_t tag(const char *s, size_t n)
{
    size_t i = 1 + (n > 1 && (s[1] == '/' || s[1] == '?' || s[1] == '!'));
    while (i < n && (is_word(s[i]) || s[i] == '-' || s[i] == ':'))
        i++;
    return i;
}

static size_t word(const struct language *l, const char *s, size_t n)
{
    size_t i = 1;
    while (i < n && (is_word(s[i]) || (s[i] == '#' && l->flags & WORD_HASH)))
        i++;
    return i;
}

static bool is_quote(const struct language *l, const char *s, size_t n)
{
    if (s[0] == '\'' && l->flags & LIFETIMES) /* 'a' and '\\n', but not 'static */
        return n > 2 && (s[2] == '\'' || s[1] == '\\');
    return s[0] == '"' || s[0] == '\'' || (s[0] == '`' && l->flags & BACKTICK);
}

/* The same, but for keywords, which take time to be told: *named is a word that may be one. */
static size_t token_of(struct highlight *h, const char *s, size_t n, enum token *token, bool *named)
{
    const struct language *l = &languages[h->language];
    *token = TOKEN_PLAIN;
    *named = false;
    if (s[0] == '\n')
        return 1;
    if (!h->language)
        return line_length(s, n);
    if (h->inside)
        return inside(h, s, n, token);
    if (s[0] == ' ')
        return 1;
    if (starts(s, n, l->open)) {
        *token = TOKEN_COMMENT;
        h->inside = IN_COMMENT;
        return until(h, s, n, strlen(l->open), l->close);
    }
    for (int i = 0; i < 2; i++)
        if (starts(s, n, l->line[i])) {
            *token = TOKEN_COMMENT;
            return line_length(s, n);
        }
    if (is_quote(l, s, n)) {
        *token = TOKEN_STRING;
        return string(h, s, n);
    }
    if (l->flags & TAGS && s[0] == '<') {
        *token = TOKEN_KEYWORD;
        return tag(s, n);
    }
    if (s[0] >= '0' && s[0] <= '9') {
        *token = TOKEN_NUMBER;
        return number(s, n);
    }
    if (is_word(s[0]) || (s[0] == '#' && n > 1 && is_word(s[1]))) {
        *named = true;
        return word(l, s, n);
    }
    if (l->flags & WORD_HASH) /* "a#b" and "$#" hold no comment */
        return 1 + (n > 1 && s[1] == '#');
    return 1;
}

size_t highlight_token(struct highlight *h, const char *s, size_t n, enum token *token)
{
    bool named;
    size_t used = token_of(h, s, n, token, &named);
    const struct language *l = &languages[h->language];
    if (named && among(l->keywords, s, used, l->flags & ANY_CASE))
        *token = TOKEN_KEYWORD;
    return used;
}

void highlight_skip(struct highlight *h, const char *s, size_t n)
{
    enum token token;
    bool named;
    for (size_t i = 0; h->language && i < n;)
        i += token_of(h, s + i, n - i, &token, &named);
}
