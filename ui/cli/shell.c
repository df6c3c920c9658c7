/* SPDX-License-Identifier: MIT */
#include "shell.h"

#include <string.h>

#include "cli_flags.h"
#include "known_models.h"
#include "options.h"

/* A flag of either table. */
struct flag {
    const char *name, *meta, *help, *choices;
    char short_flag;
    bool is_model;
};

/* The option of the i-th --no-NAME, or -1 behind the last. */
static int switched_off(int i)
{
    for (int id = 0; id < N_OPTIONS; id++)
        if (cli_off_value(&option_table[id]) && i-- == 0)
            return id;
    return -1;
}

static struct flag flag_to_switch_off(int i)
{
    static char names[N_OPTIONS][40], helps[N_OPTIONS][60];
    const char *name = option_table[switched_off(i)].name;
    snprintf(names[i], sizeof names[i], "no-%s", name);
    snprintf(helps[i], sizeof helps[i], "turn off %s", name);
    return (struct flag){.name = names[i], .help = helps[i]};
}

static struct flag flag_at(int i)
{
    if (i >= N_OPTIONS + N_CLI_FLAGS)
        return flag_to_switch_off(i - N_OPTIONS - N_CLI_FLAGS);
    if (i >= N_OPTIONS) {
        const struct cli_flag_row *row = &cli_flags[i - N_OPTIONS];
        return (struct flag){.name = row->name,
                             .meta = row->meta,
                             .help = row->help,
                             .short_flag = row->short_flag,
                             .choices = i - N_OPTIONS == FLAG_COMPLETION ? "bash zsh fish" : NULL};
    }
    const struct option_row *row = &option_table[i];
    return (struct flag){.name = row->name,
                         .meta = row->meta,
                         .help = row->help,
                         .short_flag = row->short_flag,
                         .choices = row->type == OPTION_BOOL ? "true false" : row->choices,
                         .is_model = row == &option_table[OPT_MODEL]};
}

static int count_flags(void)
{
    int n_off = 0;
    while (switched_off(n_off) >= 0)
        n_off++;
    return (int)N_OPTIONS + (int)N_CLI_FLAGS + n_off;
}

static void put_name(struct buf *out, const char *name)
{
    for (; *name; name++)
        buf_append(out, *name == '_' ? "-" : name, 1);
}

/* Text inside of single quotes, with a backslash before each of `special`. */
static void put_quoted(struct buf *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            buf_puts(out, "'\\"); /* out of the quotes for one */
        else if (strchr(special, *text))
            buf_puts(out, "\\");
        buf_append(out, text, 1);
        if (*text == '\'')
            buf_puts(out, "'");
    }
}

/* Short names of models that can be downloaded. */
static void put_known(struct buf *out)
{
    for (size_t i = 0; i < n_known_models; i++)
        buf_printf(out, "%s%s", i ? " " : "", known_models[i].name);
}

/* ---- bash ----------------------------------------------------------------------------- */

/* Names of files never become words that the shell expands. */
static const char bash_models[] =
    "_qins_tui_models() {\n"
    "    local name _\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    while read -r name _; do\n"
    "        [[ $name == \"$1\"* ]] && COMPREPLY+=(\"$name\")\n"
    "    done < <(qins-tui --models 2>/dev/null | grep -v '  broken: ')\n"
    "    for name in $_qins_tui_known; do\n"
    "        [[ -n $1 && $name == \"$1\"* ]] && COMPREPLY+=(\"$name\")\n"
    "    done\n"
    "    while IFS= read -r name; do\n"
    "        COMPREPLY+=(\"$name\")\n"
    "    done < <(compgen -f -X '!*.qins' -- \"$1\"; compgen -d -- \"$1\")\n"
    "}\n";

