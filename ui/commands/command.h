/* SPDX-License-Identifier: MIT
 *
 * command: the table of /commands. Help, completion, the manual and both faces come from its rows;
 * a row names the function that runs it (command_bodies.h). A new command is a row in command.c and
 * a function in command_bodies.c.
 */
#ifndef QINS_COMMAND_H
#define QINS_COMMAND_H

#include "base.h"

struct chat_session;

/* What a line is. */
enum command_kind {
    COMMAND_KNOWN,
    COMMAND_UNKNOWN, /* looks like a command, is none: never for the model */
    COMMAND_TEXT     /* for the model; a leading "//" became "/" */
};

/* What may follow the name, and what Tab completes there. */
enum command_argument {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,     /* anything, up to the end, line ends included */
    ARGUMENT_MODEL,    /* a path, or a name of models_list */
    ARGUMENT_COMPARED, /* the same, or a number format; then a path */
    ARGUMENT_PRESET,   /* a name of preset_names */
    ARGUMENT_THINK,    /* a choice of the option "think" */
    ARGUMENT_OPTION,   /* an option and a value */
    ARGUMENT_FILE      /* a path; blanks need no quotes */
};

struct command {
    const char *name;      /* without the slash */
    const char *arguments; /* "NAME VALUE", or "" */
    enum command_argument argument;
    const char *help;
    void (*run)(struct chat_session *s, const char *argument); /* NULL in the manual's generator */
    const char *not_in_lines; /* NULL: every face has it; else what to do instead in lines */
};

extern const struct command commands[];
extern const size_t n_commands;

/* What a line means. *argument: what follows the name (or the text for the model), inside line. */
enum command_kind command_parse(const char *line, const char **argument);
/* The row of the command that a line names, or NULL; *argument as above. */
const struct command *command_find(const char *line, const char **argument);
/* For an unknown one: the most similar name, or NULL. */
const char *command_nearest(const char *line);

/* A row for each command: all of them in columns, or those of lines as sentences. */
void command_help(struct buf *out, bool full_screen);

#endif
