/* SPDX-License-Identifier: MIT */
#include "chat_settings.h"

#include <stdlib.h>
#include <string.h>

#include "chat_model.h"
#include "engine_settings.h"
#include "grammar_file.h"
#include "preset.h"
#include "settings_file.h"

static bool apply_look(struct chat_session *s, struct error *err)
{
    return !s->face->look || s->face->look(s->self, err);
}

/* ---- the system prompt ---------------------------------------------------------------- */

void chat_take_system(struct chat_session *s, const char *text)
{
    struct error err;
    s->brought_system = false;
    if (options_set(s->options, OPT_SYSTEM, text, SOURCE_USER, &err))
        chat_notice(s, *text ? "The new system prompt takes effect with your next message"
                             : "No system prompt from your next message on");
    else
        chat_notice(s, "%s", err.text);
}

static void show_system(struct chat_session *s)
{
    const char *now = options_text(s->options, OPT_SYSTEM);
    char *text = xasprintf("%s\n\n/system TEXT changes it, /system edit opens it in your editor, "
                           "/system none removes it.\n",
                           *now ? now : "(none)");
    s->face->page(s->self, "System prompt", text);
    free(text);
}

void chat_system(struct chat_session *s, const char *text)
{
    if (!*text)
        show_system(s);
    else if (strcmp(text, "edit") == 0)
        s->face->edit_system(s->self, options_text(s->options, OPT_SYSTEM));
    else
        chat_take_system(s, strcmp(text, "none") == 0 ? "" : text);
}

/* ---- presets -------------------------------------------------------------------------- */

static void list_presets(struct chat_session *s)
{
    struct buf list = {0};
    chat_notice(s, "Presets: %s", preset_list(&list) ? list.data : "none found");
    buf_free(&list);
}

void chat_choose_preset(struct chat_session *s, const char *name)
{
    struct error err;
    if (!*name) {
        list_presets(s);
        return;
    }
    bool chosen = preset_choose(s->options, name, &err);
    if (chosen)
        chat_apply_options(s);
    if (chosen && !s->saving.off)
        settings_remember(s->options, s->model_path);
    if (chosen && apply_look(s, &err))
        chat_notice(s, "Preset %s", name);
    else
        chat_notice(s, "%s", err.text);
}

/* ---- options -------------------------------------------------------------------------- */

static void show_options(struct chat_session *s)
{
    bool columns = s->face->full_screen;
    struct buf text = {0};
    if (columns)
        buf_puts(&text, "Values, and where they come from\n");
    for (int id = 0; id < N_OPTIONS; id++) {
        char *value = options_format(s->options, (enum option_id)id);
        const char *source = option_source_name(options_source(s->options, (enum option_id)id));
        if (columns)
            buf_printf(&text, "  %-18s %-12s %.60s\n", option_table[id].name, source, value);
        else
            buf_printf(&text, "%s: %s (%s)\n", option_table[id].name, value, source);
        free(value);
    }
    buf_puts(&text, "\n/set NAME tells more, /set NAME VALUE changes it.\n");
    s->face->page(s->self, "Settings", text.data);
    buf_free(&text);
}

static void tell_option(struct chat_session *s, enum option_id id)
{
    char *now = options_format(s->options, id), range[128];
    chat_notice(s, "%s is %s; %s (%s)", option_table[id].name, *now ? now : "not set",
                option_table[id].help, option_range(&option_table[id], range, sizeof range));
    free(now);
}

static void change_option(struct chat_session *s, enum option_id id, const char *value)
{
    struct error err;
    if (!options_set(s->options, id, value, SOURCE_USER, &err)) {
        chat_notice(s, "%s", err.text);
    } else if (!apply_look(s, &err)) {
        options_unset(s->options, id, SOURCE_USER);
        chat_notice(s, "%s", err.text);
    } else {
        chat_apply_options(s);
        chat_notice(s, "%s is %s", option_table[id].name, value);
    }
}

static void refuse_fixed(struct chat_session *s, enum option_id id)
{
    char flag[64];
    snprintf(flag, sizeof flag, "%s", option_table[id].name);
    for (char *c = flag; *c; c++)
        *c = *c == '_' ? '-' : *c;
    chat_notice(s, "%s can't be changed while running; restart with --%s %s%s",
                option_table[id].name, flag, option_table[id].meta ? option_table[id].meta : "",
                options_is_of_server(id) ? ", or switch with /model" : "");
}

static void set(struct chat_session *s, const char *name, const char *value)
{
    const char *nearest;
    int id = options_find(name, &nearest);
    if (id < 0)
        chat_notice(s, "There is no setting named %s%s%s", name, nearest ? "; did you mean " : "",
                    nearest ? nearest : "");
    else if (!*value)
        tell_option(s, (enum option_id)id);
    else if (id == OPT_MODEL)
        chat_choose_model(s, value);
    else if (id == OPT_TEMPLATE)
        chat_choose_template(s, value);
    else if (option_table[id].is_fixed)
        refuse_fixed(s, (enum option_id)id);
    else if (id == OPT_PRESET)
        chat_choose_preset(s, value);
    else
        change_option(s, (enum option_id)id, value);
}

