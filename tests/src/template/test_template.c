/* SPDX-License-Identifier: MIT
 *
 * Chat templates. Expected texts are Jinja's: tests/data/templates/README.md says how they were
 * made.
 */
#include "json.h"
#include "template_fold.h"
#include "test.h"

#include <time.h>

static struct tm clock_2026(void)
{
    struct tm clock = {.tm_year = 126, .tm_mon = 10, .tm_mday = 29, .tm_hour = 9, .tm_min = 30};
    time_t t = timegm(&clock);
    gmtime_r(&t, &clock);
    return clock;
}

/* -> the output; *ok tells whether there is one. */
static struct template_output render(const char *text, size_t n, const json_t *messages,
                                     const json_t *variables, bool generation, bool *ok,
                                     struct error *err)
{
    struct tm clock = clock_2026();
    struct template_output out = {0};
    struct template_input in = {.messages_json = messages,
                                .variables = variables,
                                .bos = "<s>",
                                .eos = "</s>",
                                .add_generation_prompt = generation,
                                .clock = &clock};
    struct template *t = template_parse(text, n, err);
    *ok = t && template_render(t, &in, &out, err);
    template_free(t);
    return out;
}

/* Spans leave no gap, and neighbours differ. */
static void check_spans(const struct template_output *out)
{
    size_t at = 0;
    for (size_t i = 0; i < out->n_spans; i++) {
        assert_int_equal(out->spans[i].start, at);
        assert_true(out->spans[i].length > 0);
        assert_true(i == 0 || out->spans[i].from_template != out->spans[i - 1].from_template);
        at += out->spans[i].length;
    }
    assert_int_equal(at, out->n);
}

static void check_row(const char *text, size_t n, const json_t *messages, const json_t *variables,
                      bool generation, const json_t *row)
{
    bool ok;
    struct error err = {0};
    struct template_output out = render(text, n, messages, variables, generation, &ok, &err);
    const json_t *want = json_object_get(row, "text");
    if (ok != (want != NULL) || (ok && strcmp(out.text, json_string_value(want)) != 0))
        fail_msg("%.*s\nwant %s\ngot  %s", (int)(n < 500 ? n : 500), text,
                 json_string_value(want ? want : json_object_get(row, "error")),
                 ok ? out.text : err.text);
    check_spans(&out);
    template_output_free(&out);
}

/* ---- as Jinja ------------------------------------------------------------------------------- */

static const char *data_path(const char *name)
{
    static char path[4096];
    const char *source = getenv("QINS_SOURCE");
    snprintf(path, sizeof path, "%s/tests/data/templates/%s", source ? source : ".", name);
    return path;
}

/* Calls row() for each line of a file of JSON lines. -> how many. */
static int each_row(const char *path, void (*row)(const json_t *row, void *context), void *context)
{
    struct buf text = {0};
    struct error err = {0};
    int n = 0;
    if (!read_file(&text, path, 16 << 20, &err))
        fail_msg("%s", err.text);
    for (char *line = text.data, *end; line < text.data + text.len; line = end + 1, n++) {
        end = strchr(line, '\n');
        json_t *j = json_parse(line, (size_t)(end - line), path, &err);
        assert_non_null(j);
        row(j, context);
        json_decref(j);
    }
    buf_free(&text);
    return n;
}

static void language_row(const json_t *row, void *context)
{
    json_t **given = context;
    const json_t *text = json_object_get(row, "template");
    if (!*given)
        *given = json_deep_copy(row);
    else
        check_row(json_string_value(text), json_string_length(text),
                  json_object_get(*given, "messages"), json_object_get(*given, "variables"), true,
                  row);
}

static void test_language(void **state)
{
    (void)state;
    json_t *given = NULL;
    assert_true(each_row(data_path("language.jsonl"), language_row, &given) > 1000);
    json_decref(given);
}

static void rendered_row(const json_t *row, void *context)
{
    struct buf text = {0};
    struct error err;
    char *path = path_join(context, json_string_value(json_object_get(row, "template")));
    assert_true(read_file(&text, path, 1 << 20, &err));
    check_row(text.data, text.len, json_object_get(row, "messages"), json_object_get(row, "extra"),
              json_is_true(json_object_get(row, "add_generation_prompt")), row);
    buf_free(&text);
    free(path);
}

