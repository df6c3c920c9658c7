/* SPDX-License-Identifier: MIT
 *
 * gen-completion SHELL: what qins-tui --completion SHELL prints, for builds for another machine.
 */
#include <stdio.h>

#include "shell.h"

int main(int argc, char **argv)
{
    struct buf out = {0};
    if (argc != 2 || !shell_completion(argv[1], &out))
        return EX_USAGE;
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    return ferror(stdout) || fflush(stdout) != 0 ? EX_IOERR : 0;
}
