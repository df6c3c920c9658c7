/* SPDX-License-Identifier: MIT
 *
 * qins-tui: chat with a language model on your own CPU.
 */
#include <locale.h>

#include "cli.h"
#include "plain.h"

int main(int argc, char **argv)
{
    struct cli cli;
    struct error err;
    cli_keep_std_fds();
    setlocale(LC_CTYPE, "");
    if (!cli_parse(&cli, argc, argv, &err))
        return error_print(&err, "qins-tui");
    int code = cli.action == CLI_RUN ? plain_run(&cli) : cli_answer(&cli);
    cli_free(&cli);
    return code;
}
