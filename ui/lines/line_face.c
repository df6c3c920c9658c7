/* SPDX-License-Identifier: MIT
 *
 * A conversation in lines as a face of the chat. Nothing is ever drawn over; on a terminal text
 * comes by whole sentences, in rows that end between words, and what is said stands behind a label
 * that no answer can write, because its own lines are indented.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "chat_files.h"
#include "chat_settings.h"
#include "chat_thinking.h"
#include "chat_turn.h"
#include "jsonl.h"
#include "plain_internal.h"
#include "web_link.h"

enum {
    MAX_HELD = 1000,             /* bytes of a sentence that is shown before it ends, ... */
    MAX_WORD = 2 * WEB_LINK_MAX, /* ... of a word: a URL comes whole, or is none */
    INDENT = 2,                  /* blanks before the lines of somebody else's text */
};

/* ---- what we say ---------------------------------------------------------------------- */

/* Lines hold no sequence unless they are asked for. */
static void put_words(struct plain *p, const char *text, size_t n)
{
    p->out.has_links = strcmp(options_text(p->chat.options, OPT_LINKS), "on") == 0;
    output_text(&p->out, text, n);
}

/* Standard output is for answers. */
static void say_on_stderr(const char *text, size_t n)
{
    char *clean = sanitise_text(text, n, false), *rest = clean;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line || (rest && *rest))
            fprintf(stderr, "qins-tui: %s\n", line);
    free(clean);
}

static void say(struct plain *p, const char *text, size_t n)
{
    if (p->cli->json) {
        jsonl_notice(&p->out, text, n);
    } else if (p->out.to_terminal && p->cli->chat) {
        put_words(p, text, n);
        output_end(&p->out);
        p->out.flow.line_indent = 0;
    } else {
        output_status(&p->out, NULL);
        say_on_stderr(text, n);
    }
}

void line_chat_say(struct plain *p, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        die(EX_OSERR, "out of memory");
    say(p, text, (size_t)n);
    free(text);
}

bool line_chat_speaks(const struct plain *p)
{
    return p->cli->chat && p->out.to_terminal && !p->cli->json;
}

void line_chat_quote(struct plain *p, const char *what, const char *text)
{
    p->out.flow.line_indent = INDENT;
    line_chat_say(p, "%s %s", what, text);
}

/* Not into the middle of an answer. */
static void notice(void *self, const char *text)
{
    struct plain *p = self;
    if (p->cli->json || !p->chat.turn) {
        say(p, text, strlen(text));
        return;
    }
    buf_puts(&p->later, text);
    buf_puts(&p->later, "\n");
}

void line_chat_say_held(struct plain *p)
{
    size_t n = p->later.len;
    p->later.len = 0;
    if (n)
        say(p, p->later.data, n - 1);
}

void line_chat_unanswered(struct plain *p)
{
    p->incomplete = true;
    if (!p->cli->json && !p->out.to_terminal)
        output_text(&p->out, "\n", 1);
}

void line_chat_refuse(struct plain *p, const char *why)
{
    line_chat_say(p, "%s", why);
    line_chat_unanswered(p);
}

static void page(void *self, const char *name, const char *text)
{
    struct plain *p = self;
    size_t n = strlen(text);
    while (n && text[n - 1] == '\n')
        n--;
    p->out.flow.line_indent = INDENT;
    if (p->cli->json)
        say(p, text, n);
    else
        line_chat_say(p, "%s:\n%.*s", name, (int)n, text);
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
    return b->len < (blank ? MAX_HELD : MAX_WORD) ? 0 : blank ? blank : b->len;
}

static void show(struct plain *p, size_t n)
{
    const char *label = p->thinks ? "Thinking: " : "Assistant: ";
    if (n && !p->labelled)
        output_text(&p->out, label, strlen(label));
    p->labelled |= n > 0;
    if (n) {
        p->out.flow.line_indent = INDENT;
        put_words(p, p->held.data, n);
        p->out.flow.line_indent = 0;
        memmove(p->held.data, p->held.data + n, p->held.len - n);
        p->held.len -= n;
    }
}

/* What was thought is over. */
static void end_thinking(struct plain *p)
{
    const struct chat_session *s = &p->chat;
    if (!p->thinks)
        return;
    show(p, p->held.len);
    if (p->labelled)
        output_end(&p->out);
    p->labelled = false;
    line_thinking_end(p, &s->conversation.messages[s->writing]);
}

static void put_text(struct plain *p, const char *text, size_t n)
{
    if (!p->out.to_terminal) {
        output_text(&p->out, text, n);
        return;
    }
    buf_append(&p->held, text, n);
    show(p, sentences(&p->held));
}

