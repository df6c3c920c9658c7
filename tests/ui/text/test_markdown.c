/* SPDX-License-Identifier: MIT
 *
 * Rows of Markdown as CommonMark's rules ask for, written by hand; colours of code; hostile texts.
 */
#include <string.h>

#include "clipboard.h"
#include "code_block.h"
#include "markdown.h"
#include "test.h"
#include "transcript.h"

static void draw_all(const char *text, size_t n, const struct look_of_text *look, struct buf *out)
{
    struct transcript t;
    struct shown_row *rows = xcalloc(2000, sizeof *rows);
    transcript_init(&t);
    transcript_set_look(&t, look, false);
    t.height = 2000;
    transcript_add(&t, ITEM_ANSWER, text, n);
    transcript_finish(&t, NULL);
    int n_rows = transcript_rows(&t, rows);
    for (int i = 0; i < n_rows; i++) {
        const struct line *line = rows[i].layout ? &rows[i].layout->lines[rows[i].line] : NULL;
        if (line)
            buf_append(out, rows[i].layout->drawn.text.data + line->start, line->n);
        buf_puts(out, "\n");
    }
    free(rows);
    transcript_free(&t);
}

static void expect(const char *text, struct look_of_text look, const char *wanted)
{
    struct buf got = {0};
    draw_all(text, strlen(text), &look, &got);
    assert_string_equal(got.data, wanted);
    buf_free(&got);
}

static const struct look_of_text wide = {.width = 60, .unicode = true},
                                 narrow = {.width = 20, .unicode = true};

static void test_paragraphs_and_inlines(void **state)
{
    (void)state;
    expect("a *b* **c** `d` ~~e~~ \\*f\\* &lt;g&gt; &#65; &unknown;\nsoft  \nhard", wide,
           "a b c d ~~e~~ *f* <g> A &unknown;\nsoft\nhard\n");
    expect("one\n\n\n\ntwo\n", wide, "one\n\ntwo\n");
    expect("one two three four five", narrow, "one two three four\nfive\n");
    expect("snake_case_name and 2 * 3 * 4", wide, "snake_case_name and 2 * 3 * 4\n");
    expect("**open and `half", wide, "**open and `half\n");
    expect("<b>html</b> <script>x</script>", wide, "<b>html</b> <script>x</script>\n");
}

/* What Markdown's marks mean in facts: nothing of it may vanish. */
static void test_facts_keep_their_signs(void **state)
{
    (void)state;
    expect("It takes 5~10 minutes, or 20~30; ~~gone~~ ~x~", wide,
           "It takes 5~10 minutes, or 20~30; ~~gone~~ ~x~\n");
    expect("2*3*4 = 24, 2**3**2, a*b*c, *em* **st** f(**x**)", wide,
           "2*3*4 = 24, 2**3**2, a*b*c, em st f(x)\n");
    expect("**H**yper**T**ext and *a*, `2*3*4`", wide, "HyperText and a, 2*3*4\n");
    expect("file __init__.py, __main__ and __Bold text__", wide,
           "file __init__.py, __main__ and Bold text\n");
    expect("http://a.example/~x~y/2*3*4 and [t](/a~b~c)", wide,
           "http://a.example/~x~y/2*3*4 and t (/a~b~c)\n");
    expect("[a](http://b \"c d\")", wide, "a (http://b \"c d\")\n");
    expect("text\n\n[gone]: /url \"title\"\nmore\n\n> [q]: /u\n> r", wide,
           "text\n\n[gone]: /url \"title\"\nmore\n\n│ [q]: /u\n│ r\n");
    expect("a<br>b<BR/>c `<br>` &alpha; &Omega;&sum; &nosuch; \\* \\_", wide,
           "a\nb\nc <br> α Ω∑ &nosuch; * _\n");
    expect("|a|b|\n|---|---|\n|one<br>three|&beta;|\n", wide,
           "a     │ b\n──────┼──\none   │ β\nthree │ \n");
}

static void test_nothing_of_tags_and_tables_is_lost(void **state)
{
    (void)state;
    expect("<img src=\"__init__.png\" alt=\"*a*\"> *em* &amp;", wide,
           "<img src=\"__init__.png\" alt=\"*a*\"> em &\n");
    expect("<pre>\n*a* __b__ [c](d)\n</pre> *e*", wide, "<pre>\n*a* __b__ [c](d)\n</pre> e\n");
    expect("a < b and *c* > d", wide, "a < b and c > d\n");
    expect("[t](/f&ouml; \"&lt;x&#27;&gt;\")", wide, "t (/f\xc3\xb6 \"<x^[>\")\n");
    expect("|a|b|\n|---|---|\n|1|2|3|\n|4|5|\n", wide, "a │ b\n──┼────\n1 │ 2|3\n4 │ 5\n");
    expect("|a|b|c|\n|---|---|\n|1|2|\n", wide, "|a|b|c|\n|---|---|\n|1|2|\n");
    expect("|a|\n|---|\n|`b|c`|\n", wide, "a\n───\nb|c\n");
}

