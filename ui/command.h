/* SPDX-License-Identifier: MIT
 *
 * command: the table of /commands; parsing and completing a line. What they do stands in app.
 */
#ifndef QINS_COMMAND_H
#define QINS_COMMAND_H

#include "base.h"

enum command_id {
    COMMAND_HELP, COMMAND_CLEAR, COMMAND_ABOUT, COMMAND_SYSTEM, COMMAND_PRESET, COMMAND_SET,
    COMMAND_STATS, COMMAND_QUIT,
    COMMAND_UNKNOWN, /* looks like a command, is none: never for the model */
    COMMAND_TEXT     /* for the model; a leading "//" became "/" */
};

enum command_argument { ARGUMENT_NONE, ARGUMENT_TEXT, ARGUMENT_PRESET, ARGUMENT_OPTION };

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
/* For an unknown one: the most similar name, or NULL. */
const char *command_nearest(const char *line);

/* Completes a line that starts with '/': appends to `out` what is to be added at its end, and to
 * `choices` the possibilities when there are several, one a line. `presets`: names [n_presets]. */
void command_complete(const char *line, char *const *presets, size_t n_presets, struct buf *out,
                      struct buf *choices);
void command_help(struct buf *out);

#endif
