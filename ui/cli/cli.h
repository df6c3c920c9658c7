/* SPDX-License-Identifier: MIT
 *
 * cli: the command line of qins-tui. Its flags are the rows of the option table and a few more.
 */
#ifndef QINS_CLI_H
#define QINS_CLI_H

#include "grammar.h"
#include "options.h"

enum cli_action {
    CLI_RUN,
    CLI_HELP,
    CLI_HELP_ALL,
    CLI_VERSION,
    CLI_DUMP_CONFIG,
    CLI_DUMP_KEYS,
    CLI_MODELS,
    CLI_COMPLETION
};

struct cli {
    enum cli_action action;
    struct options options; /* all sources merged: default.yaml, config.yaml, preset, env, flags */
    const char *shell;      /* --completion SHELL; lives in argv */
    const char *prompt;     /* -p TEXT, or NULL; lives in argv */
    bool continue_last;     /* --continue: opens with the last conversation */
    bool no_save;           /* --no-save: nothing is saved */
    const char *schema_file, *grammar_file; /* --json-schema, --grammar; or NULL; live in argv */
    struct grammar *grammar; /* that one of them holds; NULL: answers have any shape */
    char *gone;              /* the remembered model, which is no longer there; or NULL */
    bool known;              /* --known: with --models */
    bool raw;                /* --raw: no template */
    bool json;               /* --json: events in lines, lists as JSON */
    bool chat;               /* a conversation in lines: --chat, or plain mode on a terminal */
    bool plain;              /* no screen: --plain, -p, --raw, or stdin or stdout is no terminal */
};

/* Puts /dev/null on stdin, stdout and stderr if they are closed, so that no file that is opened
 * later becomes one of them. First thing in main. */
void cli_keep_std_fds(void);

/* Reads flags, configuration files and the environment. argv is permuted. On failure *c needs no
 * cli_free. */
bool cli_parse(struct cli *c, int argc, char **argv, struct error *err);
void cli_free(struct cli *c);

/* Conversations may be saved: neither --no-save nor QINS_NO_HISTORY says otherwise. */
bool cli_saves(const struct cli *c);

/* CLI_HELP to CLI_COMPLETION: prints on stdout. -> exit code */
int cli_answer(struct cli *c);

#endif
