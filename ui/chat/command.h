/* SPDX-License-Identifier: MIT
 *
 * command: the table of /commands; help, completion and the manual come from its rows.
 * What they do stands in app.
 */
#ifndef QINS_COMMAND_H
#define QINS_COMMAND_H

#include "base.h"

enum command_id {
    COMMAND_HELP,
    COMMAND_CLEAR,
    COMMAND_ABOUT,
    COMMAND_SYSTEM,
    COMMAND_PRESET,
    COMMAND_MODEL,
    COMMAND_SET,
    COMMAND_STATS,
    COMMAND_BENCH,
    COMMAND_QUIT,
    COMMAND_NEW,
    COMMAND_OPEN,
    COMMAND_SAVE,
    COMMAND_EXPORT,
    COMMAND_REGEN,
    COMMAND_EDIT,
    COMMAND_UNDO,
    COMMAND_CONTINUE,
    COMMAND_BRANCH,
    COMMAND_FIND,
    COMMAND_COPY,
    COMMAND_RAW,
    COMMAND_BARE,
    COMMAND_UNKNOWN, /* looks like a command, is none: never for the model */
    COMMAND_TEXT     /* for the model; a leading "//" became "/" */
};

/* What may follow the name, and what Tab completes there. */
enum command_argument {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,   /* anything, up to the end, line ends included */
    ARGUMENT_MODEL,  /* a path, or a name of models_list */
    ARGUMENT_PRESET, /* a name of preset_names */
    ARGUMENT_OPTION, /* an option and a value */
    ARGUMENT_FILE    /* a path; blanks need no quotes */
};

struct command {
    enum command_id id;
    const char *name;      /* without the slash */
    const char *arguments; /* "NAME VALUE", or "" */
    enum command_argument argument;
    const char *help;
};

extern const struct command commands[];
extern const size_t n_commands;

/* What a line means. *argument: what follows the name (or the text for the model), inside line. */
enum command_id command_parse(const char *line, const char **argument);
/* The row of the command that a line names, or NULL; *argument as above. */
const struct command *command_find(const char *line, const char **argument);
/* For an unknown one: the most similar name, or NULL. */
const char *command_nearest(const char *line);

void command_help(struct buf *out);

#endif
