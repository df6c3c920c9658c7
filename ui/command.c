/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <string.h>

#include "nearest.h"
#include "options.h"

const struct command commands[] = {
    {COMMAND_HELP, "help", "", ARGUMENT_NONE, "keys and commands"},
    {COMMAND_CLEAR, "clear", "", ARGUMENT_NONE, "start a new conversation"},
    {COMMAND_ABOUT, "about", "", ARGUMENT_NONE, "what QINS is"},
    {COMMAND_SYSTEM, "system", "TEXT", ARGUMENT_TEXT,
     "system prompt from now on; \"none\" for none"},
    {COMMAND_PRESET, "preset", "NAME", ARGUMENT_PRESET, "load a preset; without NAME, list them"},
    {COMMAND_SET, "set", "NAME VALUE", ARGUMENT_OPTION,
     "change a setting; alone, list them"},
    {COMMAND_STATS, "stats", "", ARGUMENT_NONE, "numbers of the last answer"},
    {COMMAND_QUIT, "quit", "", ARGUMENT_NONE, "leave"},
};
const size_t n_commands = sizeof commands / sizeof *commands;

static size_t name_length(const char *s)
{
    return strcspn(s, " \t\n");
}

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\n");
}

enum command_id command_parse(const char *line, const char **argument)
{
    const char *s = skip_blanks(line);
    *argument = line;
    if (s[0] != '/')
        return COMMAND_TEXT;
    if (s[1] == '/') {
        *argument = s + 1;
        return COMMAND_TEXT;
    }
    s++;
    size_t n = name_length(s);
    *argument = skip_blanks(s + n);
    for (size_t i = 0; i < n_commands; i++)
        if (strlen(commands[i].name) == n && memcmp(commands[i].name, s, n) == 0)
            return commands[i].argument == ARGUMENT_NONE && **argument ? COMMAND_UNKNOWN
                                                                        : commands[i].id;
    return COMMAND_UNKNOWN;
}

const char *command_nearest(const char *line)
{
    const char *s = skip_blanks(line), *names[16];
    char word[32];
    s += *s == '/';
    size_t n = name_length(s);
    snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), s);
    for (size_t i = 0; i < n_commands; i++) {
        names[i] = commands[i].name;
        if (n > 0 && strncmp(word, names[i], strlen(word)) == 0)
            return names[i];
    }
    return nearest(word, names, n_commands);
}

/* ---- completion ------------------------------------------------------------------------------- */

struct completion {
    const char *prefix;
    size_t n_prefix;
    const char *first; /* first match; the common part is its start */
    size_t n_common, n_matches;
    struct buf *choices;
};

static void offer(struct completion *c, const char *name)
{
    if (strncmp(name, c->prefix, c->n_prefix) != 0)
        return;
    buf_printf(c->choices, "%s\n", name);
    if (!c->n_matches++) {
        c->first = name;
        c->n_common = strlen(name);
    }
    while (strncmp(name, c->first, c->n_common) != 0)
        c->n_common--;
}

static void conclude(struct completion *c, struct buf *out, bool space)
{
    if (c->n_matches)
        buf_append(out, c->first + c->n_prefix, c->n_common - c->n_prefix);
    if (c->n_matches == 1 && space)
        buf_puts(out, " ");
    if (c->n_matches < 2)
        buf_free(c->choices);
}

void command_complete(const char *line, char *const *presets, size_t n_presets, struct buf *out,
                      struct buf *choices)
{
    size_t n = line[0] == '/' ? name_length(line + 1) : 0;
    struct completion c = {.prefix = line + 1, .n_prefix = n, .choices = choices};
    if (line[0] != '/')
        return;
    if (!line[1 + n]) {
        for (size_t i = 0; i < n_commands; i++)
            offer(&c, commands[i].name);
        bool argument = c.n_matches == 1;
        for (size_t i = 0; argument && i < n_commands; i++)
            if (commands[i].name == c.first)
                argument = commands[i].argument != ARGUMENT_NONE;
        conclude(&c, out, argument);
        return;
    }
    const char *argument;
    enum command_id id = command_parse(line, &argument);
    c.prefix = argument;
    c.n_prefix = strlen(argument);
    for (size_t i = 0; id == COMMAND_PRESET && i < n_presets; i++)
        offer(&c, presets[i]);
    for (size_t i = 0; id == COMMAND_SET && i < N_OPTIONS; i++)
        offer(&c, option_table[i].name);
    conclude(&c, out, id == COMMAND_SET);
}

void command_help(struct buf *out)
{
    buf_puts(out, "Commands\n");
    for (size_t i = 0; i < n_commands; i++) {
        char left[40];
        snprintf(left, sizeof left, "/%s %s", commands[i].name, commands[i].arguments);
        buf_printf(out, "  %-19s  %s\n", left, commands[i].help);
    }
    buf_printf(out, "  %-19s  %s\n", "//text", "send a text that starts with a slash");
}
