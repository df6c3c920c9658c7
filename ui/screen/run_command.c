/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "about.h"
#include "command.h"
#include "complete.h"
#include "preset.h"

/* ---- pages ---------------------------------------------------------------------------- */

void app_open_help(struct app *a)
{
    struct buf text = {0};
    keymap_help(&text);
    command_help(&text);
    app_open_page(a, "Help", &text);
    buf_free(&text);
}

static void open_about(struct app *a)
{
    struct buf text = {0};
    about(&text, a->chat.ready ? a->chat.model_name : NULL, a->chat.status.model_bytes,
          a->chat.status.f32_bytes);
    app_open_page(a, "About QINS", &text);
    buf_free(&text);
}

static void open_stats(struct app *a)
{
    struct buf text = {0};
    app_read_memory(a);
    sidebar_report(&a->chat.status, &text);
    app_open_page(a, "Numbers", &text);
    buf_free(&text);
}

static void open_settings(struct app *a)
{
    struct buf text = {0};
    buf_puts(&text, "Values, and where they come from\n");
    for (int id = 0; id < N_OPTIONS; id++) {
        char *value = options_format(a->chat.options, (enum option_id)id);
        buf_printf(&text, "  %-18s %-12s %.60s\n", option_table[id].name,
                   option_source_name(options_source(a->chat.options, (enum option_id)id)), value);
        free(value);
    }
    buf_puts(&text, "\n/set NAME tells more, /set NAME VALUE changes it.\n");
    app_open_page(a, "Settings", &text);
    buf_free(&text);
}

/* ---- commands ------------------------------------------------------------------------- */

static void take_system(struct app *a, const char *text, size_t n)
{
    struct error err;
    (void)n;
    if (options_set(a->chat.options, OPT_SYSTEM, text, SOURCE_USER, &err))
        app_notice(a, *text ? "The system prompt holds from the next message on"
                            : "No system prompt from the next message on");
    else
        app_notice(a, "%s", err.text);
}

static void open_system(struct app *a)
{
    const char *now = options_text(a->chat.options, OPT_SYSTEM);
    struct buf text = {0};
    buf_printf(&text,
               "%s\n\n/system TEXT changes it, /system edit opens it in your "
               "editor, /system none takes it away.\n",
               *now ? now : "(none)");
    app_open_page(a, "System prompt", &text);
    buf_free(&text);
}

static void set_system(struct app *a, const char *text)
{
    if (!*text)
        open_system(a);
    else if (strcmp(text, "edit") == 0)
        app_compose(a, options_text(a->chat.options, OPT_SYSTEM), take_system);
    else
        take_system(a, strcmp(text, "none") == 0 ? "" : text, 0);
}

static void choose_preset(struct app *a, const char *name)
{
    struct error err;
    if (*name) {
        if (preset_choose(a->chat.options, name, &err)) {
            app_apply_options(a);
            if (app_apply_look(a, &err))
                app_notice(a, "Preset %s", name);
            else
                app_notice(a, "%s", err.text);
        } else {
            app_notice(a, "%s", err.text);
        }
        return;
    }
    struct buf list = {0};
    app_notice(a, "Presets: %s", preset_list(&list) ? list.data : "none found");
    buf_free(&list);
}

static void set_option(struct app *a, const char *arguments)
{
    struct error err;
    const char *nearest;
    size_t n = strcspn(arguments, " \t=");
    if (!n) {
        open_settings(a);
        return;
    }
    char *name = xstrndup(arguments, n);
    const char *value = arguments + n + strspn(arguments + n, " \t=");
    int id = options_find(name, &nearest);
    if (id < 0) {
        app_notice(a, "No setting is called %s%s%s", name, nearest ? "; did you mean " : "",
                   nearest ? nearest : "");
    } else if (!*value) {
        char *now = options_format(a->chat.options, (enum option_id)id), range[128];
        app_notice(a, "%s is %s; %s (%s)", option_table[id].name, *now ? now : "not set",
                   option_table[id].help, option_range(&option_table[id], range, sizeof range));
        free(now);
    } else if (id == OPT_MODEL) {
        app_choose_model(a, value);
    } else if (option_is_fixed((enum option_id)id)) {
        app_notice(a, "%s is fixed once the program runs: give it on the command line",
                   option_table[id].name);
    } else if (id == OPT_PRESET) {
        choose_preset(a, value);
    } else if (!options_set(a->chat.options, (enum option_id)id, value, SOURCE_USER, &err)) {
        app_notice(a, "%s", err.text);
    } else if (!app_apply_look(a, &err)) {
        options_unset(a->chat.options, (enum option_id)id, SOURCE_USER);
        app_notice(a, "%s", err.text);
    } else {
        app_apply_options(a);
        app_notice(a, "%s is %s", option_table[id].name, value);
    }
    free(name);
}

static void refuse_command(struct app *a, const char *line)
{
    const char *argument, *nearest = command_nearest(line);
    const struct command *known = command_find(line, &argument);
    if (known)
        app_notice(a, "/%s takes nothing behind it", known->name);
    else
        app_notice(a, "No such command%s%s; a text with a slash first is sent as //...",
                   nearest ? ": perhaps /" : "", nearest ? nearest : "");
}

void app_command(struct app *a, const char *line)
{
    const char *argument;
    switch (command_parse(line, &argument)) {
    case COMMAND_HELP: app_open_help(a); break;
    case COMMAND_CLEAR:
    case COMMAND_NEW: app_new_conversation(a); break;
    case COMMAND_OPEN: app_open_command(a, argument); break;
    case COMMAND_SAVE: app_save_command(a, argument); break;
    case COMMAND_EXPORT: app_export_command(a, argument); break;
    case COMMAND_REGEN: app_regenerate(a); break;
    case COMMAND_EDIT: app_edit_command(a, argument); break;
    case COMMAND_UNDO: app_undo_exchange(a); break;
    case COMMAND_CONTINUE: app_continue_answer(a); break;
    case COMMAND_BRANCH: app_branch_command(a, argument); break;
    case COMMAND_ABOUT: open_about(a); break;
    case COMMAND_SYSTEM: set_system(a, argument); break;
    case COMMAND_PRESET: choose_preset(a, argument); break;
    case COMMAND_MODEL: app_choose_model(a, argument); break;
    case COMMAND_SET: set_option(a, argument); break;
    case COMMAND_STATS: open_stats(a); break;
    case COMMAND_FIND: app_find(a, argument); break;
    case COMMAND_COPY: app_copy(a, argument); break;
    case COMMAND_RAW: app_toggle_raw(a); break;
    case COMMAND_BARE: app_toggle_bare(a); break;
    case COMMAND_QUIT: a->quit = true; break;
    case COMMAND_TEXT: break;
    case COMMAND_BENCH: app_bench(a); break;
    case COMMAND_UNKNOWN: refuse_command(a, line); break;
    }
}

void app_complete(struct app *a)
{
    struct editor *e = &a->composer.editor;
    struct completion c;
    struct buf list = {0};
    complete(e->text.data, e->caret, &c);
    size_t typed = e->caret - c.from;
    if (c.n && c.n_common > typed)
        editor_insert(e, c.words[0] + typed, c.n_common - typed);
    else if (c.n > 1)
        for (size_t i = 0; i < c.n && list.len < 1000; i++)
            buf_printf(&list, "%s%s", i ? "  " : "", c.words[i] + c.n_folder);
    if (c.n == 1)
        editor_insert(e, c.after, strlen(c.after));
    if (list.len)
        app_notice(a, "%s", list.data);
    completion_free(&c);
    buf_free(&list);
}
