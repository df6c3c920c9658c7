/* SPDX-License-Identifier: MIT
 *
 * Oniguruma's expressions -> PCRE2's. What differs is written out: classes by Unicode's definition,
 * sets within sets and their intersections, (?m), {,n}, {n,m}+, names of properties.
 *
 * https://github.com/kkos/oniguruma/blob/master/doc/RE
 */
#include <ctype.h>
#include <string.h>

#include "regexp.h"

enum { SET_DEPTH = 20 };

/* White_Space and its complement, as items of a class. */
#define SPACES                                                                                     \
    "\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}"    \
    "\\x{205F}\\x{3000}"
#define NO_SPACES                                                                                  \
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{21}-\\x{84}\\x{86}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{"     \
    "1FFF}"                                                                                        \
    "\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}"                 \
    "\\x{3001}-\\x{10FFFF}"
/* Alphabetic, marks, digits, connectors: letters in circles and squares are Alphabetic. */
#define WORDS                                                                                      \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-"         \
    "\\x{1F169}\\x{1F170}-\\x{1F189}"

/* Names of properties that PCRE2 does not know by these names: what they are within a class. The
 * second is the complement, or NULL. */
static const struct property {
    const char *name, *items, *complement;
} properties[] = {
    {"alpha", "\\p{L}\\p{Nl}", NULL},
    {"alnum", "\\p{L}\\p{Nl}\\p{Nd}\\p{M}", NULL},
    {"ascii", "\\x{0}-\\x{7F}", "\\x{80}-\\x{10FFFF}"},
    {"blank", "\\p{Zs}\\t", NULL},
    {"cntrl", "\\p{Cc}", "\\P{Cc}"},
    {"digit", "\\p{Nd}", "\\P{Nd}"},
    {"lower", "\\p{Ll}", "\\P{Ll}"},
    {"upper", "\\p{Lu}", "\\P{Lu}"},
    {"punct", "\\p{P}\\$+<=>\\^`|~", NULL},
    {"space", SPACES, NO_SPACES},
    {"whitespace", SPACES, NO_SPACES},
    {"word", WORDS, NULL},
    {"xdigit", "0-9A-Fa-f", NULL},
    {"letter", "\\p{L}", "\\P{L}"},
    {"casedletter", "\\p{Lu}\\p{Ll}\\p{Lt}", NULL},
    {"uppercaseletter", "\\p{Lu}", "\\P{Lu}"},
    {"lowercaseletter", "\\p{Ll}", "\\P{Ll}"},
    {"titlecaseletter", "\\p{Lt}", "\\P{Lt}"},
    {"modifierletter", "\\p{Lm}", "\\P{Lm}"},
    {"otherletter", "\\p{Lo}", "\\P{Lo}"},
    {"mark", "\\p{M}", "\\P{M}"},
    {"combiningmark", "\\p{M}", "\\P{M}"},
    {"nonspacingmark", "\\p{Mn}", "\\P{Mn}"},
    {"spacingmark", "\\p{Mc}", "\\P{Mc}"},
    {"enclosingmark", "\\p{Me}", "\\P{Me}"},
    {"number", "\\p{N}", "\\P{N}"},
    {"decimalnumber", "\\p{Nd}", "\\P{Nd}"},
    {"letternumber", "\\p{Nl}", "\\P{Nl}"},
    {"othernumber", "\\p{No}", "\\P{No}"},
    {"punctuation", "\\p{P}", "\\P{P}"},
    {"connectorpunctuation", "\\p{Pc}", "\\P{Pc}"},
    {"dashpunctuation", "\\p{Pd}", "\\P{Pd}"},
    {"openpunctuation", "\\p{Ps}", "\\P{Ps}"},
    {"closepunctuation", "\\p{Pe}", "\\P{Pe}"},
    {"initialpunctuation", "\\p{Pi}", "\\P{Pi}"},
    {"finalpunctuation", "\\p{Pf}", "\\P{Pf}"},
    {"otherpunctuation", "\\p{Po}", "\\P{Po}"},
    {"symbol", "\\p{S}", "\\P{S}"},
    {"mathsymbol", "\\p{Sm}", "\\P{Sm}"},
    {"currencysymbol", "\\p{Sc}", "\\P{Sc}"},
    {"modifiersymbol", "\\p{Sk}", "\\P{Sk}"},
    {"othersymbol", "\\p{So}", "\\P{So}"},
    {"separator", "\\p{Z}", "\\P{Z}"},
    {"spaceseparator", "\\p{Zs}", "\\P{Zs}"},
    {"lineseparator", "\\p{Zl}", "\\P{Zl}"},
    {"paragraphseparator", "\\p{Zp}", "\\P{Zp}"},
    {"other", "\\p{C}", "\\P{C}"},
    {"control", "\\p{Cc}", "\\P{Cc}"},
    {"format", "\\p{Cf}", "\\P{Cf}"},
    {"unassigned", "\\p{Cn}", "\\P{Cn}"},
    {"privateuse", "\\p{Co}", "\\P{Co}"},
    {"surrogate", "\\p{Cs}", "\\P{Cs}"},
};

