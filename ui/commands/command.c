/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <string.h>

#include "nearest.h"

/* The manual's generator needs the rows without what they run. */
#ifdef COMMANDS_WITHOUT_BODIES
#define RUN(function) NULL
#else
#include "command_bodies.h"
#define RUN(function) function
#endif

const struct command commands[] = {
    {"help", "", ARGUMENT_NONE, "keys and commands", RUN(run_help), NULL},
    {"new", "", ARGUMENT_NONE, "start a new conversation; the old one is kept", RUN(run_new), NULL},
    {"clear", "", ARGUMENT_NONE, "same as /new", RUN(run_new), NULL},
    {"open", "[WORDS]", ARGUMENT_TEXT,
     "list the conversations, or open one by its number there or by words in it", RUN(run_open),
     NULL},
    {"save", "[TITLE]", ARGUMENT_TEXT, "confirm that everything is saved, or set a title",
     RUN(run_save), NULL},
    {"export", "[--force] FILE", ARGUMENT_FILE,
     "write the conversation to FILE.md or FILE.jsonl, or with all branches to FILE.json",
     RUN(run_export), NULL},
    {"regen", "", ARGUMENT_NONE, "regenerate the answer (the old one is kept)", RUN(run_regen),
     NULL},
    {"edit", "[answer]", ARGUMENT_TEXT,
     "rewrite your last message, or the last answer (the old one is kept)", RUN(run_edit), NULL},
    {"undo", "", ARGUMENT_NONE, "undo the last message and its answer", RUN(run_undo), NULL},
    {"continue", "", ARGUMENT_NONE, "continue an answer that was stopped", RUN(run_continue), NULL},
    {"branch", "[N]", ARGUMENT_TEXT, "list the branches, or show version N", RUN(run_branch), NULL},
    {"compact", "[N]", ARGUMENT_TEXT,
     "put a summary in the place of all but the last N exchanges (2 without N)", RUN(run_compact),
     NULL},
    {"about", "", ARGUMENT_NONE, "what QINS is", RUN(run_about), NULL},
    {"system", "TEXT", ARGUMENT_TEXT,
     "set the system prompt ('none' removes it, 'edit' opens your editor; no TEXT shows it)",
     RUN(run_system), NULL},
    {"preset", "NAME", ARGUMENT_PRESET, "load a preset; without NAME, list them", RUN(run_preset),
     NULL},
    {"model", "NAME", ARGUMENT_MODEL, "switch to another model; without NAME, list models",
     RUN(run_model), NULL},
    {"set", "[--save] NAME VALUE", ARGUMENT_OPTION,
     "change a setting; with --save for the next starts too; without NAME, list them", RUN(run_set),
     NULL},
    {"json", "[FILE]", ARGUMENT_FILE,
     "answers are JSON objects, or fit the JSON schema in FILE; 'off' ends it", RUN(run_json),
     NULL},
    {"think", "[HOW]", ARGUMENT_THINK,
     "whether the model thinks before it answers: on, off, low, medium, high, auto", RUN(run_think),
     NULL},
    {"thinking", "", ARGUMENT_NONE, "show what the model thought before its last answer",
     RUN(run_thinking), NULL},
    {"tokens", "[N K|FILE]", ARGUMENT_FILE,
     "how likely each token of the last answer was; with N K go on from token N with its choice K; "
     "write FILE.json",
     RUN(run_tokens), NULL},
    {"compare", "[NAME [FILE]]", ARGUMENT_COMPARED,
     "the last answer as another model, or number format, sees it: how far their predictions are "
     "apart; write FILE.json",
     RUN(run_compare), NULL},
    {"stats", "", ARGUMENT_NONE, "numbers of the last answer", RUN(run_stats), NULL},
    {"bench", "", ARGUMENT_NONE, "measure reading and answering on this machine", RUN(run_bench),
     NULL},
    {"find", "TEXT", ARGUMENT_TEXT, "search the chat; without TEXT, clear the search",
     RUN(run_find), NULL},
    {"copy", "[N|code [N]]", ARGUMENT_TEXT,
     "copy the last answer, message N, or its code to the clipboard", RUN(run_copy),
     "/copy needs the full-screen view; /export FILE writes the conversation to a file."},
    {"raw", "", ARGUMENT_NONE, "show answers as written, or as Markdown again", RUN(run_raw),
     "/raw only applies to the full-screen view; answers are always shown as written here."},
    {"bare", "", ARGUMENT_NONE, "show only text, to select it with the mouse", RUN(run_bare),
     "/bare only applies to the full-screen view."},
    {"quit", "", ARGUMENT_NONE, "quit", RUN(run_quit), NULL},
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

/* "/home/ana" and "/x.c" are text. */
static bool is_path(const char *s)
{
    return strcspn(s, "/.") < name_length(s);
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

enum command_kind command_parse(const char *line, const char **argument)
{
    const char *s = skip_blanks(line);
    const struct command *c = command_find(line, argument);
    if (s[0] == '/' && s[1] == '/')
        *argument = s + 1;
    if (s[0] != '/' || s[1] == '/' || is_path(s + 1))
        return COMMAND_TEXT;
    return !c || (c->argument == ARGUMENT_NONE && **argument) ? COMMAND_UNKNOWN : COMMAND_KNOWN;
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

static void add_row(struct buf *out, bool full_screen, const char *name, const char *arguments,
                    const char *help)
{
    char left[40];
    snprintf(left, sizeof left, "%s%s%s", name, *arguments || full_screen ? " " : "", arguments);
    buf_printf(out, full_screen ? "  %-24s  %s\n" : "%s: %s.\n", left, help);
}

void command_help(struct buf *out, bool full_screen)
{
    char name[16];
    if (full_screen)
        buf_puts(out, "Commands\n");
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = &commands[i];
        snprintf(name, sizeof name, "/%s", c->name);
        if (full_screen || !c->not_in_lines)
            add_row(out, full_screen, name, c->arguments, c->help);
    }
    add_row(out, full_screen, "//text", "", "send text that starts with a slash");
}
