/* SPDX-License-Identifier: MIT
 *
 * talk: a conversation in lines, for screen readers, dumb terminals and scripts. Nothing is ever
 * drawn over; on a terminal text comes by whole sentences, in rows that end between words, and what
 * is said stands behind a label that no answer can write, because its own lines are indented.
 */
#include "plain_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "jsonl.h"
#include "places.h"

enum {
    MAX_HELD = 1000, /* bytes of a sentence that is shown before it ends */
    INDENT = 2,      /* blanks before the lines of somebody else's text */
};

/* ---- what we say ---------------------------------------------------------------------- */

/* Standard output is for answers. */
static void say_on_stderr(const char *text, size_t n)
{
    char *clean = sanitise_text(text, n, false), *rest = clean;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line || (rest && *rest))
            fprintf(stderr, "qins-tui: %s\n", line);
    free(clean);
}

void line_chat_say(struct plain *p, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        die(EX_OSERR, "qins-tui: out of memory");
    if (p->cli->json) {
        jsonl_notice(&p->out, text, (size_t)n);
    } else if (p->out.to_terminal) {
        output_text(&p->out, text, (size_t)n);
        output_end(&p->out);
        p->out.flow.line_indent = 0;
    } else {
        say_on_stderr(text, (size_t)n);
    }
    free(text);
}

void line_chat_quote(struct plain *p, const char *what, const char *text)
{
    p->out.flow.line_indent = INDENT;
    line_chat_say(p, "%s %s", what, text);
}

static void ask(struct plain *p)
{
    static const char *const labels[] = {"You: ", "New version: ", "Number: "};
    const char *label = p->message.len ? "...  " : labels[p->awaited];
    if (!p->asked && !p->cli->json && p->out.to_terminal && isatty(STDIN_FILENO))
        output_text(&p->out, label, strlen(label));
    p->asked = true;
}

/* ---- the answer ----------------------------------------------------------------------- */

/* Bytes up to the end of the last sentence; a long one is cut behind a blank. */
static size_t sentences(const struct buf *b)
{
    static const char *const wide[] = {"\u3002", "\uff01", "\uff1f"};
    size_t blank = 0;
    for (size_t i = b->len; i > 0; i--) {
        char c = b->data[i - 1], before = i > 1 ? b->data[i - 2] : ' ';
        if (c == '\n' || (c == ' ' && strchr(".!?:", before)))
            return i;
        for (int w = 0; w < 3; w++)
            if (i >= 3 && memcmp(b->data + i - 3, wide[w], 3) == 0)
                return i;
        if (c == ' ' && !blank)
            blank = i;
    }
    return b->len < MAX_HELD ? 0 : blank ? blank : b->len;
}

static void show(struct plain *p, size_t n)
{
    if (n && !p->labelled)
        output_text(&p->out, "Assistant: ", 11);
    p->labelled |= n > 0;
    if (n) {
        p->out.flow.line_indent = INDENT;
        output_text(&p->out, p->held.data, n);
        p->out.flow.line_indent = 0;
        memmove(p->held.data, p->held.data + n, p->held.len - n);
        p->held.len -= n;
    }
}

void line_chat_text(struct plain *p, const char *text, size_t n)
{
    struct message *m = &p->conversation.messages[p->writing];
    buf_append(&m->text, text, n);
    m->changed = true;
    saving_later(&p->saving);
    if (p->cli->json)
        return;
    if (!p->out.to_terminal) {
        output_text(&p->out, text, n);
        return;
    }
    buf_append(&p->held, text, n);
    show(p, sentences(&p->held));
}

static const char *mark_of(enum stop_reason stop, bool empty)
{
    switch (stop) {
    case STOP_NONE: return "[interrupted; /continue goes on]";
    case STOP_CANCELLED: return "[stopped]";
    case STOP_LENGTH: return "[max tokens reached]";
    case STOP_CONTEXT: return "[the context is full; /clear starts a new conversation]";
    default: return empty ? "[no answer]" : NULL;
    }
}

void line_chat_end_turn(struct plain *p, const struct event *e)
{
    struct message *m = &p->conversation.messages[p->writing];
    const char *mark = mark_of(e->stop, e->stats.n_tokens == 0);
    show(p, p->held.len);
    if (!p->cli->json)
        output_end(&p->out);
    if (!p->cli->json && p->out.to_terminal && mark)
        line_chat_say(p, "%s", mark);
    if (!p->cli->json && !p->out.to_terminal)
        output_text(&p->out, "\n", 1); /* between answers */
    if (p->ids_known)
        engine_turn_ids(p->engine, e->turn, &m->ids);
    m->open = false;
    m->stop = e->stop;
    m->stats = e->stats;
    m->changed = true;
    if (m->text.len == 0 && m->ids.n == 0)
        conversation_drop_leaf(&p->conversation);
    p->last = *e;
    p->turn = 0;
    p->labelled = p->asked = false;
    line_chat_save(p);
}

void line_chat_show_last(struct plain *p)
{
    const struct conversation *c = &p->conversation;
    if (!p->out.to_terminal || p->cli->json)
        return;
    for (size_t i = c->n_path > 2 ? c->n_path - 2 : 0; i < c->n_path; i++) {
        const struct message *m = &c->messages[c->path[i]];
        const char *mark = m->role == CHAT_USER ? NULL : mark_of(m->stop, m->text.len == 0);
        if (m->role == CHAT_USER)
            output_text(&p->out, "You: ", 5);
        p->labelled = m->role == CHAT_USER;
        buf_append(&p->held, m->text.data, m->text.len);
        show(p, p->held.len);
        output_end(&p->out);
        if (mark)
            line_chat_say(p, "%s", mark);
    }
    p->labelled = false;
}

