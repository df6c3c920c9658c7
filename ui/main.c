/* SPDX-License-Identifier: MIT
 *
 * qins-tui: chat with a language model on your own CPU, full screen or plain.
 */
#include <locale.h>

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

int main(int argc, char **argv)
{
    struct cli cli;
    struct error err;
    cli_keep_std_fds();
    setlocale(LC_CTYPE, ""); /* no other category: numbers keep their point */
    if (!cli_parse(&cli, argc, argv, &err))
        return error_print(&err, "qins-tui");
    int code = cli.action == CLI_RUN ? run(&cli) : cli_answer(&cli);
    cli_free(&cli);
    return code;
}
