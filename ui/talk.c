/* SPDX-License-Identifier: MIT
 *
 * talk: a conversation in lines, for screen readers, dumb terminals and scripts. Nothing is ever
 * drawn over; on a terminal text comes by whole sentences, and what is said stands behind a label that
 * no answer can write, because its own lines are indented.
 */
#include "plain_inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "jsonl.h"
#include "model_options.h"
#include "models.h"
#include "preset.h"

enum { MAX_HELD = 1000 }; /* bytes of a sentence that is shown before it ends */

/* ---- what we say ----------------------------------------------------------------------------- */

static void say(struct plain *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct plain *p, const char *format, ...)
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
        outlet_text(&p->out, text, (size_t)n);
        outlet_end(&p->out);
    } else { /* standard output is for answers */
        struct error err;
        refuse(&err, 0, "%s", text);
        error_print(&err, "qins-tui");
    }
    free(text);
}

static void ask(struct plain *p)
{
    if (!p->asked && !p->cli->json && p->out.to_terminal && isatty(STDIN_FILENO))
        outlet_text(&p->out, p->message.len ? "...  " : "You: ", 5);
    p->asked = true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

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
        outlet_text(&p->out, "Assistant: ", 11);
    p->labelled |= n > 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(p->held.data + at, '\n', n - at);
        size_t len = end ? (size_t)(end - p->held.data) + 1 - at : n - at;
        outlet_text(&p->out, p->held.data + at, len);
        if (end)
            outlet_text(&p->out, "  ", 2);
        at += len;
    }
    if (n) {
        memmove(p->held.data, p->held.data + n, p->held.len - n);
        p->held.len -= n;
    }
}

void talk_text(struct plain *p, const char *text, size_t n)
{
    buf_append(&p->chat.messages[p->chat.n - 1].text, text, n);
    if (p->cli->json)
        return;
    if (!p->out.to_terminal) {
        outlet_text(&p->out, text, n);
        return;
    }
    buf_append(&p->held, text, n);
    show(p, sentences(&p->held));
}

static const char *mark(const struct event *e)
{
    switch (e->stop) {
    case STOP_CANCELLED: return "[stopped]";
    case STOP_LENGTH: return "[max tokens reached]";
    case STOP_CONTEXT: return "[the context is full; /clear starts a new conversation]";
    default: return e->stats.n_tokens ? NULL : "[no answer]";
    }
}

void talk_end_turn(struct plain *p, const struct event *e)
{
    struct chat_message *answer = &p->chat.messages[p->chat.n - 1];
    show(p, p->held.len);
    if (!p->cli->json)
        outlet_end(&p->out);
    if (!p->cli->json && p->out.to_terminal && mark(e))
        say(p, "%s", mark(e));
    if (!p->cli->json && !p->out.to_terminal)
        outlet_text(&p->out, "\n", 1); /* between answers */
    engine_turn_ids(p->engine, e->turn, &answer->ids);
    if (answer->text.len == 0 && answer->ids.n == 0)
        chat_truncate(&p->chat, p->chat.n - 1);
    p->last = *e;
    p->turn = 0;
    p->labelled = p->asked = false;
}

/* ---- models ---------------------------------------------------------------------------------- */

static void list_models(struct plain *p)
{
    struct model_list l;
    struct buf text = {0};
    models_list(&l);
    models_table(&l, &text);
    say(p, "%s", text.data);
    buf_free(&text);
    models_free(&l);
}

static void choose_model(struct plain *p, const char *name)
{
    struct engine_options o;
    struct error err;
    if (!*name) {
        list_models(p);
    } else if (cli_switch_options(&p->cli->options, name, &o, &err)) {
        p->next = engine_start(&o);
        p->next_model = (char *)o.model;
        say(p, "Loading %s.", o.model);
    } else {
        say(p, "%s", err.text);
    }
}

