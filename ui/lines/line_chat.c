/* SPDX-License-Identifier: MIT
 *
 * A conversation in lines, for screen readers, dumb terminals and scripts: what its lines mean.
 * What the screen edits in place, or lets choose from a list, is asked for: the next line is the
 * answer.
 */
#include <string.h>

#include "chat_command.h"
#include "chat_conversations.h"
#include "chat_files.h"
#include "chat_model.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "command.h"
#include "plain_internal.h"

void line_chat_start(struct plain *p)
{
    bool saves = cli_saves(p->cli);
    chat_start(&p->chat, &line_chat_face, p, saves && (plain_has_user(p) || p->cli->continue_last));
    if (p->out.in_rows)
        line_chat_say(p, "qins-tui: /help lists commands, Ctrl-D quits.%s",
                      saves ? " Conversations are saved as you go; --no-save turns that off." : "");
    if (p->chat.status.remote.host[0])
        line_chat_say(p, "Your messages are sent to %s%s.", p->chat.status.remote.host,
                      p->chat.status.remote.is_open ? ", not encrypted" : "");
    if (p->out.in_rows)
        chat_advise(&p->chat);
    for (int i = 0; i < N_ADVICE && p->chat.advice[i]; i++)
        line_chat_say(p, "%s", p->chat.advice[i]);
    if (p->cli->continue_last)
        chat_open_last(&p->chat);
}

void line_chat_end(struct plain *p)
{
    chat_leave(&p->chat, STOP_NONE);
    chat_drop_next(&p->chat);
    line_chat_say_held(p);
    buf_free(&p->message);
    buf_free(&p->held);
}

/* ---- what was asked for --------------------------------------------------------------- */

static void ask(struct plain *p)
{
    static const char *const labels[] = {"You: ", "New version: ", "Number: ", "Yes or no: "};
    const char *label = p->message.len ? "...  " : labels[p->awaited];
    if (!p->asked && plain_has_user(p))
        output_text(&p->out, label, strlen(label));
    p->asked = true;
}

/* Something else came. */
static void leave_question(struct plain *p)
{
    enum awaited awaited = p->awaited;
    p->awaited = AWAITS_MESSAGE;
    if (awaited == AWAITS_YES)
        chat_reply(&p->chat, false);
    else if (awaited)
        line_chat_say(p, "Nothing changed");
}

static void take_yes(struct plain *p, const char *text)
{
    bool yes = *text == 'y' || *text == 'Y';
    if (yes || *text == 'n' || *text == 'N') {
        chat_reply(&p->chat, yes);
    } else {
        p->awaited = AWAITS_YES;
        line_chat_say(p, "Type y for yes or n for no.");
    }
}

/* What a user types may name files to put in, and he hears which; a line from a pipe is left as it
 * is (chat_files.h). -> false: one cannot be put in, and he hears why */
static bool join_files(struct plain *p, const char *text, struct buf *message)
{
    struct error err;
    struct buf hint = {0};
    if (!plain_has_user(p)) {
        buf_puts(message, text);
        return true;
    }
    if (!chat_files_join(text, text, strlen(text), message, &err)) {
        line_chat_refuse(p, err.text);
        return false;
    }
    chat_files_hint(&p->chat, text, strlen(text), &hint);
    if (hint.len)
        line_chat_say(p, "%s", hint.data);
    buf_free(&hint);
    return true;
}

static void send(struct plain *p, const char *text)
{
    struct buf message = {0};
    if (join_files(p, text, &message))
        chat_send(&p->chat, message.data, message.len);
    buf_free(&message);
}

static void send_version(struct plain *p, const char *text)
{
    const struct message *m = &p->chat.conversation.messages[p->rewritten];
    struct buf message = {0};
    if (m->role == CHAT_ASSISTANT)
        chat_rewrite(&p->chat, p->rewritten, text, strlen(text));
    else if (join_files(p, text, &message))
        chat_rewrite(&p->chat, p->rewritten, message.data, message.len);
    buf_free(&message);
}

/* The line that was awaited: "" leaves all as it was. */
static void reply(struct plain *p, const char *text)
{
    enum awaited awaited = p->awaited;
    if (!*text) {
        leave_question(p);
        return;
    }
    p->awaited = AWAITS_MESSAGE;
    if (awaited == AWAITS_VERSION)
        send_version(p, text);
    else if (awaited == AWAITS_BRANCH)
        line_chat_take_branch(p, text);
    else
        take_yes(p, text);
}

/* ---- lines ---------------------------------------------------------------------------- */

static void take_message(struct plain *p)
{
    const char *argument, *text = p->message.len ? p->message.data : "";
    bool blank = text[strspn(text, " \t\r\n")] == '\0';
    bool is_text = command_parse(text, &argument) == COMMAND_TEXT;
    p->asked = false;
    if (p->awaited && (blank || is_text)) {
        reply(p, blank ? "" : argument);
    } else if (is_text && !blank) {
        send(p, argument);
    } else if (!blank) {
        bool known = command_parse(text, &argument) == COMMAND_KNOWN;
        leave_question(p);
        chat_command(&p->chat, text);
        if (!known)
            line_chat_unanswered(p);
    }
    buf_free(&p->message);
}

/* A NUL would end the text for those who read it later. -> false, and says so: not UTF-8. */
static bool add_line(struct plain *p, const char *line, size_t n)
{
    struct error err;
    uint64_t offset = p->n_input + p->input_at;
    n -= n > 0 && line[n - 1] == '\r';
    if (!plain_check_text("stdin", &line, &n, offset, &err)) {
        line_chat_refuse(p, err.text);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (line[i])
            buf_append(&p->message, line + i, 1);
    return true;
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

/* Once per read, not per line: a million lines would be moved a million times. */
static void drop_taken(struct plain *p)
{
    struct buf *in = &p->input;
    if (!p->input_at)
        return;
    memmove(in->data, in->data + p->input_at, in->len - p->input_at);
    in->len -= p->input_at;
    p->n_input += p->input_at;
    p->input_at = 0;
}

void line_chat_take_lines(struct plain *p)
{
    while (!p->done && p->chat.ready && !chat_is_busy(&p->chat)) {
        struct buf *in = &p->input;
        if (p->cli->prompt) { /* -p: what is said first */
            buf_puts(&p->message, p->cli->prompt);
            p->cli->prompt = NULL;
            take_message(p);
            continue;
        }
        const char *start = in->len ? in->data + p->input_at : "";
        size_t left = in->len - p->input_at;
        const char *end = left ? memchr(start, '\n', left) : NULL;
        if (!end && p->reading_stdin) {
            drop_taken(p);
            ask(p);
            if (!plain_take_typed(p))
                return;
            continue;
        }
        if (!end && !left && !p->message.len) {
            if (p->asked && !p->cli->json && p->out.to_terminal)
                output_end(&p->out); /* the caret stands behind "You:" */
            plain_finish(p, p->incomplete && !plain_has_user(p) ? EX_TEMPFAIL : 0); /* he saw it */
            return;
        }
        size_t n = end ? (size_t)(end - start) : left;
        output_entered(&p->out);
        bool taken = add_line(p, start, n);
        p->input_at += n + (end != NULL);
        if (!taken)
            buf_free(&p->message);
        else if (is_whole(p) || (p->input_at == in->len && !p->reading_stdin))
            take_message(p);
        else
            p->asked = false;
    }
}
