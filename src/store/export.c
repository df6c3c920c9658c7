/* SPDX-License-Identifier: MIT */
#include "export.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message_parts.h"
#include "outfile.h"
#include "utf8.h"

/* Bytes up to the next line end of any kind that Markdown knows. */
static size_t line_length(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] != '\n' && text[i] != '\r')
        i++;
    return i;
}

/* A quotation: each line has a mark of its own, so that none can end it. */
static void quote(const struct buf *text, struct buf *out)
{
    const char *at = text->data, *end = at + text->len;
    buf_puts(out, "> *Thinking*\n>\n");
    while (at < end) {
        size_t n = line_length(at, (size_t)(end - at));
        buf_puts(out, "> ");
        buf_append(out, at, n);
        buf_puts(out, "\n");
        at += n;
        at += at < end && *at == '\r' && at + 1 < end && at[1] == '\n';
        at += at < end;
    }
    buf_puts(out, "\n");
}

/* ---- what a message leaves open ------------------------------------------------------- */

/* Blocks of HTML that only their own end closes. */
static const struct html {
    const char *start, *end;
} htmls[] = {{"<!--", "-->"},
             {"<![CDATA[", "]]>"},
             {"<?", "?>"},
             {"<script", "</script>"},
             {"<style", "</style>"},
             {"<pre", "</pre>"},
             {"<textarea", "</textarea>"}};

struct open_block {
    char fence; /* '`' or '~'; 0: none */
    size_t n_fence;
    const struct html *html; /* or NULL */
    bool in_list;
};

static bool has_text(const char *s, size_t n, const char *what)
{
    size_t m = strlen(what);
    for (size_t i = 0; i + m <= n; i++)
        if (strncasecmp(s + i, what, m) == 0)
            return true;
    return false;
}

static size_t run_of(const char *s, size_t n, char c)
{
    size_t i = 0;
    while (i < n && s[i] == c)
        i++;
    return i;
}

/* An item of a list: what stands further in ends with it. */
static bool is_item(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && i < 9 && s[i] >= '0' && s[i] <= '9')
        i++;
    return i + 1 < n && (i ? s[i] == '.' || s[i] == ')' : strchr("-+*", s[i]) != NULL) &&
           s[i + 1] == ' ';
}

static void open_line(struct open_block *b, const char *s, size_t n)
{
    size_t blanks = run_of(s, n, ' ');
    if (blanks == n)
        return;
    s += blanks;
    n -= blanks;
    size_t signs = run_of(s, n, *s);
    if (b->fence) {
        bool closes = blanks < 4 && *s == b->fence && signs >= b->n_fence &&
                      run_of(s + signs, n - signs, ' ') == n - signs;
        b->fence = closes ? 0 : b->fence;
        return;
    }
    if (b->html) {
        b->html = has_text(s, n, b->html->end) ? NULL : b->html;
        return;
    }
    if (blanks < 4 && is_item(s, n))
        b->in_list = true;
    else if (blanks == 0)
        b->in_list = false;
    if (blanks >= 4 || (b->in_list && blanks >= 2))
        return;
    if (signs >= 3 && (*s == '~' || (*s == '`' && !memchr(s + signs, '`', n - signs)))) {
        b->fence = *s;
        b->n_fence = signs;
    }
    for (size_t i = 0; i < sizeof htmls / sizeof *htmls; i++)
        if (strncasecmp(s, htmls[i].start, strlen(htmls[i].start)) == 0 &&
            !has_text(s + strlen(htmls[i].start), n - strlen(htmls[i].start), htmls[i].end))
            b->html = &htmls[i];
}

/* Closes what would take the messages behind in. */
static void close_blocks(const struct buf *text, struct buf *out)
{
    struct open_block b = {0};
    for (size_t at = 0, n; at < text->len; at += n + 1) {
        n = line_length(text->data + at, text->len - at);
        open_line(&b, text->data + at, n);
    }
    if (!b.fence && !b.html)
        return;
    if (text->data[text->len - 1] != '\n')
        buf_puts(out, "\n");
    for (size_t i = 0; b.fence && i < b.n_fence; i++)
        buf_append(out, &b.fence, 1);
    buf_puts(out, b.html ? b.html->end : "");
}

