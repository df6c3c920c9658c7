/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_flags.h"
#include "engine_settings.h"
#include "grammar_file.h"
#include "keyfile.h"
#include "known_models.h"
#include "model_options.h"
#include "models.h"
#include "preset.h"
#include "sanitise.h"
#include "settings_file.h"
#include "shell.h"
#include "system.h"
#include "versions.h"
#include "yaml_reader.h"

enum {
    VALUE_OPTION = 0x100, /* + enum option_id */
    VALUE_FLAG = 0x200,   /* + enum cli_flag */
    VALUE_NO = 0x300,     /* + enum option_id: --no-NAME */
    MAX_LONG = 128,
    HELP_COLUMN = 27,
};

void cli_keep_std_fds(void)
{
    /* The lowest free number is what open gives. Wrong-way round for 0 and 1, so that reading or
     * writing them fails as it would on a closed one. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY) != fd)
            die(EX_OSERR, "cannot open /dev/null");
}

/* ---- the tables, as getopt_long wants them -------------------------------------------- */

struct getopt_tables {
    char shorts[2 * (N_OPTIONS + N_CLI_FLAGS) + 2];
    char names[MAX_LONG][40];
    struct option longs[MAX_LONG + 1];
    size_t n_shorts, n_longs;
};

static void add_long(struct getopt_tables *t, const char *name, size_t len, int has_arg, int value)
{
    if (t->n_longs == MAX_LONG || len >= sizeof t->names[0])
        die(EX_SOFTWARE, "option table too large");
    char *copy = t->names[t->n_longs];
    memcpy(copy, name, len);
    copy[len] = '\0';
    for (char *c = copy; *c; c++)
        *c = *c == '_' ? '-' : *c;
    t->longs[t->n_longs++] = (struct option){copy, has_arg, NULL, value};
}

static void add_short(struct getopt_tables *t, char flag, bool has_arg)
{
    if (!flag)
        return;
    t->shorts[t->n_shorts++] = flag;
    if (has_arg)
        t->shorts[t->n_shorts++] = ':';
}

static void add_no(struct getopt_tables *t, enum option_id id)
{
    char name[40];
    if (cli_off_value(&option_table[id]))
        add_long(t, name, (size_t)snprintf(name, sizeof name, "no-%s", option_table[id].name),
                 no_argument, VALUE_NO + (int)id);
}

static void make_tables(struct getopt_tables *t)
{
    *t = (struct getopt_tables){0};
    t->shorts[t->n_shorts++] = ':'; /* tell a missing value from an unknown flag */
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        const char *alias = row->aliases;
        add_short(t, row->short_flag, true);
        add_long(t, row->name, strlen(row->name), row->meta ? required_argument : optional_argument,
                 VALUE_OPTION + id);
        while (alias && *alias) {
            size_t len = strcspn(alias, " ");
            add_long(t, alias, len, required_argument, VALUE_OPTION + id);
            alias += len + (alias[len] == ' ');
        }
        add_no(t, (enum option_id)id);
    }
    for (int flag = 0; flag < N_CLI_FLAGS; flag++) {
        const struct cli_flag_row *row = &cli_flags[flag];
        add_short(t, row->short_flag, row->meta != NULL);
        add_long(t, row->name, strlen(row->name), row->meta ? required_argument : no_argument,
                 VALUE_FLAG + flag);
    }
}

/* What a short flag stands for. */
static int value_of_short(int c)
{
    for (int id = 0; id < N_OPTIONS; id++)
        if (option_table[id].short_flag == c)
            return VALUE_OPTION + id;
    for (int flag = 0; flag < N_CLI_FLAGS; flag++)
        if (cli_flags[flag].short_flag == c)
            return VALUE_FLAG + flag;
    return c;
}

/* ---- flags ---------------------------------------------------------------------------- */