/* The ids of answers are the old tokenizer's; their text is encoded anew. */
static void take_next(struct plain *p)
{
    struct options *o = &p->cli->options;
    engine_stop(p->engine);
    free(p->model);
    p->engine = p->next;
    p->model = p->next_model;
    p->next = NULL;
    p->next_model = NULL;
    for (size_t i = 0; i < p->chat.n; i++)
        ids_free(&p->chat.messages[i].ids);
    for (int id = 0; id < N_OPTIONS; id++)
        options_unset(o, (enum option_id)id, SOURCE_MODEL);
    options_from_model(o, engine_info(p->engine)->model);
    if (p->cli->json)
        jsonl_start(&p->out, engine_info(p->engine), p->model);
    else
        say(p, "Now talking to %s.", p->model);
}

static void drop_next(struct plain *p)
{
    engine_stop(p->next);
    free(p->next_model);
    p->next = NULL;
    p->next_model = NULL;
}

void talk_next_event(struct plain *p, const struct event *e)
{
    if (e->type == EVENT_READY)
        take_next(p);
    if (e->type == EVENT_FAILED) {
        say(p, "%s stays: %s", p->model, engine_error(p->next)->text);
        drop_next(p);
    }
}

/* ---- commands -------------------------------------------------------------------------------- */

static bool is_here(enum command_id id)
{
    switch (id) {
    case COMMAND_HELP:
    case COMMAND_NEW:
    case COMMAND_CLEAR:
    case COMMAND_SYSTEM:
    case COMMAND_PRESET:
    case COMMAND_MODEL:
    case COMMAND_SET:
    case COMMAND_STATS:
    case COMMAND_QUIT: return true;
    default: return false;
    }
}

static void help(struct plain *p)
{
    struct buf text = {0};
    for (size_t i = 0; i < n_commands; i++)
        if (is_here(commands[i].id))
            buf_printf(&text, "/%s%s%s: %s.\n", commands[i].name, *commands[i].arguments ? " " : "",
                       commands[i].arguments, commands[i].help);
    buf_puts(&text, "//text: send a text that starts with a slash.\n"
                    "A line that ends in a backslash goes on in the next one.\n"
                    "Ctrl-C stops an answer, Ctrl-D leaves.");
    say(p, "%s", text.data);
    buf_free(&text);
}

static void set_system(struct plain *p, const char *text)
{
    struct error err;
    if (!*text)
        say(p, "System prompt: %s", options_text(&p->cli->options, OPT_SYSTEM));
    else if (options_set(&p->cli->options, OPT_SYSTEM, strcmp(text, "none") == 0 ? "" : text,
                         SOURCE_USER, &err))
        say(p, "The system prompt holds from the next message on.");
    else
        say(p, "%s", err.text);
}

static void choose_preset(struct plain *p, const char *name)
{
    struct error err;
    size_t n;
    if (*name) {
        bool ok = preset_choose(&p->cli->options, name, &err);
        say(p, "%s%s", ok ? "Preset " : err.text, ok ? name : "");
        return;
    }
    char **names = preset_names(&n);
    struct buf list = {0};
    for (size_t i = 0; i < n; i++) {
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
        free(names[i]);
    }
    free(names);
    say(p, "Presets: %s", n ? list.data : "none found");
    buf_free(&list);
}

static void show_options(struct plain *p)
{
    struct buf text = {0};
    for (int id = 0; id < N_OPTIONS; id++) {
        char *value = options_format(&p->cli->options, (enum option_id)id);
        buf_printf(&text, "%s: %s (%s)\n", option_table[id].name, value,
                   option_source_name(options_source(&p->cli->options, (enum option_id)id)));
        free(value);
    }
    say(p, "%s", text.data);
    buf_free(&text);
}

