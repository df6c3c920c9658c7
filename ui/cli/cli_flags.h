/* SPDX-License-Identifier: MIT
 *
 * cli_flags: the flags of qins-tui that are no options: they say what to do, not how.
 */
#ifndef QINS_CLI_FLAGS_H
#define QINS_CLI_FLAGS_H

#include <stdbool.h>

enum cli_flag {
    FLAG_PROMPT,
    FLAG_CONTINUE,
    FLAG_NO_SAVE,
    FLAG_RAW,
    FLAG_PLAIN,
    FLAG_CHAT,
    FLAG_JSON,
    FLAG_JSON_SCHEMA,
    FLAG_GRAMMAR,
    FLAG_MODELS,
    FLAG_KNOWN,
    FLAG_HF,
    FLAG_DUMP_CONFIG,
    FLAG_DUMP_KEYS,
    FLAG_COMPLETION,
    FLAG_HELP,
    FLAG_HELP_ALL,
    FLAG_VERSION,
    N_CLI_FLAGS
};

struct cli_flag_row {
    const char *name;   /* "dump-config" */
    char short_flag;    /* 0: none */
    const char *meta;   /* name of the value, or NULL if it takes none */
    const char *help;   /* one line */
    const char *manual; /* sentences, mdoc */
    bool rare;          /* --help leaves it to --help-all */
};

extern const struct cli_flag_row cli_flags[N_CLI_FLAGS];

struct option_row;
/* What --no-NAME sets an option to, "false", "off" or "never"; NULL: there is no such flag. */
const char *cli_off_value(const struct option_row *row);

#endif