static bool set_from_flag(struct cli *c, enum option_id id, const char *text, struct error *err)
{
    struct error inner;
    bool adds = option_table[id].type == OPTION_STOPS && *text != '[';
    return (adds ? options_add_stop(&c->options, id, text, SOURCE_FLAG, &inner)
                 : options_set(&c->options, id, text, SOURCE_FLAG, &inner)) ||
           error_set(err, EX_USAGE, "command line: %s", inner.text);
}

static bool take_flag(struct cli *c, enum cli_flag flag, const char *text, struct error *err)
{
    switch (flag) {
    case FLAG_PROMPT: c->prompt = text; break;
    case FLAG_RAW: c->raw = true; break;
    case FLAG_PLAIN: c->plain = true; break;
    case FLAG_MODELS: c->action = CLI_MODELS; break;
    case FLAG_KNOWN: c->known = true; break;
    case FLAG_HF: return set_from_flag(c, OPT_MODEL, text, err);
    case FLAG_COMPLETION:
        c->action = CLI_COMPLETION;
        c->shell = text;
        break;
    case FLAG_CHAT: c->chat = true; break;
    case FLAG_JSON: c->json = true; break;
    case FLAG_JSON_SCHEMA: c->schema_file = text; break;
    case FLAG_GRAMMAR: c->grammar_file = text; break;
    case FLAG_CONTINUE: c->continue_last = true; break;
    case FLAG_NO_SAVE: c->no_save = true; break;
    case FLAG_DUMP_CONFIG: c->action = CLI_DUMP_CONFIG; break;
    case FLAG_DUMP_KEYS: c->action = CLI_DUMP_KEYS; break;
    case FLAG_HELP: c->action = CLI_HELP; break;
    case FLAG_HELP_ALL: c->action = CLI_HELP_ALL; break;
    case FLAG_VERSION: c->action = CLI_VERSION; break;
    case N_CLI_FLAGS: break;
    }
    return true;
}

/* What getopt found. */
static bool take_value(struct cli *c, int value, const char *text, struct error *err)
{
    if (value >= VALUE_NO)
        return set_from_flag(c, (enum option_id)(value - VALUE_NO),
                             cli_off_value(&option_table[value - VALUE_NO]), err);
    if (value >= VALUE_FLAG)
        return take_flag(c, (enum cli_flag)(value - VALUE_FLAG), text, err);
    return set_from_flag(c, (enum option_id)(value - VALUE_OPTION), text ? text : "true", err);
}

static bool refuse_unknown(const char *word, struct error *err)
{
    const char *guess = NULL;
    char name[64], flag[64] = "";
    size_t len = strcspn(word, "=");
    if (word[0] == '-' && word[1] == '-' && len - 2 < sizeof name) {
        memcpy(name, word + 2, len - 2);
        name[len - 2] = '\0';
        options_find(name, &guess);
    }
    for (size_t i = 0; guess && i <= strlen(guess); i++)
        flag[i] = guess[i] == '_' ? '-' : guess[i];
    return error_set(err, EX_USAGE, "%.*s: unknown or ambiguous option; %s%s%s", (int)len, word,
                     guess ? "did you mean --" : "--help lists them", flag, guess ? "?" : "");
}

/* "-hf NAME", one word in other programs, would be -h. */
static void spell_out_hf(int argc, char **argv)
{
    static char hf[] = "--hf";
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-hf") == 0)
            argv[i] = hf;
}

static bool parse_flags(struct cli *c, int argc, char **argv, struct error *err)
{
    struct getopt_tables tables;
    make_tables(&tables);
    spell_out_hf(argc, argv);
    opterr = 0;
    system_getopt_restart();
    for (;;) {
        int value = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (value == -1)
            break;
        if (value == '?' && optopt >= VALUE_OPTION)
            return error_set(err, EX_USAGE, "%.*s: takes no value",
                             (int)strcspn(argv[optind - 1], "="), argv[optind - 1]);
        if (value == ':')
            return error_set(err, EX_USAGE, "%s: a value is missing", argv[optind - 1]);
        if (value == '?')
            return refuse_unknown(optopt ? (char[]){'-', (char)optopt, 0} : argv[optind - 1], err);
        if (value < VALUE_OPTION)
            value = value_of_short(value);
        if (!take_value(c, value, optarg, err))
            return false;
    }
    if (argc - optind > 1)
        return error_set(err, EX_USAGE, "%s: only one MODEL can be given", argv[optind + 1]);
    if (argc - optind == 1 && options_source(&c->options, OPT_MODEL) == SOURCE_FLAG)
        return error_set(err, EX_USAGE, "%s: only one MODEL can be given", argv[optind]);
    return argc == optind || set_from_flag(c, OPT_MODEL, argv[optind], err);
}

