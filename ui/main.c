/* SPDX-License-Identifier: MIT
 *
 * qins-tui: chat with a language model on your own CPU, full screen or plain.
 */
#include <locale.h>

#include "cli.h"
#include "plain.h"
#include "sanitise.h"

#ifdef QINS_SCREEN
#include "app.h"
#else
#define app_run plain_run /* built without curses: every terminal is plain */
#endif

int main(int argc, char **argv)
{
    struct cli cli;
    struct error err;
    cli_keep_std_fds();
    setlocale(LC_CTYPE, ""); /* no other category: numbers keep their point */
    if (!cli_parse(&cli, argc, argv, &err))
        return error_print(&err, "qins-tui");
    int code = cli.action != CLI_RUN ? cli_answer(&cli) : cli.plain ? plain_run(&cli) : app_run(&cli);
    cli_free(&cli);
    return code;
}
