/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <string.h>

#include "nearest.h"

const struct command commands[] = {
    {COMMAND_HELP, "help", "", ARGUMENT_NONE, "keys and commands"},
    {COMMAND_NEW, "new", "", ARGUMENT_NONE, "start a new conversation; the old one is kept"},
    {COMMAND_CLEAR, "clear", "", ARGUMENT_NONE, "the same"},
    {COMMAND_OPEN, "open", "[WORDS]", ARGUMENT_TEXT,
     "list the conversations; or open one by its number there, or by words in it"},
    {COMMAND_SAVE, "save", "[TITLE]", ARGUMENT_TEXT, "say that all is saved; or give a title"},
    {COMMAND_EXPORT, "export", "[--force] FILE", ARGUMENT_FILE,
     "write the conversation to FILE.md or FILE.jsonl, or with all branches to FILE.json"},
    {COMMAND_REGEN, "regen", "", ARGUMENT_NONE, "another answer; the old one stays as a version"},
    {COMMAND_EDIT, "edit", "[answer]", ARGUMENT_TEXT,
     "write your last message anew, or the last answer; the old one stays"},
    {COMMAND_UNDO, "undo", "", ARGUMENT_NONE, "take back the last message and its answer"},
    {COMMAND_CONTINUE, "continue", "", ARGUMENT_NONE, "go on with an answer that was stopped"},
    {COMMAND_BRANCH, "branch", "[N]", ARGUMENT_TEXT, "list the branches; or show version N"},
    {COMMAND_ABOUT, "about", "", ARGUMENT_NONE, "what QINS is"},
    {COMMAND_SYSTEM, "system", "TEXT", ARGUMENT_TEXT,
     "system prompt from now on; \"none\": none, \"edit\": in your editor; alone: shows it"},
    {COMMAND_PRESET, "preset", "NAME", ARGUMENT_PRESET, "load a preset; without NAME, list them"},
    {COMMAND_MODEL, "model", "NAME", ARGUMENT_MODEL,
     "talk on with another model; without NAME, list them"},
    {COMMAND_SET, "set", "NAME VALUE", ARGUMENT_OPTION, "change a setting; alone, list them"},
    {COMMAND_STATS, "stats", "", ARGUMENT_NONE, "numbers of the last answer"},
    {COMMAND_BENCH, "bench", "", ARGUMENT_NONE, "measure reading and answering on this machine"},
    {COMMAND_FIND, "find", "TEXT", ARGUMENT_TEXT, "find text in the chat; alone: forget it"},
    {COMMAND_COPY, "copy", "[N|code [N]]", ARGUMENT_TEXT,
     "the last answer, message N, or its code, to the clipboard"},
    {COMMAND_RAW, "raw", "", ARGUMENT_NONE, "answers as written, or as Markdown again"},
    {COMMAND_BARE, "bare", "", ARGUMENT_NONE, "text only, to select it with the mouse"},
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

const struct command *command_find(const char *line, const char **argument)
{
    const char *s = skip_blanks(line);
    *argument = line;
    if (s[0] != '/' || s[1] == '/')
        return NULL;
    s++;
    size_t n = name_length(s);
    *argument = skip_blanks(s + n);
    for (size_t i = 0; i < n_commands; i++)
        if (strlen(commands[i].name) == n && memcmp(commands[i].name, s, n) == 0)
            return &commands[i];
    return NULL;
}

enum command_id command_parse(const char *line, const char **argument)
{
    const char *s = skip_blanks(line);
    const struct command *c = command_find(line, argument);
    if (s[0] == '/' && s[1] == '/')
        *argument = s + 1;
    if (s[0] != '/' || s[1] == '/')
        return COMMAND_TEXT;
    return !c || (c->argument == ARGUMENT_NONE && **argument) ? COMMAND_UNKNOWN : c->id;
}

const char *command_nearest(const char *line)
{
    enum { MAX_NAMES = 64 };
    const char *s = skip_blanks(line), *names[MAX_NAMES];
    char word[32];
    s += *s == '/';
    size_t n = name_length(s);
    snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), s);
    for (size_t i = 0; i < n_commands && i < MAX_NAMES; i++) {
        names[i] = commands[i].name;
        if (n > 0 && strncmp(word, names[i], strlen(word)) == 0)
            return names[i];
    }
    return nearest(word, names, n_commands < MAX_NAMES ? n_commands : MAX_NAMES);
}

void command_help(struct buf *out)
{
    buf_puts(out, "Commands\n");
    for (size_t i = 0; i < n_commands; i++) {
        char left[40];
        snprintf(left, sizeof left, "/%s %s", commands[i].name, commands[i].arguments);
        buf_printf(out, "  %-24s  %s\n", left, commands[i].help);
    }
    buf_printf(out, "  %-24s  %s\n", "//text", "send a text that starts with a slash");
}