static void test_math_is_verbatim(void **state)
{
    (void)state;
    expect("Sum \\(a_1 *b* + c_2\\), set \\{x\\}, thin\\, space, \\[ x \\]", wide,
           "Sum \\(a_1 *b* + c_2\\), set \\{x\\}, thin\\, space, \\[ x \\]\n");
    expect("$$\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n=\nX\n$$", wide,
           "$$\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n=\nX\n$$\n");
    expect("\\begin{align}\nx &= *y* \\\\\n- z\n\\end{align}", wide,
           "\\begin{align}\nx &= *y* \\\\\n- z\n\\end{align}\n");
    expect("$a_1 * b_1 * c$ costs $5 and *$10*, `$x` or `$y`", wide,
           "$a_1 * b_1 * c$ costs $5 and $10, $x or $y\n");
    expect("\\[not a link\\](x) \\( open, $ alone $$ and *em*", wide,
           "\\[not a link\\](x) \\( open, $ alone $$ and em\n");
}

static void test_bold_beside_chinese_signs(void **state)
{
    (void)state;
    expect("含**「重点」**内容，**注意：**正文", wide, "含「重点」内容，注意：正文\n");
    expect("내용은**(중요)**입니다, これは**「強調」**です", wide,
           "내용은(중요)입니다, これは「強調」です\n");
}

static void test_fences_stay_in_their_items(void **state)
{
    (void)state;
    expect(
        "Steps:\n1. Run:\n   ```sh\n   ls\n   ```\n   Then look.\n2. Edit:\n\n    ```sh\n    vi\n"
        "    ```\n\n    Save it.\n",
        wide,
        "Steps:\n\n1. Run:\n\n   ╭─ sh\n   │ ls\n   ╰─\n\n   Then look.\n\n2. Edit:\n\n"
        "   ╭─ sh\n   │ vi\n   ╰─\n\n   Save it.\n");
    expect(" - a\n   ```\n   b\n   ```\n - c", wide, "• a\n  ╭─\n  │ b\n  ╰─\n• c\n");
    expect("In 1990\n1990. was\n```\nb\n```", wide, "In 1990\n1990. was\n\n╭─\n│ b\n╰─\n");
}

static void test_headings_and_rules(void **state)
{
    (void)state;
    expect("# One\ntext\n## Two ##\n", wide, "One\n\ntext\n\nTwo\n");
    expect("Set\n===\n\nnext", wide, "Set\n\nnext\n");
    expect("#no heading\n\n####### nor this", wide, "#no heading\n\n####### nor this\n");
    expect("a\n\n---\n\nb", (struct look_of_text){.width = 6}, "a\n\n------\n\nb\n");
}

static void test_lists(void **state)
{
    (void)state;
    expect("- a\n- b\n  - c\n    continues\n- d", wide, "• a\n• b\n  • c\n    continues\n• d\n");
    expect("1. a\n2. b\n\n   more\n3. c", wide, "1. a\n\n2. b\n\n   more\n\n3. c\n");
    expect("1. a\n\n1. b\n\n1. c", wide, "1. a\n\n2. b\n\n3. c\n"); /* one list, counted */
    expect("7) seven\n8) eight", wide, "7) seven\n8) eight\n");
    expect("- one two three four five six", narrow, "• one two three four\n  five six\n");
    expect("text\n- a\n- b\n\ntext", wide, "text\n• a\n• b\n\ntext\n");
    expect("- [ ] to do\n- [x] done", (struct look_of_text){.width = 40},
           "- [ ] to do\n- [x] done\n");
    expect("- ```py\n  x = 1\n  ```\n- b", wide, "• ╭─ python\n  │ x = 1\n  ╰─\n• b\n");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("> a\n> b\n>\n> c\n\nd", wide, "│ a\n│ b\n│\n│ c\n\nd\n");
    expect("> one two three four five", narrow, "│ one two three four\n│ five\n");
    expect("> > nested\n> - item", (struct look_of_text){.width = 40}, "> > nested\n> - item\n");
}

