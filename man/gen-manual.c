/* SPDX-License-Identifier: MIT
 *
 * gen-manual TEMPLATE: copies an mdoc page to stdout and puts lists made from the program's own
 * tables where a line says %OPTIONS%, %FLAGS%, %YAML%, %VARIABLES%, %KEYS%, %ACTIONS% or
 * %COMMANDS%. So the
 * manual cannot disagree with the program.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli_flags.h"
#include "command.h"
#include "keymap.h"
#include "known_models.h"
#include "number.h"
#include "options.h"

/* Text that mdoc must not take for macros or escapes; '_' becomes '-' in flags. */
static void put_word(const char *s, bool flag)
{
    printf("\\&");
    for (; *s; s++) {
        if (*s == '\\')
            printf("\\e");
        else if (*s == '-' || (flag && *s == '_'))
            printf("\\-");
        else if (*s == '"')
            printf("\\(dq");
        else
            putchar(*s);
    }
}

/* "stop the answer" -> "Stop the answer." */
static void put_sentence(const char *s)
{
    char first[2] = {(char)toupper((unsigned char)*s), '\0'};
    put_word(first, false);
    for (s++; *s; s++)
        printf(*s == '-' ? "\\-" : "%c", *s);
    printf(".\n");
}

static void begin_list(void)
{
    printf(".Bl -tag -width Ds\n");
}

static void end_list(void)
{
    printf(".El\n");
}

/* ---- options ------------------------------------------------------------------------- */

static void put_flag(char short_flag, const char *name, const char *meta)
{
    printf(".It ");
    if (short_flag && meta)
        printf("Fl %c Ar %s , ", short_flag, meta);
    else if (short_flag)
        printf("Fl %c , ", short_flag);
    printf("Fl \\-");
    put_word(name, true);
    if (meta)
        printf(" Ar %s", meta);
    printf("\n");
}

static void put_range(const struct option_row *row)
{
    char range[160];
    option_range(row, range, sizeof range);
    if (row->type != OPTION_STRING) {
        range[0] = (char)toupper((unsigned char)range[0]);
        put_word(range, false);
        printf("; ");
    }
    printf(row->type == OPTION_STRING ? "Default: " : "default: ");
    if (row->type == OPTION_STRING && *row->initial)
        printf("\\(lq%s\\(rq", row->initial);
    else
        put_word(*row->initial ? row->initial : "none", false);
    printf(".\n");
}

static void put_options(void)
{
    begin_list();
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        put_flag(row->short_flag, row->name, row->meta);
        printf("%s\n", row->manual);
        put_range(row);
    }
    end_list();
}

static void put_flags(void)
{
    begin_list();
    for (int i = 0; i < N_CLI_FLAGS; i++) {
        put_flag(cli_flags[i].short_flag, cli_flags[i].name, cli_flags[i].meta);
        printf("%s\n", cli_flags[i].manual);
    }
    end_list();
}

static void put_aliases(const char *aliases)
{
    if (!aliases)
        return;
    printf("Also written");
    while (*aliases) {
        size_t n = strcspn(aliases, " ");
        bool last = aliases[n] == '\0';
        printf("\n.Ic %.*s %s", (int)n, aliases, last ? "." : ",");
        aliases += n + !last;
    }
    printf("\n");
}

static void put_yaml(void)
{
    begin_list();
    for (int id = 0; id < N_OPTIONS; id++) {
        const struct option_row *row = &option_table[id];
        printf(".It Ic ");
        put_word(row->name, false);
        printf(" : Ar %s\n%s\n", row->meta ? row->meta : "true|false", row->manual);
        put_range(row);
        put_aliases(row->aliases);
    }
    end_list();
}

static void put_variables(void)
{
    for (int id = 0; id < N_OPTIONS; id++) {
        printf(".Ev QINS_");
        for (const char *c = option_table[id].name; *c; c++)
            putchar(toupper((unsigned char)*c));
        printf(id == N_OPTIONS - 1 ? " :\n" : " ,\n");
    }
}

/* ---- keys and commands --------------------------------------------------------------- */

static void put_keys_of(unsigned where, const char *heading)
{
    printf(".Ss \\&%s\n", heading);
    begin_list();
    for (size_t i = 0; i < n_keymap; i++) {
        char name[32];
        if (keymap[i].where != where || !keymap[i].help)
            continue;
        printf(".It ");
        for (size_t j = i; j < n_keymap && (j == i || !keymap[j].help); j++) {
            printf(j == i ? "Ic " : " , Ic ");
            put_word(key_name(keymap[j].key, name, sizeof name), false);
        }
        printf("\n");
        put_sentence(keymap[i].help);
    }
    end_list();
}

static void put_keys(void)
{
    put_keys_of(IN_ALL, "Everywhere");
    put_keys_of(IN_INPUT, "In the input");
    put_keys_of(IN_SIDEBAR, "On the sliders");
    put_keys_of(IN_CHAT, "In the chat");
    put_keys_of(IN_SIDEBAR | IN_CHAT, "On the sliders and in the chat");
}

/* Names for keys.yaml, with the help of the first binding of each. */
static void put_actions(void)
{
    begin_list();
    for (int action = 0; action < N_ACTIONS; action++) {
        const char *help = NULL;
        for (size_t i = 0; i < n_keymap && !help; i++)
            for (size_t j = i; keymap[i].action == (enum action)action && !help; j--)
                help = keymap[j].help;
        if (!action_name((enum action)action))
            continue;
        printf(".It Cm ");
        put_word(action_name((enum action)action), false);
        printf("\n");
        put_sentence(help ? help : action == ACT_NONE ? "nothing" : "quit the program");
    }
    end_list();
}

static void put_commands(void)
{
    begin_list();
    for (size_t i = 0; i < n_commands; i++) {
        printf(".It Ic /%s", commands[i].name);
        if (*commands[i].arguments)
            printf(" Ar %s", commands[i].arguments);
        printf("\n");
        put_sentence(commands[i].help);
    }
    end_list();
}

static void put_known(void)
{
    puts(".Bl -tag -width Ds -compact");
    for (size_t i = 0; i < n_known_models; i++) {
        const struct known_model *m = &known_models[i];
        printf(".It Li ");
        put_word(m->name, false);
        printf("\n");
        put_word(m->id, false);
        printf(": %.1f GB to download, %.2f GB in qins4, which takes %.1f GB of memory; %s\n",
               m->download_gb, m->qins4_gb, m->memory_gb, m->licence);
    }
    puts(".El");
}

/* ---- the page ------------------------------------------------------------------------ */

static const struct {
    const char *line;
    void (*put)(void);
} parts[] = {
    {"%OPTIONS%\n", put_options},     {"%FLAGS%\n", put_flags}, {"%YAML%\n", put_yaml},
    {"%VARIABLES%\n", put_variables}, {"%KEYS%\n", put_keys},   {"%COMMANDS%\n", put_commands},
    {"%ACTIONS%\n", put_actions},     {"%KNOWN%\n", put_known},
};

static void put_line(const char *line)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(line, parts[i].line) == 0) {
            parts[i].put();
            return;
        }
    }
    fputs(line, stdout);
}

int main(int argc, char **argv)
{
    char line[1024];
    FILE *page = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!page) {
        fprintf(stderr, "usage: gen-manual TEMPLATE\n");
        return EX_USAGE;
    }
    while (fgets(line, sizeof line, page))
        put_line(line);
    fclose(page);
    return fflush(stdout) == 0 && !ferror(stdout) ? EX_OK : EX_IOERR;
}