static void set_option(struct plain *p, const char *argument)
{
    struct options *o = &p->cli->options;
    struct error err;
    const char *guess;
    size_t n = strcspn(argument, " \t=");
    char *name = xstrndup(argument, n);
    const char *value = argument + n + strspn(argument + n, " \t=");
    int id = options_find(name, &guess);
    if (!n) {
        show_options(p);
    } else if (id < 0) {
        say(p, "No setting is called %s%s%s", name, guess ? "; did you mean " : "",
            guess ? guess : "");
    } else if (!*value) {
        char *now = options_format(o, (enum option_id)id), range[128];
        say(p, "%s is %s; %s (%s)", option_table[id].name, *now ? now : "not set",
            option_table[id].help, option_range(&option_table[id], range, sizeof range));
        free(now);
    } else if (option_is_fixed((enum option_id)id)) {
        say(p, "%s is fixed once the program runs: give it on the command line",
            option_table[id].name);
    } else if (id == OPT_MODEL) {
        choose_model(p, value);
    } else if (id == OPT_PRESET) {
        choose_preset(p, value);
    } else if (options_set(o, (enum option_id)id, value, SOURCE_USER, &err)) {
        say(p, "%s is %s", option_table[id].name, value);
    } else {
        say(p, "%s", err.text);
    }
    free(name);
}

static void tell_stats(struct plain *p)
{
    const struct turn_stats *s = &p->last.stats;
    if (p->last.turn == 0)
        say(p, "No answer yet.");
    else
        say(p,
            "%u tokens, %.1f tokens a second, first after %.2f s; prompt of %u tokens, %u of them "
            "known; context %u of %u tokens",
            s->n_tokens, (double)s->tokens_per_s, (double)s->first_token_ms / 1e3, s->n_prompt,
            s->n_reused, s->n_ctx_used, engine_info(p->engine)->ctx_len);
}

static void run_command(struct plain *p, const char *line)
{
    const char *argument, *guess;
    enum command_id id = command_parse(line, &argument);
    switch (id) {
    case COMMAND_HELP: help(p); break;
    case COMMAND_NEW:
    case COMMAND_CLEAR:
        chat_truncate(&p->chat, 0);
        say(p, "A new conversation.");
        break;
    case COMMAND_SYSTEM: set_system(p, argument); break;
    case COMMAND_PRESET: choose_preset(p, argument); break;
    case COMMAND_MODEL: choose_model(p, argument); break;
    case COMMAND_SET: set_option(p, argument); break;
    case COMMAND_STATS: tell_stats(p); break;
    case COMMAND_QUIT: plain_finish(p, 0); break;
    case COMMAND_UNKNOWN:
        guess = command_nearest(line);
        say(p, "No such command%s%s; a text with a slash first is sent as //...",
            guess ? ": perhaps /" : "", guess ? guess : "");
        break;
    default: say(p, "That command needs the screen; /help tells what there is here.");
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void send_message(struct plain *p, const char *text)
{
    const char *system = options_text(&p->cli->options, OPT_SYSTEM);
    struct chat request = {0};
    chat_add(&p->chat, CHAT_USER, text, strlen(text));
    if (*system)
        chat_add(&request, CHAT_SYSTEM, system, strlen(system));
    for (size_t i = 0; i < p->chat.n; i++) {
        const struct chat_message *from = &p->chat.messages[i];
        struct chat_message *to = chat_add(&request, from->role, from->text.data, from->text.len);
        for (size_t j = 0; j < from->ids.n; j++)
            ids_push(&to->ids, from->ids.ids[j]);
    }
    plain_submit(p, &request);
    chat_free(&request);
    chat_add(&p->chat, CHAT_ASSISTANT, "", 0);
}

static void take_message(struct plain *p)
{
    const char *argument, *text = p->message.len ? p->message.data : "";
    p->asked = false;
    if (text[strspn(text, " \t\r\n")] == '\0')
        ;
    else if (command_parse(text, &argument) == COMMAND_TEXT)
        send_message(p, argument);
    else
        run_command(p, text);
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

void talk_take_lines(struct plain *p)
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
                outlet_end(&p->out); /* the caret stands behind "You:" */
            plain_finish(p, 0);
            return;
        }
        size_t n = end ? (size_t)(end - in->data) : in->len;
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

void talk_free(struct plain *p)
{
    drop_next(p);
    chat_free(&p->chat);
    buf_free(&p->message);
    buf_free(&p->held);
}