struct reader {
    const char *at, *end;
    struct buf *out;
    struct error *err;
};

/* ---- properties and escapes ------------------------------------------------------------------ */

/* One character of a set: plain items of a class, or a whole expression. */
struct set {
    struct buf items;  /* within [...] */
    struct buf others; /* alternatives beside them, joined by | */
};

static void set_free(struct set *s)
{
    buf_free(&s->items);
    buf_free(&s->others);
}

static void add_other(struct set *s, const char *expression)
{
    if (s->others.len)
        buf_puts(&s->others, "|");
    buf_puts(&s->others, expression);
}

/* Lower case, without the signs that names of properties may have or not. */
static void plain_name(const char *name, size_t n, char out[40])
{
    size_t len = 0;
    for (size_t i = 0; i < n && len < 39; i++)
        if (name[i] != ' ' && name[i] != '_' && name[i] != '-')
            out[len++] = (char)tolower((unsigned char)name[i]);
    out[len] = '\0';
}

static bool add_property(struct reader *r, const char *name, size_t n, bool negated, struct set *s)
{
    char plain[40];
    if (n > 0 && name[0] == '^') {
        negated = !negated;
        name++;
        n--;
    }
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr(" _-", name[i]))
            return error_set(r->err, EX_DATAERR, "\"\\p{%.*s}\" is not known",
                             (int)(n < 40 ? n : 40), name);
    plain_name(name, n, plain);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        const struct property *p = &properties[i];
        if (strcmp(p->name, plain) != 0)
            continue;
        if (!negated)
            buf_puts(&s->items, p->items);
        else if (p->complement)
            buf_puts(&s->items, p->complement);
        else {
            char expression[400];
            snprintf(expression, sizeof expression, "[^%s]", p->items);
            add_other(s, expression);
        }
        return true;
    }
    buf_printf(&s->items, "\\%c{%.*s}", negated ? 'P' : 'p', (int)n, name);
    return true;
}

static bool is_hex(char c)
{
    return isxdigit((unsigned char)c);
}

/* \p{...}, at the brace. */
static bool read_property(struct reader *r, bool negated, struct set *s)
{
    const char *name = r->at, *end;
    if (r->at < r->end && *r->at == '{') {
        end = memchr(r->at, '}', (size_t)(r->end - r->at));
        if (!end)
            return error_set(r->err, EX_DATAERR, "\"\\p{\" without \"}\"");
        name = r->at + 1;
        r->at = end + 1;
    } else {
        end = r->at < r->end ? r->at + 1 : r->at;
        r->at = end;
    }
    return add_property(r, name, (size_t)(end - name), negated, s);
}

/* An escape that stands for one character or a set of them, behind the backslash. -> false without
 * an error: it is something else, and nothing was read. */
