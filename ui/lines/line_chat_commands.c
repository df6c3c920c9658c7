/* SPDX-License-Identifier: MIT
 *
 * What /commands do in a conversation in lines.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "command.h"
#include "external_editor.h"
#include "jsonl.h"
#include "measure.h"
#include "model_options.h"
#include "models.h"
#include "plain_internal.h"
#include "preset.h"
#include "saved_chats.h"
#include "search.h"

enum {
    EDITOR_STEP_MS = 20,  /* between looks whether the editor has ended */
    MAX_SYSTEM = 1 << 20, /* bytes of a text from it */
};

/* ---- models --------------------------------------------------------------------------- */

static void list_models(struct plain *p)
{
    struct model_list l;
    struct buf text = {0};
    models_list(&l);
    models_table(&l, &text);
    line_chat_say(p, "%s", text.data);
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
        engine_keep(p->engine); /* while the other one loads */
        p->next = engine_start(&o);
        p->next_model = o.model;
        line_chat_say(p, "Loading %s.", o.model);
    } else {
        line_chat_say(p, "%s", err.text);
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
    for (size_t i = 0; i < p->conversation.n; i++)
        ids_free(&p->conversation.messages[i].ids);
    for (int id = 0; id < N_OPTIONS; id++)
        options_unset(o, (enum option_id)id, SOURCE_MODEL);
    options_from_generation(o, engine_info(p->engine)->generation_json);
    if (p->cli->json)
        jsonl_start(&p->out, engine_info(p->engine), p->model);
    else
        line_chat_say(p, "Now talking to %s.", p->model);
}

void line_chat_drop_next(struct plain *p)
{
    engine_stop(p->next);
    free(p->next_model);
    p->next = NULL;
    p->next_model = NULL;
}

void line_chat_next_event(struct plain *p, const struct event *e)
{
    if (e->type == EVENT_READY)
        take_next(p);
    if (e->type == EVENT_FAILED) {
        line_chat_say(p, "%s stays: %s", p->model, engine_error(p->next)->text);
        line_chat_drop_next(p);
    }
}

/* ---- saved conversations -------------------------------------------------------------- */

static void say_line(struct plain *p, char *line)
{
    line_chat_say(p, "%s", line);
    free(line);
}

static void start_anew(struct plain *p)
{
    line_chat_save(p);
    engine_keep(p->engine);
    conversation_free(&p->conversation);
    saving_release(&p->saving);
    line_chat_say(p, "A new conversation.");
}

static void list_conversations(struct plain *p)
{
    enum { MOST = 20 };
    struct store_list list = {0};
    struct error err;
    struct store *store = saving_store(&p->saving, &err);
    char when[32];
    if (!store || !store_find(store, "", MOST, &list, &err))
        line_chat_say(p, "%s", err.text);
    else if (!list.n)
        line_chat_say(p, "No conversation is saved yet.");
    for (size_t i = 0; i < list.n; i++)
        line_chat_say(p, "%zu. %s, %u messages, %s", i + 1,
                      *list.entries[i].title ? list.entries[i].title : "(no title)",
                      list.entries[i].n_messages,
                      saved_chats_when(list.entries[i].changed, when, sizeof when));
    if (list.n)
        line_chat_say(p, "/open and a number, or words that were said, opens one.");
    store_list_free(&list);
}

static void open_conversation(struct plain *p, const char *what)
{
    struct options *o = &p->cli->options;
    struct conversation c = {0};
    struct error err;
    bool taken;
    if (!*what) {
        list_conversations(p);
        return;
    }
    line_chat_save(p); /* first, so that the list is the one that was shown */
    int64_t id = saved_chats_find(&p->saving, what, &err);
    struct store *store = id ? saving_store(&p->saving, &err) : NULL;
    if (!store || !store_load(store, id, &c, &taken, &err)) {
        line_chat_say(p, "%s", err.text);
        return;
    }
    engine_keep(p->engine);
    conversation_free(&p->conversation);
    p->conversation = c;
    if (c.system && options_source(o, OPT_SYSTEM) < SOURCE_FLAG)
        options_set(o, OPT_SYSTEM, c.system, SOURCE_USER, &err);
    if (taken)
        line_chat_say(
            p, "Another qins-tui has this conversation open: what you say here goes into a copy.");
    line_chat_show_last(p);
}

/* ---- looking -------------------------------------------------------------------------- */

/* A line for a message that holds the pattern. -> how many hits */
static size_t list_hits(struct plain *p, const struct pattern *pattern, size_t number)
{
    const struct message *m = &p->conversation.messages[p->conversation.path[number]];
    char *text = sanitise_text(m->text.data, m->text.len, false);
    size_t n = strlen(text), end, hits = 0, first = pattern_find(pattern, text, n, 0, &end);
    for (size_t at = first; at < n; at = pattern_find(pattern, text, n, end, &end))
        hits++;
    if (hits) {
        char *line = conversation_excerpt(text, n, first);
        line_chat_say(p, "%zu. %s: %s", number + 1, m->role == CHAT_USER ? "You" : "Assistant",
                      line);
        free(line);
    }
    free(text);
    return hits;
}