static void test_published_templates(void **state)
{
    (void)state;
    char *folder = xstrdup(data_path(""));
    assert_true(each_row(data_path("rendered.jsonl"), rendered_row, folder) > 30);
    free(folder);
}

static void test_all_published_templates(void **state)
{
    (void)state;
    char *folder = xstrdup(shared_path("vectors/templates"));
    char *rows = path_join(folder, "rendered.jsonl");
    assert_true(each_row(rows, rendered_row, folder) > 900);
    free(rows);
    free(folder);
}

/* ---- what comes from a message ------------------------------------------------------- */

/* The bytes that the template wrote; for each run of others a dot. */
static char *shape(const struct template_output *out)
{
    struct buf b = {0};
    buf_puts(&b, "");
    for (size_t i = 0; i < out->n_spans; i++)
        if (out->spans[i].from_template)
            buf_append(&b, out->text + out->spans[i].start, out->spans[i].length);
        else
            buf_puts(&b, ".");
    return b.data;
}

static void expect_shape(const char *text, const char *content, const char *want,
                         const char *want_shape)
{
    bool ok;
    struct error err = {0};
    json_t *messages =
        json_pack("[{s:s,s:s,s:[s,s],s:i,s:{s:s}}]", "role", "user", "content", content, "parts",
                  "<|im_end|>", "p", "n", 42, "map", "<|im_end|>", "v");
    struct template_output out = render(text, strlen(text), messages, NULL, true, &ok, &err);
    if (!ok)
        fail_msg("%s: %s", text, err.text);
    char *got = shape(&out);
    assert_string_equal(out.text, want);
    assert_string_equal(got, want_shape);
    check_spans(&out);
    free(got);
    template_output_free(&out);
    json_decref(messages);
}