/* What screen readers are asked for elsewhere too. */
static bool is_accessible(void)
{
    const char *wish = getenv("ACCESSIBLE");
    return wish && *wish && strcmp(wish, "0") != 0;
}

static bool read_grammar(struct cli *c, struct error *err)
{
    if (c->schema_file && c->grammar_file)
        return error_set(err, EX_USAGE,
                         "--json-schema and --grammar: answers have one shape; give one of them");
    if (c->schema_file)
        c->grammar = grammar_read_file(c->schema_file, GRAMMAR_JSON_SCHEMA, err);
    if (c->grammar_file)
        c->grammar = grammar_read_file(c->grammar_file, GRAMMAR_GBNF, err);
    return c->grammar || (!c->schema_file && !c->grammar_file);
}

bool cli_parse(struct cli *c, int argc, char **argv, struct error *err)
{
    *c = (struct cli){.action = CLI_RUN};
    options_init(&c->options);
    bool ok = parse_flags(c, argc, argv, err);
    /* Help must be there when a configuration file is broken. */
    bool of_server = c->action == CLI_MODELS && options_source(&c->options, OPT_SERVER);
    if (ok && (c->action == CLI_RUN || c->action == CLI_DUMP_CONFIG || of_server)) {
        ok = preset_load_defaults(&c->options, err) && options_read_env(&c->options, err);
        if (ok)
            settings_recall(&c->options, &c->gone);
        const char *preset = options_text(&c->options, OPT_PRESET);
        ok = ok && (!*preset || preset_load(&c->options, preset, err));
    }
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (ok && c->continue_last && (c->prompt || c->raw) && !c->chat)
        ok = error_set(err, EX_USAGE,
                       "--continue: one prompt (-p, --raw) is no conversation; add --chat to go on "
                       "with the last one");
    c->plain |= c->prompt || c->raw || c->json || c->chat || !terminal || is_accessible();
    c->chat |= c->plain && terminal && !c->prompt && !c->raw && !c->json;
    if (ok && !cli_saves(c)) /* what is said stays nowhere, read or not */
        ok = options_set(&c->options, OPT_KEEP_CONTEXT, "0", SOURCE_FLAG, err);
    if (ok && (c->action == CLI_DUMP_KEYS || (c->action == CLI_RUN && !c->plain)))
        ok = keyfile_load(err);
    if (ok && c->action == CLI_RUN)
        ok = read_grammar(c, err);
    if (!ok)
        cli_free(c);
    return ok;
}

void cli_free(struct cli *c)
{
    options_free(&c->options);
    grammar_free(c->grammar);
    free(c->gone);
}

/* ---- answers -------------------------------------------------------------------------- */

static void help_line(struct buf *out, char short_flag, const char *name, const char *meta,
                      const char *help, const char *initial)
{
    size_t start = out->len;
    buf_printf(out, short_flag ? "  -%c, --" : "      --", short_flag);
    for (const char *c = name; *c; c++)
        buf_append(out, *c == '_' ? "-" : c, 1);
    if (meta)
        buf_printf(out, " %s", meta);
    int used = (int)(out->len - start);
    buf_printf(out, "%*s%s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", help);
    if (initial && *initial && strlen(initial) < 12)
        buf_printf(out, " [%s]", initial);
    buf_puts(out, "\n");
}

