/* SPDX-License-Identifier: MIT
 *
 * replay FILE|FOLDER...: gives a fuzzer the inputs in these files, in builds that are not made for
 * fuzzing. Ends with the test's 77 (skipped) if there are none.
 */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

static size_t n_inputs;

static void replay_file(const char *path)
{
    enum { MOST = 1 << 20 };
    struct buf input = {0};
    struct error err;
    if (!read_file(&input, path, MOST, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(EX_NOINPUT);
    }
    printf("%s\n", path);
    fflush(stdout); /* the last line names the input that fails */
    LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
    n_inputs++;
    buf_free(&input);
}

static void replay_folder(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = path_join(folder, e->d_name);
        if (is_file(path))
            replay_file(path);
        free(path);
    }
    if (d)
        closedir(d);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (is_file(argv[i]))
            replay_file(argv[i]);
        else
            replay_folder(argv[i]);
    }
    printf("%zu inputs\n", n_inputs);
    return n_inputs ? 0 : 77;
}