static void test_links_show_where_they_go(void **state)
{
    (void)state;
    expect("[safe](http://evil.example/)", wide, "safe (http://evil.example/)\n");
    expect("[http://good/](javascript:alert)", wide, "http://good/ (javascript:alert)\n");
    expect("<http://a.example/> and https://b.example/x", wide,
           "http://a.example/ and https://b.example/x\n");
    expect("![picture](file:///etc/passwd)", wide, "image: picture (file:///etc/passwd)\n");
    expect("[apple.com](https://\xd0\xb0pple.com/)",
           wide, /* a Cyrillic letter: no other form than its own */
           "apple.com (https://\xd0\xb0pple.com/)\n");
    expect("[hidden]: http://x\n", wide,
           "[hidden]: http://x\n"); /* what would be drawn as nothing */
    expect("&#27;[31m &#x202e; &#x9b; &#0;", wide, "^[[31m <U+202E> \\x9b \xef\xbf\xbd\n");
}

static void test_code(void **state)
{
    (void)state;
    expect("```c\nint x;\n\n  # not a heading\n```\nafter", wide,
           "╭─ c\n│ int x;\n│ \n│   # not a heading\n╰─\n\nafter\n");
    expect("before\n~~~\n```\n~~~~\n", wide, "before\n\n╭─\n│ ```\n╰─\n");
    expect("```sh\nunclosed", wide, "╭─ sh\n│ unclosed\n");
    expect("p\n\n    indented\n", (struct look_of_text){.width = 40}, "p\n\n+-\n| indented\n+-\n");
    expect("```c\nint x;\n```", (struct look_of_text){.width = 40, .bare = true}, "int x;\n");
}

static void test_tables(void **state)
{
    (void)state;
    expect("|a|b|\n|:--|--:|\n|one|2|\n|中文|30|\n", wide,
           "a    │  b\n─────┼───\none  │  2\n中文 │ 30\n");
    expect("| name | what |\n|---|---|\n| x | a longer text that folds |\n", narrow,
           "name │ what\n─────┼──────────────\nx    │ a longer text\n     │ that folds\n");
    expect("|a|b|c|d|e|f|\n|---|---|---|---|---|---|\n|1|2|3|4|5|aaaaaaaa|\n",
           (struct look_of_text){.width = 12}, "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: aaaaaaaa\n");
}

static void test_emoji_policies(void **state)
{
    static const char text[] =
        "ok \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 "
        "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa 1\xef\xb8\x8f\xe2\x83\xa3 "
        "\xe2\x9d\xa4\xef\xb8\x8f \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd \xc2\xa9 #1";
    (void)state;
    struct look_of_text look = wide;
    look.emoji = EMOJI_SAFE;
    expect(text, look, "ok \xf0\x9f\x91\xa9 [DE] [1] \xe2\x9d\xa4 \xf0\x9f\x91\x8d \xc2\xa9 #1\n");
    look.emoji = EMOJI_ASCII;
    expect(text, look, "ok [emoji] [DE] [1] <3 [+1] \xc2\xa9 #1\n");
}

/* "k:int" for a keyword, s string, c comment, n number; plain text bare. */
static void colours(const char *language, const char *code, const char *wanted)
{
    struct highlight h;
    struct buf got = {0};
    highlight_start(&h, language, strlen(language));
    for (size_t i = 0, n = strlen(code), used; i < n; i += used) {
        enum token token;
        used = highlight_token(&h, code + i, n - i, &token);
        if (token)
            buf_printf(&got, "{%c:%.*s}", "-kscn"[token], (int)used, code + i);
        else
            buf_append(&got, code + i, used);
    }
    assert_string_equal(got.data ? got.data : "", wanted);
    buf_free(&got);
}

static void test_highlighting(void **state)
{
    (void)state;
    colours("c", "int x = 0x1fU; // \"no\"", "{k:int} x = {n:0x1fU}; {c:// \"no\"}");
    colours("c", "/* a\nb */ 'c' \"d\\\"e\" f", "{c:/* a}\n{c:b */} {s:'c'} {s:\"d\\\"e\"} f");
    colours("C++", "return", "{k:return}");
    colours("python", "def f(): \"\"\"a\n\"b\"\"\" # c",
            "{k:def} f(): {s:\"\"\"a}\n{s:\"b\"\"\"} {c:# c}");
    colours("sh", "echo \"$#\" a#b # c", "{k:echo} {s:\"$#\"} a#b {c:# c}");
    colours("json", "{\"a\": true, \"b\": -1.5e-3}",
            "{{s:\"a\"}: {k:true}, {s:\"b\"}: -{n:1.5e-3}}");
    colours("yaml", "a: yes # c", "a: {k:yes} {c:# c}");
    colours("ts", "const a = `x\ny`;", "{k:const} a = {s:`x}\n{s:y`};");
    colours("rust", "fn f<'a>() { 'b' }", "{k:fn} f<'a>() { {s:'b'} }");
    colours("go", "func main() {}", "{k:func} main() {}");
    colours("sql", "SELECT 'a' FROM t -- c", "{k:SELECT} {s:'a'} {k:FROM} t {c:-- c}");
    colours("html", "<p class=\"a\">x</p><!-- c -->",
            "{k:<p} class={s:\"a\"}>x{k:</p}>{c:<!-- c -->}");
    colours("brainfuck", "int \"a\"", "int \"a\"");
    colours("", "int", "int");
}