static void help_append(struct buf *out, bool all)
{
    buf_puts(out, "usage: qins-tui [options] [MODEL]\n");
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        if (all || !row->rare)
            help_line(out, row->short_flag, row->name, row->meta, row->help, row->initial);
    }
    for (int i = 0; i < N_CLI_FLAGS; i++) {
        const struct cli_flag_row *row = &cli_flags[i];
        if (all || !row->rare)
            help_line(out, row->short_flag, row->name, row->meta, row->help, NULL);
    }
    buf_puts(out, all ? "Switches are turned off by --no-NAME:" : "");
    for (int id = 0; all && id < N_OPTIONS; id++)
        if (cli_off_value(&option_table[id]))
            buf_printf(out, " %s", option_table[id].name);
    buf_puts(out, all ? "\n" : "");
}

static void dump_append(struct buf *out, const struct options *o)
{
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        char *text = options_format(o, (enum option_id)id);
        buf_printf(out, "%s: ", row->name);
        if (row->type == OPTION_STRING)
            yaml_put_text(out, text);
        else
            buf_puts(out, row->type == OPTION_STOPS && !*text ? "[]" : text);
        buf_printf(out, " # %s\n", option_source_name(options_source(o, (enum option_id)id)));
        free(text);
    }
}

/* Of the server that the command line names. */
static bool list_remote(const struct cli *c, struct buf *out, struct error *err)
{
    struct engine_options o;
    bool ok =
        engine_settings(&c->options, ENGINE_REMOTE, &o, err) && engine_remote_models(&o, out, err);
    free(o.model);
    return ok;
}

static void list_models(const struct cli *c, struct buf *out)
{
    struct model_list l;
    if (c->known) {
        known_models_table(out);
        return;
    }
    models_list(&l);
    engine_measure_models(&l);
    if (c->json)
        models_json(&l, out);
    else
        models_table(&l, out);
    models_free(&l);
}

/* What the model's makers recommend counts once a model is there; here it is shown before. */
static void dump_config(struct cli *c, struct buf *out)
{
    const char *asked = options_text(&c->options, OPT_MODEL);
    struct error err;
    if (engine_settings_have_server(&c->options)) {
        dump_append(out, &c->options);
        return;
    }
    char *model = *asked ? models_find(asked, &err) : models_default(&err);
    if (model)
        options_from_path(&c->options, model);
    dump_append(out, &c->options);
    free(model);
}

static bool append_answer(struct cli *c, struct buf *out, struct error *err)
{
    switch (c->action) {
    case CLI_RUN: break;
    case CLI_HELP: help_append(out, false); break;
    case CLI_HELP_ALL: help_append(out, true); break;
    case CLI_VERSION: versions_append(out, "qins-tui"); break;
    case CLI_DUMP_CONFIG: dump_config(c, out); break;
    case CLI_DUMP_KEYS: keyfile_dump(out); break;
    case CLI_MODELS:
        if (options_source(&c->options, OPT_SERVER) == SOURCE_FLAG)
            return list_remote(c, out, err);
        list_models(c, out);
        break;
    case CLI_COMPLETION:
        return shell_completion(c->shell, out) ||
               error_set(err, EX_USAGE, "--completion %.40s: bash, zsh or fish expected", c->shell);
    }
    return true;
}

int cli_answer(struct cli *c)
{
    struct buf out = {0};
    struct error err;
    if (!append_answer(c, &out, &err))
        return error_print(&err, "qins-tui");
    char *shown = isatty(STDOUT_FILENO) ? sanitise_text(out.data, out.len, false) : NULL;
    bool ok = fputs(shown ? shown : out.data, stdout) >= 0 && fflush(stdout) == 0;
    free(shown);
    buf_free(&out);
    if (ok)
        return 0;
    error_set(&err, EX_IOERR, "cannot write to stdout");
    return error_print(&err, "qins-tui");
}

bool cli_saves(const struct cli *c)
{
    const char *no = getenv("QINS_NO_HISTORY");
    return !c->no_save && !(no && *no);
}
