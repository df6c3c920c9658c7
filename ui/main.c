/* SPDX-License-Identifier: MIT
 *
 * qins-tui: chat with a language model on your own CPU, full screen or plain.
 */
#include <locale.h>
#include <stdlib.h>
#include <strings.h>

#include "cli.h"
#include "plain.h"
#include "sanitise.h"

#ifdef QINS_SCREEN
#include "loop.h"
#endif

/* Full screen if it was built in, is asked for and the terminal can show it; else plain. */
static int run(struct cli *c)
{
#ifdef QINS_SCREEN
    int code;
    if (!c->plain && loop_run(c, &code))
        return code;
#endif
    return plain_run(c);
}

/* A Mac's ssh sends LC_CTYPE=UTF-8, which other systems do not know, but mean the same by C.UTF-8.
 */
static void set_characters(void)
{
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    if (setlocale(LC_CTYPE, "")) /* no other category: numbers keep their point */
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *wanted = getenv(names[i]);
        if (!wanted || !*wanted)
            continue;
        if (strcasecmp(wanted, "UTF-8") == 0 && !setlocale(LC_CTYPE, "C.UTF-8"))
            setlocale(LC_CTYPE, "en_US.UTF-8");
        return;
    }
}

int main(int argc, char **argv)
{
    struct cli cli;
    struct error err;
    cli_keep_std_fds();
    set_characters();
    if (!cli_parse(&cli, argc, argv, &err))
        return error_print(&err, "qins-tui");
    int code = cli.action == CLI_RUN ? run(&cli) : cli_answer(&cli);
    cli_free(&cli);
    return code;
}