static char *repeated(const char *what, size_t n, const char *end)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_puts(&b, what);
    buf_puts(&b, end);
    return b.data;
}

/* Twice the text may take no more than about twice the time: with a quadratic rule these take
 * hours. */
static void test_hostile_markdown_is_linear(void **state)
{
    static const struct {
        const char *what;
        size_t n;
    } texts[] = {
        {"`", 10000},         {"`a``", 200000},     {"> ", 1000},
        {"> ", 300000},       {"<![CDATA[", 40000}, {"<!--", 200000},
        {"[", 500000},        {"[a](", 200000},     {"![", 200000},
        {"*a **b ", 200000},  {"_a __b", 200000},   {"- ", 300000},
        {"1. ", 200000},      {"|a", 200000},       {"\n", 1000000},
        {"a\n", 1000000},     {"&", 500000},        {"~~a", 200000},
        {"<a ", 200000},      {"http://", 100000},  {"# ", 200000},
        {"\\", 500000},       {"```\n", 200000},    {"- a\n\n", 200000},
        {"[a]: b\n", 100000}, {"a b ", 3000000},    {"\xe4\xb8\xad", 500000},
        {"* * *\n", 100000},  {"$", 100000},        {"a@", 200000},
        {"\t", 500000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct transcript t;
        struct shown_row rows[50];
        char *text = repeated(texts[i].what, texts[i].n, "");
        double start = now_ms();
        transcript_init(&t);
        transcript_resize(&t, 60, 50);
        transcript_add(&t, ITEM_ANSWER, text, strlen(text));
        transcript_finish(&t, NULL);
        transcript_rows(&t, rows);
        transcript_top(&t);
        transcript_rows(&t, rows);
        transcript_find(&t, "zz", 2);
        while (transcript_search_step(&t, 1000))
            continue;
        if (getenv("QINS_TIMES"))
            printf("%-12.10s %8zu bytes %8.1f ms\n",
                   texts[i].what[0] == '\n' ? "\\n" : texts[i].what, strlen(text),
                   now_ms() - start);
        transcript_free(&t);
        free(text);
    }
    struct buf table = {0};
    for (int row = 0; row < 40; row++) {
        for (int c = 0; c < 1000; c++)
            buf_puts(&table, row == 1 ? "|---" : "|a");
        buf_puts(&table, "|\n");
    }
    for (int row = 0; row < 5000; row++)
        buf_puts(&table, "|\n"); /* each would have a thousand empty cells */
    struct buf out = {0};
    struct look_of_text look = {.width = 80};
    draw_all(table.data, table.len, &look, &out);
    buf_free(&table);
    buf_free(&out);
}

static void test_a_code_block_is_copied_exactly(void **state)
{
    static const char text[] =
        "a\n```c\nint\tx; \n\n```\n1. b\n   ~~~\n   y\n     z\n   ~~~\n```\nopen";
    (void)state;
    struct buf code = {0};
    assert_true(code_of(text, strlen(text), 0, &code));
    assert_string_equal(code.data, "int\tx; \n\n");
    buf_free(&code);
    assert_true(code_of(text, strlen(text), 1, &code));
    assert_string_equal(code.data, "y\n  z\n");
    buf_free(&code);
    assert_true(code_of(text, strlen(text), 2, &code));
    assert_string_equal(code.data, "open");
    buf_free(&code);
    assert_false(code_of(text, strlen(text), 3, &code));
}

/* RFC 4648, section 10. */
static void test_base64(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf out = {0};
        base64(pairs[i][0], strlen(pairs[i][0]), &out);
        assert_string_equal(out.data ? out.data : "", pairs[i][1]);
        buf_free(&out);
    }
    struct buf out = {0};
    clipboard_sequence(CLIPBOARD_TMUX, "\0\033", 2, &out);
    assert_string_equal(out.data, "\033Ptmux;\033\033]52;c;ABs=\a\033\\");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paragraphs_and_inlines),
        cmocka_unit_test(test_facts_keep_their_signs),
        cmocka_unit_test(test_nothing_of_tags_and_tables_is_lost),
        cmocka_unit_test(test_math_is_verbatim),
        cmocka_unit_test(test_bold_beside_chinese_signs),
        cmocka_unit_test(test_fences_stay_in_their_items),
        cmocka_unit_test(test_headings_and_rules),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_links_show_where_they_go),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_emoji_policies),
        cmocka_unit_test(test_highlighting),
        cmocka_unit_test(test_hostile_markdown_is_linear),
        cmocka_unit_test(test_a_code_block_is_copied_exactly),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
