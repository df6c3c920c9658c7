/* SPDX-License-Identifier: MIT */
#include "complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "known_models.h"
#include "mention.h"
#include "models.h"
#include "options.h"
#include "places.h"
#include "preset.h"
#include "utf8.h"

/* ---- words ---------------------------------------------------------------------------- */

static void offer(struct completion *c, const char *word, const char *prefix)
{
    if (strncmp(word, prefix, strlen(prefix)) != 0)
        return;
    c->words = xrealloc(c->words, c->n + 1, sizeof *c->words);
    c->words[c->n++] = xstrdup(word);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void conclude(struct completion *c)
{
    if (!c->n)
        return;
    qsort(c->words, c->n, sizeof *c->words, compare_words);
    const char *first = c->words[0], *last = c->words[c->n - 1];
    while (first[c->n_common] && first[c->n_common] == last[c->n_common])
        c->n_common++;
    while (((unsigned char)first[c->n_common] & 0xc0) == 0x80)
        c->n_common--; /* not inside a character */
}

void completion_free(struct completion *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->words[i]);
    free(c->words);
    *c = (struct completion){0};
}

/* ---- where they come from ------------------------------------------------------------- */

static void offer_commands(struct completion *c, const char *prefix)
{
    for (size_t i = 0; i < n_commands; i++)
        offer(c, commands[i].name, prefix);
    c->after = " ";
    for (size_t i = 0; c->n == 1 && i < n_commands; i++)
        if (strcmp(commands[i].name, c->words[0]) == 0 && commands[i].argument == ARGUMENT_NONE)
            c->after = "";
}

static void offer_presets(struct completion *c, const char *prefix)
{
    size_t n;
    char **names = preset_names(&n);
    for (size_t i = 0; i < n; i++) {
        offer(c, names[i], prefix);
        free(names[i]);
    }
    free(names);
}

static bool is_clean(const char *name);
static void offer_paths(struct completion *c, const char *prefix);

enum { MOST_MS = 200 }; /* that a key waits for a list */

/* Names of models, or paths where the prefix has begun one. */
static void offer_models(struct completion *c, const char *prefix)
{
    struct model_list l;
    if (strchr(prefix, '/') || *prefix == '~') {
        offer_paths(c, prefix);
        return;
    }
    models_list_within(&l, MOST_MS);
    for (size_t i = 0; i < l.n; i++)
        if ((!l.items[i].problem || l.items[i].is_unread) && is_clean(l.items[i].name))
            offer(c, l.items[i].name, prefix);
    for (size_t i = 0; *prefix && i < n_known_models; i++)
        offer(c, known_models[i].name, prefix);
    models_free(&l);
}

static bool is_clean(const char *name)
{
    for (size_t i = 0, n = strlen(name); i < n;) {
        int32_t cp;
        i += utf8_decode(name + i, n - i, &cp);
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            return false;
    }
    return true;
}

static char *real_folder(const char *folder, size_t n)
{
    char *given = n ? xstrndup(folder, n) : xstrdup("."), *real = places_typed(given);
    free(given);
    return real;
}

/* Hidden files only where the prefix begins with a dot; names that cannot stand in the input are
 * left out. */
static void offer_paths(struct completion *c, const char *prefix)
{
    const char *slash = strrchr(prefix, '/'), *base = slash ? slash + 1 : prefix;
    size_t n_folder = (size_t)(base - prefix);
    char *folder = real_folder(prefix, n_folder);
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    for (int i = 0; dir && i < COMPLETE_MAX_FILES && (entry = readdir(dir)); i++) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (*name == '.' && *base != '.') ||
            strncmp(name, base, strlen(base)) != 0 || !is_clean(name))
            continue;
        char *path = path_join(folder, name);
        char *word = xasprintf("%.*s%s%s", (int)n_folder, prefix, name, is_folder(path) ? "/" : "");
        offer(c, word, prefix);
        free(word);
        free(path);
    }
    if (dir)
        closedir(dir);
    free(folder);
    c->n_folder = n_folder;
}