static void find(struct plain *p, const char *text)
{
    struct pattern pattern = {0};
    size_t hits = 0, messages = 0;
    if (!*text) {
        line_chat_say(p, "/find TEXT lists the messages that hold it.");
        return;
    }
    pattern_set(&pattern, text, strlen(text));
    for (size_t i = 0; i < p->conversation.n_path; i++) {
        size_t more = list_hits(p, &pattern, i);
        hits += more;
        messages += more > 0;
    }
    pattern_free(&pattern);
    if (hits)
        line_chat_say(p, "%zu found, in %zu of %zu messages.", hits, messages,
                      p->conversation.n_path);
    else
        line_chat_say(p, "Not found.");
}

static void tell_about(struct plain *p)
{
    const struct engine_info *info = engine_info(p->engine);
    struct buf text = {0};
    about(&text, p->model, info->file_bytes, info->f32_bytes);
    line_chat_say(p, "%s", text.data);
    buf_free(&text);
}

static void tell_stats(struct plain *p)
{
    const struct turn_stats *s = &p->last.stats;
    char guesses[64] = "";
    if (s->n_drafted)
        snprintf(guesses, sizeof guesses, ", %u of %u guesses right", s->n_accepted, s->n_drafted);
    if (p->last.turn == 0)
        line_chat_say(p, "No answer yet.");
    else
        line_chat_say(
            p,
            "%u tokens, %.1f tokens a second, first after %.2f s; prompt of %u tokens, %u of them "
            "known; context %u of %u tokens; %u passes%s",
            s->n_tokens, (double)s->tokens_per_s, (double)s->first_token_ms / 1e3, s->n_prompt,
            s->n_reused, s->n_ctx_used, engine_info(p->engine)->ctx_len, s->n_passes, guesses);
}

static void measure(struct plain *p)
{
    p->turn = measure_start(p->engine, &p->conversation);
    p->measuring = true;
    line_chat_say(p, "Measuring %d tokens...", MEASURE_TOKENS);
}

void line_chat_end_measuring(struct plain *p, const struct event *e)
{
    p->turn = 0;
    p->measuring = false;
    say_line(p, measure_report(e));
}

/* ---- commands ------------------------------------------------------------------------- */

/* What to do instead of a command that is of no use in lines; NULL: it is. */
static const char *instead_of(enum command_id id)
{
    switch (id) {
    case COMMAND_COPY:
        return "/copy needs the screen; /export FILE writes what was said to a file.";
    case COMMAND_RAW: return "Answers stand here as they were written; /raw is for the screen.";
    case COMMAND_BARE: return "There is nothing but text here; /bare is for the screen.";
    default: return NULL;
    }
}

static void help(struct plain *p)
{
    struct buf text = {0};
    for (size_t i = 0; i < n_commands; i++)
        if (!instead_of(commands[i].id))
            buf_printf(&text, "/%s%s%s: %s.\n", commands[i].name, *commands[i].arguments ? " " : "",
                       commands[i].arguments, commands[i].help);
    buf_puts(&text, "//text: send a text that starts with a slash.\n"
                    "A line that ends in a backslash goes on in the next one.\n"
                    "Ctrl-C stops an answer, Ctrl-D leaves.");
    line_chat_say(p, "%s", text.data);
    buf_free(&text);
}

/* The person's editor gets the terminal. -> what was written, or NULL; caller frees */
static char *edit(struct plain *p, const char *text)
{
    struct external_editor c;
    struct sigaction ours, ignore = {.sa_handler = SIG_IGN};
    struct buf written = {0};
    struct error err;
    int status;
    bool repaired;
    if (!p->out.to_terminal || !isatty(STDIN_FILENO)) {
        line_chat_say(p, "An editor needs a terminal; /system TEXT does not");
        return NULL;
    }
    external_editor_prepare(&c);
    if (!external_editor_start(&c, text, strlen(text), &err)) {
        external_editor_over(&c);
        line_chat_say(p, "%s", err.text);
        return NULL;
    }
    sigaction(SIGINT, &ignore, &ours); /* Ctrl-C is the editor's */
    while (!external_editor_ended(&c, &status))
        poll(NULL, 0, EDITOR_STEP_MS);
    sigaction(SIGINT, &ours, NULL);
    external_editor_over(&c);
    if (!external_editor_end(&c, status, MAX_SYSTEM, &written, &repaired, &err)) {
        line_chat_say(p, "%s", err.text);
        return NULL;
    }
    return written.data ? written.data : xstrdup("");
}