static void bash(struct buf *out)
{
    buf_puts(out, "_qins_tui_known='");
    put_known(out);
    buf_puts(out, "'\n");
    buf_puts(out, bash_models);
    buf_puts(out, "_qins_tui() {\n"
                  "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    COMPREPLY=()\n"
                  "    case $before in\n");
    for (int i = 0, n = count_flags(); i < n; i++) {
        struct flag f = flag_at(i);
        if (!f.meta)
            continue;
        buf_puts(out, "    ");
        if (f.short_flag)
            buf_printf(out, "-%c|", f.short_flag);
        buf_puts(out, "--");
        put_name(out, f.name);
        if (f.is_model)
            buf_puts(out, ") _qins_tui_models \"$word\"; return ;;\n");
        else
            buf_printf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
                       f.choices ? f.choices : "");
    }
    buf_puts(out, "    esac\n"
                  "    case $word in\n"
                  "    -*) COMPREPLY=($(compgen -W '");
    for (int i = 0, n = count_flags(); i < n; i++) {
        buf_puts(out, i ? " --" : "--");
        put_name(out, flag_at(i).name);
    }
    buf_puts(out, "' -- \"$word\")) ;;\n"
                  "    *) _qins_tui_models \"$word\" ;;\n"
                  "    esac\n"
                  "}\n"
                  "complete -F _qins_tui qins-tui\n");
}

/* ---- zsh ------------------------------------------------------------------------------ */

static void zsh(struct buf *out)
{
    buf_puts(
        out,
        "#compdef qins-tui\n"
        "_qins_tui_models() {\n"
        "    local -a names\n"
        "    names=(${${(f)\"$(qins-tui --models 2>/dev/null | grep -v '  broken: ')\"}%% *})\n"
        "    compadd -a names\n"
        "    compadd ");
    put_known(out);
    buf_puts(out, "\n"
                  "    _files -g '*.qins(-.)'\n"
                  "    _files -/\n"
                  "}\n"
                  "_arguments \\\n");
    for (int i = 0, n = count_flags(); i < n; i++) {
        struct flag f = flag_at(i);
        buf_puts(out, "  ");
        if (f.short_flag) {
            buf_printf(out, "'(-%c --", f.short_flag);
            put_name(out, f.name);
            buf_printf(out, ")'{-%c,--", f.short_flag);
            put_name(out, f.name);
            buf_puts(out, "}'[");
        } else {
            buf_puts(out, "'--");
            put_name(out, f.name);
            buf_puts(out, "[");
        }
        put_quoted(out, f.help, "[]:\\");
        buf_puts(out, "]");
        if (f.meta)
            buf_printf(out, ":%s:", f.meta);
        if (f.is_model)
            buf_puts(out, "_qins_tui_models");
        else if (f.choices)
            buf_printf(out, "(%s)", f.choices);
        buf_puts(out, "' \\\n");
    }
    buf_puts(out, "  '*:model:_qins_tui_models'\n");
}

/* ---- fish ----------------------------------------------------------------------------- */

static void fish(struct buf *out)
{
    static const char models[] = "(qins-tui --models 2>/dev/null | string match -v '*  broken: *' "
                                 "| string replace -r ' .*' '')";
    for (int i = 0, n = count_flags(); i < n; i++) {
        struct flag f = flag_at(i);
        buf_puts(out, "complete -c qins-tui");
        if (f.short_flag)
            buf_printf(out, " -s %c", f.short_flag);
        buf_puts(out, " -l ");
        put_name(out, f.name);
        if (f.meta)
            buf_puts(out, f.is_model ? " -r" : " -x");
        if (f.is_model)
            buf_printf(out, " -a \"%s\"", models);
        else if (f.choices)
            buf_printf(out, " -a '%s'", f.choices);
        buf_puts(out, " -d '");
        put_quoted(out, f.help, "\\");
        buf_puts(out, "'\n");
    }
    buf_printf(out, "complete -c qins-tui -a \"%s\"\n", models);
    buf_puts(out, "complete -c qins-tui -a '");
    put_known(out);
    buf_puts(out, "'\n");
}

bool shell_completion(const char *shell, struct buf *out)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].put(out);
            return true;
        }
    return false;
}