static void offer_choices(struct completion *c, const char *choices, const char *prefix)
{
    while (choices && *choices) {
        size_t n = strcspn(choices, " ");
        char *word = xstrndup(choices, n);
        offer(c, word, prefix);
        free(word);
        choices += n + (choices[n] == ' ');
    }
}

static void offer_values(struct completion *c, const char *option, const char *prefix)
{
    const char *nearest;
    int id = options_find(option, &nearest);
    if (id < 0)
        return;
    switch (option_table[id].type) {
    case OPTION_CHOICE: offer_choices(c, option_table[id].choices, prefix); break;
    case OPTION_BOOL: offer_choices(c, "true false", prefix); break;
    case OPTION_STRING:
        if (id == OPT_PRESET)
            offer_presets(c, prefix);
        else if (id == OPT_MODEL)
            offer_models(c, prefix);
        break;
    default: break;
    }
}

static void offer_options(struct completion *c, const char *argument, size_t start)
{
    size_t n = strcspn(argument, " \t="), gap = strspn(argument + n, " \t=");
    if (!gap) {
        for (int id = 0; id < N_OPTIONS; id++)
            offer(c, option_table[id].name, argument);
        c->after = " ";
        return;
    }
    char *option = xstrndup(argument, n);
    c->from = start + n + gap;
    offer_values(c, option, argument + n + gap);
    free(option);
}

/* A model or a number format, then where the comparison is written to. */
static void offer_compared(struct completion *c, const char *argument, size_t start)
{
    const char *file = strrchr(argument, ' ');
    if (file) {
        c->from = start + (size_t)(file + 1 - argument);
        offer_paths(c, file + 1);
        return;
    }
    offer_choices(c, strchr(option_table[OPT_FORMAT].choices, ' ') + 1, argument); /* not "auto" */
    offer(c, "original", argument);
    offer_models(c, argument);
}

/* ---- a file to put in ----------------------------------------------------------------- */

/* In quotes if a blank or a quote is in the name. */
static void complete_mention(struct completion *c, const char *before)
{
    struct mention m;
    if (!mention_before(before, strlen(before), &m))
        return;
    c->from = m.path;
    offer_paths(c, before + m.path);
    conclude(c);
    if (!c->n)
        return;
    char *common = xstrndup(c->words[0], c->n_common);
    bool inner = strchr(common, '"') != NULL; /* then the other one is around it */
    bool quotes = !m.quote && strpbrk(common, " \t'\"");
    char quote = m.quote ? m.quote : inner ? '\'' : '"';
    c->before = !quotes ? "" : inner ? "'" : "\"";
    if (c->n == 1 && c->n_common && common[c->n_common - 1] != '/')
        c->after = !quotes && !m.quote ? " " : quote == '"' ? "\" " : "' ";
    free(common);
}

/* ---- the line ------------------------------------------------------------------------- */

void complete(const char *line, size_t at, struct completion *out)
{
    const char *argument;
    char *before = xstrndup(line, at);
    *out = (struct completion){.before = "", .after = ""};
    size_t start = strspn(before, " \t\n");
    if (command_parse(before, &argument) == COMMAND_TEXT) {
        complete_mention(out, before);
        free(before);
        return;
    }
    size_t n = strcspn(before + start + 1, " \t\n");
    if (!before[start + 1 + n]) {
        out->from = start + 1;
        offer_commands(out, before + start + 1);
    } else {
        const struct command *command = command_find(before, &argument);
        out->from = (size_t)(argument - before);
        switch (command ? command->argument : ARGUMENT_NONE) {
        case ARGUMENT_MODEL: offer_models(out, argument); break;
        case ARGUMENT_COMPARED: offer_compared(out, argument, out->from); break;
        case ARGUMENT_PRESET: offer_presets(out, argument); break;
        case ARGUMENT_THINK: offer_choices(out, option_table[OPT_THINK].choices, argument); break;
        case ARGUMENT_OPTION: offer_options(out, argument, out->from); break;
        case ARGUMENT_FILE: offer_paths(out, argument); break;
        case ARGUMENT_NONE:
        case ARGUMENT_TEXT: break;
        }
    }
    conclude(out);
    free(before);
}