static bool read_set_escape(struct reader *r, struct set *s)
{
    static const struct {
        char c;
        const char *items, *other;
    } known[] = {
        {'s', SPACES, NULL},      {'S', NO_SPACES, NULL},      {'d', "\\p{Nd}", NULL},
        {'D', "\\P{Nd}", NULL},   {'w', WORDS, NULL},          {'W', NULL, "[^" WORDS "]"},
        {'h', "0-9A-Fa-f", NULL}, {'H', NULL, "[^0-9A-Fa-f]"}, {'v', "\\x{B}", NULL},
        {'O', NULL, "(?s:.)"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (*r->at != known[i].c)
            continue;
        r->at++;
        if (known[i].items)
            buf_puts(&s->items, known[i].items);
        else
            add_other(s, known[i].other);
        return true;
    }
    if (*r->at == 'u' && r->end - r->at >= 5 && is_hex(r->at[1]) && is_hex(r->at[2]) &&
        is_hex(r->at[3]) && is_hex(r->at[4])) {
        buf_printf(&s->items, "\\x{%.4s}", r->at + 1);
        r->at += 5;
        return true;
    }
    return false;
}

/* The set as an expression for one character. */
static void put_set(const struct set *s, bool negated, struct buf *out)
{
    if (!s->others.len) {
        if (s->items.len)
            buf_printf(out, negated ? "[^%s]" : "[%s]", s->items.data);
        else
            buf_puts(out, negated ? "(?s:.)" : "(?!)");
        return;
    }
    buf_puts(out, negated ? "(?:(?!" : "(?:");
    if (s->items.len)
        buf_printf(out, "[%s]|", s->items.data);
    buf_puts(out, s->others.data);
    buf_puts(out, negated ? ")(?s:.))" : ")");
}

/* ---- sets ------------------------------------------------------------------------------------ */

static bool read_set(struct reader *r, int depth, struct buf *out);

/* "[:alpha:]", at the bracket. -> false: it is none. */
static bool read_posix(struct reader *r, struct set *s)
{
    if (r->end - r->at < 5 || r->at[1] != ':')
        return false;
    const char *name = r->at + 2, *end = name;
    while (end < r->end && (isalpha((unsigned char)*end) || *end == '^'))
        end++;
    if (r->end - end < 2 || end[0] != ':' || end[1] != ']')
        return false;
    r->at = end + 2;
    return add_property(r, name, (size_t)(end - name), false, s);
}

static void put_set_literal(char c, struct buf *items)
{
    if (strchr("[]\\^", c) && c)
        buf_puts(items, "\\");
    buf_append(items, &c, 1);
}

static bool read_set_item(struct reader *r, int depth, struct set *s)
{
    if (*r->at == '[') {
        if (read_posix(r, s))
            return true;
        struct buf inner = {0};
        r->at++;
        bool ok = read_set(r, depth + 1, &inner);
        if (ok)
            add_other(s, inner.data);
        buf_free(&inner);
        return ok;
    }
    if (*r->at != '\\' || r->at + 1 == r->end) {
        put_set_literal(*r->at++, &s->items);
        return true;
    }
    r->at++;
    if (*r->at == 'p' || *r->at == 'P')
        return r->at++, read_property(r, r->at[-1] == 'P', s);
    if (read_set_escape(r, s))
        return true;
    buf_puts(&s->items, "\\");
    buf_append(&s->items, r->at++, 1);
    if (r->at[-1] == 'x' && r->at < r->end && *r->at == '{')
        while (r->at < r->end && r->at[-1] != '}')
            buf_append(&s->items, r->at++, 1);
    return true;
}

/* Up to the "&&" or the "]" that ends a part of a set. */
static bool read_set_part(struct reader *r, int depth, bool first, struct set *s)
{
    bool ok = true;
    if (first && r->at < r->end && *r->at == ']')
        put_set_literal(*r->at++, &s->items);
    while (ok && r->at < r->end && *r->at != ']' &&
           !(r->end - r->at >= 2 && r->at[0] == '&' && r->at[1] == '&'))
        ok = read_set_item(r, depth, s);
    return ok;
}

/* Behind "[", up to its "]". */
static bool read_set(struct reader *r, int depth, struct buf *out)
{
    bool negated = r->at < r->end && *r->at == '^', ok = true, first = true, several = false;
    struct buf all = {0};
    if (depth > SET_DEPTH)
        return error_set(r->err, EX_DATAERR, "sets nested deeper than %d", SET_DEPTH);
    r->at += negated;
    for (; ok; first = false) {
        struct set part = {0};
        ok = read_set_part(r, depth, first, &part);
        bool more = ok && r->at < r->end && *r->at == '&';
        if (ok && r->at == r->end)
            ok = error_set(r->err, EX_DATAERR, "\"[\" without \"]\"");
        if (ok && first && !more) {
            put_set(&part, negated, out);
        } else if (ok && more) { /* each part looks ahead, the last takes the character */
            buf_puts(&all, "(?=");
            put_set(&part, false, &all);
            buf_puts(&all, ")");
            several = true;
        } else if (ok) {
            put_set(&part, false, &all);
        }
        set_free(&part);
        r->at += more ? 2 : 1;
        if (!more)
            break;
    }
    if (ok && several)
        buf_printf(out, negated ? "(?:(?!%s)(?s:.))" : "(?:%s)", all.data);
    buf_free(&all);
    return ok;
}

/* ---- expressions ----------------------------------------------------------------------------- */

/* "(?imx-imx": in Oniguruma "m" lets the dot match line ends. -> false: not options. */
static bool read_options(struct reader *r)
{
    const char *at = r->at + 2;
    while (at < r->end && strchr("imx-", *at))
        at++;
    if (r->end - r->at < 4 || r->at[1] != '?' || at == r->at + 2 || at == r->end ||
        (*at != ':' && *at != ')'))
        return false;
    for (; r->at < at; r->at++)
        buf_append(r->out, *r->at == 'm' ? "s" : r->at, 1);
    buf_append(r->out, r->at++, 1);
    return true;
}

static bool read_escape(struct reader *r)
{
    struct set s = {0};
    bool ok = true;
    r->at++;
    if (r->at == r->end) {
        buf_puts(r->out, "\\");
        return true;
    }
    if (*r->at == 'p' || *r->at == 'P') {
        r->at++;
        ok = read_property(r, r->at[-1] == 'P', &s);
        if (ok)
            put_set(&s, false, r->out);
    } else if (read_set_escape(r, &s)) {
        put_set(&s, false, r->out);
    } else {
        buf_puts(r->out, "\\");
        buf_append(r->out, r->at++, 1);
    }
    set_free(&s);
    return ok;
}

/* "{2}", "{2,}", "{,3}", "{2,3}", at the brace. -> false: literal. Behind it a "+" repeats once
 * more in Oniguruma, while PCRE2 would take it as possessive. */
static bool read_count(struct reader *r, size_t atom_at)
{
    const char *at = r->at + 1, *from = at, *to;
    while (at < r->end && isdigit((unsigned char)*at))
        at++;
    to = at;
    if (at < r->end && *at == ',')
        for (at++; at < r->end && isdigit((unsigned char)*at);)
            at++;
    if (at == r->end || *at != '}' || at == from || (at == to + 1 && to == from))
        return false;
    buf_puts(r->out, "{");
    if (to == from)
        buf_puts(r->out, "0");
    buf_append(r->out, from, (size_t)(at + 1 - from));
    r->at = at + 1;
    if (r->at < r->end && *r->at == '+') {
        struct buf atom = {0};
        buf_append(&atom, r->out->data + atom_at, r->out->len - atom_at);
        r->out->len = atom_at;
        buf_printf(r->out, "(?:%s)", atom.data);
        buf_free(&atom);
    }
    return true;
}

bool regexp_translate(const char *source, size_t n, struct buf *out, struct error *err)
{
    struct reader r = {source, source + n, out, err};
    size_t opened[256], n_open = 0, atom_at = out->len;
    if (memchr(source, '\0', n))
        return error_set(err, EX_DATAERR, "holds a NUL");
    while (r.at < r.end) {
        size_t here = out->len;
        char c = *r.at;
        if (c == '\\') {
            if (!read_escape(&r))
                return false;
            atom_at = here;
        } else if (c == '[') {
            r.at++;
            if (!read_set(&r, 0, out))
                return false;
            atom_at = here;
        } else if (c == '{') {
            if (!read_count(&r, atom_at))
                buf_puts(out, "\\{"), r.at++, atom_at = here;
        } else if (c == '*' || c == '+' || c == '?') {
            buf_append(out, r.at++, 1);
        } else {
            if (c == '(' && n_open < 256)
                opened[n_open++] = here;
            if (c == ')' && n_open)
                here = opened[--n_open];
            if (c == '(' && read_options(&r)) {
                n_open -= r.at[-1] == ')'; /* for the rest: nothing was opened */
                continue;
            }
            buf_append(out, r.at++, 1);
            while (r.at < r.end && ((unsigned char)*r.at & 0xC0) == 0x80)
                buf_append(out, r.at++, 1);
            if (c == '(' && r.at < r.end && *r.at == '?') /* what kind of group it is */
                buf_append(out, r.at++, 1);
            atom_at = here;
        }
    }
    return true;
}
