/* SPDX-License-Identifier: MIT
 *
 * Examples of the CommonMark and GFM specifications at several widths: whatever is content in their
 * HTML is on the screen, in its order, and so is where links go. What is a letter, a digit or a
 * sign of the text counts; how it is laid out does not.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "markdown.h"
#include "test.h"
#include "transcript.h"
#include "utf8.h"

/* ---- an example ----------------------------------------------------------------------- */

struct example {
    unsigned number;
    const char *file;
    struct buf markdown, html;
};

static char *read_examples(const char *name)
{
    struct buf b = {0};
    struct error err;
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/data/markdown/%s", getenv("QINS_SOURCE"), name);
    if (!read_file(&b, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    return b.data;
}

static void add_line(struct buf *to, const char *line)
{
    static const char tab[] = "\xe2\x86\x92"; /* an arrow */
    for (const char *c = line; *c;)
        if (strncmp(c, tab, 3) == 0) {
            buf_puts(to, "\t");
            c += 3;
        } else {
            buf_append(to, c++, 1);
        }
    buf_puts(to, "\n");
}

/* The next example of *text. */
static bool next_example(char **text, struct example *e)
{
    static const char fence[] = "````````````````````````````````";
    struct buf *to = NULL;
    char *line;
    e->markdown.len = e->html.len = 0;
    while ((line = strsep(text, "\n"))) {
        if (strncmp(line, fence, 32) == 0) {
            if (to) {
                buf_puts(&e->markdown, "");
                buf_puts(&e->html, "");
                return true;
            }
            to = &e->markdown;
            e->number++;
        } else if (to && strcmp(line, ".") == 0) {
            to = &e->html;
        } else if (to) {
            add_line(to, line);
        }
    }
    return false;
}

/* In these, signs that CommonMark has as text are marks here, or the other way round; letters and
 * digits are there all the same. */
static bool has_other_marks(const struct example *e)
{
    static const unsigned char in_html[] = {150, 151, 155, 156, 158, 159, 161, 162, 163,
                                            164, 165, 166, 171, 177, 178, 186, 189};
    static const unsigned others[] = {
        25,            /* an entity of two characters stays as it is written */
        216,           /* a definition is shown as text, so === below it makes it a heading */
        354,           /* signs of money count as letters */
        498, 500,      /* \( and \) are math: such a link stays as it is written */
        534, 535, 564, /* links that refer to a definition stay as they are written */
    };
    if (strcmp(e->file, "commonmark.txt") != 0)
        return false;
    for (size_t i = 0; i < sizeof in_html; i++) /* what stands in HTML's elements is Markdown */
        if (e->number == in_html[i])
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (e->number == others[i])
            return true;
    return false;
}

static void keep_letters(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0, used; i < b->len; i += used) {
        int32_t cp;
        used = utf8_decode(b->data + i, b->len - i, &cp);
        if ((utf8_is_word(cp) && utf8_char_width(cp) > 0) || cp == '\n') {
            memmove(b->data + to, b->data + i, used);
            to += used;
        }
    }
    b->len = to;
    buf_puts(b, "");
}

/* ---- what its HTML says --------------------------------------------------------------- */

/* Text without blanks; entities are characters. */
static void add_content(struct buf *out, const char *s, size_t n)
{
    static const char *const entities[][2] = {
        {"&quot;", "\""}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}};
    for (size_t i = 0, used; i < n; i += used) {
        int32_t cp;
        size_t k = 0;
        while (k < 4 && strncmp(s + i, entities[k][0], strlen(entities[k][0])) != 0)
            k++;
        if (k < 4) {
            buf_puts(out, entities[k][1]);
            used = strlen(entities[k][0]);
            continue;
        }
        used = utf8_decode(s + i, n - i, &cp);
        if (!utf8_is_space(cp))
            buf_append(out, s + i, used);
    }
}