/* Longer than any run of backquotes in a text. */
static size_t fence_length(const char *s, size_t n)
{
    size_t longest = 2;
    for (size_t i = 0, run; i < n; i += run ? run : 1) {
        run = run_of(s + i, n - i, '`');
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

static void add_fence(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_puts(out, "`");
    buf_puts(out, "\n");
}

/* Files in a message, as code below their names. -> bytes of the text that they are */
static size_t show_parts(const struct buf *text, struct buf *out)
{
    size_t at = 0;
    struct message_part part;
    while (text->len && message_part_next(text->data, text->len, &at, &part)) {
        size_t n = fence_length(part.text, part.n_text);
        bool ends = !part.n_text || part.text[part.n_text - 1] == '\n';
        buf_printf(out, "File `%s`:\n\n", part.name);
        add_fence(out, n);
        buf_append(out, part.text, part.n_text);
        buf_puts(out, ends ? "" : "\n");
        add_fence(out, n);
        buf_puts(out, "\n");
        message_part_free(&part);
    }
    return at;
}

static void to_markdown(const struct conversation *c, bool with_thinking, struct buf *out)
{
    if (c->title && *c->title)
        buf_printf(out, "# %s\n\n", c->title);
    for (size_t i = 0; i < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[i]];
        if (m->role == CHAT_USER)
            buf_puts(out, "## You\n\n");
        else
            buf_printf(out, "## %s\n\n", m->model ? m->model : "Answer");
        if (with_thinking && m->thinking.len)
            quote(&m->thinking, out);
        struct buf text = m->text; /* a view */
        size_t parts = m->role == CHAT_USER ? show_parts(&text, out) : 0;
        if (parts)
            text = (struct buf){text.data + parts, text.len - parts, 0};
        buf_append(out, text.data, text.len);
        close_blocks(&text, out);
        buf_puts(out, "\n\n");
    }
}

/* JSON is UTF-8: a byte that is none becomes U+FFFD. */
static json_t *text_of(const char *text, size_t n)
{
    struct buf clean = {0};
    json_t *v = text ? json_stringn(text, n) : json_null();
    for (size_t i = 0, used; !v && i < n; i += used) {
        int32_t cp;
        used = utf8_decode(text + i, n - i, &cp);
        buf_append(&clean, cp < 0 ? "\xef\xbf\xbd" : text + i, cp < 0 ? 3 : used);
    }
    if (!v)
        v = json_stringn(clean.data, clean.len);
    buf_free(&clean);
    return v;
}

static json_t *string_of(const char *text)
{
    return text_of(text, text ? strlen(text) : 0);
}

static json_t *message_of(const struct message *m, size_t number, bool with_thinking)
{
    json_t *o = json_object();
    bool answer = m->role == CHAT_ASSISTANT;
    json_object_set_new(o, "number", json_integer((json_int_t)number));
    json_object_set_new(o, "parent", m->parent < 0 ? json_null() : json_integer(m->parent));
    json_object_set_new(o, "role", json_string(answer ? "assistant" : "user"));
    json_object_set_new(o, "text", text_of(m->text.data ? m->text.data : "", m->text.len));
    json_object_set_new(o, "time_ms", json_integer(m->time));
    if (answer && with_thinking && m->thinking.len) {
        json_object_set_new(o, "thinking", text_of(m->thinking.data, m->thinking.len));
        json_object_set_new(o, "thinking_tokens", json_integer(m->n_thinking));
        json_object_set_new(o, "thinking_ms", json_real((double)m->thinking_ms));
    }
    if (answer) {
        json_object_set_new(o, "model", string_of(m->model));
        json_object_set_new(o, "stop", json_string(stop_reason_name(m->stop)));
        json_object_set_new(o, "prompt_tokens", json_integer(m->stats.n_prompt));
        json_object_set_new(o, "answer_tokens", json_integer(m->stats.n_tokens));
        json_object_set_new(o, "tokens_per_s", json_real((double)m->stats.tokens_per_s));
    }
    return o;
}

static void to_json(const struct conversation *c, bool with_thinking, struct buf *out)
{
    json_t *o = json_object(), *messages = json_array(), *path = json_array();
    json_object_set_new(o, "title", string_of(c->title));
    json_object_set_new(o, "system", string_of(c->system));
    json_object_set_new(o, "model", string_of(c->model));
    json_object_set_new(o, "preset", string_of(c->preset));
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(messages, message_of(&c->messages[i], i, with_thinking));
    for (size_t i = 0; i < c->n_path; i++)
        json_array_append_new(path, json_integer(c->path[i]));
    json_object_set_new(o, "path", path); /* the messages that are shown */
    json_object_set_new(o, "messages", messages);
    char *text = json_dumps(o, JSON_INDENT(2));
    buf_puts(out, text ? text : "");
    buf_puts(out, "\n");
    free(text);
    json_decref(o);
}

/* thinking: NULL for none. Under the name that chat templates read. */
static void add_line(struct buf *out, const char *role, json_t *text, json_t *thinking)
{
    json_t *o =
        json_pack("{s:s, s:o, s:o*}", "role", role, "content", text, "reasoning_content", thinking);
    char *line = json_dumps(o, 0);
    buf_printf(out, "%s\n", line);
    free(line);
    json_decref(o);
}

/* A line a message, in the form that other programs take chats in. */
static void to_json_lines(const struct conversation *c, bool with_thinking, struct buf *out)
{
    if (c->system)
        add_line(out, "system", string_of(c->system), NULL);
    for (size_t i = 0; i < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[i]];
        add_line(out, m->role == CHAT_USER ? "user" : "assistant",
                 text_of(m->text.data ? m->text.data : "", m->text.len),
                 with_thinking && m->thinking.len ? text_of(m->thinking.data, m->thinking.len)
                                                  : NULL);
    }
}

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcmp(path + n - m, ending) == 0;
}

bool export_file(const struct conversation *c, const char *path, bool with_thinking, bool replace,
                 struct error *err)
{
    struct buf text = {0};
    struct outfile o;
    if (ends_in(path, ".md"))
        to_markdown(c, with_thinking, &text);
    else if (ends_in(path, ".json"))
        to_json(c, with_thinking, &text);
    else if (ends_in(path, ".jsonl"))
        to_json_lines(c, with_thinking, &text);
    else
        return error_set(err, EX_USAGE, "%s: a name that ends in .md, .json or .jsonl is needed",
                         path);
    bool ok = outfile_open(&o, path, replace, "qins-export", err);
    if (ok && outfile_write(&o, 0, text.data, text.len, err)) {
        ok = outfile_commit(&o, err);
    } else if (ok) {
        outfile_abandon(&o);
        ok = false;
    }
    buf_free(&text);
    return ok;
}