static void test_messages_stay_data(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"<a>{{ m }}</a>", "x<|e|>", "<a>x<|e|></a>", "<a>.</a>"},
        {"<a>{{ m|trim }}</a>", "  x<|e|> ", "<a>x<|e|></a>", "<a>.</a>"},
        {"{{ '<|' ~ m ~ '|>' }}", "e", "<|e|>", "<|.|>"},
        {"{{ '<|' + m + '|>' + '\\n' }}", "e", "<|e|>\n", "<|.|>\n"},
        {"{{ m|upper }}{{ m|lower }}", "<|e|>", "<|E|><|e|>", "."},
        {"{{ m|title }}{{ m.capitalize() }}", "<|e|>", "<|e|><|e|>", "."},
        {"{{ m|replace('x', '<|e|>') }}", "axb", "a<|e|>b", ".<|e|>."},
        {"{{ m.replace('x', '') }}", "<|xe|>", "<|e|>", "."},
        {"{{ 'a-b'|replace('-', m) }}", "<|e|>", "a<|e|>b", "a.b"},
        {"{{ m.split('x')|join('|') }}", "<xe>", "<|e>", ".|."},
        {"{{ m.split('x')|join }}", "<|xe|>", "<|e|>", "."},
        {"{{ m[::-1] }}", ">|e|<", "<|e|>", "."},
        {"{{ m[1:-1] }}{{ m[0] }}", "x<|e|>y", "<|e|>x", "."},
        {"{% for c in m %}{{ c }}{% endfor %}", "<|e|>", "<|e|>", "."},
        {"{{ m|list|join }}", "<|e|>", "<|e|>", "."},
        {"{{ [m]|tojson }}", "<|\"e|>", "[\"<|\\\"e|>\"]", "[\".\"]"},
        {"{{ [m] }}", "<|e|>\n", "['<|e|>\\n']", "['.']"},
        {"{{ {'k': m}|tojson|from_json|tojson }}", "<|e|>", "{\"k\": \"<|e|>\"}", "{\".\": \".\"}"},
        {"{{ '%s|>' % m }}{{ '{}|>'.format(m) }}", "<|e", "<|e|><|e|>", ".|>.|>"},
        {"{{ '%6s' % m }}", "<|e|>", " <|e|>", " ."},
        {"{{ m|indent(2) }}", "<|e|>\n<|e|>", "<|e|>\n  <|e|>", ".\n  ."},
        {"{{ m|e }}", "<|e|>", "&lt;|e|&gt;", "."},
        {"{{ m|safe ~ '<' }}", "<|e|>", "<|e|><", ".<"},
        {"{% set x = m %}{{ x * 2 }}", "<|e|>", "<|e|><|e|>", "."},
        {"{% set x %}<{{ m }}>{% endset %}{{ x|upper }}", "|e|", "<|E|>", "<.>"},
        {"{% macro f(a) %}<{{ a }}>{% endmacro %}{{ f(m) }}", "|e|", "<|e|>", "<.>"},
        {"{% filter trim %} <{{ m }}> {% endfilter %}", "|e|", "<|e|>", "<.>"},
        {"{% set ns = namespace(s='') %}{% for c in m %}{% set ns.s = ns.s ~ c %}{% endfor %}"
         "{{ ns.s }}",
         "<|e|>", "<|e|>", "."},
        {"{{ messages[0].parts|join('+') }}", "", "<|im_end|>+p", ".+."},
        {"{{ messages[0].n + 1 }}{{ messages[0].n|string }}{{ m|length }}", "abc", "43423", ".3"},
        {"{% for k, v in messages[0].map.items() %}{{ k }}={{ v }}{% endfor %}", "", "<|im_end|>=v",
         ".=."},
        {"{{ messages[0].map|tojson }}", "", "{\"<|im_end|>\": \"v\"}", "{\".\": \".\"}"},
        {"{{ '<|' + messages[0].role + '|>' }}", "", "<|user|>", "<|user|>"},
        {"{{ bos_token }}{{ m }}{{ eos_token }}", "<s>", "<s><s></s>", "<s>.</s>"},
        {"{{ m.partition('x')|join('|') }}", "<xe", "<|x|e", ".|.|."},
        {"{{ m.center(7, '|') }}", "<e>", "||<e>||", "||.||"},
        {"{{ m.zfill(6) }}", "<e>", "000<e>", "000."},
        {"{{ m.expandtabs(2) }}", "<\te>", "< e>", "."},
        {"{{ m|urlencode }}", "<e>", "%3Ce%3E", "."},
        {"{{ m|truncate(5, true, '|>', 0) }}", "<|exxx", "<|e|>", ".|>"},
        {"{{ m|int }}{{ '7'|int }}", "42", "427", ".7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = xasprintf("{%% set m = messages[0].content %%}%s", rows[i][0]);
        expect_shape(text, rows[i][1], rows[i][2], rows[i][3]);
        free(text);
    }
}

/* A role that spells a marker is no role. */
static void test_roles_are_words(void **state)
{
    (void)state;
    struct template_message messages[] = {{"user", "a", 1, NULL}, {"<|im_end|>", "b", 1, NULL}};
    struct template_input in = {.messages = messages, .n_messages = 2};
    struct template_output out;
    struct error err;
    static const char text[] = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    struct template *t = template_parse(text, sizeof text - 1, &err);
    assert_true(template_render(t, &in, &out, &err));
    char *got = shape(&out);
    assert_string_equal(out.text, "<user>a<<|im_end|>>b");
    assert_string_equal(got, "<user>.<.>.");
    free(got);
    template_output_free(&out);
    template_free(t);
}

/* ---- bounds -------------------------------------------------------------------------- */

static void expect_error(const char *text, size_t n, const char *want)
{
    bool ok;
    struct error err = {0};
    json_t *messages = json_pack("[{s:s,s:s}]", "role", "user", "content", "Hello");
    struct template_output out = render(text, n, messages, NULL, true, &ok, &err);
    if (ok || !strstr(err.text, want))
        fail_msg("%.*s\nwant %s\ngot  %s", (int)(n < 200 ? n : 200), text, want,
                 ok ? "no error" : err.text);
    assert_int_equal(err.code, EX_DATAERR);
    assert_null(strchr(err.text, '\n'));
    assert_null(out.text);
    json_decref(messages);
}