static void edit_system(struct plain *p)
{
    struct error err;
    char *text = edit(p, options_text(&p->cli->options, OPT_SYSTEM));
    if (text && options_set(&p->cli->options, OPT_SYSTEM, text, SOURCE_USER, &err))
        line_chat_say(p, *text ? "The system prompt holds from the next message on."
                               : "No system prompt from the next message on.");
    else if (text)
        line_chat_say(p, "%s", err.text);
    free(text);
}

static void set_system(struct plain *p, const char *text)
{
    struct error err;
    if (!*text)
        line_chat_quote(p, "System prompt:", options_text(&p->cli->options, OPT_SYSTEM));
    else if (strcmp(text, "edit") == 0)
        edit_system(p);
    else if (options_set(&p->cli->options, OPT_SYSTEM, strcmp(text, "none") == 0 ? "" : text,
                         SOURCE_USER, &err))
        line_chat_say(p, "The system prompt holds from the next message on.");
    else
        line_chat_say(p, "%s", err.text);
}

static void choose_preset(struct plain *p, const char *name)
{
    struct error err;
    if (*name) {
        bool ok = preset_choose(&p->cli->options, name, &err);
        line_chat_say(p, "%s%s", ok ? "Preset " : err.text, ok ? name : "");
        return;
    }
    struct buf list = {0};
    line_chat_say(p, "Presets: %s", preset_list(&list) ? list.data : "none found");
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
    line_chat_say(p, "%s", text.data);
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
        line_chat_say(p, "No setting is called %s%s%s", name, guess ? "; did you mean " : "",
                      guess ? guess : "");
    } else if (!*value) {
        char *now = options_format(o, (enum option_id)id), range[128];
        line_chat_say(p, "%s is %s; %s (%s)", option_table[id].name, *now ? now : "not set",
                      option_table[id].help, option_range(&option_table[id], range, sizeof range));
        free(now);
    } else if (option_is_fixed((enum option_id)id)) {
        line_chat_say(p, "%s is fixed once the program runs: give it on the command line",
                      option_table[id].name);
    } else if (id == OPT_MODEL) {
        choose_model(p, value);
    } else if (id == OPT_PRESET) {
        choose_preset(p, value);
    } else if (options_set(o, (enum option_id)id, value, SOURCE_USER, &err)) {
        line_chat_say(p, "%s is %s", option_table[id].name, value);
    } else {
        line_chat_say(p, "%s", err.text);
    }
    free(name);
}

static void refuse_command(struct plain *p, const char *line)
{
    const char *argument, *guess = command_nearest(line);
    const struct command *known = command_find(line, &argument);
    if (known)
        line_chat_say(p, "/%s takes nothing behind it", known->name);
    else
        line_chat_say(p, "No such command%s%s; a text with a slash first is sent as //...",
                      guess ? ": perhaps /" : "", guess ? guess : "");
}

void line_chat_command(struct plain *p, const char *line)
{
    const char *argument;
    enum command_id id = command_parse(line, &argument);
    switch (id) {
    case COMMAND_HELP: help(p); break;
    case COMMAND_NEW:
    case COMMAND_CLEAR: start_anew(p); break;
    case COMMAND_OPEN: open_conversation(p, argument); break;
    case COMMAND_SAVE: say_line(p, saved_chats_save(&p->saving, &p->conversation, argument)); break;
    case COMMAND_EXPORT: say_line(p, saved_chats_export(&p->conversation, argument)); break;
    case COMMAND_REGEN: line_chat_regenerate(p); break;
    case COMMAND_EDIT: line_chat_edit(p, argument); break;
    case COMMAND_UNDO: line_chat_undo(p); break;
    case COMMAND_CONTINUE: line_chat_go_on(p); break;
    case COMMAND_BRANCH: line_chat_branch(p, argument); break;
    case COMMAND_ABOUT: tell_about(p); break;
    case COMMAND_SYSTEM: set_system(p, argument); break;
    case COMMAND_PRESET: choose_preset(p, argument); break;
    case COMMAND_MODEL: choose_model(p, argument); break;
    case COMMAND_SET: set_option(p, argument); break;
    case COMMAND_STATS: tell_stats(p); break;
    case COMMAND_BENCH: measure(p); break;
    case COMMAND_FIND: find(p, argument); break;
    case COMMAND_QUIT: plain_finish(p, 0); break;
    case COMMAND_UNKNOWN: refuse_command(p, line); break;
    case COMMAND_COPY:
    case COMMAND_RAW:
    case COMMAND_BARE: line_chat_say(p, "%s", instead_of(id)); break;
    case COMMAND_TEXT: break;
    }
}