static void thinking(void *self, const char *text, size_t n)
{
    struct plain *p = self;
    if (p->cli->json)
        return; /* the event has its line */
    if (!p->thinks)
        line_thinking_begin(p);
    if (p->shows_thinking)
        put_text(p, text, n);
}

static void text(void *self, const char *text, size_t n)
{
    struct plain *p = self;
    if (p->cli->json)
        return; /* the event has its line */
    end_thinking(p);
    put_text(p, text, n);
}

static void answered(void *self, const char *mark)
{
    struct plain *p = self;
    end_thinking(p);
    show(p, p->held.len);
    if (!p->cli->json)
        output_end(&p->out);
    line_chat_say_held(p);
    if (!p->cli->json && p->out.to_terminal && mark)
        line_chat_say(p, "%s", mark);
    if (!p->cli->json && !p->out.to_terminal) {
        output_text(&p->out, "\n", 1);             /* between answers */
        if (mark && !strstr(mark, "context full")) /* of which more is said */
            line_chat_say(p, "%s", mark);
    }
    p->labelled = p->asked = false;
}

/* ---- the conversation ----------------------------------------------------------------- */

static void show_message(struct plain *p, int32_t number)
{
    const struct message *m = &p->chat.conversation.messages[number];
    const char *mark = chat_mark_of(m);
    char line[96];
    if (m->role == CHAT_USER)
        output_text(&p->out, "You: ", 5);
    else if (m->thinking.len)
        line_chat_say(p, "%s.", thought_line(m, false, line, sizeof line));
    p->labelled = m->role == CHAT_USER;
    size_t n;
    const char *typed = chat_files_typed(m, &n);
    buf_append(&p->held, typed, n);
    show(p, p->held.len);
    output_end(&p->out);
    if (chat_files_line(&p->chat, number, line, sizeof line))
        line_chat_say(p, "Files in it: %s", line);
    if (mark)
        line_chat_say(p, "%s", mark);
    p->labelled = false;
}

/* On a terminal: what was said before, as it would have been shown: the last message and its
 * answer. */
static void path_changed(void *self, bool elsewhere)
{
    struct plain *p = self;
    const struct conversation *c = &p->chat.conversation;
    if (!elsewhere || !c->n_path)
        return;
    line_chat_say(p, "The conversation continues from here:");
    if (!p->out.to_terminal || p->cli->json)
        return;
    for (size_t i = c->n_path > 2 ? c->n_path - 2 : 0; i < c->n_path; i++)
        show_message(p, c->path[i]);
}

/* The user has typed it, and reads it there. */
static void said(void *self, int32_t number)
{
    (void)self;
    (void)number;
}

static void changed(void *self)
{
    (void)self;
}

/* ---- asking --------------------------------------------------------------------------- */

static bool ask(void *self, const char *question)
{
    struct plain *p = self;
    if (!plain_has_user(p))
        return false;
    p->awaited = AWAITS_YES;
    line_chat_say(p, "%s (y/n)", question);
    return true;
}

static void list(void *self, enum chat_list which)
{
    line_chat_list(self, which);
}

static void rewrite(void *self, int32_t number)
{
    struct plain *p = self;
    const struct message *m = &p->chat.conversation.messages[number];
    size_t n;
    p->awaited = AWAITS_VERSION;
    p->rewritten = number;
    line_chat_quote(p, m->role == CHAT_USER ? "Your last message:" : "The last answer:",
                    chat_files_typed(m, &n));
    line_chat_say(p, "Type the new version on the next line; an empty line cancels.");
}

static void edit_system(void *self, const char *now)
{
    struct plain *p = self;
    char *text = line_chat_edit(p, now);
    if (text)
        chat_take_system(&p->chat, text);
    free(text);
}

static void quit(void *self)
{
    struct plain *p = self;
    const struct error *failed = engine_error(p->chat.engine);
    if (failed)
        plain_fail(p, failed);
    else
        plain_finish(p, 0);
}

static void add_help(void *self, struct buf *out, bool before)
{
    (void)self;
    if (!before)
        buf_puts(out, "A line that ends in a backslash continues in the next one.\n"
                      "Ctrl-C stops an answer, Ctrl-D quits.\n");
}

const struct chat_face line_chat_face = {
    .stop_key = "Ctrl-C",
    .path_changed = path_changed,
    .said = said,
    .answers = said,
    .text = text,
    .thinking = thinking,
    .answered = answered,
    .note = notice,
    .changed = changed,
    .notice = notice,
    .page = page,
    .ask = ask,
    .list = list,
    .rewrite = rewrite,
    .edit_system = edit_system,
    .quit = quit,
    .add_help = add_help,
};