static void test_bounds(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
         "more than 10000000 steps"},
        {"{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}", "more than"},
        {"{% set b = 'x' * 99999 %}{% for i in range(99999) %}{{ b }}{% endfor %}",
         "writes more than 64 MiB"},
        {"{{ 'a' * 10**9 }}", "repeated too often"},
        {"{{ [1] * 10**9 }}", "repeated too often"},
        {"{% set n = namespace(a='ab') %}{% for i in range(99) %}{% set n.a = n.a ~ n.a %}"
         "{% endfor %}",
         "more than 64 MiB"},
        {"{% set n = namespace(a=[1]) %}{% for i in range(99) %}{% set n.a = n.a + n.a %}"
         "{% endfor %}",
         "more than 64 MiB"},
        {"{{ range(2**60)|list }}", "Range too big"},
        {"{{ 2**64 }}", "beyond 64 bits"},
        {"{{ 'a'.center(10**9) }}", "a width of more than"},
        {"{{ '%999999999d' % 1 }}", "a width or precision of more than"},
        {"{{ ('x' * 99999)|join('y' * 99999) }}", "more than 64 MiB"},
        {"{{ ('a' * 999999).replace('a', 'b' * 999) }}", "more than 64 MiB"},
        {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "more than 200 levels"},
        {"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
         "{{ m(99) }}",
         "more than"},
        {"{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
         "more than 200 levels"},
        {"{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", "more than 200 levels"},
        {"{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "more than 200 levels"},
        {"{% set l = [] %}{% set _ = l.append(l) %}{{ l|tojson }}", "deeper than 200"},
        {"{% set l = [] %}{% set _ = l.append(l) %}{% set k = [] %}{% set _ = k.append(k) %}"
         "{{ l == k }}",
         "more than 200 levels"},
        {"{{ raise_exception('System role not supported') }}", "System role not supported"},
        {"{{ strftime_now(1) }}", "must be str"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_error(rows[i][0], strlen(rows[i][0]), rows[i][1]);
}

static char *repeated(const char *before, const char *part, int n, const char *behind)
{
    struct buf b = {0};
    buf_puts(&b, before);
    while (n--)
        buf_puts(&b, part);
    buf_puts(&b, behind);
    return b.data;
}

static void test_bounds_of_the_text(void **state)
{
    (void)state;
    static const struct {
        const char *before, *part, *behind, *want;
        int n;
    } rows[] = {
        {"{{ ", "(", " }}", "nested too deeply", 50000},
        {"{{ ", "[", " }}", "nested too deeply", 50000},
        {"{{ ", "not ", "1 }}", "nested too deeply", 50000},
        {"{{ ", "-", "1 }}", "nested too deeply", 50000},
        {"", "{% if 1 %}", "", "nested too deeply", 50000},
        {"{{ 1", " + 1", " }}", "nested too deeply", 50000},
        {"{{ 1", " if 1 else 1", " }}", "nested too deeply", 50000},
        {"{{ 'a'", "|upper", " }}", "nested too deeply", 50000},
        {"", "a", "", "a template has at most", 2000000},
        {"{{ ", "1", " }}", "beyond 64 bits", 50000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = repeated(rows[i].before, rows[i].part, rows[i].n, rows[i].behind);
        expect_error(text, strlen(text), rows[i].want);
        free(text);
    }
    expect_error("a\0b", 3, "1:2: a NUL byte");
    expect_error("{{ '\xff' }}", 10, "1:5: not valid UTF-8");
}

static void test_unknown_is_refused_when_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a\n  {{ x|frobnicate }}", "chat template:2:8: unknown filter 'frobnicate'"},
        {"{% if false %}\n{{ x is frobnicated }}{% endif %}", "2:9: unknown test 'frobnicated'"},
        {"é{{ x.frobnicate() }}", "chat template:1:7: unknown method 'frobnicate'"},
        {"{% if false %}{{ frobnicate() }}{% endif %}", "1:18: unknown function 'frobnicate'"},
        {"\n\n{% frobnicate %}", "chat template:3:4: unknown statement 'frobnicate'"},
        {"{% include '/etc/passwd' %}", "1:4: unknown statement 'include'"},
        {"{{ x|map('frobnicate') }}", "unknown filter 'frobnicate'"},
        {"{{ x|selectattr('a', 'frobnicate') }}", "unknown test 'frobnicate'"},
        {"{{ x", "chat template:1:1: a tag without its end '}}'"},
        {"{% if x %}", "the template ends without 'endif'"},
        {"{% endif %}", "'endif' without its beginning"},
        {"{{ 1 + }}", "1:8: an expression expected, not }}"},
        {"{{ (1] }}", "1:6: unexpected ']', expected ')'"},
        {"{{ 'a }}", "1:4: a string without its end"},
        {"{{ a ? b }}", "1:6: unexpected char '?'"},
        {"{# a", "1:1: Missing end of comment tag"},
        {"{% break %}", "1:4: break outside of a loop"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = {0};
        assert_null(template_parse(rows[i][0], strlen(rows[i][0]), &err));
        if (!strstr(err.text, rows[i][1]))
            fail_msg("%s: want %s, got %s", rows[i][0], rows[i][1], err.text);
        assert_int_equal(err.code, EX_DATAERR);
    }
}

static void test_nothing_but_values_is_in_reach(void **state)
{
    (void)state;
    expect_error("{{ ''.__class__.__mro__ }}", 26, "no attribute '__class__'");
    expect_error("{{ messages.__init__.__globals__ }}", 35, "no attribute '__init__'");
    expect_error("{{ '{0.__class__.a}'.format(1) }}", 33, "no attribute '__class__'");
    expect_error("{{ range.__globals__.os }}", 26, "no attribute '__globals__'");
}

/* ---- the rest ------------------------------------------------------------------------ */

/* What a run does to the strings of a template is gone with it. */
static void test_a_template_can_run_again(void **state)
{
    (void)state;
    static const char text[] =
        "{% set a = 'x\\n' %}{% set a = a ~ messages|length %}{{ a + 'y\\n' }}"
        "{{ 'x\\n' + 'z' }}{{ ('p' 'q') ~ a }}"
        "{{ ('k\\n' ~ 'y' * 3000)|length }}{{ 'k\\n' }}";
    struct error err;
    struct template *t = template_parse(text, sizeof text - 1, &err);
    struct template_message message = {"user", "Hello", 5, NULL};
    for (size_t i = 0; i < 3; i++) {
        struct template_input in = {.messages = &message, .n_messages = i % 2};
        struct template_output out;
        assert_true(template_render(t, &in, &out, &err));
        assert_string_equal(out.text,
                            i % 2 ? "x\n1y\nx\nzpqx\n13002k\n" : "x\n0y\nx\nzpqx\n03002k\n");
        template_output_free(&out);
    }
    template_free(t);
}

static void test_reads(void **state)
{
    (void)state;
    static const char text[] = "{% if enable_thinking is defined %}{{ m.thinking }}{% endif %}";
    struct error err;
    struct template *t = template_parse(text, sizeof text - 1, &err);
    assert_true(template_reads(t, "enable_thinking"));
    assert_false(template_reads(t, "thinking"));
    assert_false(template_reads(t, "tools"));
    template_free(t);
}

static void expect_folded(const char *text, const char *want, enum template_folding folding)
{
    struct template_message messages[] = {{"system", "S", 1, NULL}, {"user", "a", 1, NULL},
                                          {"user", "b", 1, NULL},   {"assistant", "c", 1, NULL},
                                          {"system", "T", 1, NULL}, {"user", "", 0, NULL}};
    struct template_input in = {.messages = messages, .n_messages = 6};
    struct template_output out;
    struct error err;
    enum template_folding got;
    struct template *t = template_parse(text, strlen(text), &err);
    bool ok = template_render_folding(t, &in, &out, &got, &err);
    assert_int_equal(got, folding);
    assert_string_equal(ok ? out.text : err.text, want);
    assert_int_equal(out.refused, !ok);
    template_output_free(&out);
    template_free(t);
}

#define EACH "{% for m in messages %}[{{ m.role[0] }}{{ m.content }}]{% endfor %}"
#define NO_SYSTEM                                                                                  \
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"         \
    "{% endif %}{% endfor %}"
#define NO_NEIGHBOURS                                                                              \
    "{% for m in messages %}{% if not loop.last and m.role == loop.nextitem.role %}"               \
    "{{ raise_exception('take turns') }}{% endif %}{% endfor %}"

static void test_conversations_are_folded_if_refused(void **state)
{
    (void)state;
    expect_folded(EACH, "[sS][ua][ub][ac][sT][u]", FOLD_NOTHING);
    expect_folded(NO_NEIGHBOURS EACH, "[sS][ua\n\nb][ac][sT][u]", FOLD_NEIGHBOURS);
    expect_folded(NO_SYSTEM EACH, "[uS\n\nT\n\na\n\nb][ac][u]", FOLD_SYSTEM);
    expect_folded(NO_SYSTEM NO_NEIGHBOURS EACH, "[uS\n\nT\n\na\n\nb][ac][u]", FOLD_SYSTEM);
    expect_folded("{{ raise_exception('never ' ~ messages|length) }}", "never 6", FOLD_NOTHING);
}

/* What is joined are messages of text alone. */
static void test_members_are_not_folded(void **state)
{
    (void)state;
    json_t *members = json_pack("{s:s}", "reasoning_content", "r");
    struct template_message messages[] = {{"assistant", "a", 1, members},
                                          {"assistant", "b", 1, NULL}};
    struct template_folded f;
    template_fold(messages, 2, FOLD_NEIGHBOURS, &f);
    assert_int_equal(f.n, 2);
    assert_ptr_equal(f.messages[0].members, members);
    template_folded_free(&f);
    json_decref(members);
}

/* An empty text adds no empty line. */
static void test_empty_texts_are_joined_without_a_line(void **state)
{
    (void)state;
    struct template_message messages[] = {
        {"user", "a", 1, NULL}, {"user", "", 0, NULL}, {"user", "b", 1, NULL}};
    struct template_folded f;
    template_fold(messages, 3, FOLD_NEIGHBOURS, &f);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.messages[0].n, 4);
    assert_string_equal(f.messages[0].text, "a\n\nb");
    template_folded_free(&f);
}