/* ---- settings that last --------------------------------------------------------------- */

static void save(struct chat_session *s, const enum option_id *ids, size_t n)
{
    struct error err;
    char *path = n ? settings_save(s->options, ids, n, &err) : NULL;
    if (path)
        chat_notice(s, "Saved in %s", path);
    else
        chat_notice(s, "%s",
                    n ? err.text : "Nothing was changed; /set --save NAME VALUE saves one");
    free(path);
}

static void save_changed(struct chat_session *s)
{
    enum option_id ids[N_OPTIONS];
    size_t n = 0;
    for (int id = 0; id < N_OPTIONS; id++)
        if (options_source(s->options, (enum option_id)id) == SOURCE_USER &&
            !(id == OPT_SYSTEM && s->brought_system))
            ids[n++] = (enum option_id)id;
    save(s, ids, n);
}

/* A server that is saved answers from the next start on: it has to be one then. */
static bool may_save(enum option_id id, const char *value, struct error *err)
{
    struct options next;
    if (!options_is_of_server(id))
        return true;
    options_init(&next);
    bool ok = preset_load_defaults(&next, err) &&
              options_set(&next, id, value, SOURCE_PRESET, err) &&
              engine_settings_check_server(&next, err);
    options_free(&next);
    return ok;
}

/* What counts from the next start alone can be saved too. */
static void save_one(struct chat_session *s, enum option_id id, const char *value)
{
    struct error err;
    struct options next;
    bool later = option_table[id].is_fixed || id == OPT_MODEL;
    if (!*value) {
        save(s, &id, 1);
        return;
    }
    options_init(&next);
    char *path = options_set(&next, id, value, SOURCE_USER, &err) && may_save(id, value, &err)
                     ? settings_save(&next, &id, 1, &err)
                     : NULL;
    if (path && !later)
        set(s, option_table[id].name, value);
    if (path)
        chat_notice(s, "Saved in %s%s", path, later ? "; it counts from the next start on" : "");
    else
        chat_notice(s, "%s", err.text);
    free(path);
    options_free(&next);
}

static void save_setting(struct chat_session *s, const char *arguments)
{
    const char *nearest, *begin = arguments + strspn(arguments, " \t");
    size_t n = strcspn(begin, " \t=");
    char *name = xstrndup(begin, n);
    int id = n ? options_find(name, &nearest) : 0;
    if (!n)
        save_changed(s);
    else if (id < 0)
        set(s, name, "");
    else
        save_one(s, (enum option_id)id, begin + n + strspn(begin + n, " \t="));
    free(name);
}

/* "--save NAME VALUE" or "NAME VALUE --save". -> what is beside it, or NULL; caller frees. */
static char *without_save(const char *arguments)
{
    static const char flag[] = "--save";
    const size_t n = strlen(arguments), n_flag = sizeof flag - 1;
    if (strncmp(arguments, flag, n_flag) == 0 && strchr(" \t", arguments[n_flag]))
        return xstrdup(arguments + n_flag);
    if (n <= n_flag || strcmp(arguments + n - n_flag, flag) != 0 ||
        !strchr(" \t", arguments[n - n_flag - 1]))
        return NULL;
    size_t end = n - n_flag;
    while (end > 0 && strchr(" \t", arguments[end - 1]))
        end--;
    return xstrndup(arguments, end);
}

void chat_set(struct chat_session *s, const char *arguments)
{
    char *saved = without_save(arguments);
    if (saved) {
        save_setting(s, saved);
        free(saved);
        return;
    }
    size_t n = strcspn(arguments, " \t=");
    char *name = xstrndup(arguments, n);
    if (n)
        set(s, name, arguments + n + strspn(arguments + n, " \t="));
    else
        show_options(s);
    free(name);
}

/* ---- /json ---------------------------------------------------------------------------- */

static void take_grammar(struct chat_session *s, struct grammar *g)
{
    grammar_free(s->grammar);
    s->grammar = g;
}

static void read_schema(struct chat_session *s, const char *path)
{
    struct error err;
    struct grammar *g = grammar_read_file(path, GRAMMAR_JSON_SCHEMA, &err);
    if (!g) {
        chat_notice(s, "%s", err.text);
        return;
    }
    take_grammar(s, g);
    chat_notice(s, "From your next message on, answers fit %s; /json off ends it", path);
}

void chat_json(struct chat_session *s, const char *argument)
{
    if (strcmp(argument, "off") == 0) {
        chat_notice(s, s->grammar ? "From your next message on, answers have any shape"
                                  : "Answers have any shape already");
        take_grammar(s, NULL);
    } else if (*argument) {
        read_schema(s, argument);
    } else {
        take_grammar(s, grammar_of_json());
        chat_notice(s, "From your next message on, answers are JSON objects; /json off ends it");
    }
}