/* %C3%A4 and %20 as their bytes. */
static void add_target(struct buf *out, const char *s, size_t n)
{
    struct buf plain = {0};
    for (size_t i = 0; i < n; i++) {
        char hex[3] = "";
        if (s[i] == '%' && i + 2 < n && isxdigit((unsigned char)s[i + 1]) &&
            isxdigit((unsigned char)s[i + 2])) {
            memcpy(hex, s + i + 1, 2);
            char c = (char)strtol(hex, NULL, 16);
            buf_append(&plain, &c, 1);
            i += 2;
        } else {
            buf_append(&plain, s + i, 1);
        }
    }
    buf_puts(&plain, "");
    add_content(out, plain.data, plain.len);
    buf_free(&plain);
}

/* -> the value of an attribute in a tag, *n bytes; NULL: it has none */
static const char *attribute(const char *tag, const char *end, const char *name, size_t *n)
{
    for (const char *c = tag; c < end; c++)
        if (c[0] == ' ' && strncmp(c + 1, name, strlen(name)) == 0 &&
            strncmp(c + 1 + strlen(name), "=\"", 2) == 0) {
            const char *value = c + 1 + strlen(name) + 2, *quote = strchr(value, '"');
            *n = (size_t)(quote - value);
            return quote <= end ? value : NULL;
        }
    return NULL;
}

/* The text of an example in its order, and where its links and images go, a line each. */
static void read_html(const char *html, struct buf *text, struct buf *targets)
{
    static const char *const names[] = {"href", "src", "title"};
    for (const char *c = html; *c;) {
        const char *end = *c == '<' ? strchr(c, '>') : NULL;
        size_t n;
        if (!end) {
            n = strcspn(c + 1, "<") + 1;
            add_content(text, c, n);
            c += n;
            continue;
        }
        const char *alt = attribute(c, end, "alt", &n);
        if (alt)
            add_content(text, alt, n);
        for (int i = 0; i < 3; i++) {
            const char *value = attribute(c, end, names[i], &n);
            if (value && n) {
                add_target(targets, value, n);
                buf_puts(targets, "\n");
            }
        }
        c = end + 1;
    }
    buf_puts(text, "");
    buf_puts(targets, "");
}

/* ---- what the screen shows ------------------------------------------------------------ */

enum { HEIGHT = 400 };

static void draw(const char *text, size_t n, int width, struct buf *out)
{
    struct look_of_text look = {.width = width, .unicode = true};
    struct shown_row rows[HEIGHT];
    struct transcript t;
    struct buf all = {0};
    transcript_init(&t);
    transcript_set_look(&t, &look, false);
    t.height = HEIGHT;
    transcript_add(&t, ITEM_ANSWER, text, n);
    transcript_finish(&t, NULL);
    int n_rows = transcript_rows(&t, rows);
    for (int i = 0; i < n_rows; i++) {
        const struct line *line = rows[i].layout ? &rows[i].layout->lines[rows[i].line] : NULL;
        if (line &&
            utf8_width(rows[i].layout->drawn.text.data + line->start, line->n) > (size_t)width)
            fail_msg("a row is wider than %d", width);
        if (line)
            buf_append(&all, rows[i].layout->drawn.text.data + line->start, line->n);
    }
    buf_puts(&all, "");
    add_target(out, all.data, all.len);
    buf_puts(out, "");
    buf_free(&all);
    transcript_free(&t);
}

/* -> the first character of `text` that is not in `shown` in its order; NULL: all are */
static const char *missing(const char *text, const char *shown)
{
    for (; *text; text++) {
        shown = strchr(shown, *text);
        if (!shown)
            return text;
        shown++;
    }
    return NULL;
}

static bool check_targets(char *targets, const char *shown)
{
    bool ok = true;
    char *rest = targets, *target;
    while ((target = strsep(&rest, "\n"))) {
        target += strncmp(target, "mailto:", 7) == 0 ? 7 : 0;
        target += strncmp(target, "http://www.", 11) == 0 ? 7 : 0; /* of addresses without it */
        if (!strstr(shown, target)) {
            printf("  target: %s\n", target);
            ok = false;
        }
    }
    return ok;
}