static void test_members_of_messages(void **state)
{
    (void)state;
    json_t *members =
        json_pack("{s:s,s:[{s:s}]}", "reasoning_content", "<|r|>", "tool_calls", "name", "f");
    struct template_message message = {"assistant", "a", 1, members};
    struct template_input in = {.messages = &message, .n_messages = 1};
    struct template_output out;
    struct error err;
    static const char text[] = "{% for m in messages %}({{ m.reasoning_content }}){{ m.content }}"
                               "{{ m.tool_calls[0].name }}{% endfor %}{{ bos_token is defined }}";
    struct template *t = template_parse(text, sizeof text - 1, &err);
    assert_true(template_render(t, &in, &out, &err));
    char *got = shape(&out);
    assert_string_equal(out.text, "(<|r|>)afFalse");
    assert_string_equal(got, "(.).False");
    free(got);
    template_output_free(&out);
    template_free(t);
    json_decref(members);
}

/* A text that is not UTF-8 goes through as it is. */
static void test_any_bytes_in_messages(void **state)
{
    (void)state;
    struct template_message message = {"user", "\xff\0\xc3(\xe2\x82", 6, NULL};
    struct template_input in = {.messages = &message, .n_messages = 1};
    struct template_output out;
    struct error err;
    static const char text[] = "{% set c = messages[0].content %}{{ c }}{{ c|trim }}{{ c|length }}"
                               "{{ c[::-1]|length }}{{ c|upper|length }}{{ [c]|string|length > 9 }}"
                               "{{ c.split('(')|length }}{{ c|tojson|length > 6 }}";
    struct template *t = template_parse(text, sizeof text - 1, &err);
    assert_true(template_render(t, &in, &out, &err));
    assert_memory_equal(out.text,
                        "\xff\0\xc3(\xe2\x82\xff\0\xc3(\xe2\x82"
                        "666True2True",
                        24);
    template_output_free(&out);
    template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_published_templates),
        cmocka_unit_test(test_all_published_templates),
        cmocka_unit_test(test_messages_stay_data),
        cmocka_unit_test(test_roles_are_words),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bounds_of_the_text),
        cmocka_unit_test(test_unknown_is_refused_when_read),
        cmocka_unit_test(test_nothing_but_values_is_in_reach),
        cmocka_unit_test(test_a_template_can_run_again),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_conversations_are_folded_if_refused),
        cmocka_unit_test(test_members_are_not_folded),
        cmocka_unit_test(test_empty_texts_are_joined_without_a_line),
        cmocka_unit_test(test_members_of_messages),
        cmocka_unit_test(test_any_bytes_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