/* ---- saving --------------------------------------------------------------------------- */

void line_chat_save(struct plain *p)
{
    saving_now(&p->saving, &p->conversation);
    char *news = saving_news(&p->saving);
    if (news)
        line_chat_say(p, "%s", news);
    free(news);
}

void line_chat_start(struct plain *p)
{
    bool person = p->out.to_terminal && !p->cli->json && isatty(STDIN_FILENO);
    p->out.in_rows = p->out.to_terminal && !p->cli->json;
    p->saving.off = !person || !cli_saves(p->cli);
    p->saving.folder = places_state_folder();
    if (p->out.in_rows)
        line_chat_say(p, "qins-tui: /help lists commands, Ctrl-D leaves.%s",
                      cli_saves(p->cli) ? " What is said is saved; --no-save keeps nothing." : "");
    if (p->cli->continue_last)
        line_chat_command(p, "/open 1");
}

/* ---- lines ---------------------------------------------------------------------------- */

/* A fixed seed gives the first answer always the same, another version another one. */
static uint64_t seed_of(const struct plain *p)
{
    int which;
    conversation_versions(&p->conversation, p->writing, &which);
    return options_seed(&p->cli->options) + (uint64_t)which - 1;
}

static void prompt_cache_settings(struct plain *p)
{
    struct conversation *c = &p->conversation;
    const char *slash = strrchr(p->model, '/'),
               *system = options_text(&p->cli->options, OPT_SYSTEM);
    const char *name = slash && slash[1] ? slash + 1 : p->model, *ending = strstr(name, ".qins");
    free(c->system);
    free(c->model);
    c->system = *system ? xstrdup(system) : NULL;
    c->model = xstrndup(name, ending ? (size_t)(ending - name) : strlen(name));
}

void line_chat_answer(struct plain *p)
{
    struct conversation *c = &p->conversation;
    const char *system = options_text(&p->cli->options, OPT_SYSTEM);
    struct chat request = {0};
    if (*system)
        chat_add(&request, CHAT_SYSTEM, system, strlen(system));
    conversation_chat(c, &request);
    p->writing = conversation_leaf(c);
    if (c->messages[p->writing].role == CHAT_USER)
        p->writing = conversation_add(c, CHAT_ASSISTANT, "", 0);
    struct message *m = &c->messages[p->writing];
    m->open = m->changed = true;
    p->ids_known = m->ids.n || !m->text.len;
    prompt_cache_settings(p);
    if (!m->model)
        m->model = xstrdup(c->model);
    line_chat_save(p);
    plain_submit(p, &request, seed_of(p));
    chat_free(&request);
}

void line_chat_send(struct plain *p, const char *text)
{
    struct conversation *c = &p->conversation;
    conversation_add(c, CHAT_USER, text, strlen(text));
    if (!c->title) {
        c->title = conversation_title_of(text, strlen(text));
        c->title_changed = true;
    }
    line_chat_answer(p);
}

static void take_message(struct plain *p)
{
    const char *argument, *text = p->message.len ? p->message.data : "";
    bool blank = text[strspn(text, " \t\r\n")] == '\0';
    bool is_text = command_parse(text, &argument) == COMMAND_TEXT;
    p->asked = false;
    if (p->awaited && (blank || is_text)) {
        line_chat_reply(p, blank ? "" : argument);
    } else if (is_text && !blank) {
        line_chat_send(p, argument);
    } else if (!blank) {
        line_chat_leave_question(p);
        line_chat_command(p, text);
    }
    buf_free(&p->message);
}

/* A NUL would end the text for those who read it later. */
static void add_line(struct plain *p, const char *line, size_t n)
{
    n -= n > 0 && line[n - 1] == '\r';
    for (size_t i = 0; i < n; i++)
        if (line[i])
            buf_append(&p->message, line + i, 1);
}

/* -> false: the last line goes on in the next. */
static bool is_whole(struct plain *p)
{
    struct buf *m = &p->message;
    if (!m->len || m->data[m->len - 1] != '\\')
        return true;
    m->data[m->len - 1] = '\n';
    return false;
}

void line_chat_take_lines(struct plain *p)
{
    while (!p->done && p->ready && !p->turn && !p->next) {
        struct buf *in = &p->input;
        if (p->cli->prompt) { /* -p: what is said first */
            buf_puts(&p->message, p->cli->prompt);
            p->cli->prompt = NULL;
            take_message(p);
            continue;
        }
        const char *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
        if (!end && p->reading_stdin) {
            ask(p);
            return;
        }
        if (!end && !in->len && !p->message.len) {
            if (p->asked && !p->cli->json && p->out.to_terminal)
                output_end(&p->out); /* the caret stands behind "You:" */
            plain_finish(p, 0);
            return;
        }
        size_t n = end ? (size_t)(end - in->data) : in->len;
        output_entered(&p->out);
        add_line(p, in->len ? in->data : "", n);
        n += end != NULL;
        memmove(in->data, in->data + n, in->len - n);
        in->len -= n;
        if (is_whole(p) || (!in->len && !p->reading_stdin))
            take_message(p);
        else
            p->asked = false;
    }
}

void line_chat_free(struct plain *p)
{
    line_chat_save(p);
    line_chat_drop_next(p);
    conversation_free(&p->conversation);
    saving_free(&p->saving);
    buf_free(&p->message);
    buf_free(&p->held);
}