static bool check(const struct example *e, int width)
{
    struct buf text = {0}, targets = {0}, shown = {0};
    read_html(e->html.data, &text, &targets);
    draw(e->markdown.data, e->markdown.len, width, &shown);
    if (has_other_marks(e)) {
        keep_letters(&text);
        keep_letters(&targets);
        keep_letters(&shown);
    }
    const char *lost = missing(text.data, shown.data);
    bool ok = !lost;
    if (lost)
        printf("  lost: %s\n", lost);
    ok = check_targets(targets.data, shown.data) && ok;
    if (!ok)
        printf("%s %u, width %d:\n%s  html: %s  shown: %s\n", e->file, e->number, width,
               e->markdown.data, e->html.data, shown.data);
    buf_free(&text);
    buf_free(&targets);
    buf_free(&shown);
    return ok;
}

static void check_file(const char *file, unsigned wanted)
{
    static const int widths[] = {12, 20, 40, 80, 200};
    char *text = read_examples(file), *rest = text;
    struct example e = {.file = file};
    unsigned n_wrong = 0;
    while (next_example(&rest, &e))
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            n_wrong += !check(&e, widths[i]);
    free(text);
    assert_int_equal(e.number, wanted);
    assert_int_equal(n_wrong, 0);
    buf_free(&e.markdown);
    buf_free(&e.html);
}

static void test_commonmark(void **state)
{
    (void)state;
    check_file("commonmark.txt", 652);
}

/* Formulas in all places where a text may have them, verbatim at any width that has room. */
static void test_math(void **state)
{
    static const char *const formulas[] = {
        "$a_1 * b_1$",
        "$x_{ij}$",
        "$\\{x \\mid x > 0\\}$",
        "$$\\int_0^1 x^2\\,dx$$",
        "\\(a_i + b_i\\)",
        "\\[ \\sum_{i=1}^{n} i^2 \\]",
        "\\begin{cases} a & b \\\\ c & d \\end{cases}",
        "$\\frac{a}{b}$",
        "$f(x)=*x*$",
        "$\\alpha_{1}~\\beta^{*}$",
        "$|x|$",
        "\\(|x| < [a]\\)",
        "$a<b>c$",
        "\\($\\)",
        "$\\text{a_b}$",
        "$$a \\\\ b$$",
        "\\(`\\)",
        "$100\\%$",
        "\\(x\\_y\\)",
        "$E=mc^2$",
    };
    static const char *const places[] = {
        "%s",          "Text %s text.",    "- item %s\n- next", "> quote %s\n",
        "1. %s\n2. b", "**bold** %s *em*", "# Head %s",         "| a | b |\n|---|---|\n| %s | 2 |",
        "(%s)",        "**%s**",           "%s, and %s",
    };
    (void)state;
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            struct buf text = {0}, shown = {0}, wanted = {0};
            bool in_table = strstr(places[k], "| a |") != NULL;
            if (in_table && strchr(formulas[i], '|'))
                continue; /* a border of a cell, as in GFM */
            for (const char *c = places[k]; *c; c++)
                if (strncmp(c, "%s", 2) == 0) {
                    buf_puts(&text, formulas[i]);
                    c++;
                } else {
                    buf_append(&text, c, 1);
                }
            draw(text.data, text.len, 120, &shown);
            add_content(&wanted, formulas[i], strlen(formulas[i]));
            buf_puts(&wanted, "");
            if (!strstr(shown.data, wanted.data))
                fail_msg("%s -> %s", text.data, shown.data);
            buf_free(&text);
            buf_free(&shown);
            buf_free(&wanted);
        }
}

static void test_gfm(void **state)
{
    (void)state;
    check_file("gfm.txt", 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commonmark),
                                       cmocka_unit_test(test_gfm), cmocka_unit_test(test_math)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
